"""What the tests of an evaluation ask for."""

from dataclasses import replace

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR
from newsvol.replays.evaluation.volatility.evaluation import Request
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.schedule import Schedule

MODELS = ("har", "log-har-p", "log-har-p-leverage")


def schedule_of(tape: Tape) -> Schedule:
    """An event every thirty sessions, four and a half hours after the open: where the market planted it."""
    stamps = tape.sessions.open_ns[29::30] + int(4.5 * NS_PER_HOUR)
    return Schedule(np.full(len(stamps), "FOMC", dtype=object), stamps)


def request_of(**changes: object) -> Request:
    return replace(Request(forecasters=MODELS, shuffles=3), **changes)  # type: ignore[arg-type]
