"""The run folder: every table tells of the same replay."""

from pathlib import Path

import numpy as np
import pytest
from evaluations import schedule_of
from golden_replay import PerfectScorer

from newsvol.engine.arrays import FloatArray
from newsvol.engine.hashes import input_hash
from newsvol.engine.ticks import TickKind
from newsvol.replays.replay import replay
from newsvol.replays.runs.reader import Run, load_run
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.simulation.recording import recording_hash
from newsvol.replays.tapes.synth import Market
from newsvol.replays.tapes.tape import Tape


@pytest.fixture(scope="module")
def run(golden_run: Path) -> Run:
    return load_run(golden_run)


def columns(run: Run, table: str) -> dict[str, np.ndarray]:
    read = run.table(table)
    return {name: read.column(name).to_numpy(zero_copy_only=False) for name in read.column_names}


def test_the_recipe_that_is_written_is_the_recipe_that_was_run(run: Run) -> None:
    again = load_recipe(run.folder / "recipe.yaml")
    assert again.recipe_hash() == run.manifest.recipe_hash
    assert again.latency.model == run.manifest.latency == "constant:25"


def test_the_manifest_counts_what_the_tables_hold(run: Run) -> None:
    assert run.manifest.tape.headlines == run.table("scores").num_rows == run.metrics.span.headlines
    assert run.table("forecasts").num_rows == run.table("equity").num_rows == run.metrics.span.buckets


def test_a_forecast_is_ready_after_its_tick_and_its_tick_comes_no_later_than_its_bucket(run: Run) -> None:
    rows = columns(run, "forecasts")
    known = rows["origin_ns"] >= 0
    assert known.any()
    assert (rows["ready_ns"][known] >= rows["origin_ns"][known]).all()
    np.testing.assert_array_equal(rows["origin_ns"][known], rows["open_ns"][known])
    assert np.isnan(rows["f:fused"][~known]).all()


def test_headlines_keep_their_ids_in_both_tables_that_name_them(run: Run) -> None:
    scores, service = columns(run, "scores"), columns(run, "service")
    is_headline = service["kind"] == TickKind.HEADLINE
    np.testing.assert_array_equal(service["item_id"][is_headline], scores["item_id"])
    assert (service["item_id"][~is_headline] == -1).all()
    np.testing.assert_array_equal(scores["ready_ns"], scores["started_ns"] + service["score_ns"][is_headline])
    np.testing.assert_allclose(scores["score"], scores["positive"] - scores["negative"])


def test_every_strategy_has_a_row_a_tick_in_the_ledger(run: Run) -> None:
    strategies = columns(run, "ledger")["strategy"]
    names, counts = np.unique(strategies.astype(str), return_counts=True)
    assert set(names) == set(run.metrics.strategies)
    assert set(counts) == {run.table("service").num_rows}


def test_orders_are_those_that_the_equity_is_made_of(run: Run) -> None:
    orders = columns(run, "orders")
    assert (orders["filled_ns"] >= orders["ordered_ns"]).all()
    assert set(orders["fill"].astype(str)) == {"bridge", "next_open", "worst"}
    equity = columns(run, "equity")
    first = orders["filled_ns"][orders["strategy"] == "buy_and_hold"].min()
    before = equity["close_ns"] < first
    assert len(set(equity["buy_and_hold"][before])) == 1
    assert (np.diff(equity["buy_and_hold"][~before]) != 0).any()


def test_the_manifest_holds_every_hash_that_defines_the_run(
    run: Run, planted: tuple[Tape, FloatArray]
) -> None:
    manifest, tape = run.manifest, planted[0]
    assert manifest.tape_hash == manifest.tape.replayed_hash == tape.content_hash()
    assert manifest.model_hash == "sha256:perfect"
    assert manifest.recording_hash == recording_hash(run.folder)
    assert (manifest.events_hash, manifest.plug_ins, manifest.recording) == (None, {}, None)
    assert {"newsvol", "python", "numpy", "scipy"} <= set(manifest.versions)


def test_the_events_that_were_used_are_named_by_their_hash(
    planted: tuple[Tape, FloatArray], tmp_path: Path
) -> None:
    stamps = schedule_of(planted[0]).event_ns.astype("datetime64[ns]").astype("datetime64[m]")
    events = tmp_path / "events.csv"
    events.write_text("event,ts_utc\n" + "".join(f"FOMC,{stamp}\n" for stamp in stamps))
    changes = {
        "latency.model": "zero",
        "volatility.forecaster": "log-har-p-events",
        "volatility.events": str(events),
    }
    scorer = PerfectScorer(Market())
    run = replay(planted[0], load_recipe(changes=changes), tmp_path / "run", load=lambda *_: scorer)
    assert run.manifest.events_hash == input_hash(events, "events")


def test_the_run_id_follows_from_what_was_run(run: Run, golden_run: Path) -> None:
    assert len(run.manifest.run_id) == 16
    assert load_run(golden_run).manifest.run_id == run.manifest.run_id
