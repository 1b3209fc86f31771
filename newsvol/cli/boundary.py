"""The boundary of the command line: whatever a command raises leaves as one line and an exit code."""

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

import click

from newsvol.cli.explain import explain

EXIT_PIPE = 1
EXIT_INPUT = 2
EXIT_INTERRUPTED = 130

FLAG = "--traceback"
VARIABLE = "NEWSVOL_TRACEBACK"
PROGRAM = "newsvol"

_CLEANING_S = 1.0
"""So long after Ctrl-C another one is not heard: it would stop the removal of what is half-written."""


def run(command: click.Command, arguments: Sequence[str], program: str = PROGRAM) -> int:
    """Run `command` and return its exit code; nothing that it raises gets past this.

    An error is one line on stderr and code 2, Ctrl-C is code 130, a reader that has left (``| head``) is code
    1 without a word. Usage errors are told as click words them. `FLAG` anywhere before a lone ``--``, or
    `VARIABLE` in the environment, shows the traceback above the line.

    Parameters
    ----------
    arguments : sequence of str
        What stands behind the program's name.
    program : str
        Its name in usage errors.
    """
    open_closed_streams()
    words, traced = without_flag(arguments)
    with _interrupts() as pressed:
        try:
            code = _call(command, words, program)
            sys.stdout.flush()  # a full disk is told here, and not by the interpreter on its way out
        except BaseException as error:
            # A library that is interrupted inside its own code may raise what it likes.
            stopped = KeyboardInterrupt() if pressed and isinstance(error, Exception) else error
            code = _tell(stopped, traced)
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)
    return code


def leave(code: int) -> None:
    """End the process with `code`; from here on Ctrl-C ends it at once, since everything is told."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def without_flag(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """Return `arguments` without `FLAG`, and whether tracebacks are wanted."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [word for word in arguments[:end] if word != FLAG]
    wanted = len(kept) < end or os.environ.get(VARIABLE, "") not in ("", "0")
    return [*kept, *arguments[end:]], wanted


def open_closed_streams() -> None:
    """Give stdin, stdout and stderr that were closed (``>&-``) a number again.

    Otherwise the next file that is opened gets the number, and what is printed goes into it. Reading and
    printing fail as they would: the null device is opened the wrong way round; but stderr takes everything.
    """
    ways = (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))
    for name, mode, flags in ways:
        if getattr(sys, name) is None:
            number = os.open(os.devnull, flags)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _call(command: click.Command, words: list[str], program: str) -> int:
    try:
        if f"_{PROGRAM.upper()}_COMPLETE" in os.environ:
            command.main(words, PROGRAM)  # the shell asks for completions; this exits
        # Not command.main(): it takes an EOFError for Ctrl-C, and a pipe anywhere for stdout.
        with command.make_context(program, words) as context:
            command.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        raise
    return 0


def _tell(error: BaseException, traced: bool) -> int:
    if isinstance(error, click.ClickException):
        return _tell_usage(error)
    if isinstance(error, BrokenPipeError) and _nobody_reads(sys.stdout):
        return EXIT_PIPE
    if isinstance(error, OSError) and error.filename is None:
        fault = _fault_of(sys.stdout)
        if fault is not None and fault.errno == error.errno:
            error.filename = "stdout"
    if traced:
        _say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, KeyboardInterrupt | click.Abort):
        # the terminal has put a ^C on the line
        _say(f"{_break()}{PROGRAM}: interrupted; nothing was left half-written")
        return EXIT_INTERRUPTED
    try:
        line = explain(error, traced)
    except Exception as worse:  # a foreign error whose own text cannot be had
        line = f"unexpected {type(error).__name__}, and {type(worse).__name__} while it was told; run again"
    _say(f"{PROGRAM}: {line}")
    return EXIT_INPUT


def _tell_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.format_message())
        return EXIT_INPUT
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else PROGRAM
    message = " ".join(error.format_message().split()).rstrip(".")
    _say(f"{path}: {message}; see: {path} --help")
    return error.exit_code


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # stderr is full, closed or gone: the exit code says it still
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stderr.flush()


def _break() -> str:
    with suppress(OSError, ValueError):
        return "\n" if sys.stderr.isatty() else ""
    return ""


def _fault_of(stream: TextIO) -> OSError | None:
    """Return why `stream` cannot take what is written to it, None where it can."""
    try:
        stream.flush()
    except OSError as error:
        return error
    except ValueError:  # it was closed: nothing waits in it
        return None
    return None


def _nobody_reads(stream: TextIO) -> bool:
    """Return whether `stream` is a pipe whose other end is closed; unbuffered, nothing else tells."""
    with suppress(OSError, ValueError):
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return bool(poll.poll(0))
    return False


def _let_go(stream: TextIO) -> None:
    """Leave nothing in `stream` that the interpreter would try to write once more, and complain."""
    if _fault_of(stream) is None:
        return
    with suppress(OSError, ValueError):
        number = stream.fileno()
        os.close(number)  # first, as there may be no further number (ulimit -n)
        null = os.open(os.devnull, os.O_WRONLY)
        if null != number:
            os.dup2(null, number)


@contextmanager
def _interrupts() -> Iterator[list[float]]:
    """Yield the times of Ctrl-C, of which those that follow the first too closely raise nothing."""
    pressed: list[float] = []

    def on_press(_signal: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        last = pressed[-1] if pressed else -float("inf")
        if now - last >= _CLEANING_S:
            pressed.append(now)
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # nohup, or a program around us
        yield pressed
        return
    signal.signal(signal.SIGINT, on_press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
