"""A synthetic market with planted truth: what the signals ought to find is known."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from newsvol.engine.arrays import (
    NS_PER_DAY,
    NS_PER_HOUR,
    NS_PER_MINUTE,
    NS_PER_SECOND,
    FloatArray,
    IntArray,
)
from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame, NewsFrame, SessionFrame
from newsvol.replays.tapes.calendar import sessions_between
from newsvol.replays.tapes.headline_grammar import NEGATIVE, POSITIVE, write_headlines
from newsvol.replays.tapes.tape import Tape, TapeInfo
from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.har import LAGS

START_NS = 1_672_704_000_000_000_000
"""2023-01-03, a first session of a year."""

MAX_SESSIONS = 2500

MINUTES_PER_YEAR = 252 * 390
"""Of trading: what `Market.annual_vol_pct` is spread over."""

WILDEST_VARIANCE = 0.1**2
"""A minute whose standard deviation is a tenth of the price is no market."""


@dataclass(frozen=True)
class Market:
    """What is planted.

    Attributes
    ----------
    seed : int
    sessions, headlines : int
        How many.
    annual_vol_pct : float
        Long-run level of trading hours, per cent a year; nights come on top.
    diurnal : tuple of float
        Variance of each full-session bucket relative to their mean: a U.
    har : tuple of float
        Weights of the last 1, 7, 35 and 154 buckets in the log variance.
    innovation : float
        Standard deviation of the log variance's shock per bucket.
    leverage : float
        Added to the log variance for each unit of max(-r/sqrt(RV), 0) of the bucket before.
    event_every : int
        Sessions between scheduled events at 14:00 New York.
    event_log_spike : float
        Added to the log variance in the minute of the event; halves every 20 minutes.
    news_half_life_hours : float
    negative_effect, positive_effect : float
        Added to the log variance at a headline of that sentiment, then decaying. Both zero: the null tape.
    """

    seed: int = 7
    sessions: int = 250
    headlines: int = 1000
    annual_vol_pct: float = 16.0
    diurnal: tuple[float, ...] = (1.9, 1.1, 0.8, 0.65, 0.7, 0.9, 0.95)
    har: tuple[float, float, float, float] = (0.25, 0.3, 0.25, 0.1)
    innovation: float = 0.22
    leverage: float = 0.12
    event_every: int = 30
    event_log_spike: float = 2.0
    news_half_life_hours: float = 2.0
    negative_effect: float = 0.9
    positive_effect: float = 0.35

    def __post_init__(self) -> None:
        if not (2 <= self.sessions <= MAX_SESSIONS and 0 <= self.headlines <= 1_000_000):
            raise InputError(
                f"a synthetic market has 2 to {MAX_SESSIONS} sessions and up to a million headlines"
            )

    def without_news_effect(self) -> dict[str, Any]:
        """Return the fields of the null market: the same headlines, which move nothing."""
        return {**asdict(self), "negative_effect": 0.0, "positive_effect": 0.0}


def synthesize(market: Market) -> tuple[Tape, Mapping[str, Any]]:
    """Draw a tape from `market`.

    Returns
    -------
    tape : Tape
    truth : mapping
        The market's fields, the sentiment of each headline and the stamps of the scheduled events.
    """
    rng = np.random.default_rng(market.seed)
    sessions = _sessions(market)
    published_ns = _publication_stamps(rng, sessions, market.headlines)
    written = write_headlines(rng, market.headlines)
    news = NewsFrame(
        item_id=np.arange(market.headlines, dtype=np.int64),
        published_ns=published_ns,
        resolution_ns=np.full(market.headlines, NS_PER_SECOND, dtype=np.int64),
        available_ns=published_ns + NS_PER_SECOND,
        source=np.full(market.headlines, "synthetic", dtype=object),
        headline=written.text,
    )
    effect = np.where(
        written.sentiment == NEGATIVE,
        market.negative_effect,
        np.where(written.sentiment == POSITIVE, market.positive_effect, 0.0),
    )
    events = _event_stamps(sessions, market.event_every)
    bars = _draw_bars(rng, market, sessions, news.available_ns, effect, events)
    info = TapeInfo("SYNTH", origin={"synthetic": True, **asdict(market)})
    truth = {**asdict(market), "sentiment": written.sentiment.tolist(), "event_ns": events.tolist()}
    return Tape(bars, news, sessions, info), truth


def synthetic_tape(market: Market | None = None) -> Tape:
    """Return the tape of `market`; without one, the embedded market of 250 sessions and 1,000 headlines."""
    return synthesize(market or Market())[0]


def perfect_reading(truth: Mapping[str, Any]) -> FloatArray:
    """Return the sentiment of a model that reads every planted headline right, shape (N, 3)."""
    sentiment = np.array(truth["sentiment"])
    return np.stack([sentiment < 0, sentiment == 0, sentiment > 0], axis=1).astype(np.float64)


def _sessions(market: Market) -> SessionFrame:
    days = int(market.sessions * 1.5) + 15
    return sessions_between("XNYS", START_NS, START_NS + days * NS_PER_DAY).take(slice(market.sessions))


def _publication_stamps(rng: np.random.Generator, sessions: SessionFrame, count: int) -> IntArray:
    """Whole seconds; 80% between six hours before a session's open and its close, 20% at any time.

    News that starts well before the open has reached its usual density by then, so that it does not bend
    the diurnal curve that is planted.
    """
    session = rng.integers(len(sessions), size=count)
    begin = np.maximum(sessions.open_ns[session] - 6 * NS_PER_HOUR, sessions.open_ns[0])
    length = sessions.close_ns[session] - begin - 2 * NS_PER_SECOND
    inside = begin + (rng.random(count) * length).astype(np.int64)
    span = sessions.close_ns[-1] - sessions.open_ns[0] - 2 * NS_PER_SECOND
    anywhere = sessions.open_ns[0] + (rng.random(count) * span).astype(np.int64)
    stamps = np.where(rng.random(count) < 0.8, inside, anywhere)
    return np.asarray(np.sort(stamps // NS_PER_SECOND * NS_PER_SECOND), dtype=np.int64)


def _event_stamps(sessions: SessionFrame, every: int) -> IntArray:
    stamps = sessions.open_ns[every - 1 :: every] + int(4.5 * NS_PER_HOUR)
    return stamps[stamps < sessions.close_ns[every - 1 :: every]]


def _draw_bars(
    rng: np.random.Generator,
    market: Market,
    sessions: SessionFrame,
    news_ns: IntArray,
    effect: FloatArray,
    events: IntArray,
) -> BarFrame:
    buckets = cut_sessions(sessions)
    per_bucket = ((buckets.close_ns - buckets.open_ns) // NS_PER_MINUTE).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(per_bucket)])
    minute = np.arange(first[-1]) - np.repeat(first[:-1], per_bucket)
    open_ns = np.repeat(buckets.open_ns, per_bucket) + minute * NS_PER_MINUTE
    planted = _decaying(open_ns, news_ns, effect, market.news_half_life_hours * NS_PER_HOUR)
    planted += _decaying(open_ns, events, np.full(len(events), market.event_log_spike), 20.0 * NS_PER_MINUTE)
    shock = rng.standard_normal(len(open_ns))
    innovation = market.innovation * rng.standard_normal(len(buckets))
    base = (market.annual_vol_pct / 100) ** 2 / MINUTES_PER_YEAR
    level = _log_levels(market, buckets.slot, first, planted, shock, innovation)
    diurnal = np.array(market.diurnal) / np.mean(market.diurnal)
    with np.errstate(over="ignore", invalid="ignore"):
        variance = (
            base
            * np.repeat(diurnal[buckets.slot % len(diurnal)] * np.exp(level), per_bucket)
            * np.exp(planted)
        )
    if not variance.max(initial=0.0) < WILDEST_VARIANCE:
        raise InputError(
            f"{market.headlines:,} headlines in {market.sessions:,} sessions make the prices explode; "
            "use fewer --headlines or more --sessions"
        )
    returns = np.sqrt(variance) * shock
    opens_session = np.isin(open_ns, sessions.open_ns)
    gap = np.where(opens_session, 0.004 * rng.standard_normal(len(open_ns)), 0.0)
    log_close = np.log(500.0) + np.cumsum(returns + gap + 2e-7)
    log_open = np.concatenate([[np.log(500.0)], log_close[:-1]]) + gap
    # extremes of a Brownian bridge of that variance: exact, by inversion
    move = log_close - log_open
    up = 0.5 * (move + np.sqrt(move**2 - 2 * variance * np.log(rng.random(len(move)))))
    down = 0.5 * (move - np.sqrt(move**2 - 2 * variance * np.log(rng.random(len(move)))))
    volume = np.round(2e5 * np.sqrt(variance / base) * np.exp(0.3 * rng.standard_normal(len(move))))
    open_, close = np.exp(log_open), np.exp(log_close)
    return BarFrame(
        open_ns=open_ns,
        close_ns=open_ns + NS_PER_MINUTE,
        open=open_,
        high=np.maximum(np.exp(log_open + up), np.maximum(open_, close)),
        low=np.minimum(np.exp(log_open + down), np.minimum(open_, close)),
        close=close,
        volume=volume,
    )


def _decaying(at_ns: IntArray, stamps: IntArray, size: FloatArray, half_life_ns: float) -> FloatArray:
    """Return the sum of `size` 2^(-(t - stamp)/half-life) over stamps <= t, shape of `at_ns`."""
    out = np.zeros(len(at_ns))
    for stamp, amount in zip(stamps.tolist(), size.tolist(), strict=True):
        begin, end = np.searchsorted(at_ns, [stamp, stamp + int(20 * half_life_ns)])
        out[begin:end] += amount * np.exp2(-(at_ns[begin:end] - stamp) / half_life_ns)
    return out


def _log_levels(
    market: Market,
    slot: IntArray,
    first: IntArray,
    planted: FloatArray,
    shock: FloatArray,
    innovation: FloatArray,
) -> FloatArray:
    """Return the log-HAR level of each bucket; it reads its own past, and the fall of the bucket before."""
    history = np.zeros(len(slot) + max(LAGS))
    drop = 0.0
    mean_drop = 1.0 / np.sqrt(2.0 * np.pi)
    for b in range(len(slot)):
        now = b + max(LAGS)
        pull = sum(w * history[now - lag : now].mean() for w, lag in zip(market.har, LAGS, strict=True))
        history[now] = pull + market.leverage * (drop - mean_drop) + innovation[b]
        rows = slice(first[b], first[b + 1])
        move = np.sqrt(np.exp(planted[rows])) * shock[rows]
        drop = max(-move.sum() / np.sqrt((move**2).sum()), 0.0)
    return history[max(LAGS) :]
