"""The audit: honest recipes pass it, and what plug-ins do beside computing is named."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from plug_in_folder import request_of, write_plug_in

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, RecipeError, TapeError, UnknownNameError
from newsvol.replays.audit.audit import AuditReport, audit
from newsvol.replays.tapes.tape import Tape

SHORT = {"volatility.window": 300, "volatility.min_window": 60}


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> Tape:
    """The first seventy sessions of the planted market."""
    return planted[0].until(planted[0].days()[0] + timedelta(days=100))


def audited(
    tape: Tape,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    kind: str = "strategy",
    moments: int = 4,
    **settings: object,
) -> AuditReport:
    """Audit a plug-in ``mine`` whose object is called `Mine`."""
    monkeypatch.syspath_prepend(write_plug_in(folder, source, **{f"{kind}_mine": "Mine"}))
    return audit(tape, request_of(kind, "mine", SHORT, moments=moments, **settings))


STRATEGY = """
import numpy as np
{imports}

class Mine:
    every_bar = {every_bar}
    lookback = {lookback}

    def decide(self, frame):
        {body}
"""


def strategy(body: str, imports: str = "", every_bar: bool = False, lookback: int = 1) -> str:
    return STRATEGY.format(
        body=body.replace("\n", "\n        "), imports=imports, every_bar=every_bar, lookback=lookback
    )


HELD = "return np.where(np.isfinite(frame.variance), 0.5, np.nan)"

HONEST = {
    "pandas_rolling": (
        "strategy",
        strategy(
            "level = pd.Series(frame.annual_vol).rolling(20, min_periods=1).mean().to_numpy()\n"
            "return np.where(np.isfinite(frame.variance), np.clip(0.1 / level, 0, 1), np.nan)",
            "import pandas as pd",
            lookback=20,
        ),
    ),
    "every_bar": (
        "strategy",
        strategy(
            "up = np.concatenate([[0.0], np.diff(frame.close)])\n"
            "return np.where(np.isfinite(frame.variance), np.where(up > 0, 1.0, 0.0), np.nan)",
            every_bar=True,
            lookback=2,
        ),
    ),
    "time_of_day": (
        "strategy",
        strategy(
            "day = (frame.tick_ns // 86_400_000_000_000 + 4) % 7\n"
            "weight = np.where((day == 1) | (frame.slot == 6), 0.2, 0.8)\n"
            "return np.where(np.isfinite(frame.variance), weight, np.nan)"
        ),
    ),
    "event": (
        "strategy",
        """
import sys
from newsvol.strategies.events import as_columns

class Counting:
    every_bar = True
    lookback = sys.maxsize

    def __init__(self):
        self.rises, self.last = 0, None

    def on_tick(self, tick):
        if self.last is not None and tick.close > self.last:
            self.rises += 1
        self.last = tick.close
        return None if tick.variance != tick.variance else (self.rises % 10) / 10

def Mine():
    return as_columns(Counting())
""",
    ),
    "forecaster": (
        "forecaster",
        """
import numpy as np

class Mine:
    def forecast(self, history):
        known = np.where(np.isfinite(history.intensity), history.intensity, 0.0)
        total = np.concatenate([[0.0], np.cumsum(known)])
        count = np.concatenate([[0], np.cumsum(np.isfinite(history.intensity))])
        rows = np.arange(len(known))
        first = np.maximum(rows - 20, 0)
        seen = count[rows] - count[first]
        mean = (total[rows] - total[first]) / np.maximum(seen, 1)
        return np.where(seen > 10, mean * history.minutes / 60, np.nan)
""",
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_plug_in_passes(
    name: str, small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, source = HONEST[name]
    report = audited(small, tmp_path, monkeypatch, source, kind, moments=12)
    assert [str(one) for one in report.findings] == []


ACTS = {
    "reads the wall clock (time.time)": strategy(f"time.time()\n{HELD}", "import time"),
    "reads the wall clock (datetime.now)": strategy(
        f"datetime.now()\n{HELD}", "from datetime import datetime"
    ),
    "reads the wall clock (numpy.datetime64)": strategy(f"np.datetime64('now')\n{HELD}"),
    "draws from the global random state": strategy(f"np.random.seed(1)\nnp.random.rand()\n{HELD}"),
    "reads the file {tmp}/answers.txt": strategy(f"open('{{tmp}}/answers.txt').read()\n{HELD}"),
    "reads the file {tmp}/answers.npy": strategy(f"np.load('{{tmp}}/answers.npy')\n{HELD}"),
    "reads more bytes than the files that Python opened have": strategy(
        f"pa.OSFile('{{tmp}}/answers.txt').read()\n{HELD}", "import pyarrow as pa"
    ),
    "reads the file {tmp}/answers.pth": strategy(
        "with ThreadPoolExecutor() as pool:\n"
        f"    list(pool.map(np.loadtxt, ['{{tmp}}/answers.pth']))\n{HELD}",
        "from concurrent.futures import ThreadPoolExecutor",
    ),
    "connects to": strategy(
        "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n"
        "s.settimeout(0.01)\n"
        f"s.connect_ex(('127.0.0.1', 9))\ns.close()\n{HELD}",
        "import socket",
    ),
    "runs": strategy(f"subprocess.run(['true'], check=True)\n{HELD}", "import subprocess"),
    "takes a tape by itself (synthetic_tape)": strategy(
        f"newsvol.synthetic_tape()\n{HELD}", "import newsvol"
    ),
    "changes newsvol.strategies.orders.settle": strategy(
        HELD, "import newsvol.strategies.orders as orders\norders.settle = lambda *a: None"
    ),
    "changes numpy.sign": strategy(HELD, "np.sign = np.cos"),
}


@pytest.mark.parametrize("what", ACTS)
def test_what_a_plug_in_does_beside_computing_is_named(
    what: str, small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "answers.txt").write_text("1" * 1_000_000)
    np.save(tmp_path / "answers.npy", np.ones(3))
    np.savetxt(tmp_path / "answers.pth", np.ones(3))
    source = ACTS[what].replace("{tmp}", str(tmp_path))
    report = audited(small, tmp_path, monkeypatch, source, moments=1)
    assert what.replace("{tmp}", str(tmp_path)) in "\n".join(one.what for one in report.findings)
    assert {one.part for one in report.findings} <= {"mine", "strategy mine"}


def test_a_file_that_a_plug_in_may_read_is_not_named(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "answers.txt").write_text("1")
    source = strategy(f"open('{tmp_path}/answers.txt').read()\n{HELD}")
    report = audited(small, tmp_path, monkeypatch, source, moments=1, allowed=(tmp_path / "answers.txt",))
    assert report.findings == ()


MEMORIES = {
    "a module": strategy(
        "SEEN.setdefault('mean', frame.close[-1])\n"
        "return np.where(np.isfinite(frame.variance), frame.close > SEEN['mean'], np.nan)",
        "SEEN = {}",
    ),
    "the environment": strategy(
        "os.environ.setdefault('SEEN', str(frame.close[-1]))\n"
        "return np.where(np.isfinite(frame.variance), frame.close > float(os.environ['SEEN']), np.nan)",
        "import os",
    ),
    "a default argument": """
import numpy as np

class Mine:
    every_bar = False
    lookback = 1

    def decide(self, frame, seen=[]):
        seen or seen.append(frame.close[-1])
        return np.where(np.isfinite(frame.variance), frame.close > seen[0], np.nan)
""",
    "the order of a set": strategy(
        "first = next(iter({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}))\n"
        "return np.where(np.isfinite(frame.variance), (ord(first) - 96) / 10, np.nan)"
    ),
}


@pytest.mark.parametrize("where", MEMORIES)
def test_what_is_remembered_from_call_to_call_is_found(
    where: str, small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = audited(small, tmp_path, monkeypatch, MEMORIES[where], moments=1)
    assert "strategy mine" in {one.part for one in report.findings}


def test_a_lookback_that_is_too_short_is_said_to_be(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = strategy(
        "mean = np.convolve(frame.close, np.ones(5) / 5)[: len(frame)]\n"
        "return np.where(np.isfinite(frame.variance), frame.close > mean, np.nan)",
        lookback=2,
    )
    report = audited(small, tmp_path, monkeypatch, source, moments=1)
    (found,) = report.findings
    assert (found.part, found.column) == ("strategy mine", "weight")
    assert found.cause == "It needs more than its lookback of 2 rows"
    assert found.rows > 0
    assert str(np.datetime64(found.first_ns, "ns").astype("datetime64[s]")) in str(found)


def test_a_date_in_the_code_of_a_plug_in_is_found_and_said_to_be_hindsight(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another pass nor another future shows it: only another year does."""
    date_ns = int(small.sessions.open_ns[50])
    source = strategy(
        f"weight = np.where(frame.tick_ns < {date_ns}, 0.9, 0.1)\n"
        "return np.where(np.isfinite(frame.variance), weight, np.nan)"
    )
    report = audited(small, tmp_path, monkeypatch, source, moments=2)
    (found,) = report.findings
    assert (found.part, found.column) == ("strategy mine", "weight")
    assert found.what == "says something else where everything is 28 years later"
    assert found.cause.startswith("It goes by the year: dates in its code are hindsight")
    # the rows before the date differ, from the first forecast on, and are named by their own stamps
    assert found.first_ns is not None
    assert small.sessions.open_ns[0] < found.first_ns < date_ns
    assert 0 < found.rows < found.of


def test_what_is_found_in_one_way_is_not_said_again_in_another(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = strategy(
        f"late = frame.tick_ns > {int(small.sessions.open_ns[50])}\n"
        "weight = np.where(late ^ (frame.close > frame.close[-1]), 0.9, 0.1)\n"
        "return np.where(np.isfinite(frame.variance), weight, np.nan)"
    )
    (found,) = audited(small, tmp_path, monkeypatch, source, moments=2).findings
    assert "from what was known then" in found.what


def test_what_a_plug_in_takes_from_its_process_is_found_where_the_future_is_changed(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says the same live and as columns, and in any year: the tape's last close, found up the stack."""
    source = strategy(
        "caller = sys._getframe()\n"
        "while not hasattr(caller.f_locals.get('self'), 'tape'):\n"
        "    caller = caller.f_back\n"
        "last = caller.f_locals['self'].tape.bars.close[-1]\n"
        "return np.where(np.isfinite(frame.variance), last % 1, np.nan)",
        "import sys",
    )
    (found,) = audited(small, tmp_path, monkeypatch, source, moments=3).findings
    assert (found.part, found.column, found.cause) == ("strategy mine", "weight", "It knows what comes later")
    # redrawn, deleted, blanked: the last close is another one at all three moments
    begin, _, end = found.what.partition(" after ")
    assert begin == "changed when the future of bars and news was changed (redraw)"
    assert end.endswith(", at 3 of 3 moments")
    assert 0 < found.rows <= found.of


def test_no_plug_in_enters_the_process_that_judges(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audited(small, tmp_path, monkeypatch, strategy(HELD), moments=1)
    assert "mine" not in sys.modules


def test_a_plug_in_that_breaks_its_contract_is_an_error_and_no_verdict(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="strategy 'mine' of mine gives weights of shape"):
        audited(small, tmp_path, monkeypatch, strategy("return np.ones(3)"))


def test_a_plug_in_that_fails_is_named_with_its_line(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"KeyError: 'x' \(mine.py:\d+\)"):
        audited(small, tmp_path, monkeypatch, strategy("return {}['x']"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import os; os._exit(0)", "it ended its own process with code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended its own process with code -9"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_plug_in_that_ends_its_process_ends_no_more_than_that(
    body: str, message: str, small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=message):
        audited(small, tmp_path, monkeypatch, strategy(body))


def test_what_a_plug_in_prints_is_not_taken_for_an_answer(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    report = audited(small, tmp_path, monkeypatch, strategy(f'print({{"done": True}})\n{HELD}'), moments=1)
    assert report.findings == ()
    assert capfd.readouterr() == ("", "")


def test_what_is_no_recipe_is_refused() -> None:
    tape = None
    request = request_of("strategy", "nothing_of_that_name", SHORT, moments=1)
    with pytest.raises(RecipeError, match="costs"):
        audit(tape, replace(request, content={**request.content, "costs": 3}))  # type: ignore[arg-type]


def test_a_name_that_nobody_registers_is_refused(small: Tape) -> None:
    with pytest.raises(InputError, match="nothing_of_that_name"):
        audit(small, request_of("strategy", "nothing_of_that_name", SHORT, moments=1))
    assert issubclass(UnknownNameError, InputError)


def test_a_tape_on_which_nothing_is_forecast_cannot_be_audited(small: Tape) -> None:
    with pytest.raises(InputError, match="there is nothing to audit: 'log-har-p' makes no forecast"):
        audit(small, request_of("strategy", "vol_target", {"volatility.min_window": 2400}, moments=1))


def test_an_empty_tape_cannot_be_audited(small: Tape) -> None:
    empty = Tape(small.bars.take(slice(0)), small.news.take(slice(0)), small.sessions, small.info)
    with pytest.raises(TapeError, match="the tape has no bars"):
        audit(empty, request_of("strategy", "vol_target", SHORT, moments=1))


def test_progress_is_told_in_stages(small: Tape) -> None:
    told: list[tuple[str, int, int]] = []
    report = audit(
        small, request_of("strategy", "vol_target", SHORT, moments=3), lambda *stage: told.append(stage)
    )
    assert report.findings == ()
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["Starting two interpreters", "Live pass", "Columns", "Changing the future"]
    assert told[-1] == ("Changing the future", 3, 3)


def test_a_scaler_fitted_on_the_whole_sample_is_not_taken_for_a_short_lookback(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = strategy(
        "vol = frame.annual_vol\n"
        "score = (vol - np.nanmean(vol)) / (np.nanstd(vol) + 1e-9)\n"
        "return np.where(np.isfinite(frame.variance), np.clip(0.5 - score / 10, 0, 1), np.nan)"
    )
    (found,) = audited(small, tmp_path, monkeypatch, source, moments=1).findings
    assert found.cause.startswith("It reads rows that come later")


def test_a_live_step_that_is_not_the_forecast_is_said_to_be(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
import numpy as np

class Mine:
    def forecast(self, history):
        return np.where(np.arange(len(history.minutes)) > 10, 1e-6, np.nan)

    def live(self, buckets):
        return self

    def step(self, history):
        row = len(history.minutes) - 1
        return np.nan if row <= 10 or row == 200 else 1e-6
"""
    (found,) = audited(small, tmp_path, monkeypatch, source, "forecaster", moments=1).findings
    assert (found.part, found.rows) == ("forecaster mine", 1)
    assert found.cause == "Its live step says something else than its forecast does, given the same past"


def test_what_libraries_read_is_not_laid_at_the_door_of_a_plug_in(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "coef.csv").write_text("a,b\n1,2\n")
    source = strategy(f"pd.read_csv('{tmp_path}/coef.csv')\n{HELD}", "import pandas as pd")
    (found,) = audited(small, tmp_path, monkeypatch, source, moments=1).findings
    assert found.what == f"reads the file {tmp_path}/coef.csv"
    assert "--allow-read" in found.cause


def test_an_order_that_hangs_on_the_last_digits_is_found(
    small: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = strategy(
        "off = -2e-10 if len(frame) == 1 else 2e-10\n"
        "weight = np.where(frame.slot % 2 == 0, 0.5, 0.55 * (1 + off))\n"
        "return np.where(np.isfinite(frame.variance), weight, np.nan)"
    )
    (found,) = audited(small, tmp_path, monkeypatch, source, moments=1).findings
    assert (found.part, found.column) == ("strategy mine", "order")
    assert "other orders come of it" in found.cause
