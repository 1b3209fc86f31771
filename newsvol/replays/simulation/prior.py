"""Which prior a replay shrinks its regressions towards: the one that its recipe names, or the shipped one."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.replays.simulation.recipe import Recipe, pin_prior
from newsvol.replays.tapes.schedules import US
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.buckets import MONTH
from newsvol.signals.volatility.diurnal import MIN_SESSIONS
from newsvol.signals.volatility.har_specifications import WITH_PRIOR
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.prior import Prior, read_prior, us_prior


def choose_prior(recipe: Recipe, tape: Tape) -> Recipe:
    """Return `recipe` with ``prior: auto`` decided and pinned, where its forecaster takes a prior.

    The shipped one serves a real tape of a US exchange that begins after everything that it was fitted on. On
    one that begins before it is hindsight, and serves only where the tape is too short to be fitted by
    itself: more than half of it would go by before the first forecast. Any other tape has none.
    """
    volatility = recipe.volatility
    if volatility.prior != "auto" or volatility.forecaster not in WITH_PRIOR:
        return recipe
    if tape.info.is_real_of_us:
        hindsight = _is_hindsight(_load(us_prior(), None), recipe, tape)
        if not hindsight or _is_short(recipe, tape):
            return pin_prior(recipe, US)
    section = volatility.model_copy(update={"prior": "none"})
    return recipe.model_copy(update={"volatility": section})


def recipe_prior(recipe: Recipe) -> Prior | None:
    """Return the prior that the recipe names; None where it names none, or leaves it to the tape."""
    volatility = recipe.volatility
    if volatility.prior in ("auto", "none"):
        return None
    return _load(us_prior() if volatility.prior == US else Path(volatility.prior), volatility.prior_hash)


def measure_tape(tape: Tape, recipe: Recipe) -> VolHistory:
    """Return what the recipe measures on `tape`, its time of day shrunk towards the recipe's prior."""
    return measure_history(tape.bars, tape.sessions, recipe_prior(recipe), recipe.volatility.measure)


def describe_prior(recipe: Recipe, tape: Tape, share: FloatArray) -> dict[str, Any] | None:
    """Return what ``metrics.json`` says of the prior; None where there is none.

    Parameters
    ----------
    share : FloatArray, shape (n,)
        How much of each forecast that was traded is prior.
    """
    prior = recipe_prior(recipe)
    if prior is None or len(share) == 0:
        return None
    volatility = recipe.volatility
    return {
        "source": US if volatility.prior == US else Path(volatility.prior).name,
        "prior_hash": volatility.prior_hash,
        "symbols": list(prior.symbols),
        "last": str(prior.last),
        "hindsight": _is_hindsight(prior, recipe, tape),
        "share_mean": float(np.mean(share)),
        "share_first": float(share[0]),
        "share_last": float(share[-1]),
    }


def _is_hindsight(prior: Prior, recipe: Recipe, tape: Tape) -> bool:
    """Return whether some of what is forecast lies before the end of what the prior knows."""
    return (recipe.span.first or tape.days()[0]) <= prior.last and not tape.info.synthetic


def _is_short(recipe: Recipe, tape: Tape) -> bool:
    # a day has seven buckets on the tapes that the shipped prior is for
    buckets = 7 * len(tape.sessions)
    return 2 * (recipe.volatility.min_window + MONTH + 7 * MIN_SESSIONS) > buckets


@lru_cache(maxsize=8)
def _load(file: Path, _pinned: str | None) -> Prior:
    """Read a file once for each of its contents."""
    return read_prior(file)
