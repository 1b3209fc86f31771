"""HAR in a notebook: ``VolatilityModel("log-har-p-full").fit(tape)``, in the manner of arch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.contract import make_forecaster
from newsvol.signals.volatility.har import MIN_WINDOW, WINDOW
from newsvol.signals.volatility.har_specifications import SCHEDULED, Blend, Har
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.intervals import IntervalConfig, Intervals, forecast_intervals
from newsvol.signals.volatility.losses import forecast_losses
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.schedule import Schedule

if TYPE_CHECKING:
    import pandas as pd


class Measured(Protocol):
    """Anything with a history: a tape."""

    def history(self) -> VolHistory:
        """Return the realized measures of its buckets."""
        ...


class VolatilityModel:
    """A HAR forecaster by name.

    Parameters
    ----------
    name : str
        Any HAR forecaster, as in a recipe.
    window, min_window : int
        Rows of the fitting window, full and at the first forecast.
    schedule : Schedule or None
        For the forecasters that use events.

    Raises
    ------
    UnknownNameError
        No forecaster of that name.
    InputError
        The forecaster has no coefficients, or uses no events.
    """

    def __init__(
        self,
        name: str = "log-har-p",
        window: int = WINDOW,
        min_window: int = MIN_WINDOW,
        schedule: Schedule | None = None,
    ) -> None:
        FORECASTERS.factory(name)
        if name in NAIVE:
            raise InputError(f"forecaster {name!r} has nothing to fit")
        if schedule is not None and name not in SCHEDULED:
            raise InputError(f"forecaster {name!r} uses no events; those that do: {', '.join(SCHEDULED)}")
        if schedule is None and name in SCHEDULED:
            raise InputError(f"forecaster {name!r} needs schedule: when the events are")
        self.name, self.window, self.min_window, self.schedule = name, window, min_window, schedule
        events = {"schedule": schedule} if schedule is not None else {}
        self._forecaster = make_forecaster(name, window=window, min_window=min_window, **events)

    def __repr__(self) -> str:
        return f"VolatilityModel({self.name!r}, window={self.window}, min_window={self.min_window})"

    def fit(self, data: "VolHistory | Measured") -> "VolatilityFit":
        """Walk over the history of `data`, refitting at every bucket.

        Parameters
        ----------
        data : VolHistory or Tape

        Raises
        ------
        InputError
            The forecaster has no coefficients, there are fewer rows than the first fit needs, or columns are
            collinear; they are named.
        """
        history = _history_of(data)
        forecaster = self._forecaster
        if not isinstance(forecaster, Har | Blend):
            raise InputError(f"forecaster {self.name!r} has no coefficients")
        members = forecaster.members if isinstance(forecaster, Blend) else (forecaster,)
        coefficients = []
        for member in members:
            state, _ = member.run(history)
            if not np.isfinite(state.beta).all():
                raise InputError(
                    f"forecaster {self.name!r} needs {self.min_window} buckets after its longest lag and the "
                    f"diurnal warm-up; the history has {len(history.buckets)}"
                )
            coefficients.append(dict(zip(state.columns, state.beta.tolist(), strict=True)))
        return VolatilityFit(self, history, tuple(coefficients), forecaster.forecast(history))

    def forecast(self, data: "VolHistory | Measured") -> FloatArray:
        """Return the variance forecast of every bucket, shape (B,), each from the rows before it."""
        return self._forecaster.forecast(_history_of(data))


@dataclass(frozen=True, repr=False)
class VolatilityFit:
    """What a `VolatilityModel` found.

    Attributes
    ----------
    coefficients : tuple of dict
        Of the last refit, by the name of their column; one dictionary, or one for each member of a blend.
    variance : FloatArray, shape (B,)
        The forecast of every bucket, from the rows before it: walk-forward, not from `coefficients`, since
        those of the last row know the others. NaN before the first fit.
    """

    model: VolatilityModel
    history: VolHistory
    coefficients: tuple[dict[str, float], ...]
    variance: FloatArray

    @property
    def params(self) -> "pd.Series[float]":
        """The coefficients of the last refit; of a blend indexed by (member, column)."""
        import pandas as pd  # noqa: PLC0415 - the replay does without it

        if len(self.coefficients) == 1:
            return pd.Series(self.coefficients[0], name=self.model.name)
        return pd.concat({member: pd.Series(values) for member, values in enumerate(self.coefficients)})

    @property
    def forecasts(self) -> "pd.DataFrame":
        """A row a bucket, by its start (UTC): realized and forecast variance."""
        import pandas as pd  # noqa: PLC0415 - the replay does without it

        index = pd.DatetimeIndex(self.history.buckets.open_ns, tz="UTC", name="time")
        return pd.DataFrame({"rv": self.history.measures.rv, "forecast": self.variance}, index=index)

    def intervals(self, config: IntervalConfig | None = None) -> Intervals:
        """Return the band around the forecast; see `intervals.forecast_intervals`."""
        return forecast_intervals(self.history, self.variance, config)

    def losses(self) -> dict[str, float]:
        """Return mean QLIKE and MSE on variance, R2 on volatility and on log variance, out of sample."""
        realized = self.history.measures.rv
        rows = np.isfinite(self.variance) & (self.variance > 0) & (realized > 0)
        return forecast_losses(realized[rows], self.variance[rows])

    def summary(self) -> str:
        """Return the losses and the coefficients as text."""
        rows = int(np.isfinite(self.variance).sum())
        losses = self.losses()
        lines = [
            f"{self.model.name}: {rows:,} of {len(self.variance):,} buckets, each from those before it",
            f"QLIKE {losses['qlike']:.4f}   MSE {losses['mse']:.3e}   "
            f"R2 vol {losses['r2_vol']:.3f}   R2 log {losses['r2_log']:.3f}",
            "",
            "coefficients of the last refit",
            *self.params.to_string(float_format=lambda value: f"{value:.4f}").splitlines(),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return f"<pre>{self.summary()}</pre>"


def _history_of(data: "VolHistory | Measured") -> VolHistory:
    if isinstance(data, VolHistory):
        return data
    if not callable(getattr(data, "history", None)):
        raise TypeError(f"data is a {type(data).__name__}; give a Tape (newsvol.load_tape) or its history()")
    return data.history()
