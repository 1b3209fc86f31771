"""Which prior a replay shrinks its regressions towards: the one that its recipe names, or the shipped one."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray
from newsvol.replays.simulation.recipe import Recipe, pin_prior
from newsvol.replays.tapes.schedules import US
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.buckets import COARSE_BAR_NS, DAY, MONTH
from newsvol.signals.volatility.diurnal import MIN_SESSIONS
from newsvol.signals.volatility.har_specifications import WITH_PRIOR
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.prior import Prior, prior_file, read_prior, us_prior


def choose_prior(recipe: Recipe, tape: Tape, first: date | None = None) -> Recipe:
    """Return `recipe` with ``prior: auto`` decided and pinned, where its forecaster takes a prior.

    The shipped one serves a real tape of minutes of a US exchange, with sessions as long as those of the
    panel, that begins after everything that the panel knows. On one that begins before it is hindsight, and
    serves only where the tape is too short to be fitted by itself: more than half of it would go by before
    the first forecast. Any other tape has none.

    Parameters
    ----------
    first : date, optional
        The first day that is forecast; that of the recipe's span, or of the tape, if not given.
    """
    volatility = recipe.volatility
    if volatility.prior != "auto" or volatility.forecaster not in WITH_PRIOR:
        return recipe
    if _is_served(tape):
        begins = first or recipe.span.first or tape.days()[0]
        if begins > _load(us_prior(), None).last or _is_short(recipe, tape):
            return pin_prior(recipe, US)
    section = volatility.model_copy(update={"prior": "none"})
    return recipe.model_copy(update={"volatility": section})


def recipe_prior(recipe: Recipe) -> Prior | None:
    """Return the prior that the recipe names; None where it names none, or leaves it to the tape."""
    volatility = recipe.volatility
    if volatility.prior in ("auto", "none"):
        return None
    return _load(prior_file(volatility.prior), volatility.prior_hash)


def what_helps(recipe: Recipe) -> str:
    """Return what to do where the tape, or what comes before a span, is too short for a forecast."""
    volatility = recipe.volatility
    if volatility.prior not in ("auto", "none"):
        return "use a longer tape: with a prior the first forecast is that of the fourth session"
    longer = f"use a longer tape, or a smaller volatility.min_window (now {volatility.min_window} buckets)"
    if volatility.forecaster in WITH_PRIOR:
        return f"{longer}, or give it a prior, as volatility.prior: us is for US stocks"
    return f"{longer}, or a forecaster that takes a prior, as log-har-p does"


def measure_tape(tape: Tape, recipe: Recipe) -> VolHistory:
    """Return what the recipe measures on `tape`, its time of day shrunk towards the recipe's prior."""
    return measure_history(tape.bars, tape.sessions, recipe_prior(recipe), recipe.volatility.measure)


def describe_prior(
    recipe: Recipe, tape: Tape, share: FloatArray, first: date | None = None
) -> dict[str, Any] | None:
    """Return what ``metrics.json`` says of the prior; None where there is none.

    Parameters
    ----------
    share : FloatArray, shape (n,)
        How much of the evidence of each forecast that was traded is prior.
    first : date, optional
        The first day that was forecast; that of the recipe's span, or of the tape, if not given.
    """
    prior = recipe_prior(recipe)
    if prior is None or len(share) == 0:
        return None
    volatility = recipe.volatility
    of_this_tape = _knows(prior, tape)
    begins = first or recipe.span.first or tape.days()[0]
    return {
        "source": US if volatility.prior == US else Path(volatility.prior).name,
        "prior_hash": volatility.prior_hash,
        "symbols": list(prior.symbols),
        "last": str(prior.last),
        "hindsight": of_this_tape or (begins <= prior.last and not tape.info.synthetic),
        "of_this_tape": of_this_tape,
        "share_mean": float(np.mean(share)),
        "share_first": float(share[0]),
        "share_last": float(share[-1]),
    }


def prior_notes(recipe: Recipe, tape: Tape) -> list[str]:
    """Return what an audit must say of a prior: it is a constant, whatever it was fitted on."""
    found = describe_prior(recipe, tape, np.zeros(1))
    if found is None:
        return []
    told = f"the prior {found['source']} knows days up to {found['last']}, and an audit cannot change those"
    if found["of_this_tape"]:
        return [f"HINDSIGHT: {told}; it was fitted on this very tape"]
    return [f"HINDSIGHT: {told}; the tape begins before" if found["hindsight"] else told]


def _knows(prior: Prior, tape: Tape) -> bool:
    """Return whether the prior was fitted on this tape, or on its beginning."""
    hashes = {member.tape_hash for member in prior.members}
    if tape.content_hash() in hashes:
        return True
    begins, ends = tape.days()
    cuts = {member.last for member in prior.members if begins <= member.last < ends}
    return any(tape.until(last).content_hash() in hashes for last in cuts)


def _is_served(tape: Tape) -> bool:
    """Return whether the shipped prior says anything of such a tape."""
    if not tape.info.is_real_of_us or tape.info.bar_ns >= COARSE_BAR_NS or len(tape.sessions) == 0:
        return False
    longest_ns = int((tape.sessions.close_ns - tape.sessions.open_ns).max())
    return {member.minutes for member in _load(us_prior(), None).members} == {longest_ns // NS_PER_MINUTE}


def _is_short(recipe: Recipe, tape: Tape) -> bool:
    warm_up = recipe.volatility.min_window + MONTH + DAY * MIN_SESSIONS
    return 2 * warm_up > DAY * len(tape.sessions)


@lru_cache(maxsize=8)
def _load(file: Path, _pinned: str | None) -> Prior:
    """Read a file once for each of its contents."""
    return read_prior(file)
