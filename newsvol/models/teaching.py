"""An ensemble of teachers: fine-tuned one after another, each asked once about every text."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.special import softmax

from newsvol.engine.arrays import FloatArray
from newsvol.models.bench import Bench
from newsvol.models.feeding import predict
from newsvol.models.fitting import Lesson, fit
from newsvol.models.gathering import Corpus
from newsvol.models.judging import Taught
from newsvol.models.networks import start_tokenizer

KINDS: Final = ("training", "unlabelled", "validation", "test")

Answers = dict[str, FloatArray]
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Place:
    """Where the work of one teacher is kept; nowhere, if `folder` is None."""

    folder: Path | None
    seed: int

    def file(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{self.seed}{name}"


def teach(bench: Bench, corpus: Corpus) -> Taught | None:
    """Fine-tune one network per seed and return what they say together; None without a teacher.

    With a work folder, the answers of a teacher that is done are taken from there, by whichever recipe it was
    made: the same texts, start, block and seed give the same teacher.
    """
    how = bench.recipe.teacher
    if how is None:
        return None
    folder = None if bench.work is None else bench.work / f"teacher-{_identity(bench, corpus)}"
    weights: Weights = {}
    said: list[Answers] = []
    for seed in how.seeds:
        wanted = how.start is None and not weights  # a student may take layers from the first
        kept, answers = _one(bench, corpus, Place(folder, seed), wanted)
        weights = kept if wanted else weights
        said.append(answers)
    mean: Answers = {kind: np.mean([answers[kind] for answers in said], axis=0) for kind in KINDS}
    each = {seed: answers["test"] for seed, answers in zip(how.seeds, said, strict=True)}
    return Taught(weights, **mean, each=each)


def _identity(bench: Bench, corpus: Corpus) -> str:
    """Return what tells one ensemble from another, its seeds apart."""
    recipe = bench.recipe
    assert recipe.teacher is not None
    decided = {
        "fit": recipe.teacher.model_dump(mode="json", exclude={"seeds"}),
        "start": str(bench.teacher_folder),
        "max_length": recipe.max_length,
        "precision": recipe.precision,
        "texts": corpus.content_hash(),
    }
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]


def _one(bench: Bench, corpus: Corpus, place: Place, wanted: bool) -> tuple[Weights, Answers]:
    """Return a teacher's answers, and its weights if `wanted`; what is kept in `place` is not done again."""
    answered, weighed = place.file(".npz"), place.file(".safetensors")
    if answered is None or weighed is None:
        return _fitted(bench, corpus, place, wanted)
    if answered.is_file() and (weighed.is_file() or not wanted):
        bench.say(f"teacher with seed {place.seed}: done before")
        with np.load(answered) as kept:
            return load_file(weighed) if wanted else {}, {kind: kept[kind] for kind in KINDS}
    weights, answers = _fitted(bench, corpus, place, wanted)
    if wanted:
        save_file(weights, weighed)
    part = answered.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **answers)
    os.replace(part, answered)
    checkpoints = place.file("-checkpoints")
    if checkpoints is not None:
        shutil.rmtree(checkpoints)
    return weights, answers


def _fitted(bench: Bench, corpus: Corpus, place: Place, wanted: bool) -> tuple[Weights, Answers]:
    how = bench.recipe.teacher
    assert how is not None
    parts = corpus.parts
    asked = dict(
        zip(KINDS, (corpus.training(), corpus.unlabelled, parts.validation, parts.test), strict=True)
    )
    bench.say(f"teacher with seed {place.seed}: {len(asked['training'])} texts, {how.epochs:g} epochs")
    network = bench.teacher_network(place.seed)
    tokenizer = start_tokenizer(bench.teacher_folder, bench.recipe.max_length)
    setting = bench.setting(place.seed, place.file("-checkpoints"))
    fit(network, tokenizer, Lesson(asked["training"], validation=parts.validation), how, setting)
    bench.say(f"teacher with seed {place.seed}: answers for {sum(map(len, asked.values()))} texts")
    answers = {
        kind: softmax(predict(network, tokenizer, texts.text, bench.recipe.precision, bench.progress), axis=1)
        for kind, texts in asked.items()
    }
    state = network.state_dict() if wanted else {}
    return {name: value.detach().cpu().contiguous() for name, value in state.items()}, answers
