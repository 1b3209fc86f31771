"""``newsvol sentiment``: train, evaluate and use the sentiment model."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import click

from newsvol.cli.sentiment.compare import benchmark, compare
from newsvol.cli.sentiment.options import DEVICE, LABELLED, MODEL, QUIET
from newsvol.cli.sentiment.score import score
from newsvol.engine.errors import InputError


@click.group()
def sentiment() -> None:
    """Train, evaluate and use the sentiment model.

    \b
    Examples:
      newsvol sentiment score "Profit rises 12% on strong demand"
      newsvol sentiment evaluate --data labelled.csv
      newsvol sentiment benchmark
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
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder for checkpoints: the same run, killed, goes on from the last epoch.",
)
@DEVICE
@click.option(
    "--track",
    type=click.Choice(("none", "tensorboard", "wandb")),
    help="What follows the losses, in ./tracking; W&B stays offline  [default: the recipe's].",
)
@click.option("--download", is_flag=True, help="Allow the start to be fetched from the Hugging Face hub.")
@QUIET
def train(
    recipe: str, data: Path, out: Path | None, work: Path | None, device: str, track: str | None,
    download: bool, quiet: bool,
) -> None:  # fmt: skip
    """Train a student by RECIPE: a YAML file, or the name of a shipped one.

    OUT becomes a plain Hugging Face folder with training.json (results beside the baselines) and split.json
    (hashes of the texts of each part). Needs: pip install 'newsvol[train]'.

    \b
    Example:
      newsvol sentiment train student --data DATA --out my-student
    """
    from newsvol.models.sentiment.recipe import load_training_recipe
    from newsvol.replays.folders import new_folder

    read = load_training_recipe(recipe)
    if track is not None:
        read = read.model_copy(update={"track": track})
    for module in ("torch", "transformers", "peft", "accelerate", "sklearn", "onnx"):
        if importlib.util.find_spec(module) is None:
            raise InputError(f"training needs {module}: pip install 'newsvol[train]'")
    if not data.is_dir():
        raise InputError(f"no data folder at {data}; name it with --data")
    with new_folder(out or Path(read.name)) as making:
        from newsvol.models.sentiment.context import open_context
        from newsvol.models.sentiment.training_run import train as run
        from newsvol.models.serving.device import resolve_device
        from newsvol.models.training.tracking import where_to_look

        bench = open_context(read, resolve_device(device).kind, download, _say, progress=not quiet, work=work)
        if read.track != "none":
            _say(where_to_look(read.track))
        results = run(read, data, making, bench)
    click.echo(_table(results["test"]))
    click.echo(f"{out or read.name}: {results['model']['hash']}, {results['model']['bytes'] / 1e6:.1f} MB")


@sentiment.command()
@LABELLED
@MODEL
@click.option("--reference", help="Another model, to measure how often both say the same.")
@DEVICE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(data: Path, model: str, reference: str | None, device: str, as_json: bool) -> None:
    """Measure a model on labelled texts: accuracy, F1, calibration, beside the majority class.

    \b
    Example:
      newsvol sentiment evaluate --data labelled.csv --json
    """
    from newsvol.models.sentiment.evaluation import evaluate_file
    from newsvol.models.serving.scorer import load_scorer

    other = load_scorer(reference, device) if reference is not None else None
    result = evaluate_file(data, load_scorer(model, device), other)
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(_table({result["model"]: result}))
    click.echo("F1: " + ", ".join(f"{label} {value:.3f}" for label, value in result["f1"].items()))
    click.echo(
        f"expected calibration error {result['ece']:.3f}; "
        f"majority class: accuracy {result['majority_accuracy']:.3f}; {result['n']} texts, {result['device']}"
    )
    if other is not None:
        about = result["reference"]
        click.echo(
            f"agrees with {about['model']} on {about['agreement']:.2%}; "
            f"{about['polarity_flips']:.2%} flip between negative and positive"
        )


@sentiment.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--data",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="Texts: .txt (one a line), .csv or .parquet.",
)
@click.option("--column", help="Column of the texts  [default: text, headline or title].")
def calibrate(folder: Path, file: Path, column: str | None) -> None:
    """Prepare FOLDER for static INT8: FOLDER-int8-static, beside FOLDER-int8 which needs nothing.

    Measures how far activations reach on up to 500 of the texts, spread over the file, and keeps that as
    activation_ranges.json in the folder. Train does it by itself. Needs: pip install 'newsvol[train]'.

    \b
    Example:
      newsvol sentiment calibrate my-student --data headlines.csv
      newsvol sentiment compare --data labelled.csv --model my-student --model my-student-int8-static
    """
    from newsvol.models.serving.static_int8 import calibrate as run
    from newsvol.models.serving.static_int8 import spread
    from newsvol.models.text.files import TextFile

    texts = spread([text for text in TextFile(file, column).texts() if text.strip()])
    ranges = run(folder, texts)
    click.echo(
        f"{folder}: ranges of {len(ranges)} activations on {len(texts)} texts; use {folder}-int8-static"
    )


for _command in (score, benchmark, compare):
    sentiment.add_command(_command)


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
