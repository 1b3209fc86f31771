"""Another future: what becomes available after a moment is redrawn, deleted, blanked or shifted."""

from dataclasses import replace
from typing import Literal

import numpy as np

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, FloatArray
from newsvol.engine.frames import BarFrame, NewsFrame
from newsvol.replays.tapes.tape import Tape

Perturbation = Literal["redraw", "delete", "blank", "shift"]
PERTURBATIONS: tuple[Perturbation, ...] = ("redraw", "delete", "blank", "shift")

What = Literal["bars and news", "bars", "news"]
WHATS: tuple[What, ...] = ("bars and news", "bars", "news")

MAX_SHIFT_MINUTES = 3
"""More would tear a gap open at every session's start, and then there is nothing to measure."""

YEARS = 28
YEARS_NS = (YEARS * 365 + 7) * NS_PER_DAY
"""28 years, seven leap days among them: 1,461 weeks."""


def perturb(
    tape: Tape,
    probs: FloatArray,
    moment_ns: int,
    how: Perturbation,
    rng: np.random.Generator,
    what: What = "bars and news",
) -> tuple[Tape, FloatArray]:
    """Return tape and sentiment with everything that becomes available after `moment_ns` changed.

    ``redraw`` draws prices, volumes and sentiment anew; ``delete`` drops bars and headlines; ``blank`` all
    but stops the prices, takes the volumes away, and makes every headline say nothing; ``shift`` moves bars
    and headlines in time, none of them to the moment or before. The calendar stays: it is known ahead.

    Parameters
    ----------
    probs : FloatArray, shape (N, 3)
        Sentiment of each headline.
    what : {"bars and news", "bars", "news"}
        Which of them is changed.
    """
    bars, news = tape.bars, tape.news
    if what != "news":
        bars = _change_bars(bars, moment_ns, how, rng)
    if what != "bars":
        news, probs = _change_news(news, probs, moment_ns, how, rng)
    return Tape(bars, news, tape.sessions, tape.info), probs


def move_years(tape: Tape) -> Tape:
    """Return `tape` 28 years later: every day keeps its month, day and weekday, only the year is another.

    The Gregorian calendar repeats itself after 28 years, summer time too; from 2100 on it does not.
    """
    bars, news, sessions = tape.bars, tape.news, tape.sessions
    return Tape(
        replace(bars, open_ns=bars.open_ns + YEARS_NS, close_ns=bars.close_ns + YEARS_NS),
        replace(
            news,
            published_ns=news.published_ns + YEARS_NS,
            available_ns=news.available_ns + YEARS_NS,
        ),
        replace(sessions, open_ns=sessions.open_ns + YEARS_NS, close_ns=sessions.close_ns + YEARS_NS),
        tape.info,
    )


def _change_news(
    news: NewsFrame, probs: FloatArray, moment_ns: int, how: Perturbation, rng: np.random.Generator
) -> tuple[NewsFrame, FloatArray]:
    known = news.available_ns <= moment_ns
    if how == "delete":
        return news.take(known), probs[known]
    changed, later = probs.copy(), ~known
    if how == "shift":
        stamps = news.available_ns.copy()
        # stretched from the moment on: order is kept, and nothing comes to lie at the moment or before
        stamps[later] = (
            moment_ns + 1 + ((stamps[later] - moment_ns) * rng.uniform(0.05, 2.0)).astype(np.int64)
        )
        moved = replace(news, published_ns=np.minimum(news.published_ns, stamps), available_ns=stamps)
        return moved, changed
    changed[later] = rng.dirichlet(np.ones(3), size=int(later.sum())) if how == "redraw" else 1 / 3
    return news, changed


def _change_bars(bars: BarFrame, moment_ns: int, how: Perturbation, rng: np.random.Generator) -> BarFrame:
    known = bars.close_ns <= moment_ns
    later = ~known
    n = int(later.sum())
    if how == "delete":
        return bars.take(known)
    if n == 0:
        return bars
    if how == "shift":
        minutes = int(rng.integers(1, MAX_SHIFT_MINUTES + 1)) * NS_PER_MINUTE
        moved = np.where(later, minutes, 0)
        return replace(bars, open_ns=bars.open_ns + moved, close_ns=bars.close_ns + moved)
    last = float(bars.close[known][-1]) if known.any() else float(bars.open[0])
    # prices that stand quite still would make every column of a regression the same, which is refused
    step = 0.002 if how == "redraw" else 1e-5
    close = last * np.exp(np.cumsum(step * rng.standard_normal(n)))
    open_ = np.concatenate([[last], close[:-1]])
    high, low = np.maximum(open_, close) * (1 + step), np.minimum(open_, close) * (1 - step)
    volume = rng.uniform(1, 1e6, n) if how == "redraw" else np.full(n, np.nan)
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    changed = {name: getattr(bars, name).copy() for name in columns}
    for name, values in columns.items():
        changed[name][later] = values
    return BarFrame(bars.open_ns, bars.close_ns, **changed)
