"""HAR in a notebook: ``VolatilityModel("log-har-p-full").fit(history)``, in the manner of scikit-learn."""

from typing import Self

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.forecasters import SCHEDULED, Blend, Har
from newsvol.signals.volatility.har import MIN_WINDOW, WINDOW
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.intervals import IntervalConfig, Intervals, forecast_intervals
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.schedule import Schedule


class VolatilityModel:
    """A HAR forecaster by name, with its coefficients in the open.

    Parameters
    ----------
    name : str
        Any HAR forecaster, as in a recipe.
    window, min_window : int
        Rows of the fitting window, full and at the first forecast.
    schedule : Schedule or None
        For the forecasters that use events.

    Attributes
    ----------
    coefficients_ : dict of str to float
        After `fit`: of the last fit, by the name of their column. Of a blend, a dictionary for each member.

    Raises
    ------
    UnknownNameError
        No forecaster of that name.
    InputError
        The forecaster has no coefficients, or uses no events.
    """

    coefficients_: dict[str, float] | list[dict[str, float]]

    def __init__(
        self,
        name: str = "log-har-p",
        window: int = WINDOW,
        min_window: int = MIN_WINDOW,
        schedule: Schedule | None = None,
    ) -> None:
        factory = FORECASTERS.factory(name)
        if name in NAIVE:
            raise InputError(f"forecaster {name!r} has nothing to fit")
        if schedule is not None and name not in SCHEDULED:
            raise InputError(f"forecaster {name!r} uses no events; those that do: {', '.join(SCHEDULED)}")
        self.name, self.window, self.min_window, self.schedule = name, window, min_window, schedule
        events = {"schedule": schedule} if schedule is not None else {}
        self._forecaster = factory(window=window, min_window=min_window, **events)

    def fit(self, history: VolHistory) -> Self:
        """Walk over `history` and keep the coefficients of the last fit.

        Raises
        ------
        InputError
            There are fewer rows than the first fit needs, or columns are collinear; they are named.
        """
        forecaster = self._forecaster
        if not isinstance(forecaster, Har | Blend):
            raise InputError(f"forecaster {self.name!r} has no coefficients")
        members = forecaster.members if isinstance(forecaster, Blend) else (forecaster,)
        found = []
        for member in members:
            state, _ = member.run(history)
            if not np.isfinite(state.beta).all():
                raise InputError(
                    f"forecaster {self.name!r} needs {self.min_window} buckets after its longest lag and the "
                    f"diurnal warm-up; the history has {len(history.buckets)}"
                )
            found.append(dict(zip(state.columns, state.beta.tolist(), strict=True)))
        self.coefficients_ = found if isinstance(forecaster, Blend) else found[0]
        return self

    def forecast(self, history: VolHistory) -> FloatArray:
        """Return the variance forecast of every bucket, shape (B,), each from the rows before it.

        Walk-forward: coefficients of `fit` are not used, since those of the last row know the others.
        """
        return self._forecaster.forecast(history)

    def forecast_intervals(self, history: VolHistory, config: IntervalConfig | None = None) -> Intervals:
        """Return the band around `forecast`; see `intervals.forecast_intervals`."""
        return forecast_intervals(history, self.forecast(history), config)
