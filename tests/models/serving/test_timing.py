"""Timing models in processes of their own."""

from pathlib import Path

import pytest

from newsvol.engine.errors import InputError
from newsvol.models.serving.timing import PEER, TimingRequest, time_models

TEXTS = ["profit rose sharply", "shares fell", "the company said"] * 4


def test_models_are_timed_in_a_process_of_their_own(tiny_start: Path) -> None:
    models = (str(tiny_start), f"{tiny_start}-int8")
    rows = time_models(TimingRequest(models, TEXTS, rounds=1, peer=False))
    assert tuple(rows) == models
    for row in rows.values():
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["headlines_per_second"] > 0


@pytest.mark.slow
def test_bert_base_is_many_times_slower_than_the_shipped_student() -> None:
    rows = time_models(TimingRequest(("student-int8",), TEXTS, rounds=1))
    assert rows[PEER]["p50_speedup"] == 1.0
    assert rows["student-int8"]["p50_speedup"] > 20


def test_nothing_to_time_is_refused() -> None:
    with pytest.raises(InputError, match="no headlines"):
        time_models(TimingRequest(("student",), []))


def test_more_cores_than_there_are_is_refused() -> None:
    with pytest.raises(InputError, match="cannot use 100000 cores"):
        time_models(TimingRequest(("student",), TEXTS, cores=100_000))
