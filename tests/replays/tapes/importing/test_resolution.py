"""How fine a stamp is: proven a source at a time, and in doubt as coarse as it may be."""

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND
from newsvol.replays.tapes.importing.resolution import SourceResolution, declared_sources, resolve_sources

NOON = pd.Timestamp("2024-03-06 12:00").value


def resolve(**clocks: np.ndarray) -> tuple[np.ndarray, dict[str, SourceResolution]]:
    """Resolve sources with these stamps, shuffled together."""
    wall = np.concatenate(list(clocks.values())).astype(np.int64)
    source = np.repeat(np.array(list(clocks), dtype=object), [len(clock) for clock in clocks.values()])
    order = np.random.default_rng(2).permutation(len(wall))
    nothing = np.zeros(len(wall), dtype=np.bool_)
    resolution, sources = resolve_sources(wall[order], nothing, ~nothing, source[order])
    back = np.empty_like(resolution)
    back[order] = resolution
    return back, {report.source: report for report in sources}


def seconds(count: int, seed: int = 1) -> np.ndarray:
    return NOON + np.random.default_rng(seed).integers(0, 10**6, count) * NS_PER_SECOND


def minutes(count: int, seed: int = 1) -> np.ndarray:
    # off the hour, which would be another matter
    drawn = np.random.default_rng(seed).integers(0, 10**4, count)
    return NOON + (drawn + (drawn % 60 == 0)) * NS_PER_MINUTE


def test_a_minute_stamped_source_beside_a_second_stamped_one_is_rounded_up():
    resolution, sources = resolve(desk=seconds(600), wire=minutes(40))
    assert (resolution[:600] == NS_PER_SECOND).all()
    assert (resolution[600:] == NS_PER_MINUTE).all()
    assert (sources["desk"].resolution, sources["desk"].proof) == ("second", "proven")
    assert (sources["wire"].resolution, sources["wire"].proof) == ("minute", "proven")
    assert sources["wire"].on_minute == 40


def test_a_source_with_far_more_than_one_in_sixty_on_the_minute_has_those_rows_rounded_up():
    fine, coarse = seconds(100), minutes(50)
    resolution, sources = resolve(zacks=np.concatenate([fine, coarse]))
    assert (resolution[100:] == NS_PER_MINUTE).all()
    off = fine % NS_PER_MINUTE != 0
    assert (resolution[:100][off] == NS_PER_SECOND).all()
    report = sources["zacks"]
    assert (report.resolution, report.proof) == ("second, minute", "mixed")
    assert report.rounded_up == 50 + int((~off).sum())


@pytest.mark.parametrize("rows", [1, 2, 10, 40])
def test_too_few_rows_leave_a_row_on_the_minute_in_doubt(rows):
    clock = NOON + (np.arange(rows) * 61 + 7) * NS_PER_SECOND
    clock[0] = NOON + NS_PER_MINUTE
    clock[1:][clock[1:] % NS_PER_MINUTE == 0] += NS_PER_SECOND
    resolution, sources = resolve(small=clock)
    assert resolution[0] == NS_PER_MINUTE
    assert (resolution[1:] == NS_PER_SECOND).all()
    assert (sources["small"].proof, sources["small"].rounded_up) == ("doubt", 1)


def test_rows_that_show_their_seconds_need_no_proof():
    resolution, sources = resolve(small=np.array([NOON + 7 * NS_PER_SECOND]))
    assert list(resolution) == [NS_PER_SECOND]
    assert sources["small"].proof == "proven"


def test_milliseconds_are_told_from_seconds_by_the_same_test():
    clock = NOON + np.random.default_rng(4).integers(0, 10**9, 800) * NS_PER_MS
    whole = seconds(30, seed=9)
    whole += NS_PER_SECOND * (whole % NS_PER_MINUTE == 0)
    resolution, sources = resolve(fine=clock, mixed=np.concatenate([clock[:100] | 1, whole]))
    assert (resolution[:800] == NS_PER_MS).all()
    assert (resolution[900:] == NS_PER_SECOND).all()
    assert sources["fine"].proof == "proven"
    assert (sources["mixed"].resolution, sources["mixed"].proof) == ("millisecond, second", "mixed")


def test_full_hours_are_hours_only_where_nearly_everything_is():
    hours = NOON + np.arange(30) * NS_PER_HOUR
    hours = hours[hours % NS_PER_DAY != 0]
    often = np.concatenate([minutes(30), hours[:15]])
    resolution, _ = resolve(hourly=hours, punctual=often)
    assert (resolution[: len(hours)] == NS_PER_HOUR).all()
    assert (resolution[len(hours) :] == NS_PER_MINUTE).all()


@pytest.mark.parametrize("midnights", [1, 6])
def test_a_source_with_nothing_but_midnights_has_dates(midnights):
    dates = NOON // NS_PER_DAY * NS_PER_DAY + np.arange(midnights) * NS_PER_DAY
    resolution, sources = resolve(desk=seconds(300), dates=dates)
    assert (resolution[300:] == NS_PER_DAY).all()
    assert (sources["dates"].resolution, sources["dates"].proof) == ("day", "proven")


def test_midnights_too_many_for_chance_are_dates():
    dates = NOON // NS_PER_DAY * NS_PER_DAY + np.arange(8) * NS_PER_DAY
    resolution, _ = resolve(both=np.concatenate([dates, seconds(300)]))
    assert (resolution[:8] == NS_PER_DAY).all()
    assert (resolution[8:] < NS_PER_DAY).all()


def test_what_the_user_declares_wins_but_for_dates():
    wall = np.concatenate([minutes(5), [NOON // NS_PER_DAY * NS_PER_DAY]])
    dated = np.arange(6) == 5
    source = np.array(["wire"] * 6, dtype=object)
    resolution, sources = declared_sources(NS_PER_SECOND, wall, dated, np.ones(6, dtype=np.bool_), source)
    assert list(resolution) == [NS_PER_SECOND] * 5 + [NS_PER_DAY]
    assert sources[0].proof == "declared"


def test_chance_rows_on_the_minute_do_not_condemn_a_source():
    """Over many honest sources hardly any is rounded up: the test's risk is one in a hundred."""
    clocks = {f"desk {seed}": seconds(500, seed) for seed in range(200)}
    _, sources = resolve(**clocks)
    assert sum(report.proof == "mixed" for report in sources.values()) <= 6
    assert sum(report.proof == "doubt" for report in sources.values()) == 0
