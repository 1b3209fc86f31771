"""Static INT8: ranges that are measured, kept with the model, and served by."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.errors import InputError, ModelError, OutputError
from newsvol.models.checkpoint import RANGES, write_pins
from newsvol.models.serving.onnx_bert import bert_graph, product_inputs
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.static_int8 import ENOUGH, calibrate, spread
from newsvol.models.serving.variants import open_variant
from newsvol.models.serving.weights import read_weights

TEXTS = ["profit rose sharply", "", "shares of the bank fell in the quarter, the company said", "loss " * 60]


@pytest.fixture
def calibrated(tiny: Path) -> Path:
    calibrate(tiny, TEXTS)
    return tiny


def test_static_int8_says_nearly_what_fp32_says(calibrated: Path) -> None:
    fp32, static = (
        load_scorer(model, "cpu").probabilities(TEXTS) for model in (calibrated, f"{calibrated}-int8-static")
    )
    np.testing.assert_allclose(static, fp32, atol=0.05)


def test_its_activations_are_rounded_by_the_ranges_not_by_their_own(calibrated: Path) -> None:
    before = load_scorer(f"{calibrated}-int8-static", "cpu").probabilities(TEXTS)
    file = calibrated / RANGES
    about = json.loads(file.read_text())
    about["ranges"] = {name: [low * 40, high * 40] for name, (low, high) in about["ranges"].items()}
    file.write_text(json.dumps(about))
    coarse = load_scorer(f"{calibrated}-int8-static", "cpu")
    assert np.abs(coarse.probabilities(TEXTS) - before).max() > 1e-3


def test_ranges_hold_what_the_network_computes(calibrated: Path) -> None:
    import onnxruntime

    checkpoint = open_variant(calibrated).checkpoint
    names = product_inputs(checkpoint.config)
    graph = bert_graph(checkpoint.config, read_weights(checkpoint), watched=names)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    ranges = json.loads((calibrated / RANGES).read_text())["ranges"]
    for ids in load_scorer(calibrated, "cpu").pieces(TEXTS):
        row = np.array([ids], np.int32)
        for name, value in zip(
            names, session.run(names, {"ids": row, "mask": np.ones_like(row)}), strict=True
        ):
            low, high = ranges[name]
            slack = (high - low) / 100  # a bin of the histogram, and the few that are cut
            assert low - slack <= value.min() <= value.max() <= high + slack, name


def test_pruned_heads_are_served_in_static_int8(pruned: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(pruned, tmp_path / "pruned")
    calibrate(folder, TEXTS)
    fp32, static = (
        load_scorer(model, "cpu").probabilities(TEXTS) for model in (folder, f"{folder}-int8-static")
    )
    np.testing.assert_allclose(static, fp32, atol=0.05)


def test_ranges_tell_models_apart_but_not_the_weights_they_belong_to(tiny: Path) -> None:
    plain = load_scorer(tiny, "cpu").model_hash
    hashes = set()
    for texts in (TEXTS[:1], TEXTS):
        calibrate(tiny, texts)
        hashes.add(open_variant(f"{tiny}-int8-static").model_hash)
        assert load_scorer(tiny, "cpu").model_hash == plain
    assert len(hashes | {plain, open_variant(f"{tiny}-int8").model_hash}) == 4


def test_a_folder_that_was_not_calibrated_is_refused(tiny: Path) -> None:
    with pytest.raises(ModelError, match=r"has no activation_ranges\.json; run newsvol sentiment calibrate"):
        load_scorer(f"{tiny}-int8-static", "cpu")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "sha256:0"}, "is of other weights"),
        ({"ranges": {"pooled": [0, 1]}}, "does not hold ranges of every activation"),
        ({"ranges": 3}, "does not hold ranges"),
    ],
)
def test_ranges_that_do_not_fit_are_refused(calibrated: Path, change: dict[str, object], said: str) -> None:
    about = json.loads((calibrated / RANGES).read_text())
    (calibrated / RANGES).write_text(json.dumps(about | change))
    with pytest.raises(ModelError, match=said):
        open_variant(f"{calibrated}-int8-static")


def test_a_pinned_folder_is_pinned_again_and_its_ranges_are_held(tiny: Path) -> None:
    write_pins(tiny)
    calibrate(tiny, TEXTS)
    assert open_variant(f"{tiny}-int8-static")
    (tiny / RANGES).write_text((tiny / RANGES).read_text() + " ")
    with pytest.raises(ModelError, match=r"activation_ranges\.json is not the pinned file"):
        open_variant(tiny)


def test_what_cannot_be_calibrated_says_so(tiny: Path) -> None:
    with pytest.raises(ModelError, match="student is shipped with its ranges"):
        calibrate("student", TEXTS)
    with pytest.raises(InputError, match="no texts to calibrate on"):
        calibrate(tiny, [])


def test_a_spread_takes_texts_from_all_over() -> None:
    texts = [str(number) for number in range(1777)]
    assert len(spread(texts)) == ENOUGH
    assert (spread(texts)[0], spread(texts)[-1]) == ("0", "1776")
    assert len(set(spread(texts[:700]))) == ENOUGH
    assert spread(texts[:700])[-1] == "699"
    assert spread(texts[:3]) == texts[:3]
    assert spread([]) == []


def test_a_folder_that_cannot_be_written_is_told(tiny: Path) -> None:
    (tiny / RANGES).mkdir()
    with pytest.raises(OutputError, match="cannot write into"):
        calibrate(tiny, TEXTS)
