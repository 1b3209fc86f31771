"""Vendor files to a tape: conventions are proven or asked for, bad rows are put aside and counted."""

from newsvol.replays.tapes.importing.assembly import import_tape
from newsvol.replays.tapes.importing.request import FileReport, ImportRequest, ImportResult

__all__ = ["FileReport", "ImportRequest", "ImportResult", "import_tape"]
