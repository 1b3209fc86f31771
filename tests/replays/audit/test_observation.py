"""What two passes said is compared row by row, as far as both could know it."""

from pathlib import Path

import numpy as np

from newsvol.replays.audit.observation import Observation, Series, differences, load_observation


def series(values: list[float], known: list[int] | None = None, exact: bool = True) -> Series:
    stamps = np.arange(len(values)) * 10 if known is None else np.array(known)
    return Series("strategy x", "weight", stamps, np.array(values), exact)


def differ(a: Series, b: Series, until_ns: int | None = None) -> list[tuple[int, int, int]]:
    found = differences(Observation((a,)), Observation((b,)), until_ns)
    return [(one.row, one.rows, one.of) for one in found]


def test_equal_rows_and_equal_gaps_are_no_difference() -> None:
    assert differ(series([1, np.nan, 3]), series([1, np.nan, 3])) == []


def test_the_first_row_that_differs_is_named_and_all_are_counted() -> None:
    (one,) = differences(Observation((series([1, 2, 3, 4]),)), Observation((series([1, 5, np.nan, 4]),)))
    assert (one.row, one.known_ns, one.expected, one.found, one.rows, one.of) == (1, 10, 2.0, 5.0, 2, 4)
    assert one.places == (1, 2)
    (many,) = differences(Observation((series([0.0] * 50),)), Observation((series([1.0] * 50),)))
    assert (many.rows, many.places) == (50, (0, 10, 20, 30, 40))
    (none,) = differences(Observation((series([1, 2]),)), Observation((series([1]),)))
    assert (none.row, none.known_ns, none.expected, none.places) == (1, 10, 2.0, ())
    assert np.isnan(none.found)


def test_what_was_not_known_by_then_may_differ() -> None:
    assert differ(series([1, 2, 3]), series([1, 2, 9]), until_ns=19) == []
    assert differ(series([1, 2, 3]), series([1, 2, 9]), until_ns=20) == [(2, 1, 3)]


def test_rows_that_are_missing_or_known_at_another_time_differ() -> None:
    assert differ(series([1, 2, 3]), series([1, 2])) == [(2, 1, 3)]
    assert differ(series([1, 2]), series([1, 2, 3])) == [(2, 1, 3)]
    for known in ([0, 11], [0, 9]):
        assert differ(series([1, 2]), series([1, 2], known=known)) == [(1, 1, 2)]


def test_plug_ins_may_round_apart_and_newsvol_may_not() -> None:
    a, b = [1.0, 0.5], [1.0, 0.5 * (1 + 5e-10)]
    assert differ(series(a), series(b)) == [(1, 1, 2)]
    assert differ(series(a, exact=False), series(b, exact=False)) == []
    assert differ(series(a, exact=False), series([1.0, 0.5 * (1 + 5e-9)], exact=False)) == [(1, 1, 2)]


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    said = Observation((series([1, np.nan]),), (("mine", "reads x"),), {"strategy x": {"lookback": 3}})
    said.save(tmp_path / "said.npz")
    read = load_observation(tmp_path / "said.npz")
    assert differences(said, read) == []
    assert (read.acts, read.facts) == (said.acts, said.facts)
    assert read.of("strategy x", "weight").exact
