"""What ``manifest.json`` and ``metrics.json`` of a run folder say, checked when they are read.

The layout is docs/run-folder.md. Keys that are not named here are kept as they are.
"""

from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from newsvol.engine.fills import FILL_MODELS, FillModel
from newsvol.engine.plug_ins import PlugIn

RUN_FORMAT: Final = 2
"""Written as ``format`` to every manifest; another number is refused."""

ModelKind = Literal["naive", "har", "fused"]
TickName = Literal["headline", "bucket_end", "session_open"]
StageName = Literal["queue", "score", "forecast", "decide", "order", "total"]
Number = float | None
"""A metric; None where it does not exist (the Sharpe ratio of a strategy that never traded)."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class TapePart(_Part):
    """Which tape was replayed. ``origin["synthetic"]`` is true for a made-up market.

    `replayed_hash` is of the tape up to the span's last day, which is all that the run saw of it.
    """

    instrument: str
    calendar: str
    bars: int
    headlines: int
    sessions: int
    first_ns: int
    last_ns: int
    origin: dict[str, Any]
    replayed_hash: str | None = None

    @property
    def synthetic(self) -> bool:
        """Whether the market was made up, so that no number of the run is about a real one."""
        return self.origin.get("synthetic") is True


class PlugInPart(_Part):
    """Whose a strategy or forecaster is, and in which state; see `engine.plug_ins.PlugIn`."""

    module: str
    module_hash: str | None
    package: str | None
    version: str | None

    def __str__(self) -> str:
        return str(PlugIn(self.module, self.module_hash, self.package, self.version))


class RecordingPart(_Part):
    """Which recording was charged, how and where it was measured, and what differed where it was forced."""

    folder: str
    run_id: str
    recording_hash: str
    latency: str
    device: str
    machine: dict[str, Any]
    versions: dict[str, str]
    forced: tuple[str, ...]


class Manifest(_Part):
    """What a run is: its inputs by hash, its seed and what it ran on.

    `recording_hash` is of what it charged and scored, measured or not; `recording` says where that came from
    under ``recorded:RUN``. What has a default was not written by the first versions.
    """

    format: int
    run_id: str
    name: str
    tape_hash: str
    recipe_hash: str
    model_hash: str | None
    recording_hash: str | None = None
    events_hash: str | None = None
    plug_ins: dict[str, PlugInPart] = {}
    seed: int
    latency: str
    fill: FillModel
    costs: dict[str, float]
    device: str
    versions: dict[str, str]
    machine: dict[str, Any]
    tape: TapePart
    recording: RecordingPart | None = None


class SpanPart(_Part):
    """How much was replayed, and what of it the tape lacks.

    `missing_buckets` and `scaled_buckets` are of sessions that have bars: gaps leave less than half of the
    one, and something less than all of the other. `long_gaps` are those across which nothing is measured.
    A year of the calendar has `sessions_per_year` sessions, of `hours_per_year` hours together.
    `traded_from_ns` is when the session opens in which the traded forecast starts: returns are from there on.
    """

    first_ns: int
    last_ns: int
    bars: int
    buckets: int
    evaluated_buckets: int
    missing_buckets: int
    scaled_buckets: int
    sessions: int
    empty_sessions: int
    longest_gap_sessions: int
    long_gaps: int
    headlines: int
    sessions_per_year: float
    hours_per_year: float
    traded_from_ns: int


class ForecastScore(_Part):
    """Losses of one forecaster on variance (QLIKE, MSE) and R2 on volatility and log variance.

    `dm_t_vs_har` and `dm_t_vs_naive` test its QLIKE against the first HAR and the best naive forecaster
    (Diebold-Mariano, positive where it is better).
    """

    kind: ModelKind
    qlike: Number
    mse: Number
    r2_vol: Number
    r2_log: Number
    qlike_vs_har_pct: Number
    dm_t_vs_har: Number
    dm_t_vs_naive: Number


class SchedulePart(_Part):
    """The scheduled events that the traded forecaster went by; `source` is ``us``, a file's name or ``none``.

    `planned` counts those on the tape that stood to the end, by name; `reach` has the first and the last
    stamp of each name [ns]; `out_of_reach` names those that the schedule lacks in a part of the tape.
    """

    source: str
    planned: dict[str, int]
    reach: dict[str, tuple[int, int]]
    out_of_reach: list[str]


class ExogenousPart(_Part):
    """The outside series that the regressions read; in `missing_buckets` no value of it was known."""

    file: str
    column: str
    transform: str
    available: str
    missing_buckets: int


class PriorPart(_Part):
    """The prior that the regressions were shrunk towards; `source` is ``us`` or a file's name.

    `symbols` and `last` say what it was fitted on, and up to which day; it is `hindsight` where something was
    forecast that is no later, and where it was fitted on this tape, whatever it says of days. The shares say
    how much of the evidence of the traded forecasts is prior: of all of them on average, of the first and of
    the last.
    """

    source: str
    prior_hash: str
    symbols: list[str]
    last: date
    hindsight: bool
    of_this_tape: bool
    share_mean: float
    share_first: float
    share_last: float


class ForecastPart(_Part):
    """Every forecaster on the same buckets, naive ones first, then HAR, then fused.

    `schedule` is None where the traded forecaster uses no events, `exogenous` where there is no such series,
    `prior` where nothing was shrunk towards one.
    """

    target: str
    noise_floor_qlike: Number
    models: dict[str, ForecastScore]
    schedule: SchedulePart | None = None
    exogenous: ExogenousPart | None = None
    prior: PriorPart | None = None

    @model_validator(mode="after")
    def _has_baselines(self) -> "ForecastPart":
        if all(score.kind != "naive" for score in self.models.values()):
            raise ValueError("models has no naive forecaster to compare with")
        return self

    def best(self, kind: ModelKind) -> str | None:
        """Return the name of the forecaster of `kind` with the lowest QLIKE; None where there is none."""
        scores = {name: s.qlike for name, s in self.models.items() if s.kind == kind and s.qlike is not None}
        return min(scores, key=scores.__getitem__) if scores else None

    def best_values(self) -> dict[str, Number]:
        """Return the best value of each loss and R2 over every forecaster; None where nobody has one."""
        best: dict[str, Number] = {}
        for key in ("qlike", "qlike_vs_har_pct", "mse", "r2_vol", "r2_log"):
            values = [getattr(score, key) for score in self.models.values()]
            present: list[float] = [value for value in values if value is not None]
            best[key] = (max if key.startswith("r2") else min)(present, default=None)
        return best

    @property
    def har(self) -> str | None:
        """The HAR that everything is compared with: the first one; None where a naive forecast was fused."""
        return next((name for name, score in self.models.items() if score.kind == "har"), None)

    @property
    def main(self) -> str:
        """The forecaster that the strategies traded: the first fused one, else the last of all."""
        return next(
            (name for name, score in self.models.items() if score.kind == "fused"), [*self.models][-1]
        )


class FillResult(_Part):
    """What a strategy made under one fill model, after costs and latency.

    `sharpe_t_vs_hold` tests its Sharpe ratio against that of buy and hold (Ledoit and Wolf 2008).
    """

    total_return_pct: Number
    annual_return_pct: Number
    annual_vol_pct: Number
    sharpe: Number
    max_drawdown_pct: Number
    turnover_per_year: Number
    orders: int
    costs_bps_per_year: Number
    sharpe_t_vs_hold: Number


class StrategyResult(_Part):
    """One strategy under every fill model."""

    baseline: bool
    fills: dict[FillModel, FillResult]

    @model_validator(mode="after")
    def _has_band(self) -> "StrategyResult":
        if missing := set(FILL_MODELS) - set(self.fills):
            raise ValueError(f"fills lacks {', '.join(sorted(missing))}")
        return self


class StageLatency(_Part):
    """Percentiles of one stage; only a count of 0 where no tick passed it."""

    count: int
    mean_ms: Number = None
    p50_ms: Number = None
    p95_ms: Number = None
    p99_ms: Number = None
    max_ms: Number = None


class LatencyPart(_Part):
    """Latency by tick kind and stage; stages are queue, score, forecast, decide, order and total.

    `on_prefix` is the forecaster that has no live step: measured, it was run on its whole past each time.
    """

    model: str
    stages: dict[TickName, dict[StageName, StageLatency]]
    on_prefix: str | None = None

    @model_validator(mode="after")
    def _has_totals(self) -> "LatencyPart":
        if lacking := [kind for kind, stages in self.stages.items() if "total" not in stages]:
            raise ValueError(f"stages of {', '.join(lacking)} lacks total")
        return self

    def by_kind(self) -> list[tuple[TickName, dict[StageName, StageLatency]]]:
        """Return the stages of each tick kind, the kind that waits for the most models first."""
        return [(kind, self.stages[kind]) for kind in get_args(TickName) if kind in self.stages]


class Metrics(_Part):
    """Everything ``metrics.json`` says."""

    span: SpanPart
    forecast: ForecastPart
    strategies: dict[str, StrategyResult]
    latency: LatencyPart
    sentiment: dict[str, Any]

    @model_validator(mode="after")
    def _has_buy_and_hold(self) -> "Metrics":
        if not any(_is_buy_and_hold(name) for name in self.strategies):
            raise ValueError("strategies has no buy_and_hold to compare with")
        return self

    @property
    def buy_and_hold(self) -> str:
        """The name of the strategy that every other one is compared with."""
        return next(name for name in self.strategies if _is_buy_and_hold(name))

    @property
    def main_strategy(self) -> str:
        """The first strategy of the recipe that is no baseline; not the best, which would be a selection."""
        return next(
            (name for name, result in self.strategies.items() if not result.baseline), self.buy_and_hold
        )


def _is_buy_and_hold(name: str) -> bool:
    return name.replace("-", "_") == "buy_and_hold"


def finite(value: Any) -> Any:
    """Return `value`, mappings and sequences with what is in them, with None for every number JSON lacks."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value
