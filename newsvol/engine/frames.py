"""The frames that parts exchange: frozen columns, validated once, at the edge.

Every stamp is int64 UTC nanoseconds. A frame is checked when it is built; inside, nobody checks again.
T bars, N headlines, S sessions, K forecasts, M ticks.
"""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray, TextArray
from newsvol.engine.errors import TapeError

F = TypeVar("F", bound="Columns")
A = TypeVar("A", bound=np.ndarray[Any, Any])


class Columns:
    """A frozen dataclass of equally long arrays."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    def take(self: F, rows: Any) -> F:
        """Return the frame of `rows` (a slice, mask or index array), without validating it again."""
        taken = object.__new__(type(self))
        for field in fields(self):  # type: ignore[arg-type]
            object.__setattr__(taken, field.name, getattr(self, field.name)[rows])
        return taken

    def read_only(self: F) -> F:
        """Return a copy with columns that cannot be written, nor be made so, for those who share it."""
        whole = self.take(slice(None))
        for field in fields(self):  # type: ignore[arg-type]
            object.__setattr__(whole, field.name, read_only_array(getattr(whole, field.name)))
        return whole

    def _require_equal_lengths(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]
        if len(set(lengths.values())) > 1:
            raise TapeError(f"{type(self).__name__} columns differ in length: {lengths}")


def read_only_array(values: A) -> A:
    """Return a copy of `values` that cannot be written, nor be made so: its memory is that of a `bytes`."""
    copy: A = np.frombuffer(values.tobytes(), dtype=values.dtype).reshape(values.shape)  # type: ignore[assignment]
    return copy


def _first_row(bad: Any) -> int:
    return int(np.flatnonzero(bad)[0])


@dataclass(frozen=True)
class BarFrame(Columns):
    """Price bars of one instrument.

    Attributes
    ----------
    open_ns, close_ns : IntArray, shape (T,)
        Start and end of each bar. A bar is *available* at `close_ns`, never before.
    open, high, low, close : FloatArray, shape (T,), quote currency
    volume : FloatArray, shape (T,), shares
        NaN where the vendor gave none.
    """

    open_ns: IntArray
    close_ns: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        if len(self) == 0:
            return
        if np.any(bad := self.close_ns <= self.open_ns):
            raise TapeError(f"bar {_first_row(bad)} ends before it starts")
        if np.any(bad := self.open_ns[1:] < self.close_ns[:-1]):
            raise TapeError(f"bar {_first_row(bad) + 1} starts before the bar before it ends")
        prices = np.stack([self.open, self.high, self.low, self.close])
        if np.any(wrong := ~(np.isfinite(prices) & (prices > 0)).all(axis=0)):
            raise TapeError(f"bar {_first_row(wrong)} has a price that is not positive and finite")
        if np.any(bad := (self.high < prices.max(axis=0)) | (self.low > prices.min(axis=0))):
            raise TapeError(f"bar {_first_row(bad)} has open or close outside its high-low range")


@dataclass(frozen=True)
class NewsFrame(Columns):
    """Timestamped headlines, ordered by the time at which they could be known.

    Attributes
    ----------
    item_id : IntArray, shape (N,)
        Unique; the position in the file that was imported.
    published_ns : IntArray, shape (N,)
        The vendor's stamp.
    resolution_ns : IntArray, shape (N,)
        What the stamp was rounded down to (1 s, 1 minute, 1 day).
    available_ns : IntArray, shape (N,)
        `published_ns` rounded up by its resolution, plus the feed delay; non-decreasing.
    source, headline : TextArray, shape (N,)
    """

    item_id: IntArray
    published_ns: IntArray
    resolution_ns: IntArray
    available_ns: IntArray
    source: TextArray
    headline: TextArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        if np.any(bad := np.asarray(self.available_ns < self.published_ns)):
            raise TapeError(f"headline {_first_row(bad)} is available before it was published")
        if np.any(bad := np.diff(self.available_ns) < 0):
            raise TapeError(
                f"headline {_first_row(bad) + 1} is out of order: available before the one before it"
            )


@dataclass(frozen=True)
class SessionFrame(Columns):
    """Trading sessions of the exchange calendar; known ahead, so they are not information.

    Attributes
    ----------
    open_ns, close_ns : IntArray, shape (S,)
        Half-days end early.
    """

    open_ns: IntArray
    close_ns: IntArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        if np.any(self.close_ns <= self.open_ns) or np.any(self.open_ns[1:] < self.close_ns[:-1]):
            raise TapeError("sessions overlap or end before they start")


@dataclass(frozen=True)
class SentimentScores(Columns):
    """What the sentiment model said of each headline.

    Attributes
    ----------
    probs : FloatArray, shape (N, 3)
        Probability of [negative, neutral, positive].
    score : FloatArray, shape (N,)
        P(positive) - P(negative), in [-1, 1].
    ready_ns : IntArray, shape (N,)
        When the score existed on the simulated clock; it must not be used before.
    """

    probs: FloatArray
    score: FloatArray
    ready_ns: IntArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()


@dataclass(frozen=True)
class ForecastFrame(Columns):
    """Variance forecasts.

    Attributes
    ----------
    origin_ns : IntArray, shape (K,)
        The forecast uses what was available up to here.
    ready_ns : IntArray, shape (K,)
        When it existed on the simulated clock (origin plus queue plus service).
    horizon_end_ns : IntArray, shape (K,)
        End of the bucket that is forecast.
    variance : FloatArray, shape (K,)
        Expected realized variance of that bucket (squared log returns). NaN before the first fit.
    """

    origin_ns: IntArray
    ready_ns: IntArray
    horizon_end_ns: IntArray
    variance: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()


@dataclass(frozen=True)
class DecisionFrame(Columns):
    """What a strategy may look at: one row per tick, each holding only what was known then.

    Attributes
    ----------
    tick_ns : IntArray, shape (M,)
        When the tick became available.
    ready_ns : IntArray, shape (M,)
        When the forecast of the row existed; the decision is made after it.
    kind : IntArray, shape (M,)
        A `TickKind`.
    session, slot : IntArray, shape (M,)
        The bucket that `variance` is about: its session, and its place in the session (0 is the first).
    minutes_to_close : FloatArray, shape (M,)
        From the tick to the end of the session it falls in; 0 at its close, NaN outside a session.
    close : FloatArray, shape (M,), quote currency
        Close of the last bar that had ended.
    anchor : FloatArray, shape (M,), quote currency
        The price at which the bucket began: the close of the last bar that had ended by then, or in a
        session's first bucket its opening price, from the end of its first bar on.
    variance : FloatArray, shape (M,)
        Forecast variance of the bucket. NaN before the first fit.
    session_vol : FloatArray, shape (M,)
        The same as a volatility per year of trading hours alone, the time of day taken out: what a position
        that is flat overnight runs.
    annual_vol : FloatArray, shape (M,)
        `session_vol` with the nights: what a position that is held around the clock runs. NaN before five
        nights are known; equal to `session_vol` where the exchange never closes.
    tone : FloatArray, shape (M,)
        Decayed sum of the signed scores known at the tick.
    """

    tick_ns: IntArray
    ready_ns: IntArray
    kind: IntArray
    session: IntArray
    slot: IntArray
    minutes_to_close: FloatArray
    close: FloatArray
    anchor: FloatArray
    variance: FloatArray
    session_vol: FloatArray
    annual_vol: FloatArray
    tone: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()


@dataclass(frozen=True)
class WeightFrame(Columns):
    """Target weights.

    Attributes
    ----------
    decided_ns : IntArray, shape (M,)
    weight : FloatArray, shape (M,), fraction of equity
        In [-1, 1]: the account is not levered.
    """

    decided_ns: IntArray
    weight: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        if np.any(bad := ~(np.abs(self.weight) <= 1.0)):
            raise TapeError(f"weight {_first_row(bad)} is not within [-1, 1]")


@dataclass(frozen=True)
class FillFrame(Columns):
    """Orders that reached the market, with the price the fill model gives them.

    Attributes
    ----------
    bar : IntArray, shape (M,)
        The bar in which the order filled.
    ordered_ns, filled_ns : IntArray, shape (M,)
        When it reached the market, and when it filled; `filled_ns` is never before `ordered_ns`.
    weight : FloatArray, shape (M,), fraction of equity
    price : FloatArray, shape (M,), quote currency
        Before half-spread and slippage.
    """

    bar: IntArray
    ordered_ns: IntArray
    filled_ns: IntArray
    weight: FloatArray
    price: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
