"""A student made by its recipe: cut or drawn, distilled, pruned, and made ready for INT8."""

from dataclasses import replace
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from newsvol.engine.arrays import IntArray
from newsvol.models.networks.bert import (
    cut,
    draw,
    load_start,
    require_same_vocabulary,
    start_tokenizer,
)
from newsvol.models.networks.pruning import importance, prune
from newsvol.models.networks.qat import prepare_int8, strip_int8
from newsvol.models.networks.starting_weights import start_folder
from newsvol.models.sentiment.classifier import TrainingData, answer_loss, fit_classifier
from newsvol.models.sentiment.context import TrainingContext
from newsvol.models.sentiment.corpus import Corpus
from newsvol.models.sentiment.recipe import Student
from newsvol.models.sentiment.teachers import TeacherAnswers
from newsvol.models.text.texts import join
from newsvol.models.text.vocabulary import prune_tokenizer
from newsvol.models.training.batches import batches
from newsvol.models.training.fit import FitSetting
from newsvol.models.training.intermediate import IntermediateTeacher


def distil(
    context: TrainingContext, corpus: Corpus, answers: TeacherAnswers | None, seed: int | None = None
) -> tuple[Any, Tokenizer]:
    """Train the student on labels, and on what the teachers say of labelled and unlabelled texts.

    In this order: cut or drawn from its origin, fitted (guided from inside, if asked for), pruned and fitted
    again; rounding to INT8 is learned in the last fit.
    """
    recipe, config = context.recipe, context.recipe.student
    seed = recipe.seed if seed is None else seed
    texts = join([corpus.training(), corpus.unlabelled])
    tokenizer, kept = prune_tokenizer(
        start_tokenizer(context.folder, recipe.max_length), texts.text.tolist(), recipe.vocabulary
    )
    soft = None if answers is None else np.concatenate([answers.training, answers.unlabelled])
    network = _student(context, answers, kept, seed)
    context.say(
        f"student with seed {seed}: {len(texts)} texts, {config.epochs:g} epochs, "
        f"{len(config.layers)} layers, {len(kept)} pieces"
    )
    insides = None
    if config.intermediate is not None and answers is not None and recipe.teacher is not None:
        # It reads the student's pieces, not its own, so that places in a text mean the same to both.
        teacher = _from_teacher(context, answers)
        cut(teacher, range(teacher.config.num_hidden_layers), kept, recipe.max_length)
        insides = IntermediateTeacher(teacher, network, config.intermediate, recipe.precision)
    data = TrainingData(texts, soft, insides, corpus.parts.validation)
    rounded = config.quantization_aware
    _fit_rounded(
        network,
        tokenizer,
        data,
        config,
        context.student_setting(seed, "fit"),
        rounded and config.prune is None,
    )
    if config.prune is not None:
        data = replace(data, teacher=None)
        network = shrink(network, tokenizer, data, config, seed)
        again = config.model_copy(
            update={"epochs": config.prune.epochs, "learning_rate": config.prune.learning_rate, "lora": None}
        )
        _fit_rounded(network, tokenizer, data, again, context.student_setting(seed, "recovery"), rounded)
    return network.cpu(), tokenizer


def shrink(network: Any, tokenizer: Tokenizer, data: TrainingData, config: Student, seed: int) -> Any:
    """Return `network` pruned as ``config.prune`` says, by importance over a seeded sample of the texts."""
    assert config.prune is not None
    count = min(config.prune.scored, len(data.texts))
    rows = np.random.default_rng(seed).choice(len(data.texts), count, replace=False)
    part = TrainingData(data.texts.take(rows), None if data.soft is None else data.soft[rows])
    scores = importance(
        network, batches(network, tokenizer, part.texts, part.soft, config.batch), answer_loss(data, config)
    )
    return prune(network, scores, config.prune.share, config.prune.heads)


def _student(context: TrainingContext, answers: TeacherAnswers | None, kept: IntArray, seed: int) -> Any:
    recipe, config = context.recipe, context.recipe.student
    if config.origin == "teacher" and answers is not None and recipe.teacher is not None:
        network = _from_teacher(context, answers)
    elif config.origin in ("teacher", "start"):
        network = load_start(context.folder, seed)
    elif config.origin == "scratch":
        network = draw(context.folder, seed)
    else:
        folder = start_folder(config.origin, context.download)
        require_same_vocabulary(context.folder, folder)
        network = load_start(folder, seed)
    return cut(network, config.layers, kept, recipe.max_length)


def _from_teacher(context: TrainingContext, answers: TeacherAnswers) -> Any:
    network = context.teacher_network(context.recipe.seed)
    network.load_state_dict(answers.weights)
    return network


def _fit_rounded(
    network: Any,
    tokenizer: Tokenizer,
    data: TrainingData,
    config: Student,
    setting: FitSetting,
    rounded: bool,
) -> None:
    if rounded:
        prepare_int8(network)
    fit_classifier(network, tokenizer, data, config, setting)
    if rounded:
        strip_int8(network)
