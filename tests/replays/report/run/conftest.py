"""The page of a made-up run."""

import pytest

from newsvol.replays.report.run.report import render_report
from newsvol.replays.runs.reader import load_run


@pytest.fixture
def page(make_run):
    return render_report(load_run(make_run()))
