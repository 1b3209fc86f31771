"""Several forecasters as one."""

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR
from newsvol.signals.experts_python import expert_walk_python
from newsvol.signals.volatility.aggregate import BOUND, EXPERTS, RATE, Aggregate, build_aggregate
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.losses import qlike
from newsvol.signals.volatility.schedule import Schedule


@pytest.fixture(scope="module")
def history(make_sessions, make_bars) -> VolHistory:
    sessions = make_sessions(70, half_days=[20])
    return measure_history(make_bars(sessions, 3, missing=0.02), sessions)


@pytest.fixture(scope="module")
def aggregate(history) -> Aggregate:
    events = Schedule(np.array(["CPI"] * 9, dtype=object), history.buckets.open_ns[10:100:10] + NS_PER_HOUR)
    return build_aggregate(120, 60, events)


def test_it_is_the_twin_on_the_forecasts_of_its_experts(history, aggregate):
    given = np.column_stack([expert.forecast(history) for expert in aggregate.experts.values()])
    prior = np.full(len(EXPERTS), 1 / len(EXPERTS))
    weights, combined = expert_walk_python(given, history.measures.rv, prior, RATE, BOUND)
    found = aggregate.combine(history)
    assert found.names == EXPERTS == tuple(aggregate.experts)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.variance, combined, rtol=1e-9)
    np.testing.assert_array_equal(aggregate.forecast(history), found.variance)


def test_it_forecasts_from_the_first_of_its_experts_on(history, aggregate):
    first = np.isfinite(aggregate.experts["diurnal-ewma"].forecast(history)).argmax()
    found = aggregate.combine(history)
    assert np.isfinite(found.variance).argmax() == first
    assert found.weights[first].tolist() == [1, 0, 0, 0, 0]
    assert (found.weights[-1] > 0).all()


def test_it_says_how_much_more_it_lost_than_the_best_and_keeps_its_promise(history, aggregate):
    found = aggregate.combine(history)
    assert found.regret == pytest.approx(found.own_loss - found.loss.min())
    assert found.regret <= found.regret_bound
    assert found.regret_bound > np.log(len(EXPERTS))
    rv = history.measures.rv[:-1]
    near = np.abs(np.log(rv / found.variance[:-1])) < np.log(BOUND)
    assert near.sum() > 300
    # nothing but what is beyond the bound, and the last row, is counted otherwise
    plain = qlike(rv[near], found.variance[:-1][near]).sum()
    assert plain <= found.own_loss + 1e-9


def test_its_experts_are_given_its_windows_and_its_events(aggregate):
    assert aggregate.experts["log-har-p-events"].extra_names[-2:] == ("CPI", "CPI+1")
    assert aggregate.experts["har"].window == 120
    assert aggregate.experts["log-har-p"].min_window == 60
    assert [member.schedule is None for member in aggregate.experts["har-blend-events"].members] == [
        False
    ] * 2
    assert aggregate.experts["har"].schedule is None
    assert aggregate.experts["log-har-p"].schedule is None
    assert FORECASTERS.factory("aggregate")().experts["har"].schedule is None
