"""The series from outside that a recipe names, read once for each of its contents."""

from functools import lru_cache
from typing import Any

import numpy as np

from newsvol.engine.arrays import NS_PER_DAY
from newsvol.engine.clock import utc_second
from newsvol.engine.errors import TapeError
from newsvol.replays.simulation.recipe import ExogenousSection, Recipe
from newsvol.replays.tapes.exogenous import load_exogenous
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.exogenous import STALE_NS, ExogenousColumn


def recipe_exogenous(recipe: Recipe) -> ExogenousColumn | None:
    """Return the column that the recipe adds to its regressions; None where it names none."""
    section = recipe.volatility.exogenous
    return None if section is None else _load(section)


def describe_exogenous(recipe: Recipe, buckets: BucketFrame) -> dict[str, Any] | None:
    """Return what ``metrics.json`` says of the outside series; None where there is none.

    Raises
    ------
    TapeError
        The series has no value for any bucket of the tape.
    """
    section, column = recipe.volatility.exogenous, recipe_exogenous(recipe)
    if section is None or column is None:
        return None
    known = column.rows(buckets) >= 0
    if not known.any():
        first, last = (utc_second(int(stamp)) for stamp in column.series.available_ns[[0, -1]])
        raise TapeError(
            f"{section.file} has values from {first} to {last}, and none that is known, and no more than "
            f"{STALE_NS // NS_PER_DAY} days old, when a bucket of the tape begins"
        )
    return {
        "file": section.file.name,
        "column": section.column,
        "transform": section.transform,
        "available": section.available,
        "missing_buckets": int(np.count_nonzero(~known)),
    }


@lru_cache(maxsize=8)
def _load(section: ExogenousSection) -> ExogenousColumn:
    series = load_exogenous(section.file, section.column, section.available, section.calendar)
    return ExogenousColumn(section.column, series, section.transform)
