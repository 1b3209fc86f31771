"""Reading run folders: one, or all under a root."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from newsvol.engine.errors import RunError, first_line, nearest
from newsvol.replays.runs.schema import RUN_FORMAT, Manifest, Metrics

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Run:
    """A finished run: what it was, and what came out. The tables are read when they are asked for."""

    folder: Path
    manifest: Manifest
    metrics: Metrics

    @property
    def recipe_text(self) -> str:
        """The recipe as it was understood (YAML)."""
        return _read_text(self.folder / "recipe.yaml")

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Read ``NAME.parquet``: forecasts, scores, ledger, service, orders or equity.

        Raises
        ------
        RunError
            The file is missing, is no parquet, or lacks one of `columns`.
        """
        file = self.folder / f"{name}.parquet"
        try:
            table = pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"{file} cannot be read ({first_line(error)}); replay the run again") from error
        if missing := sorted(set(columns or []) - set(table.column_names)):
            raise RunError(f"{file} has no column {', '.join(missing)}; replay the run again")
        return table.select(columns) if columns else table

    def as_json(self) -> dict[str, Any]:
        """Return manifest and metrics as plain JSON values; what is not finite becomes null."""
        return {
            "folder": str(self.folder),
            "manifest": json.loads(self.manifest.model_dump_json()),
            "metrics": json.loads(self.metrics.model_dump_json()),
        }


def load_run(folder: Path) -> Run:
    """Read the run in `folder`.

    Raises
    ------
    RunError
        The folder is missing, is no run folder, is of another format, or is damaged.
    """
    if not folder.is_dir():
        raise RunError(f"no run folder {folder}; list what is there with: newsvol runs list")
    if not (folder / "manifest.json").is_file():
        raise RunError(
            f"{folder} is not a run folder (no manifest.json); make one with: newsvol replay --help"
        )
    about = _read_json(folder / "manifest.json")
    if isinstance(about, dict) and about.get("format") != RUN_FORMAT:
        found = about.get("format")
        raise RunError(
            f"{folder} has run format {found}, this version reads {RUN_FORMAT}; replay the run again"
        )
    manifest = _checked(Manifest, about, folder / "manifest.json")
    metrics_file = folder / "metrics.json"
    return Run(folder, manifest, _checked(Metrics, _read_json(metrics_file), metrics_file))


def list_runs(root: Path) -> tuple[list[Run], list[RunError]]:
    """Read every run folder directly under `root`, by name; hidden folders are runs in the making.

    Returns
    -------
    runs, damaged : list of Run, list of RunError
        A damaged run does not hide the others: its error comes beside them.

    Raises
    ------
    RunError
        `root` is missing.
    """
    if not root.is_dir():
        raise RunError(f"no folder {root}; name the folder of your runs with --root")
    runs: list[Run] = []
    damaged: list[RunError] = []
    for manifest in sorted(root.glob("[!.]*/manifest.json")):
        try:
            runs.append(load_run(manifest.parent))
        except RunError as error:
            damaged.append(error)
    return runs, damaged


def find_run(name: str, root: Path) -> Run:
    """Read the run called `name`: a folder, or the name of one under `root`.

    Raises
    ------
    RunError
        There is none, with the nearest name under `root`; or it cannot be read.
    """
    places = [folder for folder in (Path(name), root / name) if folder.is_dir()]
    # A folder of that name beside the caller may be no run at all; a real one under the root wins over it.
    places.sort(key=lambda folder: not (folder / "manifest.json").is_file())
    if places:
        return load_run(places[0])
    known = [path.parent.name for path in root.glob("[!.]*/manifest.json")] if root.is_dir() else []
    hint = nearest(name, known) or f"; list what is there with: newsvol runs list --root {root}"
    raise RunError(f"no run {name!r} here or under {root}{hint}")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{file} cannot be read ({first_line(error)}); replay the run again") from error


def _read_json(file: Path) -> Any:
    try:
        return json.loads(_read_text(file))
    except (ValueError, RecursionError) as error:  # no JSON, too many digits, too deep
        raise RunError(f"{file} is damaged ({error}); replay the run again") from error


def _checked(model: type[M], value: Any, file: Path) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top"
        raise RunError(f"{file} is damaged at {where} ({first['msg']}); replay the run again") from error
