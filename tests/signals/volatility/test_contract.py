"""A forecaster of another package: made with what it takes, and refused by name where it gives nonsense."""

import numpy as np
import pytest

from newsvol.engine.errors import InputError, PeekingError, RecipeError
from newsvol.signals.volatility.contract import forecast_columns, make_forecaster, require_no_oracle
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.protocol import FORECASTERS


@pytest.fixture(scope="module")
def history(make_history):
    return make_history(40, 3)


class Foreign:
    def __init__(self, forecast):
        self._forecast = forecast

    def forecast(self, history):
        return self._forecast(history)


def negative(history):
    variance = np.full(len(history.buckets), 1e-6)
    variance[3] = -1e-6
    return variance


NONSENSE = {
    "too few": (
        lambda history: np.ones(len(history.buckets) - 1),
        r"shape \(\d+,\) for \d+ buckets; give",
    ),
    "one for all": (lambda _history: 1e-6, r"shape \(\) for"),
    "negative": (negative, r"gives -1e-06 for bucket 3 \(\d{4}-.* UTC\); a variance is zero or positive"),
    "infinite": (lambda history: np.full(len(history.buckets), np.inf), "gives inf for bucket 0"),
    "words": (lambda history: ["calm"] * len(history.buckets), "gives no numbers"),
}


@pytest.mark.parametrize(("forecast", "said"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_by_the_name_of_the_forecaster(forecast, said, history):
    with pytest.raises(InputError, match=f"forecaster 'wild' of tests.*{said}"):
        forecast_columns("wild", Foreign(forecast), history)


def test_nan_is_allowed_where_nothing_is_known_yet(history):
    variance = np.full(len(history.buckets), np.nan)
    assert forecast_columns("late", Foreign(lambda _history: variance), history) is variance


def test_a_constructor_is_given_what_it_takes_and_nothing_else():
    class Plain(Foreign):
        def __init__(self):
            super().__init__(len)

    class Windowed(Foreign):
        def __init__(self, window):
            super().__init__(len)
            self.window = window

    class Open(Foreign):
        def __init__(self, **settings):
            super().__init__(len)
            self.settings = settings

    with (
        FORECASTERS.lend("plain", Plain),
        FORECASTERS.lend("windowed", Windowed),
        FORECASTERS.lend("open", Open),
    ):
        assert isinstance(make_forecaster("plain", window=5, min_window=2), Plain)
        windowed = make_forecaster("windowed", window=5, min_window=2)
        assert isinstance(windowed, Windowed)
        assert windowed.window == 5
        everything = make_forecaster("open", window=5, min_window=2)
        assert isinstance(everything, Open)
        assert everything.settings == {"window": 5, "min_window": 2}


def test_what_cannot_be_made_or_cannot_forecast_is_refused_by_name():
    class Greedy(Foreign):
        def __init__(self, secret):
            super().__init__(secret)

    with (
        FORECASTERS.lend("greedy", Greedy),
        pytest.raises(RecipeError, match=r"forecaster 'greedy' of tests cannot be made.*secret"),
    ):
        make_forecaster("greedy", window=5)
    with (
        FORECASTERS.lend("mute", object),
        pytest.raises(RecipeError, match=r"has no method forecast\(history\)"),
    ):
        make_forecaster("mute", window=5)


def test_a_forecaster_that_hits_what_is_measured_later_is_refused(make_history):
    class Oracle:
        def forecast(self, history: VolHistory) -> np.ndarray:
            return history.measures.rv

    history, oracle = make_history(20, seed=4), Oracle()
    known = forecast_columns("oracle", oracle, history)
    with pytest.raises(PeekingError, match=r"'oracle' .* in 140 of 140 buckets, first in bucket 0 \("):
        require_no_oracle("oracle", oracle, known, history)
    near = known * (1 + 1e-12)
    near[[3, 9]] = known[[3, 9]]
    require_no_oracle("oracle", oracle, near, history)
