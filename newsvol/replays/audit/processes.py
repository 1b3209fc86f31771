"""The parent's side of the worker processes: what goes in, what comes back, and that none is left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsvol.engine.errors import NewsvolError

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    answer : dict
        What it answered, besides what it wrote.
    refused : str or None
        An `InputError` of the job.
    failed : str or None
        Any other error, or that the process died.
    """

    answer: dict[str, float]
    refused: str | None = None
    failed: str | None = None


class Worker:
    """A fresh interpreter that has imported newsvol and no plug-in, and forks a child for each job.

    Parameters
    ----------
    folder : Path
        Its own: working directory, temporary folder and log.
    setting : dict
        What all jobs share.
    hash_seed : int
        Orders sets and dictionaries of text differently from worker to worker.
    """

    def __init__(self, folder: Path, setting: dict[str, Any], hash_seed: int) -> None:
        folder.mkdir()
        scratch = folder / "scratch"
        scratch.mkdir()
        reading, writing = os.pipe()
        one_thread = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
        )
        own = {"PYTHONHASHSEED": str(hash_seed), "TMPDIR": str(scratch), "NEWSVOL_AUDIT": folder.name}
        self._log = folder / "log.txt"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "newsvol.replays.audit.worker", str(writing)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env={**os.environ, **one_thread, **own, "PYTHONPATH": os.pathsep.join(setting["path"])},
                pass_fds=(writing,),
                start_new_session=True,
            )
        os.close(writing)
        self._told = os.fdopen(reading, "rb")
        self._jobs = 0
        self._say({**setting, "scratch": str(scratch)})

    def require_ready(self) -> None:
        """Wait until it takes jobs.

        Raises
        ------
        NewsvolError
            It could not start.
        """
        if "ready" not in self._hear():
            raise NewsvolError(f"the audit's worker process could not start: {self._last_words()}")

    def run(self, job: dict[str, Any], on_progress: OnProgress = lambda _done, _total: None) -> Outcome:
        """Do one job in a child of its own, and wait until the child has ended."""
        self._say(job)
        number, self._jobs = self._jobs, self._jobs + 1
        outcome = None
        while True:
            heard = self._hear()
            if heard.get("job", number) != number:
                continue  # of a process that an earlier plug-in left behind
            if "progress" in heard:
                on_progress(*heard["progress"])
            elif "done" in heard:
                outcome = Outcome(heard.get("answer", {}))
            elif "refused" in heard:
                outcome = Outcome({}, refused=heard["refused"])
            elif "failed" in heard:
                outcome = Outcome({}, failed=heard["failed"])
            else:
                code = heard.get("ended")
                how = "the worker died" if code is None else f"it ended its own process with code {code}"
                return outcome or Outcome({}, failed=f"{how}: {self._last_words()}")

    def close(self) -> None:
        """End it and whatever it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._told.close()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def _say(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # heard at the next answer, which does not come
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        line = self._told.readline()
        heard: dict[str, Any] = json.loads(line) if line else {}
        return heard

    def _last_words(self) -> str:
        lines: list[str] = []
        with suppress(OSError):  # gone with the scratch folder, where the audit was interrupted
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
