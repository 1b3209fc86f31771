"""What the documents say is what the commands do."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def commands() -> list[str]:
    """Return every `newsvol ...` of the shell blocks and code spans, up to its first option or argument."""
    found: set[str] = set()
    for file in DOCUMENTS:
        text = file.read_text(encoding="utf-8")
        code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
        for words in re.findall(r"^newsvol ([a-z][a-z ]*[a-z])", "\n".join(code), re.MULTILINE):
            found.add(words)
    return sorted(found)


def test_the_readme_quotes_the_committed_results() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "readme.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize("words", commands())
def test_every_command_that_a_document_names_exists(words: str) -> None:
    from newsvol.cli.main import cli

    group, *rest = words.split()
    context = cli.make_context("newsvol", [group, "--help"], resilient_parsing=True)
    command = cli.get_command(context, group)
    assert command is not None, f"newsvol {words}"
    if rest and hasattr(command, "get_command"):
        assert command.get_command(context, rest[0]) is not None, f"newsvol {words}"


def test_every_training_recipe_in_the_documents_loads(tmp_path: Path) -> None:
    from newsvol.models.sentiment.recipe import load_training_recipe

    written = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    recipes = [block for block in re.findall(r"```yaml\n(.*?)```", written, re.DOTALL) if "base:" in block]
    assert recipes
    for recipe in recipes:
        (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
        load_training_recipe(tmp_path / "recipe.yaml")


def test_every_link_between_documents_leads_somewhere() -> None:
    for file in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name} links to {target}"


def test_the_notebook_runs_and_shows_what_it_gives() -> None:
    notebook = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    scope: dict[str, object] = {}
    for cell in cells:
        assert cell["execution_count"], "execute the notebook before it is committed"
        exec("".join(cell["source"]), scope)  # noqa: S102 - our own pages
    shown = "".join(
        text for cell in cells for out in cell["outputs"] for text in out["data"].get("text/plain", ())
    )
    loss = scope["run"].metrics.forecast.models["fused"].qlike  # type: ignore[attr-defined]
    assert f"f:fused           {loss:.6f}" in shown
