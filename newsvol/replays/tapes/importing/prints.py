"""Bad prints: prices far off the market in one bar, which nobody could have traded at.

Two kinds. A high or low alone may be off while open and close are sound: such an extreme is replaced by the
bar's body, and the vendor's price is kept beside the tape. If open or close is off, the bar is of no use.
"""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.frames import BarFrame
from newsvol.replays.tapes.tape import BadPrintFrame

LEAST_DISTANCE: Final = 0.2
"""Log distance from the prices around, about 22%. Real minutes of the tests' markets stay within 16%."""

RANGES: Final = 10.0
"""Multiples of the usual bar's range that a bad print is away, besides."""

_NEIGHBOURS = 5
_RANGES_WINDOW = 30
BAD_BODY: Final = "bad print in open or close"


def bad_bodies(open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray) -> BoolArray:
    """Mark bars whose open or close is a bad print, shape (T,), bars in order of time.

    A close is bad if it is off in the same direction from the median close of the five bars before *and* of
    the five after: prices that jump and stay, as over a split or on news, are not. An open is bad if it is so
    off from the five before and from its own close. Off means by more than `LEAST_DISTANCE` and `RANGES`
    times the usual range (the median of up to thirty bars on either side). The first and last bar of a file
    have no second side and are not judged by their close.

    Notes
    -----
    This looks at later bars: it cleans a file, as its vendor should have, and decides nothing on the tape.
    """
    steps = np.abs(np.diff(np.log(close)))
    inside = np.abs(np.log(close / open_))
    if not ((steps > LEAST_DISTANCE).any() or (inside > LEAST_DISTANCE).any()):
        return np.zeros(len(close), dtype=np.bool_)
    log_close, log_open = np.log(close), np.log(open_)
    before = pd.Series(log_close).rolling(_NEIGHBOURS, min_periods=1).median().shift(1).to_numpy()
    after = pd.Series(log_close[::-1]).rolling(_NEIGHBOURS, min_periods=1).median().shift(1).to_numpy()[::-1]
    usual = pd.Series(np.log(high / low)).rolling(2 * _RANGES_WINDOW + 1, center=True, min_periods=1).median()
    far = np.maximum(LEAST_DISTANCE, RANGES * usual.to_numpy())

    def off(price: FloatArray, one: FloatArray, other: FloatArray) -> BoolArray:
        above, below = np.minimum(price - one, price - other), np.minimum(one - price, other - price)
        return np.asarray(np.maximum(above, below) > far)

    bad_close = off(log_close, before, after)
    return bad_close | off(log_open, before, log_close)


def bad_extremes(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> tuple[BoolArray, BoolArray]:
    """Mark bars whose high, and bars whose low, is a bad print, shape (T,) each, bars in order of time.

    An extreme is bad if it lies more than `LEAST_DISTANCE` outside the open-close bodies of its own bar and
    of the five before, and more than `RANGES` times the median range of the thirty bars before.

    Notes
    -----
    Causal: a bar is judged by itself and the bars before it (the first by the thirty that the file begins
    with), so what replaces the extreme is known at the end of the bar.
    """
    none = np.zeros(len(close), dtype=np.bool_)
    upper, lower = np.log(np.maximum(open_, close)), np.log(np.minimum(open_, close))
    above, below = np.log(high) - upper, lower - np.log(low)
    if not len(close) or max(above.max(), below.max()) <= LEAST_DISTANCE:
        return none, none.copy()
    window = _NEIGHBOURS + 1
    above = np.log(high) - pd.Series(upper).rolling(window, min_periods=1).max().to_numpy()
    below = pd.Series(lower).rolling(window, min_periods=1).min().to_numpy() - np.log(low)
    span = pd.Series(np.log(high / low))
    usual = span.rolling(_RANGES_WINDOW, min_periods=1).median().shift(1)
    first = float(span.iloc[:_RANGES_WINDOW].median())
    # A few bars are no usual range: the first ones are judged by all that the file begins with.
    usual = usual.where(usual.index >= _NEIGHBOURS, first)
    far = np.maximum(LEAST_DISTANCE, RANGES * usual.to_numpy())
    return np.asarray(above > far), np.asarray(below > far)


def mended(bars: BarFrame) -> tuple[BarFrame, BadPrintFrame]:
    """Return `bars` with the body in place of bad extremes, and what the vendor gave for those bars."""
    high, low = bad_extremes(bars.open, bars.high, bars.low, bars.close)
    bad = high | low
    said = BadPrintFrame(bars.open_ns[bad], bars.high[bad], bars.low[bad])
    if not bad.any():
        return bars, said
    body_high, body_low = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    return replace(
        bars, high=np.where(high, body_high, bars.high), low=np.where(low, body_low, bars.low)
    ), said
