"""The look-ahead audit: change the future, and whatever was decided before must not move by a bit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.errors import TapeError
from newsvol.engine.frames import BarFrame
from newsvol.engine.latency import parse_latency
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import Scope, Session, model_ticks, run_session, tape_of_span
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.history import measure_history

Perturbation = Literal["randomise", "delete", "blank"]
PERTURBATIONS: tuple[Perturbation, ...] = ("randomise", "delete", "blank")


@dataclass(frozen=True)
class Leak:
    """Something decided by `moment_ns` that changed when only what came after it was changed."""

    moment_ns: int
    perturbation: Perturbation
    what: str

    def __str__(self) -> str:
        stamp = np.datetime64(self.moment_ns, "ns").astype("datetime64[s]")
        return f"{self.what} known by {stamp} UTC changed when the future was: {self.perturbation}"


def perturb(
    tape: Tape, probs: FloatArray, moment_ns: int, perturbation: Perturbation, rng: np.random.Generator
) -> tuple[Tape, FloatArray]:
    """Return tape and sentiment with everything that becomes available after `moment_ns` changed.

    ``randomise`` redraws prices, volumes and sentiment; ``delete`` drops bars and headlines; ``blank`` all
    but stops the prices, takes the volumes away, and makes every headline say nothing. The calendar stays:
    it is known ahead.
    """
    known_bars = tape.bars.close_ns <= moment_ns
    known_news = tape.news.available_ns <= moment_ns
    if perturbation == "delete":
        return (
            Tape(tape.bars.take(known_bars), tape.news.take(known_news), tape.sessions, tape.info),
            probs[known_news],
        )
    changed = probs.copy()
    later = int((~known_news).sum())
    changed[~known_news] = rng.dirichlet(np.ones(3), size=later) if perturbation == "randomise" else 1 / 3
    return Tape(
        _change_bars(tape.bars, known_bars, perturbation, rng), tape.news, tape.sessions, tape.info
    ), changed


def audit(
    tape: Tape,
    recipe: Recipe,
    probs: FloatArray,
    moments: int,
    on_moment: Callable[[int], None] = lambda _done: None,
) -> list[Leak]:
    """Replay `tape` as it is, then with the future changed at `moments` random times; return what leaked.

    Parameters
    ----------
    probs : FloatArray, shape (N, 3)
        Sentiment of each headline.

    Raises
    ------
    TapeError
        Nothing is forecast, so that there is nothing to audit.
    """
    rng = np.random.default_rng(recipe.seed)
    tape, probs = _of_span(tape, recipe, probs)
    whole = _replay(tape, recipe, probs)
    if not np.isfinite(whole.forecasts.fused).any():
        raise TapeError(
            "there is nothing to audit: no forecast is made on the tape or in the span; "
            "a replay says why: newsvol replay with the same options"
        )
    first = _first_decision_ns(whole)
    leaks = []
    for done in range(moments):
        moment_ns = int(rng.integers(first, tape.bars.close_ns[-1]))
        perturbation = PERTURBATIONS[done % len(PERTURBATIONS)]
        other_tape, other_probs = perturb(tape, probs, moment_ns, perturbation, rng)
        other = _replay(other_tape, recipe, other_probs)
        pairs = zip(_known(whole, moment_ns), _known(other, moment_ns), strict=True)
        leaks += [Leak(moment_ns, perturbation, name) for (name, a), (_, b) in pairs if not _same(a, b)]
        on_moment(done + 1)
    return leaks


def _of_span(tape: Tape, recipe: Recipe, probs: FloatArray) -> tuple[Tape, FloatArray]:
    cut = tape_of_span(tape, recipe)
    return cut, probs[: len(cut.news)]


def _replay(tape: Tape, recipe: Recipe, probs: FloatArray) -> Session:
    history = measure_history(tape.bars, tape.sessions)
    service = rule_times(parse_latency(recipe.latency.model), model_ticks(tape, history))
    return run_session(tape, recipe, history, probs, service, scope=Scope((), ()))


def _first_decision_ns(session: Session) -> int:
    """Decisions start here; an audit of the warm-up before would compare nothing with nothing."""
    decided = [int(run.targets.decided_ns[0]) for run in session.strategies.values() if len(run.targets)]
    return min(decided, default=int(session.ticks.available_ns[0]))


def _known(session: Session, moment_ns: int) -> Iterator[tuple[str, list[FloatArray | IntArray]]]:
    """Yield by name the columns of everything that existed by `moment_ns`."""
    ticks = session.ticks
    done = ticks.forecast_ns <= moment_ns
    yield (
        "ticks",
        [ticks.available_ns[done], ticks.kind[done], ticks.scored_ns[done], ticks.forecast_ns[done]],
    )
    yield "fused forecast", [session.forecasts.fused[done]]
    yield "tone", [session.forecasts.tone[done]]
    origin = session.history.buckets.open_ns <= moment_ns
    for name, variance in session.forecasts.by_name.items():
        tick = session.forecasts.bucket_tick
        # the fused forecast of a bucket exists when its tick is done, the others when the bucket begins
        ready = (tick >= 0) & (ticks.forecast_ns[tick] <= moment_ns) if name == "fused" else origin
        yield f"forecast {name}", [variance[ready]]
    ended = session.history.buckets.close_ns <= moment_ns
    measures = session.history.measures
    yield "measures", [measures.rv[ended], measures.covered[ended]]
    yield "share of the night", [session.history.night_share[origin]]
    for name, run in session.strategies.items():
        decided = run.targets.decided_ns <= moment_ns
        yield f"strategy {name}", [run.targets.decided_ns[decided], run.targets.weight[decided]]


def _same(a: list[FloatArray | IntArray], b: list[FloatArray | IntArray]) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def _change_bars(
    bars: BarFrame, known: BoolArray, perturbation: Perturbation, rng: np.random.Generator
) -> BarFrame:
    later = ~known
    n = int(later.sum())
    if n == 0:
        return bars
    last = float(bars.close[known][-1]) if known.any() else float(bars.open[0])
    # prices that stand quite still would make every column of a regression the same, which is refused
    step = 0.002 if perturbation == "randomise" else 1e-5
    close = last * np.exp(np.cumsum(step * rng.standard_normal(n)))
    open_ = np.concatenate([[last], close[:-1]])
    high, low = np.maximum(open_, close) * (1 + step), np.minimum(open_, close) * (1 - step)
    volume = rng.uniform(1, 1e6, n) if perturbation == "randomise" else np.full(n, np.nan)
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    changed = {name: getattr(bars, name).copy() for name in columns}
    for name, values in columns.items():
        changed[name][later] = values
    return BarFrame(bars.open_ns, bars.close_ns, **changed)
