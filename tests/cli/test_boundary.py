"""Whatever a command raises leaves as one line and an exit code; every command of the tree is tried."""

import concurrent.futures.process
import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pyarrow as pa
import pytest

from newsvol.cli.boundary import FLAG, VARIABLE, run, without_flag
from newsvol.cli.explain import EXTRAS, explain, one_line, plugin_of
from newsvol.cli.main import cli
from newsvol.engine.errors import InputError, LookAheadError

Words = tuple[str, ...]


def _walk(command: click.Command, words: Words = ()) -> Iterator[tuple[Words, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _walk(found, (*words, name))


TREE = dict(_walk(cli))
GROUPS = {words: command for words, command in TREE.items() if isinstance(command, click.Group)}
COMMANDS = {words: command for words, command in TREE.items() if words not in GROUPS}
by_group = pytest.mark.parametrize("words", GROUPS, ids=lambda words: " ".join(words) or "newsvol")
by_command = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


def test_the_tree_is_found() -> None:
    assert {("replay",), ("tape", "import"), ("sentiment", "score"), ("runs", "list")} <= set(COMMANDS)
    assert {(), ("tape",), ("vol",), ("runs",), ("sentiment",)} <= set(GROUPS)


@pytest.fixture
def raising() -> Iterator[Callable[[Words, Callable[[], object]], None]]:
    """Return a function that registers a command ``raise`` on the group of these words."""
    changed: list[click.Group] = []

    def register(words: Words, act: Callable[[], object]) -> None:
        group = GROUPS[words]
        group.add_command(click.Command("raise", callback=act))
        changed.append(group)

    yield register
    for group in changed:
        group.commands.pop("raise", None)


def _raiser(error: BaseException) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


def _deep() -> object:
    return _deep()


def _asserted() -> None:
    assert GROUPS == {}, "two\nlines"


def _half_a_character() -> None:
    "a\udcff".encode()


def _not_in_ascii() -> None:
    "Café".encode("ascii")


def _bad_name() -> None:
    Path("a\0b").read_bytes()


class _Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("nothing to say")


CASES: dict[str, tuple[Callable[[], object], int, list[str]]] = {
    "input": (_raiser(InputError("row 3 of bars.csv\nis late")), 2, ["newsvol: row 3 of bars.csv is late"]),
    "full": (
        _raiser(OSError(errno.ENOSPC, "No space left on device", "out/x")),
        2,
        ["out/x: no space left on device", "free"],
    ),
    "read-only": (_raiser(OSError(errno.EROFS, "Read-only file system", "x")), 2, ["x: read-only file"]),
    "files": (_raiser(OSError(errno.EMFILE, "Too many open files")), 2, ["too many open files", "ulimit"]),
    "permission": (_raiser(PermissionError(errno.EACCES, "Permission denied", "x")), 2, ["x: permission"]),
    "folder": (_raiser(IsADirectoryError(errno.EISDIR, "Is a directory", b"x")), 2, ["x: is a directory"]),
    "two names": (_raiser(OSError(errno.EXDEV, "Invalid cross-device link", "a", 0, "b")), 2, ["a -> b: "]),
    "no number": (_raiser(OSError("the hub says no\nmore")), 2, ["the hub says no"]),
    "memory": (_raiser(MemoryError()), 2, ["not enough memory"]),
    "arrow's memory": (_raiser(pa.ArrowMemoryError("malloc of 9 failed")), 2, ["not enough memory"]),
    "torch's memory": (
        _raiser(RuntimeError("DefaultCPUAllocator: can't allocate memory")),
        2,
        ["not enough"],
    ),
    "threads": (_raiser(RuntimeError("can't start new thread")), 2, ["no further thread"]),
    "depth": (_deep, 2, ["nested too deeply"]),
    "surrogate": (_half_a_character, 2, [r"'\udcff'", "half a character"]),
    "ascii": (_not_in_ascii, 2, [r"'\xe9'", "ascii", "PYTHONIOENCODING"]),
    "null": (_bad_name, 2, ["NUL"]),
    "pool": (_raiser(concurrent.futures.process.BrokenProcessPool("x")), 2, ["worker", "--workers"]),
    "extra": (
        _raiser(ModuleNotFoundError("No module", name="ray.data")),
        2,
        ["pip install 'newsvol[cluster]'"],
    ),
    "package": (_raiser(ModuleNotFoundError("No module", name="yaml")), 2, ["needs yaml", "install"]),
    "broken package": (_raiser(ImportError("libx.so: gone", name="torch")), 2, ["torch", "libx.so: gone"]),
    "arrow": (_raiser(pa.ArrowInvalid("Parquet magic bytes not found\nin footer")), 2, ["magic bytes"]),
    "eof": (
        _raiser(EOFError("short")),
        2,
        ["unexpected EOFError: short;", "fault of newsvol", "--traceback"],
    ),
    "assert": (_asserted, 2, ["unexpected AssertionError: two;", "fault of newsvol"]),
    "own module": (
        _raiser(ImportError("cannot import name", name="newsvol.x")),
        2,
        ["unexpected ImportError"],
    ),
    "look-ahead": (
        _raiser(LookAheadError("the clock went back")),
        2,
        ["LookAheadError: the clock went back"],
    ),
    "group": (_raiser(ExceptionGroup("several", [KeyError("k")])), 2, ["unexpected KeyError: 'k'"]),
    "mute": (_raiser(_Mute()), 2, ["unexpected _Mute"]),
    "base": (_raiser(GeneratorExit("x")), 2, ["unexpected GeneratorExit: x"]),
    "exit with words": (_raiser(SystemExit("plug-in says no")), 2, ["plug-in says no"]),
    "interrupt": (_raiser(KeyboardInterrupt()), 130, ["newsvol: interrupted; nothing was left half-written"]),
    "abort": (_raiser(click.Abort()), 130, ["interrupted"]),
}


@by_group
@pytest.mark.parametrize("case", CASES)
def test_what_a_command_raises_is_one_line(
    words: Words,
    case: str,
    raising: Callable[[Words, Callable[[], object]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    act, code, said = CASES[case]
    raising(words, act)
    assert run(cli, [*words, "raise"]) == code
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.startswith("newsvol: ")
    for part in said:
        assert part in line
    assert out == ""


@by_group
def test_exit_codes_of_commands_are_kept(
    words: Words,
    raising: Callable[[Words, Callable[[], object]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for code in (0, 1, 7):
        raising(words, _raiser(SystemExit(code)))
        assert run(cli, [*words, "raise"]) == code
    raising(words, _raiser(click.exceptions.Exit(3)))
    assert run(cli, [*words, "raise"]) == 3
    assert capsys.readouterr() == ("", "")


def _hostile(folder: Path) -> dict[str, str]:
    """Names that can be neither read nor made, whatever a command wants of them."""
    file = folder / "file.csv"
    file.write_text("")
    return {
        "below a file": str(file / "x.csv"),
        "300 characters": str(folder / ("n" * 300)),
        "below a dead link": str(_link(folder / "dead", "nowhere") / "x.csv"),
        "in a circle": str(_link(folder / "circle", "circle") / "x.csv"),
        "below null": "/dev/null/x.csv",
        "half a character": os.fsdecode(os.fsencode(file) + b"/\xff.csv"),
        "two lines": str(file / "two\nlines\x1b[31m"),
    }


def _link(place: Path, target: str) -> Path:
    place.symlink_to(target)
    return place


def _arguments(command: click.Command, hostile: click.Parameter, value: str) -> list[str]:
    """Return words that give `hostile` this value and every other parameter that is required a plain one."""
    words: list[str] = []
    for parameter in command.params:
        if parameter is not hostile and not parameter.required:
            continue
        given = value if parameter is hostile else "plain"
        words += [parameter.opts[-1], given] if isinstance(parameter, click.Option) else [given]
    return words


PATHS = [
    pytest.param(words, parameter.name, id=f"{' '.join(words)}-{parameter.name}")
    for words, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter.type, click.Path)
]


@pytest.mark.parametrize(("words", "name"), PATHS)
def test_a_path_that_cannot_be_is_one_line_and_leaves_nothing(
    words: Words,
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere, work = tmp_path / "elsewhere", tmp_path / "work"
    elsewhere.mkdir()
    work.mkdir()
    monkeypatch.chdir(work)
    hostile = _hostile(elsewhere)
    before = sorted(elsewhere.iterdir())
    (parameter,) = (one for one in COMMANDS[words].params if one.name == name)
    for kind, path in hostile.items():
        code = run(cli, [*words, *_arguments(COMMANDS[words], parameter, path)])
        err = capsys.readouterr().err
        assert code == 2, (kind, err)
        assert len(err.splitlines()) == 1, (kind, err)
        assert err.startswith("newsvol"), (kind, err)
        assert "unexpected" not in err, (kind, err)
    assert list(work.iterdir()) == []
    assert sorted(elsewhere.iterdir()) == before


@by_command
@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_stdout_on_a_full_disk_is_one_line(words: Words, buffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = _process(*words, "--help", stdout=full, PYTHONUNBUFFERED=buffered)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("newsvol: ")
    assert "no space left on device" in line


@by_command
def test_the_flag_is_taken_before_and_behind_every_command(
    words: Words, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in ([FLAG, *words, "--help"], [*words, FLAG, "--help"], [*words, "--help", FLAG]):
        assert run(cli, line) == 0
        out, err = capsys.readouterr()
        assert out.startswith("Usage: newsvol")
        assert err == ""


def test_the_flag_shows_the_traceback_above_the_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(cli, ["runs", "show", "gone"]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    for line in ([FLAG, "runs", "show", "gone"], ["runs", "show", FLAG, "gone"]):
        assert run(cli, line) == 2
        first, *_, last = capsys.readouterr().err.splitlines()
        assert first == "Traceback (most recent call last):"
        assert last == told
    monkeypatch.setenv(VARIABLE, "1")
    assert run(cli, ["runs", "show", "gone"]) == 2
    assert capsys.readouterr().err.startswith("Traceback")


def test_the_flag_is_listed_and_is_a_word_like_others_behind_two_dashes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(cli, ["--help"]) == 0
    assert FLAG in capsys.readouterr().out
    monkeypatch.setenv(VARIABLE, "0")
    assert without_flag(["a", FLAG, "b"]) == (["a", "b"], True)
    assert without_flag(["a", "--", FLAG]) == (["a", "--", FLAG], False)
    assert without_flag([]) == ([], False)
    assert run(cli, ["runs", "show", "--", FLAG]) == 2
    assert f"no run '{FLAG}'" in capsys.readouterr().err


def test_usage_errors_are_worded_by_click(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cli, ["tape", "shw"]) == 2
    assert capsys.readouterr().err.startswith("newsvol tape: No such command 'shw'")
    assert run(cli, ["replay", "--tpae", "x"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("see: newsvol replay --help")
    assert run(cli, []) == 2
    assert capsys.readouterr().err.startswith("Usage: newsvol [OPTIONS] COMMAND")


PLUGIN = """
def strategy():
    import numpy as np
    return np.zeros(3) + np.zeros(4)
"""


def test_a_plug_in_is_named_as_the_owner_of_its_fault(tmp_path: Path) -> None:
    (tmp_path / "wild_plugin.py").write_text(PLUGIN)
    about = tmp_path / "wild-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: wild\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[newsvol.strategies]\nwild = wild_plugin:strategy\n")
    # In a process of its own: what is registered stays registered.
    replayed = subprocess.run(
        [sys.executable, "-m", "newsvol", "replay", _recipe(tmp_path), "--print-recipe"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert replayed.returncode == 2
    assert "unexpected ValueError: operands could not be broadcast" in replayed.stderr
    assert "a fault of the plug-in wild_plugin" in replayed.stderr
    assert plugin_of(_raised(_asserted)) is None


def _recipe(folder: Path) -> str:
    file = folder / "wild.yaml"
    file.write_text(
        "name: wild\nlatency: {model: zero, order_ms: 5}\n"
        "costs: {commission_bps: 0.1, half_spread_bps: 0.5, slippage_bps: 0.1}\nstrategies: [{name: wild}]\n"
    )
    return str(file)


def _raised(act: Callable[[], object]) -> BaseException:
    try:
        act()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_an_assertion_without_words_tells_where_it_stands() -> None:
    from newsvol.strategies.protocol import STRATEGIES
    from newsvol.strategies.sizing import VolTarget

    told = explain(_raised(lambda: STRATEGIES.add("vol_target")(VolTarget)))
    assert "unexpected AssertionError: strategy 'vol_target' registered twice" in told
    assert re.search(r"fault of newsvol \(newsvol/engine/registry\.py:\d+\)", told)
    assert explain(_raised(_asserted), traced=True).endswith("report it with the traceback")


def test_a_line_is_one_line_that_can_be_printed_anywhere() -> None:
    assert one_line("a\n  b\r\n\n c\u2028d") == "a b c d"
    assert one_line("\x1b[31mred\udcff\x00") == r"\x1b[31mred\udcff\x00"
    assert one_line("Café  crème") == "Café  crème"
    assert len(one_line("x" * 10**6)) < 3000


def test_every_extra_that_is_named_installs_what_is_missing() -> None:
    setup = ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg")
    extras = setup["options.extras_require"]
    names = packages_distributions()
    for module, extra in EXTRAS.items():
        wanted = {name.lower() for name in names.get(module, [module])}
        assert wanted & set(extras[extra].split()), module


def _process(*words: str, cwd: Path | None = None, **options: object) -> subprocess.CompletedProcess[str]:
    variables = {key: str(value) for key, value in options.items() if key.isupper()}
    others = {key: value for key, value in options.items() if not key.isupper()}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "newsvol", *words],
        env={**os.environ, **variables},
        cwd=cwd,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        stderr=others.pop("stderr", subprocess.PIPE),
        **others,
    )


def _shell(line: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line.replace("newsvol", f"{sys.executable} -m newsvol")],
        env={**os.environ, **variables},
        cwd=cwd,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_closed_and_full_streams(tmp_path: Path, buffered: str) -> None:
    def tried(line: str) -> tuple[int, str]:
        done = _shell(line, tmp_path, PYTHONUNBUFFERED=buffered)
        return done.returncode, done.stderr.strip()

    code, said = tried("newsvol replay --print-recipe >&-")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "stdout: bad file descriptor" in said
    code, said = tried("newsvol sentiment score - <&-")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "bad file descriptor" in said
    assert tried("newsvol replay gone.yaml 2>/dev/full") == (2, "")
    assert tried("newsvol replay gone.yaml 2>&-") == (2, "")
    assert tried("newsvol replay gone.yaml <&- >&- 2>&-") == (2, "")
    # the reader is gone before anything is written, or has read the first line
    assert tried("newsvol replay --print-recipe | true; exit ${PIPESTATUS[0]}") == (1, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [1, 2])
def test_a_file_does_not_get_the_number_of_a_stream_that_was_closed(tmp_path: Path, number: int) -> None:
    code = (
        "from newsvol.cli.boundary import open_closed_streams\n"
        "open_closed_streams()\n"
        f"assert open('made', 'w').fileno() > {number}\n"
    )
    line = f"'{sys.executable}' -c \"{code}\" {number}>&-"
    assert subprocess.run(["bash", "-c", line], cwd=tmp_path, check=False).returncode == 0


INTERRUPTED = """
import pathlib, signal, time
import click
from newsvol.cli.boundary import leave, run

signal.signal(signal.SIGINT, signal.default_int_handler)  # under nohup it is inherited as ignored

@click.command()
def command():
    half = pathlib.Path("half")
    half.write_text("x")
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("cleaning", flush=True)
        time.sleep(0.3)
        half.unlink()
        SWALLOWED
leave(run(command, []))
"""


@pytest.mark.parametrize("swallowed", ["pass", "raise SystemError('a library made this of Ctrl-C')"])
def test_ctrl_c_twice_cleans_up_and_says_so(tmp_path: Path, swallowed: str) -> None:
    code = INTERRUPTED.replace("SWALLOWED", swallowed)
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for word in ("ready\n", "cleaning\n"):
            assert process.stdout.readline() == word
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == "newsvol: interrupted; nothing was left half-written\n"
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_is_killed_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("Profit rises\n" * 200_000)
    command = ["sentiment", "score", "--file", "many.txt", "--out", "scores", "--workers", "2", "--quiet"]
    with subprocess.Popen(
        [sys.executable, "-m", "newsvol", *command], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + 60
        while not (workers := _workers_of(process.pid)) and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(workers[0], signal.SIGKILL)
        _, said = process.communicate(timeout=60)
    (line,) = said.splitlines()
    assert process.returncode == 2
    assert "a worker process died" in line
    assert [file.name for file in tmp_path.iterdir()] == ["many.txt"]


def _workers_of(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
