"""Options that commands of ``newsvol sentiment`` share."""

from pathlib import Path

import click

DEVICE = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu or cuda; auto is CUDA where there is one."
)
MODEL = click.option(
    "--model",
    default="student",
    show_default=True,
    help="student, student-int8, student-int8-static, or a model folder, with any of these endings.",
)
MODELS = click.option(
    "--model",
    "models",
    multiple=True,
    default=("student", "student-int8"),
    show_default=True,
    help="As for score; may be given several times.",
)
LABELLED = click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="CSV file with the columns text and label."
)
QUIET = click.option("--quiet", is_flag=True, help="No progress bars.")
