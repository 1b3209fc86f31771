"""Progress that nobody asked for goes nowhere."""

import pytest

from newsvol.engine.progress import OnProgress, silent


def test_silence_takes_any_stage_and_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    tell: OnProgress = silent
    for stage, done, total in (("scores", 0, 0), ("forecasts", 1, 2)):
        tell(stage, done, total)
    assert capfd.readouterr() == ("", "")
