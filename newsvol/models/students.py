"""A student made by its recipe: cut or drawn, distilled, pruned, and made ready for INT8."""

from dataclasses import replace
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from newsvol.engine.arrays import IntArray
from newsvol.models.bench import Bench
from newsvol.models.corpus import join
from newsvol.models.distilling import Guide
from newsvol.models.feeding import batches
from newsvol.models.fitting import FitSetting, Lesson, answer_loss, fit
from newsvol.models.gathering import Corpus
from newsvol.models.judging import Taught
from newsvol.models.networks import (
    cut,
    draw,
    load_start,
    require_same_vocabulary,
    start_tokenizer,
)
from newsvol.models.pruning import importance, prune
from newsvol.models.qat import prepare_int8, strip_int8
from newsvol.models.recipe_parts import Student
from newsvol.models.starts import start_folder
from newsvol.models.vocabulary import prune_tokenizer


def distil(
    bench: Bench, corpus: Corpus, taught: Taught | None, seed: int | None = None
) -> tuple[Any, Tokenizer]:
    """Train the student on labels, and on what the teachers say of labelled and unlabelled texts.

    In this order: cut or drawn from its origin, fitted (guided from inside, if asked for), pruned and fitted
    again; rounding to INT8 is learned in the last fit.
    """
    recipe, how = bench.recipe, bench.recipe.student
    seed = recipe.seed if seed is None else seed
    texts = join([corpus.training(), corpus.unlabelled])
    tokenizer, kept = prune_tokenizer(
        start_tokenizer(bench.folder, recipe.max_length), texts.text.tolist(), recipe.vocabulary
    )
    soft = None if taught is None else np.concatenate([taught.training, taught.unlabelled])
    network = _student(bench, taught, kept, seed)
    bench.say(
        f"student with seed {seed}: {len(texts)} texts, {how.epochs:g} epochs, {len(how.layers)} layers, "
        f"{len(kept)} pieces"
    )
    guide = None
    if how.intermediate is not None and taught is not None and recipe.teacher is not None:
        # It reads the student's pieces, not its own, so that places in a text mean the same to both.
        teacher = _from_teacher(bench, taught)
        cut(teacher, range(teacher.config.num_hidden_layers), kept, recipe.max_length)
        guide = Guide(teacher, network, how.intermediate, recipe.precision)
    lesson = Lesson(texts, soft, guide, corpus.parts.validation)
    rounded = how.quantization_aware
    _fit_rounded(
        network, tokenizer, lesson, how, bench.student_setting(seed, "fit"), rounded and how.prune is None
    )
    if how.prune is not None:
        lesson = replace(lesson, guide=None)
        network = shrink(network, tokenizer, lesson, how, seed)
        again = how.model_copy(
            update={"epochs": how.prune.epochs, "learning_rate": how.prune.learning_rate, "lora": None}
        )
        _fit_rounded(network, tokenizer, lesson, again, bench.student_setting(seed, "recovery"), rounded)
    return network.cpu(), tokenizer


def shrink(network: Any, tokenizer: Tokenizer, lesson: Lesson, how: Student, seed: int) -> Any:
    """Return `network` pruned as ``how.prune`` says, by importance over a seeded sample of the lesson."""
    assert how.prune is not None
    count = min(how.prune.scored, len(lesson.texts))
    rows = np.random.default_rng(seed).choice(len(lesson.texts), count, replace=False)
    sample = Lesson(lesson.texts.take(rows), None if lesson.soft is None else lesson.soft[rows])
    found = importance(
        network, batches(network, tokenizer, sample.texts, sample.soft, how.batch), answer_loss(lesson, how)
    )
    return prune(network, found, how.prune.share, how.prune.heads)


def _student(bench: Bench, taught: Taught | None, kept: IntArray, seed: int) -> Any:
    recipe, how = bench.recipe, bench.recipe.student
    if how.origin == "teacher" and taught is not None and recipe.teacher is not None:
        network = _from_teacher(bench, taught)
    elif how.origin in ("teacher", "start"):
        network = load_start(bench.folder, seed)
    elif how.origin == "scratch":
        network = draw(bench.folder, seed)
    else:
        folder = start_folder(how.origin, bench.download)
        require_same_vocabulary(bench.folder, folder)
        network = load_start(folder, seed)
    return cut(network, how.layers, kept, recipe.max_length)


def _from_teacher(bench: Bench, taught: Taught) -> Any:
    network = bench.teacher_network(bench.recipe.seed)
    network.load_state_dict(taught.weights)
    return network


def _fit_rounded(
    network: Any, tokenizer: Tokenizer, lesson: Lesson, how: Student, setting: FitSetting, rounded: bool
) -> None:
    if rounded:
        prepare_int8(network)
    fit(network, tokenizer, lesson, how, setting)
    if rounded:
        strip_int8(network)
