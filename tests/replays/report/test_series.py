"""Tables cut down to what a page can draw."""

import numpy as np

from newsvol.replays.report.series import (
    MAX_POINTS,
    Groups,
    as_dates,
    as_labels,
    as_numbers,
    drawdown_pct,
    empty_groups,
    group_mean,
    group_minimum,
    group_sessions,
    session_vol_pct,
    without_gaps,
)


def test_a_long_run_is_drawn_with_few_points():
    session = np.repeat(np.arange(6_000), 7)
    groups = group_sessions(session)
    assert len(groups.starts) <= MAX_POINTS
    assert groups.sessions.sum() == 6_000
    assert groups.size == 3
    assert groups.lasts[-1] == len(session) - 1


def test_session_volatility_is_the_mean_session_variance_scaled():
    groups = group_sessions(np.array([4, 4, 5, 5, 5]))
    variance = np.array([1e-4, 2e-4, 1e-4, 1e-4, 1e-4])
    np.testing.assert_allclose(session_vol_pct(variance, groups, 365.0), 100 * np.sqrt(3e-4 * 365))


def test_a_line_breaks_where_a_group_has_no_bars():
    groups = group_sessions(np.array([4, 4, 5, 5, 6]))
    empty = empty_groups(np.array([60.0, 0.0, 0.0, 0.0, 30.0]), groups)
    assert empty.tolist() == [False, True, False]
    assert as_numbers(without_gaps(np.array([1.0, 2.0, 3.0]), empty)) == [1.0, None, 3.0]
    assert len(empty_groups(np.empty(0), group_sessions(np.empty(0, np.int64)))) == 0


def test_drawdown_is_below_the_highest_so_far():
    np.testing.assert_allclose(drawdown_pct(np.array([100.0, 110, 99, 121])), [0, 0, -10, 0])


def test_groups_are_whole_sessions_and_their_last_row_is_the_last_of_all() -> None:
    groups = group_sessions(np.array([3, 3, 3, 5, 5, 9]))
    assert groups.starts.tolist() == [0, 3, 5]
    assert groups.lasts.tolist() == [2, 4, 5]
    assert (groups.sessions.tolist(), groups.size) == ([1, 1, 1], 1)


def test_no_rows_make_no_points() -> None:
    groups = group_sessions(np.empty(0, np.int64))
    assert len(groups.starts) == 0
    assert len(session_vol_pct(np.empty(0), groups, 252.0)) == len(group_minimum(np.empty(0), groups)) == 0


def test_the_least_of_a_group_is_kept() -> None:
    groups = group_sessions(np.array([0, 0, 1]))
    assert group_minimum(np.array([3.0, -1.0, 2.0]), groups).tolist() == [-1.0, 2.0]


def test_what_is_no_number_is_null_and_the_rest_is_rounded() -> None:
    assert as_numbers(np.array([1.236, np.nan, -np.inf])) == [1.24, None, None]


def test_stamps_are_utc_on_the_axis_and_in_the_label() -> None:
    stamp = np.array([1_702_672_200_999_999_999])
    assert as_dates(stamp) == [1_702_672_200_999]
    assert as_labels(stamp) == ["15 Dec 2023<br>20:30 UTC"]


def test_the_mean_of_a_group_is_that_of_its_rows():
    groups = Groups(np.array([0, 2, 3]), np.array([1, 1, 1]), 6)
    found = group_mean(np.array([1.0, 2.0, 5.0, np.nan, 1.0, 1.0]), groups)
    np.testing.assert_array_equal(found, [1.5, 5.0, np.nan])
    assert len(group_mean(np.empty(0), groups)) == 0
