"""``newsvol sentiment``: train, evaluate and use the sentiment model."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import click

from newsvol.engine.errors import InputError

_DEVICE = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu or cuda; auto is CUDA where there is one."
)
_MODEL = click.option(
    "--model", default="student", show_default=True, help="The shipped student, or a model folder."
)


@click.group()
def sentiment() -> None:
    """Train, evaluate and use the sentiment model.

    \b
    Examples:
      newsvol sentiment score "Profit rises 12% on strong demand"
      newsvol sentiment evaluate --data labelled.csv
    """


@sentiment.command()
@click.argument("recipe")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    envvar="NEWSVOL_DATA",
    help="Folder the sources are in.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="New folder for the student  [default: NAME].",
)
@_DEVICE
@click.option("--download", is_flag=True, help="Allow the start to be fetched from the Hugging Face hub.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def train(recipe: str, data: Path, out: Path | None, device: str, download: bool, quiet: bool) -> None:
    """Train a student by RECIPE: a YAML file, or the name of a shipped one.

    OUT becomes a plain Hugging Face folder with training.json (results beside the baselines) and split.json
    (hashes of the texts of each part). Needs: pip install 'newsvol[train]'.

    \b
    Example:
      newsvol sentiment train student --data DATA --out my-student
    """
    from newsvol.models.training_recipe import load_training_recipe
    from newsvol.replays.folders import new_folder

    read = load_training_recipe(recipe)
    for module in ("accelerate", "sklearn"):
        if importlib.util.find_spec(module) is None:
            raise InputError(f"training needs {module}: pip install 'newsvol[train]'")
    if not data.is_dir():
        raise InputError(f"no data folder at {data}; name it with --data")
    with new_folder(out or Path(read.name)) as making:
        from newsvol.models.serving import resolve_device
        from newsvol.models.training import open_bench
        from newsvol.models.training import train as run

        bench = open_bench(read, resolve_device(device), download, _say, progress=not quiet)
        results = run(read, data, making, bench)
    click.echo(_table(results["test"]))
    click.echo(f"{out or read.name}: {results['model']['hash']}, {results['model']['bytes'] / 1e6:.1f} MB")


@sentiment.command()
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="CSV file with the columns text and label."
)
@_MODEL
@_DEVICE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(data: Path, model: str, device: str, as_json: bool) -> None:
    """Measure a model on labelled texts: accuracy and F1 with intervals, beside the majority class.

    \b
    Example:
      newsvol sentiment evaluate --data labelled.csv --json
    """
    from newsvol.models.evaluation import evaluate_file
    from newsvol.models.serving import load_scorer

    result = evaluate_file(data, load_scorer(model, device))
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(_table({result["model"]: result}))
    click.echo(
        f"majority class: accuracy {result['majority_accuracy']:.3f}; {result['n']} texts, {result['device']}"
    )


@sentiment.command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@_MODEL
@_DEVICE
def score(texts: tuple[str, ...], model: str, device: str) -> None:
    """Print one JSON line per TEXT: probabilities, and score = P(positive) - P(negative).

    \b
    Example:
      newsvol sentiment score "Profit rises 12% on strong demand"
    """
    from newsvol.models.labels import LABELS
    from newsvol.models.serving import load_scorer

    for text, row in zip(texts, load_scorer(model, device).probabilities(texts).tolist(), strict=True):
        said = {label: round(value, 6) for label, value in zip(LABELS, row, strict=True)}
        click.echo(json.dumps({"text": text, **said, "score": round(row[2] - row[0], 6)}, ensure_ascii=False))


def _say(line: str) -> None:
    click.echo(line, err=True)


def _table(models: dict[str, Any]) -> str:
    lines = [f"{'':<16}{'accuracy':>9}  {'95%':<14}{'macro-F1':>9}  95%"]
    for name, row in models.items():
        cells = [f"{name:<16}"]
        for measure in ("accuracy", "macro_f1"):
            low, high = row[f"{measure}_interval"]
            cells.append(f"{row[measure]:>9.3f}  {f'{low:.3f}-{high:.3f}':<14}")
        lines.append("".join(cells).rstrip())
    return "\n".join(lines)
