"""Numbers and sentences that the terminal and the report share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from newsvol.engine.arrays import NS_PER_SECOND
from newsvol.engine.hashes import short_hash
from newsvol.replays.evaluation.statistics import SIGNIFICANT_T
from newsvol.replays.runs.schema import (
    ExogenousPart,
    ForecastPart,
    Metrics,
    Number,
    PriorPart,
    RecordingPart,
    SpanPart,
)
from newsvol.replays.tapes.empty_sessions import LONG_GAP_SESSIONS

NOTHING = "-"
"""Stands for a number that does not exist."""

TRUNCATED = "truncated realized variance is forecast and scored: outliers, as bad prints are, are left out"

TICK_WORDS = {"headline": "headline", "bucket_end": "bucket end", "session_open": "session open"}
FILL_WORDS = {"bridge": "bridge", "next_open": "next open", "worst": "worst"}


def number(value: Number, digits: int = 2, sign: bool = False) -> str:
    """Return `value` with `digits` decimals and thousands separators."""
    if value is None or not isfinite(value):
        return NOTHING
    text = f"{value:{'+' if sign else ''},.{digits}f}"
    # -0.004 would print as -0.00, which reads as a loss that is not there.
    return text.lstrip("+-") if float(text.replace(",", "")) == 0 else text


def scientific(value: Number) -> str:
    """Return `value` with three significant digits: squared variances are far below 1."""
    return NOTHING if value is None or not isfinite(value) else f"{value:.2e}"


def milliseconds(value: Number) -> str:
    """Return a duration in milliseconds with three significant digits, and none beyond a microsecond."""
    if value is None or not isfinite(value):
        return NOTHING
    size = abs(value)
    return (
        "0" if size == 0 else number(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3)
    )


def day(stamp_ns: int) -> str:
    """Return the UTC day of a stamp: ``20 Feb 2024``."""
    moment = datetime.fromtimestamp(stamp_ns // NS_PER_SECOND, UTC)
    return f"{moment.day} {moment:%b %Y}"


def gap_notices(span: SpanPart) -> list[str]:
    """Say what the span lacks and what was made of it, for the top of a page or a table; nothing if whole."""
    told = []
    if span.empty_sessions:
        measured = (
            f"nothing is measured across {_counted(span.long_gaps, 'gap')} of more than {LONG_GAP_SESSIONS}: "
            "moves across them are in no return, volatility, Sharpe or drawdown"
            if span.long_gaps
            else "an empty session counts as one without a return, and the next one has the move"
        )
        told.append(
            f"GAPS: {span.empty_sessions:,} of {span.sessions:,} sessions have no bars, the longest gap is "
            f"{_counted(span.longest_gap_sessions, 'session')}; {measured}"
        )
    if span.missing_buckets or span.scaled_buckets:
        told.append(
            f"GAPS: of {span.buckets:,} buckets {span.missing_buckets:,} lack more than half of their "
            f"minutes and count as missing, and {span.scaled_buckets:,} lack fewer: their measures are "
            "scaled up" + (" (sessions without bars aside)" if span.empty_sessions else "")
        )
    return told


def prefix_notices(metrics: Metrics) -> list[str]:
    """Say of which forecaster every forecast was a run over its whole past, and charged as one."""
    name = metrics.latency.on_prefix
    if name is None:
        return []
    return [f"{name} has no live step: before each bucket it was run on its whole past, and charged for that"]


def source_notices(forecast: ForecastPart) -> list[str]:
    """Say what the forecasts came of beside the tape: scheduled events, an outside series, a prior."""
    told = []
    if forecast.target == "truncated_rv":
        told.append(f"MEASURE: {TRUNCATED}")
    if (schedule := forecast.schedule) is not None:
        counts = ", ".join(f"{count:,} {name}" for name, count in schedule.planned.items())
        told.append(
            "EVENTS: the traded forecaster uses scheduled events, and was given none"
            if schedule.source == "none"
            else f"EVENTS: {schedule.source}, known ahead: {counts}"
        )
    if (series := forecast.exogenous) is not None:
        told.append(f"OUTSIDE: {exogenous_words(series)}")
    if (prior := forecast.prior) is not None:
        told.append(f"PRIOR: {prior_words(prior)}")
    return told


def source_warnings(forecast: ForecastPart) -> list[str]:
    """Say where what the forecasts came of was not to be had, or could not have been known."""
    told = []
    if (schedule := forecast.schedule) is not None:
        for name in schedule.out_of_reach:
            begins, ends = (day(stamp) for stamp in schedule.reach[name])
            told.append(
                f"EVENTS: the schedule holds {name} from {begins} to {ends}, and the tape goes beyond: there "
                "the forecast knows of none"
            )
    if (prior := forecast.prior) is not None and prior.hindsight:
        told.append(hindsight_words(prior))
    return told


def exogenous_words(series: ExogenousPart) -> str:
    """Say which outside series is read, and in how many buckets there was nothing to read."""
    told = f"{series.column} of {series.file} ({series.transform}, known at its {series.available})"
    lacking = _counted(series.missing_buckets, "bucket")
    return told + (f"; {lacking} began without a value, and count it as 0" if series.missing_buckets else "")


def prior_words(prior: PriorPart) -> str:
    """Say what a prior was fitted on, and how much of the forecasts it is."""
    parts = prior.share_mean, prior.share_first, prior.share_last
    shares = [f"{number(100 * part, 0)}%" for part in parts]
    return (
        f"{prior.source}, fitted on {', '.join(prior.symbols)} up to {prior.last}; of what the regressions "
        f"are fitted on {shares[0]} is prior ({shares[1]} at first, {shares[2]} at last)"
    )


def hindsight_words(prior: PriorPart) -> str:
    """Say that a prior knows what came later."""
    if prior.of_this_tape:
        return f"HINDSIGHT: the prior {prior.source} was fitted on this very tape: nobody had it then"
    return (
        f"HINDSIGHT: the prior {prior.source} was fitted on data up to {prior.last}, and what it forecasts "
        "here begins before that: nobody had it then"
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def shown_hash(content_hash: str | None) -> str:
    """Return the first digits of a hash, or what stands for none."""
    return NOTHING if content_hash is None else short_hash(content_hash)


def pairs(values: Mapping[str, Any]) -> str:
    """Return keys and values in one line."""
    return ", ".join(f"{key} {value}" for key, value in values.items()) or NOTHING


def recording_lines(recording: RecordingPart | None) -> list[str]:
    """Say which recording was charged, where it was measured, and what differed where it was forced."""
    if recording is None:
        return []
    return [
        f"charged the recording {shown_hash(recording.recording_hash)} of {recording.folder} "
        f"({recording.run_id}), latency {recording.latency}, device {recording.device}",
        f"recorded on: {pairs(recording.machine)}; {pairs(recording.versions)}",
        *(f"FORCED, the recording is of something else: {difference}" for difference in recording.forced),
    ]


def forecast_verdicts(metrics: Metrics) -> list[str]:
    """Say of HAR and the fused forecast whether each beat what is simpler than it, in QLIKE."""
    forecast = metrics.forecast
    main, har, naive = forecast.main, forecast.har, forecast.best("naive")
    contests = dict.fromkeys([(main, har), (main, naive), (har, naive)])
    sentences = []
    for name, rival in contests:
        if name is None or rival is None or name == rival:
            continue
        own, other = forecast.models[name], forecast.models[rival].qlike
        if own.qlike is None or not other:
            sentences.append(f"{name} cannot be compared with {rival}: one of them has no QLIKE")
            continue
        if name == main and rival == har and own.qlike == other:
            sentences.append(f"{name} is what {rival} is: no news was let in")
            continue
        t = own.dm_t_vs_naive if rival == naive else own.dm_t_vs_har
        sentences.append(qlike_verdict(name, rival, 100 * (1 - own.qlike / other), t))
    return sentences


def beyond_chance(t: Number) -> bool:
    """Say whether the t of a lead is significant; what could not be tested is not."""
    return t is not None and t > SIGNIFICANT_T


def qlike_verdict(name: str, rival: str, gain_pct: float, t: Number) -> str:
    """Say whether `name` beats `rival` by `gain_pct` of its QLIKE, and beyond what chance explains."""
    shown = "" if t is None else f" (DM t {number(t, 1, sign=True)})"
    if gain_pct <= 0:
        worse = f"{number(-gain_pct, 1)}% higher" if gain_pct < 0 else "the same"
        return f"{name} does NOT beat {rival}: its QLIKE is {worse}{shown}"
    if beyond_chance(t):
        return f"{name} beats {rival} by {number(gain_pct, 1)}% in QLIKE{shown}"
    return f"{name} is {number(gain_pct, 1)}% better than {rival} in QLIKE, NOT beyond chance{shown}"


def strategy_verdict(metrics: Metrics, name: str) -> str:
    """Say whether strategy `name` beat buy and hold in Sharpe ratio under each fill model, beyond chance."""
    hold = metrics.strategies[metrics.buy_and_hold].fills
    if all(result.sharpe is None for result in metrics.strategies[name].fills.values()):
        return f"{name} has no Sharpe ratio: too few sessions"
    won: list[str] = []
    ahead: list[str] = []
    lost: list[str] = []
    for fill, result in metrics.strategies[name].fills.items():
        word, rival, t = FILL_WORDS[fill], hold[fill].sharpe, result.sharpe_t_vs_hold
        if result.sharpe is None or rival is None or result.sharpe <= rival:
            lost.append(word)
        else:
            shown = f"{word} ({'not tested' if t is None else f't {number(t, 1, sign=True)}'})"
            (won if beyond_chance(t) else ahead).append(shown)
    if not ahead and not lost:
        return f"{name} beats buy and hold in Sharpe under every fill model"
    if not won and not ahead:
        return f"{name} does NOT beat buy and hold in Sharpe under any fill model"
    if not won and not lost and all("not tested" in one for one in ahead):
        return f"{name} has a higher Sharpe than buy and hold, NOT tested: too few sessions"
    if not won and not lost:
        return f"{name} has a higher Sharpe than buy and hold, NOT beyond chance: {', '.join(ahead)}"
    parts = {"beats it": won, "ahead, NOT beyond chance": ahead, "NOT": lost}
    told = "; ".join(f"{kind}: {', '.join(fills)}" for kind, fills in parts.items() if fills)
    return f"{name} against buy and hold in Sharpe: {told}"


def return_band(metrics: Metrics, name: str) -> tuple[Number, Number, Number]:
    """Return the total return of `name` in percent under worst, next_open and bridge fills."""
    fills = metrics.strategies[name].fills
    return (
        fills["worst"].total_return_pct,
        fills["next_open"].total_return_pct,
        fills["bridge"].total_return_pct,
    )
