"""What a forecaster must keep to, checked where it enters: how it is made, and one variance a bucket."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.clock import utc_second
from newsvol.engine.errors import InputError, PeekingError, RecipeError, first_line
from newsvol.engine.plug_ins import called, differing_rows, is_own, one_number_each, only_reading, package_of
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.protocol import FORECASTERS, Forecaster, ForecastStep, LiveForecaster

MAX_EXACT = 2
"""Buckets in which a forecast may be right to the last digit by chance."""


def make_forecaster(name: str, **settings: Any) -> Forecaster:
    """Return the forecaster called `name`, given those of `settings` that its constructor takes.

    Raises
    ------
    RecipeError
        It cannot be made, or has no method `forecast`.
    """
    factory = FORECASTERS.factory(name)
    try:
        forecaster = factory(**_taken(factory, settings))
    except TypeError as error:
        raise RecipeError(
            f"forecaster {name!r} of {package_of(factory)} cannot be made: {first_line(error)}; "
            f"its constructor may take {', '.join(settings)}, and everything else needs a default"
        ) from error
    if not callable(getattr(forecaster, "forecast", None)):
        raise RecipeError(f"{called('forecaster', name, forecaster)} has no method forecast(history)")
    return forecaster


def forecast_columns(name: str, forecaster: Forecaster, history: VolHistory) -> FloatArray:
    """Return the forecast variance of each bucket, shape (B,).

    Raises
    ------
    InputError
        There is not one number a bucket, or one is negative or infinite; NaN is allowed.
    """
    whose = called("forecaster", name, forecaster)
    # newsvol's own do not write into what they share, and kernels would be compiled anew for locked arrays
    shared = history if is_own(forecaster) else history.read_only()
    with only_reading(whose):
        given = forecaster.forecast(shared)
    variance = one_number_each(given, len(history.buckets), whose, "forecasts", "bucket")
    wrong = np.flatnonzero((variance < 0) | np.isinf(variance))
    if len(wrong):
        raise _no_variance(whose, float(variance[wrong[0]]), int(wrong[0]), history.buckets)
    return variance


def require_no_oracle(name: str, forecaster: Forecaster, variance: FloatArray, history: VolHistory) -> None:
    """Refuse forecasts that hit what was then measured, to the last digit: nobody forecasts so well.

    Parameters
    ----------
    variance : FloatArray, shape (B,)

    Raises
    ------
    PeekingError
        Several buckets were hit.
    """
    realized = history.measures.rv
    hit = np.flatnonzero((variance == realized) & (realized > 0))
    if len(hit) > MAX_EXACT:
        raise PeekingError(
            f"{called('forecaster', name, forecaster)} forecasts exactly what is measured later in "
            f"{len(hit):,} of {int(np.isfinite(variance).sum()):,} buckets, first in "
            f"{_place(int(hit[0]), history.buckets)}: it knows what it forecasts; newsvol audit says where"
        )


def live_step(name: str, forecaster: Forecaster, buckets: BucketFrame) -> ForecastStep:
    """Return the live step of `forecaster`, its own or one that runs it on its prefix, held to its contract.

    Raises
    ------
    InputError
        What its ``live`` gives has no method ``step``.
    """
    if not isinstance(forecaster, LiveForecaster):
        return _CheckedStep(name, forecaster, _PrefixStep(forecaster))
    own = forecaster.live(buckets)
    if not callable(getattr(own, "step", None)):
        raise InputError(
            f"{called('forecaster', name, forecaster)}: live(buckets) gives a {type(own).__name__}, "
            "which has no method step(history)"
        )
    return _CheckedStep(name, forecaster, own)


def require_same_forecasts(
    name: str, forecaster: Forecaster, live: FloatArray, columns: FloatArray, buckets: BucketFrame
) -> None:
    """Compare what `forecaster` says bucket by bucket with what it says of all at once, shape (B,) each.

    Raises
    ------
    PeekingError
        They differ somewhere: newsvol's own must agree to the bit, others to 1e-9.
    """
    differ = differing_rows(live, columns, exactly=is_own(forecaster))
    if not len(differ):
        return
    row = int(differ[0])
    raise PeekingError(
        f"{called('forecaster', name, forecaster)} forecasts {live[row]:.9g} for {_place(row, buckets)} from "
        f"what is known then, and {columns[row]:.9g} where it is given all buckets; {len(differ):,} of "
        f"{len(live):,} differ. It reads its own bucket or later ones, remembers earlier calls"
        + (", or its live step is not its forecast" if isinstance(forecaster, LiveForecaster) else "")
    )


class _PrefixStep:
    """The live step of a forecaster that has none: it is run on the whole history before each bucket."""

    def __init__(self, forecaster: Forecaster) -> None:
        self._forecaster = forecaster

    def step(self, history: VolHistory) -> float:
        return float(np.asarray(self._forecaster.forecast(history), dtype=np.float64)[-1])


class _CheckedStep:
    """A step whose numbers are variances."""

    def __init__(self, name: str, forecaster: Forecaster, step: ForecastStep) -> None:
        self._whose = called("forecaster", name, forecaster)
        self._locks = not is_own(forecaster)
        self._step = step

    def step(self, history: VolHistory) -> float:
        with only_reading(self._whose):
            given = self._step.step(history.read_only() if self._locks else history)
        try:
            variance = float(given)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{self._whose} gives no number ({first_line(error)}); give a variance"
            ) from error
        if variance < 0 or np.isinf(variance):
            raise _no_variance(self._whose, variance, len(history.buckets) - 1, history.buckets)
        return variance


def _no_variance(whose: str, variance: float, row: int, buckets: BucketFrame) -> InputError:
    return InputError(
        f"{whose} gives {variance:g} for {_place(row, buckets)}; "
        "a variance is zero or positive, or NaN where nothing is known yet"
    )


def _place(row: int, buckets: BucketFrame) -> str:
    return f"bucket {row:,} ({utc_second(buckets.open_ns[row])})"


def _taken(factory: Callable[..., Any], settings: dict[str, Any]) -> dict[str, Any]:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # made in C, and does not say
        return settings
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return settings
    named = {parameter.name for parameter in parameters if parameter.kind is not parameter.POSITIONAL_ONLY}
    return {key: value for key, value in settings.items() if key in named}
