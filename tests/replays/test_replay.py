"""A replay, from a tape to a run folder."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from golden_replay import PerfectScorer, golden_replay

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray
from newsvol.engine.errors import InputError, OutputError, PeekingError, RunError, TapeError
from newsvol.engine.frames import DecisionFrame
from newsvol.replays.replay import replay
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.tapes.synth import Market, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.strategies.protocol import STRATEGIES

MARKET = Market(sessions=150, headlines=200)
TABLES = ("forecasts", "scores", "ledger", "service", "decide", "orders", "equity")


def test_the_run_folder_holds_what_it_promises(golden_run: Path) -> None:
    promised = {"manifest.json", "recipe.yaml", "metrics.json", "report.html"}
    promised |= {f"{name}.parquet" for name in TABLES}
    assert {file.name for file in golden_run.iterdir()} == promised


def test_a_measured_run_replays_from_its_recording(tmp_path: Path) -> None:
    measured = golden_replay(tmp_path / "measured", "measured", MARKET)
    again = golden_replay(tmp_path / "again", f"recorded:{tmp_path / 'measured'}", MARKET)
    for name in TABLES:
        first, second = ((tmp_path / run / f"{name}.parquet").read_bytes() for run in ("measured", "again"))
        assert first == second, name
    assert again["strategies"] == measured["strategies"]
    assert again["forecast"] == measured["forecast"]
    assert measured["latency"]["stages"]["headline"]["score"]["p50_ms"] > 0
    assert measured["latency"]["stages"]["bucket_end"]["forecast"]["p50_ms"] > 0


def test_a_tape_too_short_to_forecast_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match=r"too short.*min_window"):
        golden_replay(tmp_path / "short", market=Market(sessions=40, headlines=10))
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_stage_by_stage_to_its_end(tmp_path: Path) -> None:
    tape, _ = synthesize(MARKET)
    told: list[tuple[str, int, int]] = []
    scorer = PerfectScorer(MARKET)
    replay(
        tape,
        load_recipe(None).with_changes(latency="zero"),
        tmp_path / "run",
        on_progress=lambda *stage: told.append(stage),
        load=lambda _model, _device: scorer,
    )
    stages = list(dict.fromkeys(name for name, _, _ in told))
    assert stages == ["Scoring headlines", "Deciding", "Simulating portfolios", "Writing"]
    for stage in stages:
        last = [(done, total) for name, done, total in told if name == stage][-1]
        assert last[0] == last[1] > 0, stage


def test_a_place_that_is_taken_is_refused_before_any_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").write_text("keep")
    tape, _ = synthesize(MARKET)
    with pytest.raises(OutputError, match="exists already"):
        replay(tape, load_recipe(None), tmp_path / "run", load=lambda *_: pytest.fail("loaded"))


def test_a_tape_without_headlines_loads_no_model(tmp_path: Path) -> None:
    tape, _ = synthesize(MARKET)
    silent = Tape(tape.bars, tape.news.take(slice(0, 0)), tape.sessions, tape.info)
    recipe = load_recipe(None).with_changes(latency="zero")
    metrics = replay(silent, recipe, tmp_path / "run", load=lambda *_: pytest.fail("loaded")).metrics
    assert metrics.sentiment["model_hash"] is None
    assert metrics.span.headlines == 0


def test_a_tape_without_bars_is_refused_with_what_to_do(tmp_path: Path) -> None:
    tape, _ = synthesize(MARKET)
    empty = Tape(tape.bars.take(slice(0, 0)), tape.news, tape.sessions, tape.info)
    with pytest.raises(TapeError, match="no bars; import one with: newsvol tape import"):
        replay(empty, load_recipe(None), tmp_path / "run")


def test_a_tape_that_is_mostly_empty_is_refused_and_a_span_of_it_that_is_not_is_replayed(
    tmp_path: Path,
) -> None:
    tape, _ = synthesize(Market(sessions=250, headlines=0))
    begin = tape.sessions.open_ns[120]
    torn = replace(tape, bars=tape.bars.take(tape.bars.close_ns <= begin))
    recipe = load_recipe(changes={"latency.model": "zero", "strategies": [{"name": "vol_target"}]})
    with pytest.raises(TapeError, match=r"^130 of the 250 sessions of the span .* 130 of them in a row"):
        replay(torn, recipe, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
    days = {"span.first": "2023-05-26", "span.last": "2023-06-23"}
    run = replay(torn, recipe.with_changes(changes=days), tmp_path / "run")
    assert run.metrics.span.empty_sessions == 0


def test_the_equity_of_a_run_does_not_jump_with_the_price_across_a_long_gap(tmp_path: Path) -> None:
    tape, _ = synthesize(Market(sessions=250, headlines=0))
    begin, end = tape.sessions.close_ns[179], tape.sessions.open_ns[200]
    bars = tape.bars.take((tape.bars.close_ns <= begin) | (tape.bars.open_ns >= end))
    later = bars.open_ns >= end
    prices = {
        name: np.where(later, getattr(bars, name) * 2, getattr(bars, name))
        for name in ("open", "high", "low", "close")
    }
    recipe = load_recipe(changes={"latency.model": "zero", "strategies": [{"name": "vol_target"}]})
    run = replay(replace(tape, bars=replace(bars, **prices)), recipe, tmp_path / "run")
    equity = run.equity
    across = equity[(equity.close_ns > begin - NS_PER_HOUR) & (equity.close_ns <= end + NS_PER_HOUR)]
    assert across.price.max() / across.price.min() > 1.8
    for name in ("buy_and_hold", "vol_target"):
        assert abs(across[name].max() / across[name].min() - 1) < 0.03
    assert run.metrics.span.long_gaps == 1
    # decisions of the first empty session wait for the gap's end, and no later ones
    waiting = run.orders.query("strategy == 'vol_target' and fill == 'bridge'")
    waiting = waiting[(waiting.ordered_ns > begin) & (waiting.ordered_ns < end)]
    assert (waiting.ordered_ns <= tape.sessions.close_ns[180] + NS_PER_HOUR).all()
    assert run.metrics.strategies["buy_and_hold"].fills["bridge"].annual_vol_pct < 30
    # the account itself was held, and its shares doubled
    held = run.portfolio("buy_and_hold").value()
    assert held.iloc[-1] / equity["buy_and_hold"].iloc[-1] == pytest.approx(2, rel=0.1)


class Peeking:
    """Holds what rises until the next tick, which only its columns can know."""

    every_bar, lookback = False, 1

    def decide(self, frame: DecisionFrame) -> FloatArray:
        return np.append(np.sign(np.diff(frame.close)), 0.0)


def test_a_measured_replay_stops_where_live_and_columns_differ_and_writes_nothing(tmp_path: Path) -> None:
    tape, _ = synthesize(MARKET)
    scorer = PerfectScorer(MARKET)
    with STRATEGIES.lend("peeking", Peeking):
        recipe = load_recipe(changes={"latency.model": "measured", "strategies": [{"name": "peeking"}]})
        with pytest.raises(PeekingError, match=r"strategy 'peeking' .* at row \d+ \(\d{4}-.* UTC\)"):
            replay(tape, recipe, tmp_path / "run", load=lambda _model, _device: scorer)
    assert list(tmp_path.iterdir()) == []


def test_a_strategy_cannot_change_what_the_next_one_reads(tmp_path: Path) -> None:
    class Greedy(Peeking):
        def decide(self, frame: DecisionFrame) -> FloatArray:
            frame.annual_vol[:] = frame.annual_vol * 3
            return np.zeros(len(frame))

    tape, _ = synthesize(MARKET)
    scorer = PerfectScorer(MARKET)
    with STRATEGIES.lend("greedy", Greedy):
        recipe = load_recipe(changes={"latency.model": "zero", "strategies": [{"name": "greedy"}]})
        with pytest.raises(InputError, match=r"strategy 'greedy' .* writes into columns"):
            replay(tape, recipe, tmp_path / "run", load=lambda _model, _device: scorer)


@dataclass(frozen=True)
class Alternating:
    """Moves its weight by the rebalance band: whether an order is sent hangs on the last digits."""

    every_bar: bool = False
    lookback: int = 1

    def decide(self, frame: DecisionFrame) -> FloatArray:
        # live a little less than the band apart, as columns a little more: within what sums may round apart
        off = -2e-10 if len(frame) == 1 else 2e-10
        weight = np.where(frame.slot % 2 == 0, 0.5, 0.55 * (1 + off))
        return np.where(np.isfinite(frame.variance), weight, np.nan)


def test_a_recording_trades_what_was_decided_and_no_more(tmp_path: Path) -> None:
    tape, _ = synthesize(MARKET)
    scorer = PerfectScorer(MARKET)
    with STRATEGIES.lend("alternating", Alternating):
        entries = [{"name": "alternating"}]
        recipe = load_recipe(changes={"latency.model": "measured", "strategies": entries})
        measured = replay(tape, recipe, tmp_path / "m", load=lambda _model, _device: scorer)
        again = replay(
            tape,
            recipe.with_changes(f"recorded:{tmp_path / 'm'}"),
            tmp_path / "r",
            load=lambda _model, _device: scorer,
        )
    for name in ("decide", "orders", "equity", "ledger"):
        assert again.table(name).to_pandas().equals(measured.table(name).to_pandas()), name


def test_a_recording_is_not_charged_to_a_strategy_that_decides_otherwise(tmp_path: Path) -> None:
    tape, _ = synthesize(MARKET)
    scorer = PerfectScorer(MARKET)
    entries = [{"name": "moody"}]

    class Moody(Alternating):
        def decide(self, frame: DecisionFrame) -> FloatArray:
            return np.where(np.isfinite(frame.variance), mood[0], np.nan)

    mood = [0.5]
    with STRATEGIES.lend("moody", Moody):
        recipe = load_recipe(changes={"latency.model": "measured", "strategies": entries})
        replay(tape, recipe, tmp_path / "m", load=lambda _model, _device: scorer)
        mood[0] = 0.7
        with pytest.raises(RunError, match=r"'moody' decides 0\.5 at row .* it decides 0\.7 now"):
            replay(
                tape,
                recipe.with_changes(f"recorded:{tmp_path / 'm'}"),
                tmp_path / "r",
                load=lambda _model, _device: scorer,
            )
    assert not (tmp_path / "r").exists()
