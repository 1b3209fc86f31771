"""What a plug-in does beside computing: files, sockets, clocks, random state, and what it changes of newsvol.

An audit can change what a tape says; it cannot change what a plug-in reads elsewhere, so that is named.
"""

import builtins
import os
import random
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

from newsvol.engine.plug_ins import PACKAGE
from newsvol.engine.registry import Registry
from newsvol.replays.tapes import synth as synth_module
from newsvol.replays.tapes import tape as tape_module

_CODE_ENDINGS = (".py", ".pyc", ".pyd", ".so", ".nbi", ".nbc")
_FOLDERS_OF_CODE = tuple(
    str(Path(folder).resolve())
    for folder in {
        *sysconfig.get_paths().values(),
        sys.prefix,
        sys.base_prefix,
        str(Path(__file__).parents[2]),
        "/proc",
        "/sys",
        "/etc",
        "/dev/null",
        "/dev/urandom",
        "/dev/random",
        "/usr/lib",
        "/usr/share",
    }
    if folder
)
_SPEAKS = {
    "socket.connect": "connects to {1}",
    "socket.getaddrinfo": "looks up {0}",
    "subprocess.Popen": "runs {0}",
    "os.system": "runs {0}",
    "os.posix_spawn": "runs {0}",
    "os.exec": "runs {0}",
    "sqlite3.connect": "opens the database {0}",
    "ctypes.dlopen": "loads the library {0}",
    "os.listdir": "lists {0}",
    "os.scandir": "lists {0}",
    "glob.glob": "lists {0}",
    "os.fork": "forks a process",
    "os.forkpty": "forks a process",
}
_TAPE_MAKERS = ((tape_module, "load_tape"), (synth_module, "synthetic_tape"), (synth_module, "synthesize"))
_CLOCKS = ("now", "utcnow", "today")
_UNSEEN_BYTES = 524_288
"""Bytes read where Python opened nothing; less than this may be the interpreter's own."""


class Watch:
    """Watches a process that a plug-in is about to enter; there is no way to stop it.

    Parameters
    ----------
    packages : sequence of str
        Top-level packages of the plug-ins, as far as they are known before they are loaded.
    allowed : sequence of Path
        Files and folders that a plug-in may read.
    """

    def __init__(self, packages: Sequence[str], allowed: Sequence[Path] = ()) -> None:
        self._packages = frozenset(packages)
        # what is seen of the process as a whole any of them may have done
        self._any = ", ".join(sorted(packages))
        # as it is written, and where links lead
        self._allowed = tuple(str(place) for path in allowed for place in (path.absolute(), path.resolve()))
        self._acts: dict[tuple[str, str], None] = {}
        _replace_clocks(self._on_clock)
        self._watch_tapes()
        self._before = _fingerprint()
        self._random = _random_state()
        self._expected = _bytes_read()
        sys.addaudithook(self._on_event)

    def add_packages(self, packages: Sequence[str]) -> None:
        """Watch these too: an entry point may name what stands in another package."""
        self._packages |= frozenset(packages)
        self._any = ", ".join(sorted(self._packages))

    def acts(self) -> tuple[tuple[str, str], ...]:
        """Return what was seen so far: (package, what it did)."""
        if not self._packages:
            return ()
        for what in _changed(self._before):
            self._add(self._any, f"changes {what}, which is not its own")
        if _random_state() != self._random:
            self._add(self._any, "draws from the global random state, which other code moves too")
        for package, module in self._modules():
            for clock in _clocks_in(module):
                self._add(package, f"reads the wall clock ({clock})")
        unseen = _bytes_read() - self._expected
        if unseen > _UNSEEN_BYTES:
            self._add(self._any, "reads more bytes than the files that Python opened have")
        return tuple(self._acts)

    def _watch_tapes(self) -> None:
        """Tell when a plug-in loads a tape by itself: that one has no other future."""

        def told(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
            def made(*arguments: Any, **named: Any) -> Any:
                if package := self._plug_in_calling(sys._getframe(1)):
                    self._add(package, f"takes a tape by itself ({name})")
                return make(*arguments, **named)

            return made

        for module, name in _TAPE_MAKERS:
            setattr(module, name, told(name, getattr(module, name)))

    def _add(self, package: str, what: str) -> None:
        self._acts.setdefault((package, what), None)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._on_open(arguments)
        elif event in _SPEAKS and (package := self._blamed(sys._getframe(1))):
            if event.startswith(("os.listdir", "os.scandir", "glob")) and self._is_code(arguments[0]):
                return
            self._add(package, _SPEAKS[event].format(*arguments))

    def _on_open(self, arguments: tuple[Any, ...]) -> None:
        path, mode = arguments[0], arguments[1]
        if isinstance(path, int) or path is None:
            return
        with suppress(OSError, ValueError):
            # what is read through Python may be read to its end
            self._expected += os.stat(path).st_size
        package = self._blamed(sys._getframe(2))
        if package is None or self._is_code(path):
            return
        reads = mode is None or not set(str(mode)) & set("wax")
        place = os.path.abspath(os.fsdecode(path))
        own = tempfile.gettempdir()
        if place.startswith(own):
            place = "its temporary folder" + place[len(own) :]
        self._add(package, f"{'reads' if reads else 'writes'} the file {place}")

    def _is_code(self, path: Any) -> bool:
        if path is None or isinstance(path, int):
            return False
        place = os.path.abspath(os.fsdecode(path))
        if os.path.basename(place) == "__pycache__":
            return True
        if place.endswith(_CODE_ENDINGS) or any(f"{ending}.tmp" in place for ending in (".nbi", ".nbc")):
            return True
        folders = self._allowed
        if not any(f"/{package}/" in place for package in self._packages):
            # what a plug-in brings in its own package is data as any other
            folders = (*folders, *_FOLDERS_OF_CODE)
        return place in folders or place.startswith(tuple(f"{folder}/" for folder in folders))

    def _on_clock(self, name: str, caller: FrameType) -> None:
        package = _package_of_frame(caller)
        if package in self._packages:
            self._add(package, f"reads the wall clock ({name})")

    def _plug_in_calling(self, frame: FrameType | None) -> str | None:
        while frame is not None:
            package = _package_of_frame(frame)
            if package in self._packages:
                return package
            frame = frame.f_back
        return None

    def _blamed(self, frame: FrameType | None) -> str | None:
        """Return the plug-in behind a call, any of them where it comes from a thread that newsvol has not."""
        package = self._plug_in_calling(frame)
        if package is None and threading.current_thread() is not threading.main_thread():
            return self._any
        return package

    def _modules(self) -> Iterator[tuple[str, ModuleType]]:
        for name, module in list(sys.modules.items()):
            package = name.partition(".")[0]
            if package in self._packages and isinstance(module, ModuleType):
                yield package, module


def _package_of_frame(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?")).partition(".")[0]


def _replace_clocks(on_clock: Callable[[str, FrameType], None]) -> None:
    """Put clocks that tell who reads them in the place of those of the module `time`."""

    def told(name: str, clock: Callable[..., Any]) -> Callable[..., Any]:
        def read(*arguments: Any) -> Any:
            on_clock(name, sys._getframe(1))
            return clock(*arguments)

        return read

    for name in ("time", "time_ns", "localtime", "gmtime", "ctime"):
        setattr(time, name, told(f"time.{name}", getattr(time, name)))


def _random_state() -> tuple[Any, ...]:
    legacy: Any = np.random.get_state(legacy=True)  # noqa: NPY002 - it is this one that is watched
    return random.getstate(), *legacy[:1], legacy[1].tobytes(), *legacy[2:]


def _bytes_read() -> int:
    """Return what this process has read so far, where the system tells."""
    try:
        with open("/proc/self/io", encoding="ascii") as file:
            return int(file.readline().split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _fingerprint() -> dict[tuple[str, str], int]:
    """Return what newsvol, numpy and the builtins consist of, by identity."""
    found: dict[tuple[str, str], int] = {}
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and (
            name.partition(".")[0] == PACKAGE or name in ("numpy", "numpy.random", "math", "time")
        ):
            for attribute, value in list(vars(module).items()):
                _take(found, name, attribute, value)
    for attribute, value in vars(builtins).items():
        _take(found, "builtins", attribute, value)
    return found


def _take(found: dict[tuple[str, str], int], module: str, attribute: str, value: Any) -> None:
    if attribute.startswith("__") or isinstance(value, ModuleType):
        return
    if isinstance(value, Registry):
        for name, factory in value.built_in().items():
            found[module, f"{attribute}[{name!r}]"] = _identity(factory)
    elif isinstance(value, type):
        found[module, attribute] = id(value)
        if value.__module__.partition(".")[0] == PACKAGE:
            for name, member in list(vars(value).items()):
                if callable(member) and name not in ("__abstractmethods__", "_abc_impl"):
                    found[module, f"{attribute}.{name}"] = _identity(member)
    elif callable(value):
        found[module, attribute] = _identity(value)
    elif isinstance(value, int | float | str | tuple | frozenset):
        found[module, attribute] = hash((type(value).__name__, repr(value)))


def _identity(value: Any) -> int:
    if isinstance(value, FunctionType):
        return hash((id(value), id(value.__code__), id(value.__defaults__)))
    return id(value)


def _changed(before: dict[tuple[str, str], int]) -> list[str]:
    now = _fingerprint()
    # what a module gains later it may have imported itself; what it had must be the same
    return [f"{module}.{name}" for (module, name), was in before.items() if now.get((module, name)) != was]


def _clocks_in(module: ModuleType) -> list[str]:
    """Return clocks that the module's code names; those made in C cannot be replaced by others."""
    found: dict[str, None] = {}
    for code in _codes_of(module):
        names = set(code.co_names)
        for clock in _CLOCKS:
            if clock in names and names & {"datetime", "date", "Timestamp", "pd", "dt"}:
                found[f"datetime.{clock}"] = None
        constants = {value for value in code.co_consts if isinstance(value, str)}
        if "datetime64" in names and constants & {"now", "today"}:
            found["numpy.datetime64"] = None
    return list(found)


def _codes_of(module: ModuleType) -> Iterator[CodeType]:
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py"):
        return
    try:
        source = Path(file).read_bytes()
        waiting = [compile(source, file, "exec", dont_inherit=True)]
    except (OSError, SyntaxError, ValueError):
        return
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
