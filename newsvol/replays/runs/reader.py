"""Reading run folders: one, or all under a root."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from newsvol.engine.costs import Costs
from newsvol.engine.errors import RunError, UnknownNameError, first_line, nearest
from newsvol.engine.fills import FILL_MODELS
from newsvol.models.config import parse_yaml
from newsvol.replays.runs.schema import RUN_FORMAT, Manifest, Metrics
from newsvol.replays.tapes.tape import Tape

if TYPE_CHECKING:
    import pandas as pd

    from newsvol.strategies.portfolio import PortfolioResult

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, repr=False)
class Run:
    """A finished run: what it was, and what came out. The tables are read when they are asked for.

    Attributes
    ----------
    folder : Path
        The run folder; of a run that was not kept, a temporary one that is gone with this object.
    manifest : Manifest
    metrics : Metrics
        ``run.metrics.strategies["vol_target"].fills["bridge"].sharpe``.
    """

    folder: Path
    manifest: Manifest
    metrics: Metrics
    _portfolios: "Mapping[tuple[str, str], PortfolioResult] | None" = field(
        default=None, repr=False, compare=False
    )

    @property
    def forecasts(self) -> "pd.DataFrame":
        """A row a bucket, by its start (UTC): realized variance and a column ``f:NAME`` for each forecast."""
        return self._frame("forecasts", "open_ns")

    @property
    def scores(self) -> "pd.DataFrame":
        """A row a headline, by the moment it became available (UTC): probabilities and score."""
        return self._frame("scores", "available_ns")

    @property
    def ledger(self) -> "pd.DataFrame":
        """A row a tick and strategy, by the moment it became available (UTC): every stamp up to the fill."""
        return self._frame("ledger", "available_ns")

    @property
    def orders(self) -> "pd.DataFrame":
        """A row an order, by its fill (UTC): strategy, fill model, target weight, shares, price and cost."""
        return self._frame("orders", "filled_ns")

    @property
    def equity(self) -> "pd.DataFrame":
        """A row a bucket, by its end (UTC): the price, and the equity of each strategy."""
        return self._frame("equity", "close_ns")

    def portfolio(self, strategy: str, fill: str | None = None, tape: Tape | None = None) -> Any:
        """Return a strategy's ``vectorbt.Portfolio``, minute by minute over the whole tape.

        Its own ratios are not those of `metrics`, which come from the returns of sessions: vectorbt takes
        minutes, annualises them by those of a calendar year, and counts the warm-up. Give it the year of the
        exchange, 252 sessions of 390 minutes: ``sharpe_ratio(year_freq="98280min")``. And it holds what it
        holds across long gaps, which `metrics` and `equity` leave out.

        Parameters
        ----------
        fill : {"bridge", "next_open", "worst"}, optional
            The recipe's own if not given.
        tape : Tape, optional
            The tape of the run. Needed where the run was read from its folder, which holds no bars: the
            recorded orders are then traded again.

        Raises
        ------
        UnknownNameError
            The run has no such strategy or fill model.
        RunError
            The tape is needed, or it is another one.
        """
        model = fill or self.manifest.fill
        if strategy not in self.metrics.strategies:
            raise UnknownNameError("strategy", strategy, self.metrics.strategies)
        if model not in self.metrics.strategies[strategy].fills:
            raise UnknownNameError("fill model", model, FILL_MODELS)
        if self._portfolios is not None:
            return self._portfolios[strategy, model].portfolio
        if tape is None:
            raise RunError(
                f"{self.folder} holds no bars; give its tape: portfolio({strategy!r}, tape=load_tape(...))"
            )
        if tape.content_hash() != self.manifest.tape_hash:
            raise RunError(f"{self.folder} is of another tape; give the one that its manifest names")
        orders = self.orders.query("strategy == @strategy and fill == @model and shares != 0")
        # vectorbt takes a second to import, and only this needs it
        from newsvol.strategies.portfolio import trade_again  # noqa: PLC0415

        recipe = parse_yaml(self.recipe_text, str(self.folder / "recipe.yaml"))
        last = (recipe.get("span") or {}).get("last")
        # what came after the span was not on the tape that was replayed: nothing is held there
        bars = tape.bars if last is None else tape.until(date.fromisoformat(str(last))).bars
        return trade_again(
            bars,
            orders["bar"].to_numpy(),
            orders["shares"].to_numpy(),
            orders["price"].to_numpy(),
            Costs(**self.manifest.costs),
            float(recipe["cash"]),
        )

    def _frame(self, name: str, stamp: str) -> "pd.DataFrame":
        import pandas as pd  # noqa: PLC0415 - listing runs does without it

        frame: pd.DataFrame = self.table(name).to_pandas()
        frame.index = pd.DatetimeIndex(frame[stamp], tz="UTC", name="time")
        return frame

    def __repr__(self) -> str:
        about = self.manifest
        return f"Run({about.name!r} of {about.tape.instrument}, latency {about.latency}, {about.run_id})"

    def _repr_html_(self) -> str:
        """Return what the run is and what came out, for a notebook."""
        models = self.metrics.forecast.models
        forecasts = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(score.kind)}</td><td>{_cell(score.qlike, 4)}</td></tr>"
            for name, score in models.items()
        )
        rows = ((name, result.fills[self.manifest.fill]) for name, result in self.metrics.strategies.items())
        strategies = "".join(
            f"<tr><td>{escape(name)}</td><td>{_cell(made.total_return_pct, 1)}</td>"
            f"<td>{_cell(made.sharpe, 2)}</td><td>{_cell(made.max_drawdown_pct, 1)}</td></tr>"
            for name, made in rows
        )
        return (
            f"<p><b>{escape(self.manifest.name)}</b> on {escape(self.manifest.tape.instrument)}, "
            f"latency {escape(self.manifest.latency)}, {escape(self.manifest.fill)} fills</p>"
            f"<table><tr><th>forecast</th><th>kind</th><th>QLIKE</th></tr>{forecasts}</table>"
            "<table><tr><th>strategy</th><th>return, %</th><th>Sharpe</th><th>max drawdown, %</th></tr>"
            f"{strategies}</table>"
        )

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


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def load_run(
    folder: Path | str,
    portfolios: "Mapping[tuple[str, str], PortfolioResult] | None" = None,
) -> Run:
    """Read the run in `folder`.

    Parameters
    ----------
    portfolios : mapping of (strategy, fill model) to PortfolioResult, optional
        Where they were just simulated.

    Raises
    ------
    RunError
        The folder is missing, is no run folder, is of another format, or is damaged.
    """
    folder = Path(folder)
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
    metrics = _checked(Metrics, _read_json(metrics_file), metrics_file)
    return Run(folder, manifest, metrics, portfolios)


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
