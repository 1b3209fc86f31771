"""Fill models: what price an order gets that reaches the market at a moment between two bar stamps."""

from typing import Final, Literal, get_args

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.engine.frames import BarFrame, FillFrame

FillModel = Literal["bridge", "next_open", "worst"]

FILL_MODELS: Final[tuple[FillModel, ...]] = get_args(FillModel)


def fill_orders(
    bars: BarFrame, arrival_ns: IntArray, weight: FloatArray, side: IntArray, model: str
) -> FillFrame:
    """Fill orders in the order in which they reach the market.

    An order that arrives inside a bar [open, close) has no exact price there. The models span what it may be:

    ``bridge``
        O + (C - O) * elapsed fraction of the bar, at the arrival: the mean of a Brownian bridge pinned at the
        open and the close (Karatzas & Shreve 1991, section 5.6.B).
    ``next_open``
        The open of the first bar that opens at or after the arrival; never the bar in progress.
    ``worst``
        The high of the bar for a buy, its low for a sell, at the arrival. The extreme may lie before the
        arrival: this is a bound, not an estimate. Bad prints are no extremes: the importer takes them out.

    An order that arrives in no bar (overnight, in a gap) waits for the next bar: ``bridge`` and ``next_open``
    fill at its open price, ``worst`` at its extreme, all of them stamped with its open.

    Parameters
    ----------
    bars : BarFrame, T bars
    arrival_ns : IntArray, shape (M,)
        When each order reaches the market, non-decreasing: orders queue, they do not overtake.
    weight : FloatArray, shape (M,), fraction of equity
        Target weight, passed on.
    side : IntArray, shape (M,)
        +1 buys, -1 sells; only ``worst`` looks at it.
    model : str
        One of `FILL_MODELS`.

    Returns
    -------
    FillFrame, at most M rows
        Row i is order i. Orders that arrive after the last bar that could fill them never fill; being the
        last ones, they are the ``M - len(fills)`` orders that the frame lacks.

    Raises
    ------
    UnknownNameError
        No fill model is called `model`.
    InputError
        An order arrives before the one before it, or columns differ in length.

    Notes
    -----
    Causal: the fill is never before the arrival. A price may come from the whole bar in progress, which the
    strategy has not seen and which no later decision sees before the bar's close.
    """
    if model not in FILL_MODELS:
        raise UnknownNameError("fill model", model, FILL_MODELS)
    if not len(arrival_ns) == len(weight) == len(side):
        raise InputError(
            f"orders differ in length: {len(arrival_ns)} arrivals, {len(weight)} weights, {len(side)} sides"
        )
    if np.any(early := np.diff(arrival_ns) < 0):
        row = int(np.flatnonzero(early)[0]) + 1
        raise InputError(f"order {row} reaches the market before order {row - 1}; sort the orders by arrival")

    # The first bar that opens at or after the arrival; T where there is none.
    bar = np.searchsorted(bars.open_ns, arrival_ns, side="left").astype(np.int64)
    if model != "next_open" and len(bars):
        last_open = np.maximum(np.searchsorted(bars.open_ns, arrival_ns, side="right") - 1, 0)
        inside = (bars.open_ns[last_open] <= arrival_ns) & (arrival_ns < bars.close_ns[last_open])
        bar = np.where(inside, last_open, bar)
    filled = int(np.searchsorted(bar, len(bars), side="left"))
    bar, arrival_ns, side = bar[:filled], arrival_ns[:filled], side[:filled]

    filled_ns = np.maximum(arrival_ns, bars.open_ns[bar])
    if model == "worst":
        price = np.where(side > 0, bars.high[bar], bars.low[bar])
    elif model == "next_open":
        price = bars.open[bar]
    else:
        price = _bridge(bars, bar, filled_ns)
    return FillFrame(bar=bar, ordered_ns=arrival_ns, filled_ns=filled_ns, weight=weight[:filled], price=price)


def _bridge(bars: BarFrame, bar: IntArray, filled_ns: IntArray) -> FloatArray:
    opening, closing = bars.open[bar], bars.close[bar]
    elapsed = (filled_ns - bars.open_ns[bar]) / (bars.close_ns[bar] - bars.open_ns[bar])
    # Rounding may carry the interpolation an ulp past the close, hence outside the bar's range.
    return np.clip(
        opening + (closing - opening) * elapsed, np.minimum(opening, closing), np.maximum(opening, closing)
    )
