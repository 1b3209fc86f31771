"""Intervals: a band around a variance forecast that holds the realized variance as often as it says."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import Columns
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.intervals_nb import bands_nb


@dataclass(frozen=True)
class IntervalConfig:
    """How the band is found.

    Attributes
    ----------
    coverage : float
        Share of buckets that the band should hold; half of the rest lies on either side.
    window : int
        Errors of the same time of day that are looked back on; until there are `min_rows` of them, errors of
        any.
    min_rows : int
        Errors before the first band, and before the first one of a time of day by itself.
    rate : float
        How fast a tail's level moves after a bucket beyond it; 0 leaves it alone.
    """

    coverage: float = 0.9
    window: int = 250
    min_rows: int = 20
    rate: float = 0.1

    def __post_init__(self) -> None:
        if not (0 < self.coverage < 1 and 2 <= self.min_rows <= self.window and 0 <= self.rate < 1):
            raise InputError(
                f"intervals need 0 < coverage < 1, 2 <= min_rows <= window and 0 <= rate < 1, got {self}"
            )


@dataclass(frozen=True)
class Intervals(Columns):
    """Bands around a forecast.

    Attributes
    ----------
    lower, upper : FloatArray, shape (B,)
        Variances; NaN before the first band.
    """

    lower: FloatArray
    upper: FloatArray

    def holds(self, realized: FloatArray) -> FloatArray:
        """Return 1 where the band holds `realized`, 0 where not, NaN where either is missing, shape (B,)."""
        known = np.isfinite(self.lower) & np.isfinite(realized)
        inside = (realized >= self.lower) & (realized <= self.upper)
        return np.where(known, inside.astype(np.float64), np.nan)


def forecast_intervals(
    history: VolHistory, variance: FloatArray, config: IntervalConfig | None = None
) -> Intervals:
    """Return the band of each bucket around `variance`, shape (B,).

    Conformal on ln(RV / forecast), each time of day by itself: quantiles of its last errors (the order
    statistics of Vovk et al. 2005), their levels moved by what they missed (adaptive conformal inference,
    Gibbs and Candes 2021), so that the share held is right in the long run whatever the errors do. In the
    first weeks, when a time of day has few errors, those of the whole day stand in. Causal: row b uses errors
    of rows before b.

    Parameters
    ----------
    variance : FloatArray, shape (B,)
        A forecaster's output on `history`.
    """
    config = config or IntervalConfig()
    realized = history.measures.rv
    usable = np.isfinite(variance) & (variance > 0) & (realized > 0)
    error = np.full(len(variance), np.nan)
    error[usable] = np.log(realized[usable] / variance[usable])
    offsets = np.full((len(variance), 2), np.nan)
    bands_nb(
        error,
        history.buckets.slot,
        max(history.buckets.n_slots, 1),
        config.window,
        config.min_rows,
        (1.0 - config.coverage) / 2.0,
        config.rate,
        offsets,
    )
    return Intervals(variance * np.exp(offsets[:, 0]), variance * np.exp(offsets[:, 1]))


@dataclass(frozen=True)
class Coverage:
    """How often bands held what was realized, and how wide they were.

    Attributes
    ----------
    asked, held : float
        Share of buckets: what the bands were made for, and what they held.
    buckets : int
        How many had a band.
    by_slot : tuple of float
        The share held at each time of day; NaN where none had a band.
    below, above : float
        Medians of lower and upper edge over the forecast.
    """

    asked: float
    held: float
    buckets: int
    by_slot: tuple[float, ...]
    below: float
    above: float


def measure_coverage(
    history: VolHistory, variance: FloatArray, rows: BoolArray, config: IntervalConfig | None = None
) -> Coverage | None:
    """Return the coverage of the bands around `variance`, shape (B,), in `rows`; None where there is no band.

    Parameters
    ----------
    rows : BoolArray, shape (B,)
    """
    config = config or IntervalConfig()
    bands = forecast_intervals(history, variance, config)
    held = np.where(rows, bands.holds(history.measures.rv), np.nan)
    known = np.isfinite(held)
    if not known.any():
        return None
    return Coverage(
        asked=config.coverage,
        held=float(held[known].mean()),
        buckets=int(known.sum()),
        by_slot=tuple(_by_slot(history, held).tolist()),
        below=float(np.median((bands.lower / variance)[known])),
        above=float(np.median((bands.upper / variance)[known])),
    )


def _by_slot(history: VolHistory, held: FloatArray) -> FloatArray:
    slots = history.buckets.slot
    shares = [held[(slots == k) & np.isfinite(held)] for k in range(history.buckets.n_slots)]
    return np.array([share.mean() if len(share) else np.nan for share in shares])
