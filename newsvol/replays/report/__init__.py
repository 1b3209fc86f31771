"""``report.html``: one self-contained page that says what a run did, opened offline."""

from newsvol.replays.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
