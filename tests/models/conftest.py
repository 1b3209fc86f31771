"""A tiny random BERT, made here: quick to train and to save."""

import json
import shutil
from pathlib import Path

import pytest

WORDS = [
    "profit",
    "loss",
    "rose",
    "fell",
    "sharply",
    "sales",
    "shares",
    "company",
    "bank",
    "said",
    "the",
    "of",
]


@pytest.fixture(scope="session")
def tiny_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved BERT classifier, 3 layers of 32 channels, with a tokenizer of letters and some words."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,%$"
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{letter}" for letter in letters),
        *WORDS,
    ]
    tokenizer = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens(pieces[:5])
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.2,
        id2label={0: "positive", 1: "negative", 2: "neutral"},
        label2id={"positive": 0, "negative": 1, "neutral": 2},
    )
    folder = tmp_path_factory.mktemp("start") / "tiny"
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="session")
def tiny_mpnet(tiny_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved MPNet, 2 layers of 24 channels, that reads the pieces of `tiny_start`."""
    import torch
    from transformers import MPNetConfig, MPNetForSequenceClassification

    torch.manual_seed(1)
    config = MPNetConfig(
        vocab_size=len(json.loads((tiny_start / "tokenizer.json").read_text())["model"]["vocab"]),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        max_position_embeddings=64,
        pad_token_id=0,
        num_labels=3,
    )
    folder = tmp_path_factory.mktemp("start") / "mpnet"
    MPNetForSequenceClassification(config).save_pretrained(folder)
    shutil.copy(tiny_start / "tokenizer.json", folder)
    return folder


@pytest.fixture
def tiny(tiny_start: Path, tmp_path: Path) -> Path:
    """A copy of `tiny_start` that a test may spoil."""
    return Path(shutil.copytree(tiny_start, tmp_path / "tiny"))


@pytest.fixture
def made_up_data(tmp_path: Path) -> Path:
    """A data folder: 120 labelled and 40 unlabelled made-up headlines."""
    folder = tmp_path / "data"
    folder.mkdir()
    tones = {"rose": "positive", "fell": "negative", "met": "neutral"}
    rows = [
        f'"{verb} {n} profit {n * 7 % 13} of bank {n * n}",{tone}'
        for n in range(40)
        for verb, tone in tones.items()
    ]
    (folder / "labelled.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    (folder / "more.csv").write_text(
        "\n".join(["title", *(f"market {n} said {n * 3}" for n in range(40))]) + "\n"
    )
    return folder


@pytest.fixture
def tiny_recipe(tiny_start: Path, tmp_path: Path) -> Path:
    """A recipe file that distils two teachers of `tiny_start` into one layer, in seconds."""
    content = {
        "name": "tiny",
        "seed": 1,
        "start": str(tiny_start),
        "max_length": 16,
        "precision": "fp32",
        "evaluated": {"file": "labelled.csv", "label": "label"},
        "unlabelled": [{"file": "more.csv", "text": "title"}],
        "teacher": {"layers": [0, 1, 2], "seeds": [1, 2], "epochs": 4, "learning_rate": 3e-3, "batch": 16},
        "student": {"layers": [0], "epochs": 4, "learning_rate": 3e-3, "batch": 16},
    }
    file = tmp_path / "tiny.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    return file


@pytest.fixture(scope="session")
def pruned(tiny_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of three heads of eight channels within 32."""
    import torch

    from newsvol.models.networks.pruned_bert import PrunedBertConfig, PrunedBertForSequenceClassification

    torch.manual_seed(0)
    content = json.loads((tiny_start / "config.json").read_text())
    for key in ("model_type", "architectures", "transformers_version"):
        content.pop(key, None)
    config = PrunedBertConfig(**{**content, "num_attention_heads": 3, "attention_head_size": 8})
    folder = tmp_path_factory.mktemp("pruned") / "pruned"
    PrunedBertForSequenceClassification(config).save_pretrained(folder)
    shutil.copy(tiny_start / "tokenizer.json", folder)
    return folder
