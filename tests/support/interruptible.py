"""Commands that Ctrl-C reaches, however the tests were started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

_MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from newsvol.cli.main import main
main()
"""


def start_interruptible(*arguments: object, **options: Any) -> "subprocess.Popen[bytes]":
    """Start ``newsvol ...`` in a process group of its own, where it hears of Ctrl-C.

    Under nohup, in the background of a script and in many containers SIGINT is ignored. A child inherits
    that, and Python leaves it as it is; in a user's terminal it is not ignored.
    """
    command = [sys.executable, "-c", _MAIN, *map(str, arguments)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, **options)


def wait_for(sign: Callable[[], bool], process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    """Return once there is a `sign` of `process`, which must not end before it."""
    deadline = time.monotonic() + seconds
    while not sign():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline, "no sign of the command"
        time.sleep(0.02)


def press_ctrl_c(process: "subprocess.Popen[bytes]") -> str:
    """Interrupt the whole group, as a terminal does; return what the command said last."""
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return said.decode().strip()


def still_runs(process: "subprocess.Popen[bytes]") -> bool:
    """Return whether anything of the group still runs."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
