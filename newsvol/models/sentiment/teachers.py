"""An ensemble of teachers: fine-tuned one after another, each asked once about every text."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from newsvol.engine.arrays import FloatArray
from newsvol.models.networks.bert import start_tokenizer
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.context import TrainingContext
from newsvol.models.sentiment.corpus import Corpus
from newsvol.models.training.batches import predict_probabilities
from newsvol.models.training.fit import FitSetting

KINDS: Final = ("training", "unlabelled", "validation", "test")

Answers = dict[str, FloatArray]
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class TeacherAnswers:
    """What the teachers gave.

    Attributes
    ----------
    weights : mapping
        The first teacher's; empty if the teachers have a start of their own.
    training, unlabelled, validation, test : FloatArray, shape (N, 3)
        Mean probabilities of all teachers on each kind of text.
    each : mapping of int to FloatArray, shape (N, 3)
        Each teacher's probabilities of the test texts, by its seed.
    """

    weights: Mapping[str, Any]
    training: FloatArray
    unlabelled: FloatArray
    validation: FloatArray
    test: FloatArray
    each: Mapping[int, FloatArray]


def teach(context: TrainingContext, corpus: Corpus) -> TeacherAnswers | None:
    """Fine-tune one network per seed and return what they say together; None without a teacher.

    With a work folder, the answers of a teacher that is done are taken from there, by whichever recipe it was
    made: the same texts, start, block and seed give the same teacher.
    """
    config = context.recipe.teacher
    if config is None:
        return None
    folder = None if context.work is None else context.work / f"teacher-{_identity(context, corpus)}"
    weights: Weights = {}
    ensemble: list[Answers] = []
    for seed in config.seeds:
        keep_weights = config.start is None and not weights  # a student may take layers from the first
        kept, answers = _one(context, corpus, seed, folder, keep_weights)
        weights = kept if keep_weights else weights
        ensemble.append(answers)
    mean: Answers = {kind: np.mean([answers[kind] for answers in ensemble], axis=0) for kind in KINDS}
    each = {seed: answers["test"] for seed, answers in zip(config.seeds, ensemble, strict=True)}
    return TeacherAnswers(weights, **mean, each=each)


def _identity(context: TrainingContext, corpus: Corpus) -> str:
    """Return what tells one ensemble from another, its seeds apart."""
    recipe = context.recipe
    assert recipe.teacher is not None
    decided = {
        "fit": recipe.teacher.model_dump(mode="json", exclude={"seeds"}),
        "start": str(context.teacher_folder),
        "max_length": recipe.max_length,
        "precision": recipe.precision,
        "texts": corpus.content_hash(),
    }
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]


def _one(
    context: TrainingContext, corpus: Corpus, seed: int, folder: Path | None, keep_weights: bool
) -> tuple[Weights, Answers]:
    """Return a teacher's answers, and maybe its weights; what is kept in `folder` is not done again."""
    if folder is None:
        return _fitted(context, corpus, context.setting(seed, None), keep_weights)
    answers_file, weights_file = folder / f"{seed}.npz", folder / f"{seed}.safetensors"
    checkpoints = folder / f"{seed}-checkpoints"
    if answers_file.is_file() and (weights_file.is_file() or not keep_weights):
        context.say(f"teacher with seed {seed}: done before")
        with np.load(answers_file) as kept:
            return load_file(weights_file) if keep_weights else {}, {kind: kept[kind] for kind in KINDS}
    weights, answers = _fitted(context, corpus, context.setting(seed, checkpoints), keep_weights)
    if keep_weights:
        save_file(weights, weights_file)
    part = answers_file.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **answers)
    os.replace(part, answers_file)
    shutil.rmtree(checkpoints)
    return weights, answers


def _fitted(
    context: TrainingContext, corpus: Corpus, setting: FitSetting, keep_weights: bool
) -> tuple[Weights, Answers]:
    config = context.recipe.teacher
    assert config is not None
    parts = corpus.parts
    texts_of = dict(
        zip(KINDS, (corpus.training(), corpus.unlabelled, parts.validation, parts.test), strict=True)
    )
    context.say(
        f"teacher with seed {setting.seed}: {len(texts_of['training'])} texts, {config.epochs:g} epochs"
    )
    network = context.teacher_network(setting.seed)
    tokenizer = start_tokenizer(context.teacher_folder, context.recipe.max_length)
    fit_classifier(
        network, tokenizer, TrainingData(texts_of["training"], validation=parts.validation), config, setting
    )
    context.say(f"teacher with seed {setting.seed}: answers for {sum(map(len, texts_of.values()))} texts")
    answers = {
        kind: predict_probabilities(
            network, tokenizer, texts.text, context.recipe.precision, context.progress
        )
        for kind, texts in texts_of.items()
    }
    state = network.state_dict() if keep_weights else {}
    return {name: value.detach().cpu().contiguous() for name, value in state.items()}, answers
