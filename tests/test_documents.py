"""What the documents say is what the commands do."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from newsvol.cli.main import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TEXTS = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in DOCUMENTS}

SHELL = ("", "sh", "bash", "shell", "console")
"""Languages of fences in which commands stand; many writers name none."""


class Fence(NamedTuple):
    """A fenced block: its language, which may be none, and its content."""

    language: str
    content: str


def fences(text: str) -> list[Fence]:
    """Return the fenced blocks of a document, in their order."""
    blocks = re.findall(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [Fence(*block) for block in blocks]


def calls(text: str) -> list[str]:
    """Return every `newsvol ...` of the shell blocks and of the code spans: one line, without a comment."""
    code = [block.content.replace("\\\n", " ") for block in fences(text) if block.language in SHELL]
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = "\n".join(code + re.findall(r"`([^`]+)`", prose)).splitlines()
    found = (re.match(r"\s*(?:\$ )?(newsvol .*?)\s*(?:\s#.*|[|>&].*)?$", line) for line in lines)
    return [match[1] for match in found if match]


def faults(line: str) -> list[str]:
    """Return what of a `newsvol ...` line does not exist: its command, or its options."""
    words = shlex.split(line)[1:]
    command: click.Command = cli
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            return [words[0]]
        command, words = inner, words[1:]
    context = click.Context(command, **cli.context_settings)
    known = {opt for param in command.get_params(context) for opt in (*param.opts, *param.secondary_opts)}
    options = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    return [option for option in options if option not in known]


def test_commands_are_found_in_every_kind_of_block_and_in_spans() -> None:
    text = """
Say `newsvol runs list` and see:

```sh
newsvol replay --tape tapes/spy  # yours
$ newsvol runs show \\
    spy --json > out
```

```
newsvol vol sweep | head
```

```text
newsvol: no tape at spy
```
"""
    assert calls(text) == [
        "newsvol replay --tape tapes/spy",
        "newsvol runs show      spy --json",
        "newsvol vol sweep",
        "newsvol runs list",
    ]


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("newsvol replay --tape spy -h", []),
        ("newsvol replays", ["replays"]),
        ("newsvol vol evaluated", ["evaluated"]),
        ("newsvol replay --tap spy --json", ["--tap"]),
        ("newsvol runs show --tape=spy", ["--tape"]),
    ],
)
def test_a_command_or_an_option_that_does_not_exist_is_noticed(line: str, missing: list[str]) -> None:
    assert faults(line) == missing


@pytest.mark.parametrize("line", sorted({line for text in TEXTS.values() for line in calls(text)}))
def test_every_command_that_a_document_names_exists_with_its_options(line: str) -> None:
    assert faults(line) == []


@pytest.mark.parametrize("name", TEXTS)
def test_python_in_a_document_is_python(name: str) -> None:
    for number, block in enumerate(fences(TEXTS[name])):
        if block.language == "python":
            compile(block.content, f"{name}, block {number}", "exec")


def test_the_readme_quotes_the_committed_results() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "readme.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr


def test_every_training_recipe_in_the_documents_loads(tmp_path: Path) -> None:
    from newsvol.models.sentiment.recipe import load_training_recipe

    recipes = [
        block.content
        for block in fences(TEXTS["docs/training.md"])
        if block.language == "yaml" and "base:" in block.content
    ]
    assert recipes
    for recipe in recipes:
        (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
        load_training_recipe(tmp_path / "recipe.yaml")


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_between_documents_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", TEXTS[name]):
        assert ((ROOT / name).parent / target).exists(), target


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("CHANGELOG.md", "docs/log.md")])
def test_every_script_and_test_that_a_document_names_is_there(name: str) -> None:
    """Not in what tells of the past."""
    for path in re.findall(r"(?<![\w/.-])((?:tests|benchmarks|newsvol)/[\w/-]+\.py)\b", TEXTS[name]):
        assert (ROOT / path).exists(), path


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
