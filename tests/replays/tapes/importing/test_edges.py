"""Whether a stamp is the start or the end of its bar is proven, or asked for."""

import numpy as np
import pytest
from vendor_bars import (
    SPRING,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.engine.errors import ConventionError
from newsvol.replays.tapes.importing.edges import bar_length


def test_an_unproven_edge_is_refused_and_can_be_said(tmp_path):
    middle = (
        minute_bars(*SPRING).assign(volume=100).groupby(lambda row: row // 390).apply(lambda day: day[60:300])
    )
    file = write_bars(middle, tmp_path / "bars.csv")
    with pytest.raises(ConventionError, match="--stamp start or --stamp end"):
        take(file, tz="UTC")
    assert take(file, tz="UTC", stamp="start").tape.bars.open_ns[0] == middle["stamp"].iloc[0].value


def test_the_length_of_a_bar_is_the_commonest_distance_whatever_is_missing_or_repeated():
    stamps = np.array([0, 1, 2, 2, 3, 60, 61, 62, 200]) * NS_PER_MINUTE
    assert bar_length(stamps) == NS_PER_MINUTE
    assert bar_length(stamps[::-1]) == NS_PER_MINUTE
    assert bar_length(np.arange(5) * 30 * NS_PER_MINUTE) == 30 * NS_PER_MINUTE
    assert bar_length(np.array([7])) == NS_PER_MINUTE


@pytest.mark.parametrize("end_stamped", [False, True], ids=["start", "end"])
def test_an_edge_is_proven_by_bars_at_the_open_or_at_the_close(tmp_path, end_stamped):
    file = write_bars(minute_bars(*SPRING), tmp_path / "bars.csv", end_stamped=end_stamped)
    report = take(file).reports[0]
    at_open, at_close = (6, 0) if not end_stamped else (0, 6)
    said = f"{at_open} of 6 sessions have a bar at the open, {at_close} at the close"
    assert any(said in line for line in report.evidence), report.evidence
