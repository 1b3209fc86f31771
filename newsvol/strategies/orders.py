"""Target weights to orders: what is sent, and whether it buys or sells."""

from math import isfinite

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import WeightFrame
from newsvol.strategies.orders_nb import sent_rows_nb


def settle(weight: FloatArray, decided_ns: IntArray, rebalance_band: float) -> tuple[IntArray, WeightFrame]:
    """Keep the target weights that are worth an order.

    A target is sent when nothing is held by the last target, when it goes to zero, or when it differs from
    the last target sent by more than `rebalance_band`. The account starts flat. The band is against the last
    target, not the drifted position, so that it can be decided before the fill is known.

    Parameters
    ----------
    weight : FloatArray, shape (M,), fraction of equity
        Targets in the order of decision; NaN keeps the last one.
    decided_ns : IntArray, shape (M,)
    rebalance_band : float, fraction of equity
        In [0, 1]; 0 sends every change.

    Returns
    -------
    rows : IntArray, shape (K,)
        The rows that are sent.
    targets : WeightFrame, K rows

    Raises
    ------
    InputError
        The band is not within [0, 1].
    TapeError
        A weight that is sent is not within [-1, 1].

    Notes
    -----
    Causal: whether a row is sent depends on the rows up to it.
    """
    if not (isfinite(rebalance_band) and 0 <= rebalance_band <= 1):
        raise InputError(
            f"rebalance_band is {rebalance_band!r}; give a fraction of equity from 0 to 1 (0.05)"
        )
    rows = np.flatnonzero(sent_rows_nb(weight, float(rebalance_band)))
    return rows, WeightFrame(decided_ns=decided_ns[rows], weight=weight[rows])


def order_sides(weight: FloatArray, price: FloatArray) -> IntArray:
    """Return whether each order buys (+1) or sells (-1), given how the position drifted since the last.

    A target of 0.55 after a target of 0.50 sells where the price rise has carried the position to 0.60.

    Parameters
    ----------
    weight : FloatArray, shape (K,), fraction of equity
        Targets that are sent, in order; the account starts flat.
    price : FloatArray, shape (K,), quote currency
        The last price known at each decision.

    Notes
    -----
    Causal: what the strategy could tell at the decision. The price may still cross over before the fill.
    """
    held = np.concatenate([[0.0], weight[:-1]])
    growth = price / np.concatenate([price[:1], price[:-1]])
    equity = 1.0 + held * (growth - 1.0)
    # A short that has lost everything has no weight; its order buys back whatever the target.
    drifted = np.where(equity > 0, held * growth / np.where(equity > 0, equity, 1.0), -1.0)
    return np.where(weight >= drifted, 1, -1).astype(np.int64)
