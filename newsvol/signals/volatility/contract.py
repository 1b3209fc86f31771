"""What a forecaster must keep to, checked where it enters: how it is made, and one variance a bucket."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, RecipeError, first_line
from newsvol.engine.plug_ins import called, one_number_each, package_of
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.protocol import FORECASTERS, Forecaster


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
    buckets = history.buckets
    whose = called("forecaster", name, forecaster)
    variance = one_number_each(forecaster.forecast(history), len(buckets), whose, "forecasts", "bucket")
    wrong = np.flatnonzero((variance < 0) | np.isinf(variance))
    if len(wrong):
        row = int(wrong[0])
        begins = np.datetime64(int(buckets.open_ns[row]), "ns").astype("datetime64[s]")
        raise InputError(
            f"{whose} gives {variance[row]:g} for bucket {row:,} ({begins} UTC); "
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
