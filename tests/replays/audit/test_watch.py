"""What plug-ins do beside computing, watched in processes of their own: audit hooks cannot be taken off."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = {
    "nothing": "x = 1",
    "reads": "open('{tmp}/answers.txt').read()",
    "reads allowed": "open('{tmp}/allowed.txt').read()",
    "reads allowed folder": "open('{tmp}/allowed/b.txt').read()",
    "reads beside allowed": "open('{tmp}/allowed.txt.bak').read()",
    "reads through a link": "open('{tmp}/link.txt').read()",
    "writes": "open('{tmp}/new.txt', 'w').write('1')",
    "appends": "open('{tmp}/new.txt', 'a').write('1')",
    "changes in place": "open('{tmp}/answers.txt', 'r+').write('1')",
    "raw": "import os; os.close(os.open('{tmp}/answers.txt', os.O_RDONLY))",
    "scratch": "import tempfile; open(tempfile.gettempdir() + '/own.txt', 'w').write('1')",
    "code": "import json.tool, sysconfig; open(sysconfig.get_paths()['stdlib'] + '/os.py').read()",
    "own data": "open('{tmp}/plug/data.csv').read()",
    "own code": "open('{tmp}/plug/code.py').read()",
    "by a descriptor": "import os; open(os.dup(0)).close()",
    "lists": "import os; os.listdir('{tmp}')",
    "lists where it is": "import os; os.listdir()",
    "lists code": "import os, sysconfig; os.listdir(sysconfig.get_paths()['stdlib'])",
    "walks": "import os; list(os.scandir('{tmp}'))",
    "globs": "import glob; glob.glob('{tmp}/*')",
    "forks": "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()",
    "runs": "import subprocess; subprocess.run(['true'])",
    "shell": "import os; os.system('true')",
    "database": "import sqlite3; sqlite3.connect('{tmp}/a.db')",
    "looks up": "import socket; socket.getaddrinfo('127.0.0.1', 9)",
    "library": "import ctypes; ctypes.CDLL(None); ctypes.CDLL('libm.so.6')",
    "thread": (
        "import threading\n"
        "work = threading.Thread(target=open('{tmp}/answers.txt').read)\nwork.start()\nwork.join()"
    ),
    "another's thread": (
        "import threading, builtins\n"
        "work = threading.Thread(target=builtins.open, args=('{tmp}/answers.txt',))\n"
        "work.start()\nwork.join()"
    ),
    "clock": "import time; time.time_ns()",
    "calendar": "import time; time.localtime()",
    "sleep": "import time; time.perf_counter()",
    "now": "from datetime import datetime\ndef later():\n    return datetime.now()",
    "today in a method": "import datetime as dt\nclass A:\n    def f(self):\n        return dt.date.today()",
    "pandas": "import pandas as pd\ndef later():\n    return pd.Timestamp.utcnow()",
    "numpy now": "import numpy as np\ndef later():\n    return np.datetime64('today')",
    "a date": "import numpy as np\ndef later():\n    return np.datetime64('2024-01-02')",
    "the word today": "def later():\n    return 'today'",
    "a name like a clock": "def today(rows):\n    return rows.now",
    "legacy random": "import numpy as np; np.random.rand()",
    "random": "import random; random.random()",
    "own random": "import random, numpy as np; random.Random(1).random(); np.random.default_rng(1).random()",
    "function": "import newsvol.strategies.orders as o; o.settle = None",
    "code of a function": (
        "import newsvol.strategies.orders as o\ndef other(): pass\no.settle.__code__ = other.__code__"
    ),
    "method": "from newsvol.replays.tapes.tape import Tape; Tape.until = lambda *a: None",
    "constant": "import newsvol.replays.audit.moments as m; m.LARGE_MOVES = 1",
    "builtin": "import builtins; builtins.sum = max",
    "registered": (
        "from newsvol.signals.volatility.builtin import FORECASTERS as f\n"
        "f._factories['har'] = f._factories['diurnal']"
    ),
    "adds": "import newsvol.engine.clock as c; c.mine = 1",
    "its words": "import newsvol.engine.clock as c; c.__doc__ = 'x'",
    "a module": "import newsvol.replays.replay as r; r.tempfile = r.shutil",
    "tape": "import newsvol.replays.tapes.synth as s; s.synthetic_tape(s.Market(sessions=3, headlines=0))",
}

SCRIPT = """
import io, json, os, sys, tempfile, types
from pathlib import Path
import numpy, pandas, sqlite3, glob, subprocess, threading, random, ctypes, socket, json.tool
import newsvol.replays.tapes.synth, newsvol.strategies.orders, newsvol.replays.audit.moments
import newsvol.replays.replay
import newsvol.signals.volatility.builtin
from newsvol.replays.audit.watch import Watch

tmp, cases = sys.argv[1], json.load(sys.stdin)
sys.path.insert(0, tmp)
for name, source in cases.items():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        tempfile.tempdir = tmp + "/scratch"
        watch = Watch([], [Path(tmp, "allowed.txt"), Path(tmp, "allowed"), Path(tmp, "link.txt")])
        before = watch.acts()
        watch.add_packages(["plug"])
        module = types.ModuleType("plug.work")
        module.__file__ = f"{tmp}/plug/{list(cases).index(name)}.py"
        sys.modules["plug.work"] = module
        exec(compile(source, module.__file__, "exec"), vars(module))
        open(tmp + "/answers.txt").close()  # not by the plug-in
        os.write(writing, json.dumps([before, watch.acts()]).encode())
        os._exit(0)
    os.close(writing)
    told = os.fdopen(reading, "rb").read()
    os.waitpid(child, 0)
    print(json.dumps([name, json.loads(told) if told else None]), flush=True)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with files to read."""
    folder = tmp_path_factory.mktemp("watched")
    for name in ("allowed", "plug", "scratch"):
        (folder / name).mkdir()
    for name in ("answers.txt", "allowed.txt", "allowed.txt.bak", "allowed/b.txt", "plug/data.csv"):
        (folder / name).write_text("1\n")
    (folder / "plug/code.py").write_text("x = 1\n")
    (folder / "link.txt").symlink_to(folder / "answers2.txt")
    (folder / "answers2.txt").write_text("1\n")
    return folder


@pytest.fixture(scope="module")
def acts(place: Path) -> dict[str, list[str]]:
    """Return what each of the cases was seen to do."""
    cases = {name: source.replace("{tmp}", str(place)) for name, source in CASES.items()}
    for row, source in enumerate(cases.values()):
        (place / f"plug/{row}.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(place)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"},
    )
    seen = {}
    for line in done.stdout.splitlines():
        name, told = json.loads(line)
        assert told is not None, (name, done.stderr)
        before, after = told
        assert before == [], "nothing is told before there is a plug-in"
        assert {package for package, _ in after} <= {"plug"}
        seen[name] = [what.replace(str(place), "PLACE") for _, what in after]
    return seen


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "reads allowed",
        "reads allowed folder",
        "reads through a link",
        "code",
        "own code",
        "by a descriptor",
        "lists code",
        "sleep",
        "a date",
        "the word today",
        "a name like a clock",
        "own random",
        "adds",
        "its words",
        "a module",
    ],
)
def test_what_is_harmless_is_not_named(name: str, acts: dict[str, list[str]]) -> None:
    assert acts[name] == []


@pytest.mark.parametrize(
    ("name", "told"),
    {
        "reads": ["reads the file PLACE/answers.txt"],
        "reads beside allowed": ["reads the file PLACE/allowed.txt.bak"],
        "writes": ["writes the file PLACE/new.txt"],
        "appends": ["writes the file PLACE/new.txt"],
        "raw": ["reads the file PLACE/answers.txt"],
        "scratch": ["writes the file its temporary folder/own.txt"],
        "own data": ["reads the file PLACE/plug/data.csv"],
        "lists": ["lists PLACE"],
        "lists where it is": ["lists None"],
        "walks": ["lists PLACE"],
        "forks": ["forks a process"],
        "runs": ["runs true"],
        "shell": ["runs b'true'"],
        "thread": ["reads the file PLACE/answers.txt"],
        "another's thread": ["reads the file PLACE/answers.txt"],
        "clock": ["reads the wall clock (time.time_ns)"],
        "calendar": ["reads the wall clock (time.localtime)"],
        "now": ["reads the wall clock (datetime.now)"],
        "today in a method": ["reads the wall clock (datetime.today)"],
        "pandas": ["reads the wall clock (datetime.utcnow)"],
        "numpy now": ["reads the wall clock (numpy.datetime64)"],
        "legacy random": ["draws from the global random state, which other code moves too"],
        "random": ["draws from the global random state, which other code moves too"],
        "constant": ["changes newsvol.replays.audit.moments.LARGE_MOVES, which is not its own"],
        "builtin": ["changes builtins.sum, which is not its own"],
    }.items(),
)
def test_what_cannot_be_vouched_for_is_named(name: str, told: list[str], acts: dict[str, list[str]]) -> None:
    assert acts[name] == told


@pytest.mark.parametrize(
    ("name", "told"),
    {
        "changes in place": "the file PLACE/answers.txt",
        "globs": "lists PLACE/*",
        "database": "opens the database PLACE/a.db",
        "looks up": "looks up 127.0.0.1",
        "tape": "takes a tape by itself (synthetic_tape)",
        "library": "loads the library libm.so.6",
        "function": "changes newsvol.strategies.orders.settle, which is not its own",
        "code of a function": "changes newsvol.strategies.orders.settle, which is not its own",
        "method": "changes newsvol.replays.tapes.tape.Tape.until, which is not its own",
        "registered": "FORECASTERS['har'], which is not its own",
    }.items(),
)
def test_what_is_done_in_several_steps_is_named(name: str, told: str, acts: dict[str, list[str]]) -> None:
    assert any(told in what for what in acts[name])
