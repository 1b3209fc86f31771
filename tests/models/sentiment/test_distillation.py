"""Students: cut, drawn, distilled and pruned by one recipe."""

import json
from pathlib import Path

import pytest

from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.serving.scorer import load_scorer


def test_every_distillation_and_compression_goes_through_one_recipe(run_with, tiny_start: Path) -> None:
    inside = {"method": "hidden_attention", "layers": {0: 0, 1: 2}}
    for changes in (
        {"layers": [0, 2], "intermediate": inside},
        {"layers": [0, 2], "intermediate": inside | {"method": "relations", "relation_heads": 4}},
        {"origin": "scratch"},
        {"origin": "start", "lora": {"r": 2}},
        {"origin": str(tiny_start)},
    ):
        results, folder = run_with(**changes)
        assert results["model"]["num_hidden_layers"] == len(changes.get("layers", [0]))
        assert load_scorer(folder, "cpu").probabilities(["profit rose"]).shape == (1, 3)


def test_a_pruned_student_is_smaller_on_disk(run_with) -> None:
    (_, whole), (_, pruned) = run_with(), run_with(prune={"share": 0.5, "scored": 32})
    weights = [(folder / "model.safetensors").stat().st_size for folder in (whole, pruned)]
    assert weights[0] - weights[1] >= 2 * 4176 - 100  # 4,176 of the layer's 8,544 numbers; headers differ
    assert open_checkpoint(pruned).config["num_attention_heads"] == 2


def test_an_origin_with_another_vocabulary_is_refused(run_with, tiny: Path) -> None:
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["gold"] = vocabulary.pop("bank")
    (tiny / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match="has another vocabulary"):
        run_with(origin=str(tiny))
