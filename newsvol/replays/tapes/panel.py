"""Priors are fitted on tapes that were imported."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from newsvol.engine.errors import TapeError
from newsvol.engine.progress import OnProgress, silent
from newsvol.replays.tapes.tape import load_tape
from newsvol.signals.volatility.panel import PanelTape, fit_prior
from newsvol.signals.volatility.prior import Prior
from newsvol.signals.volatility.schedule import Schedule


def fit_on_tapes(
    folders: Sequence[Path],
    schedule: Schedule | None = None,
    until: date | None = None,
    on_progress: OnProgress = silent,
) -> Prior:
    """Return what the tapes in `folders` say together, up to the day `until`.

    Raises
    ------
    TapeError
        A folder is no tape, a tape begins after that day, or its market was made up: of that nothing can be
        learnt of a real one.
    InputError
        There are too few sessions, or they are not equally long.
    """
    tapes = []
    for done, folder in enumerate(folders):
        on_progress("Reading tapes", done, len(folders))
        tape = load_tape(folder)
        if tape.info.synthetic:
            raise TapeError(f"{folder} is a synthetic market: nothing of it holds in a real one")
        try:
            seen = tape if until is None else tape.until(until)
        except TapeError as error:
            raise TapeError(f"{folder}: {error}") from error
        name = seen.info.instrument
        tapes.append(PanelTape(name, seen.days(), seen.content_hash(), seen.bars, seen.sessions))
    on_progress("Reading tapes", len(folders), len(folders))
    return fit_prior(tapes, schedule)
