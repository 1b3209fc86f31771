"""What a forecaster must keep to, checked where it enters: how it is made, and one variance a bucket."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, RecipeError, first_line
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.protocol import FORECASTERS, Forecaster

_PACKAGE = __name__.partition(".")[0]


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
            f"forecaster {name!r} of {_package(factory)} cannot be made: {first_line(error)}; "
            f"its constructor may take {', '.join(settings)}, and everything else needs a default"
        ) from error
    if not callable(getattr(forecaster, "forecast", None)):
        raise RecipeError(f"{_called(name, forecaster)} has no method forecast(history)")
    return forecaster


def forecast_columns(name: str, forecaster: Forecaster, history: VolHistory) -> FloatArray:
    """Return the forecast variance of each bucket, shape (B,).

    Raises
    ------
    InputError
        There is not one number a bucket, or one is negative or infinite; NaN is allowed.
    """
    given: Any = forecaster.forecast(history)
    try:
        variance = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{_called(name, forecaster)} gives no numbers ({first_line(error)}); "
            "forecast returns an array of variances"
        ) from error
    buckets = history.buckets
    if variance.shape != (len(buckets),):
        raise InputError(
            f"{_called(name, forecaster)} gives forecasts of shape {variance.shape} for {len(buckets)} "
            f"buckets; give one a bucket: shape ({len(buckets)},)"
        )
    wrong = np.flatnonzero((variance < 0) | np.isinf(variance))
    if len(wrong):
        row = int(wrong[0])
        begins = np.datetime64(int(buckets.open_ns[row]), "ns").astype("datetime64[s]")
        raise InputError(
            f"{_called(name, forecaster)} gives {variance[row]:g} for bucket {row:,} ({begins} UTC); "
            "a variance is zero or positive, or NaN where nothing is known yet"
        )
    return variance


def _taken(factory: Callable[..., Any], settings: dict[str, Any]) -> dict[str, Any]:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # made in C, and does not say
        return settings
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return settings
    named = {parameter.name for parameter in parameters if parameter.kind is not parameter.POSITIONAL_ONLY}
    return {key: value for key, value in settings.items() if key in named}


def _called(name: str, forecaster: Any) -> str:
    package = _package(type(forecaster))
    return f"forecaster {name!r}" + ("" if package == _PACKAGE else f" of {package}")


def _package(factory: Any) -> str:
    return str(getattr(factory, "__module__", "?")).partition(".")[0]
