"""Model folders: opened, pinned, hashed and refused."""

import json
import re
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from newsvol.engine.errors import ModelError, UnknownNameError
from newsvol.models.checkpoint import open_checkpoint, write_pins


def test_a_folder_without_pins_opens_and_has_a_hash(tiny: Path) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", open_checkpoint(tiny).model_hash)


def test_the_hash_changes_with_any_file(tiny: Path) -> None:
    before = open_checkpoint(tiny).model_hash
    weights = load_file(tiny / "model.safetensors")
    weights["classifier.bias"] += 1
    save_file(weights, tiny / "model.safetensors", metadata={"format": "pt"})
    assert open_checkpoint(tiny).model_hash != before


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_that_differs_from_its_pin_is_refused_by_name_with_both_hashes(tiny: Path, name: str) -> None:
    write_pins(tiny)
    with (tiny / name).open("ab") as file:
        file.write(b" ")
    if name == "model.safetensors":  # appended bytes already break the format: spoil a weight instead
        (tiny / name).write_bytes((tiny / name).read_bytes()[:-3] + b"xx")
    with pytest.raises(
        ModelError, match=rf"{name} is not the pinned file: expected sha256 \w{{64}}, found \w{{64}}$"
    ):
        open_checkpoint(tiny)


def test_a_file_that_is_not_pinned_is_refused_where_there_are_pins(tiny: Path) -> None:
    write_pins(tiny)
    pins = (tiny / "SHA256SUMS").read_text().splitlines(keepends=True)
    (tiny / "SHA256SUMS").write_text("".join(line for line in pins if "tokenizer" not in line))
    with pytest.raises(ModelError, match=r"tokenizer\.json is not pinned"):
        open_checkpoint(tiny)


def test_pickled_weights_are_refused(tiny: Path) -> None:
    (tiny / "model.safetensors").rename(tiny / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"only pickled weights \(pytorch_model\.bin\)"):
        open_checkpoint(tiny)


def test_damaged_safetensors_are_refused(tiny: Path) -> None:
    content = (tiny / "model.safetensors").read_bytes()
    (tiny / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        open_checkpoint(tiny)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(tiny: Path, name: str) -> None:
    (tiny / name).unlink()
    with pytest.raises(ModelError, match=f"has no {name}"):
        open_checkpoint(tiny)


@pytest.mark.parametrize(("content", "message"), [("{", "is not JSON"), ("[]", "is not a JSON object")])
def test_a_broken_configuration_is_refused(tiny: Path, content: str, message: str) -> None:
    (tiny / "config.json").write_text(content)
    with pytest.raises(ModelError, match=message):
        open_checkpoint(tiny)


@pytest.mark.parametrize(
    "labels",
    [
        {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
        {"0": "negative", "1": "positive"},
        {"a": "negative", "b": "neutral", "c": "positive"},
        None,
    ],
)
def test_labels_that_are_not_the_three_tones_are_refused(tiny: Path, labels: dict[str, str] | None) -> None:
    config = json.loads((tiny / "config.json").read_text())
    (tiny / "config.json").write_text(json.dumps({**config, "id2label": labels}))
    with pytest.raises(ModelError, match="not negative, neutral, positive"):
        open_checkpoint(tiny)


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'student'"):
        open_checkpoint("studnet")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder at"):
        open_checkpoint(tmp_path / "nowhere" / "model")
