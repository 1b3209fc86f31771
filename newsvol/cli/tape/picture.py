"""The picture that ``newsvol tape show --plot`` draws: one point a session, never one a minute."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from newsvol.engine.errors import OutputError
from newsvol.replays.tapes.tape import Tape


def draw_tape(tape: Tape, file: Path) -> None:
    """Write daily closes and headlines per day to `file`, self-contained HTML, whole or not at all.

    Raises
    ------
    OutputError
        The file is a folder or cannot be written.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    if file.is_dir():
        raise OutputError(f"{file} is a folder; name a file, as in --plot {file / 'tape.html'}")
    zone = tape.info.timezone
    days, closes = daily_closes(tape)
    known = pd.DatetimeIndex(tape.news.available_ns, tz="UTC").tz_convert(zone).tz_localize(None).normalize()
    headlines = pd.Series(1, index=known).groupby(level=0).sum()
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
    figure.add_trace(go.Scatter(x=days, y=closes, mode="lines", name="session close"), row=1, col=1)
    figure.add_trace(go.Bar(x=headlines.index, y=headlines.to_numpy(), name="headlines"), row=2, col=1)
    figure.update_yaxes(title_text=f"{tape.info.instrument} close", row=1, col=1)
    figure.update_yaxes(title_text="headlines a day", row=2, col=1)
    figure.update_layout(
        title=f"{tape.info.instrument}: {len(days):,} sessions, {len(tape.news):,} headlines",
        showlegend=False,
        template="plotly_white",
    )
    making = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        making.write_text(figure.to_html(include_plotlyjs=True), encoding="utf-8")
        os.replace(making, file)
    except OSError as error:
        making.unlink(missing_ok=True)
        raise OutputError(f"cannot write {file}: {error.strerror}; name another --plot") from error


def daily_closes(tape: Tape) -> tuple[pd.DatetimeIndex, "np.ndarray[tuple[int], np.dtype[np.float64]]"]:
    """Return the date and last close of each session that has bars."""
    last = np.searchsorted(tape.bars.close_ns, tape.sessions.close_ns, side="right") - 1
    traded = (last >= 0) & (tape.bars.open_ns[np.maximum(last, 0)] >= tape.sessions.open_ns)
    opens = pd.DatetimeIndex(tape.sessions.open_ns[traded], tz="UTC").tz_convert(tape.info.timezone)
    return opens.tz_localize(None).normalize(), tape.bars.close[last[traded]]
