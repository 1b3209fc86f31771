"""What an import gives can be saved with everything that was left out of it."""

import pandas as pd
from vendor_bars import minute_bars, take, write_bars

from newsvol.replays.tapes.tape import load_tape


def test_a_saved_import_is_the_tape_and_its_quarantine(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    bars.loc[7, "close"] = -1.0
    result = take(write_bars(bars, tmp_path / "bars.csv"))
    said = result.save(tmp_path / "tape")
    assert said == load_tape(tmp_path / "tape").content_hash() == result.tape.content_hash()
    held = pd.read_csv(tmp_path / "tape" / "quarantine.csv")
    assert list(held.columns) == ["file", "row", "reason", "text"]
    assert held["row"].tolist() == [9]  # the header is row 1


def test_where_nothing_is_left_out_the_quarantine_is_a_header(tmp_path):
    result = take(write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "bars.csv"))
    result.save(tmp_path / "tape")
    assert (tmp_path / "tape" / "quarantine.csv").read_text() == "file,row,reason,text\n"
