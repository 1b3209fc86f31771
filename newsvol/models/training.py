"""A training run: texts, an ensemble of teachers, and a student distilled from them."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from tokenizers import Tokenizer

from newsvol.engine.arrays import FloatArray
from newsvol.models.bench import Bench, open_bench
from newsvol.models.checkpoint import write_pins
from newsvol.models.corpus import Texts
from newsvol.models.feeding import predict
from newsvol.models.fitting import Lesson, fit
from newsvol.models.gathering import Corpus, gather
from newsvol.models.judging import Made, Taught, judge, over_seeds
from newsvol.models.metrics import best_temperature
from newsvol.models.networks import save_network, start_tokenizer
from newsvol.models.students import distil
from newsvol.models.training_recipe import TrainingRecipe

__all__ = ["open_bench", "teach", "train"]


def teach(bench: Bench, corpus: Corpus) -> Taught | None:
    """Fine-tune one full-size network per seed and return what they say together; None without a teacher."""
    how = bench.recipe.teacher
    if how is None:
        return None
    tokenizer = start_tokenizer(bench.folder, bench.recipe.max_length)
    wanted = (corpus.training(), corpus.unlabelled, corpus.parts.validation, corpus.parts.test)
    said: list[list[FloatArray]] = []
    weights: dict[str, torch.Tensor] = {}
    for seed in how.seeds:
        bench.say(f"teacher with seed {seed}: {len(wanted[0])} texts, {how.epochs:g} epochs")
        network = bench.network(how.layers, seed)
        lesson = Lesson(wanted[0], validation=corpus.parts.validation)
        fit(network, tokenizer, lesson, how, bench.setting(seed, "teacher"))
        logits = [predict(network, tokenizer, kind.text, bench.recipe.precision) for kind in wanted]
        said.append([softmax(rows, axis=1) for rows in logits])
        weights = weights or {name: value.detach().cpu() for name, value in network.state_dict().items()}
    return Taught(weights, *(np.mean(kind, axis=0) for kind in zip(*said, strict=True)))


def calibrate(network: Any, tokenizer: Tokenizer, validation: Texts) -> float:
    """Fold the temperature that suits `validation` best into the classifier, and return it."""
    temperature = best_temperature(validation.label, predict(network, tokenizer, validation.text, "fp32"))
    with torch.no_grad():
        network.classifier.weight /= temperature
        network.classifier.bias /= temperature
    return temperature


def train(recipe: TrainingRecipe, data: Path, folder: Path, bench: Bench) -> dict[str, Any]:
    """Run `recipe` and fill `folder` with the student, its pins, the split's hashes and the results.

    Parameters
    ----------
    data : Path
        What the recipe's sources are relative to.
    folder : Path
        An empty folder; the caller makes it appear whole or not at all.

    Returns
    -------
    dict
        What ``training.json`` says; see `judge`.
    """
    began = time.monotonic()
    corpus = gather(recipe, data)
    bench.say(", ".join(f"{count} {name}" for name, count in corpus.counts().items()))
    taught = teach(bench, corpus)
    network, tokenizer = distil(bench, corpus, taught)
    raw = softmax(predict(network, tokenizer, corpus.parts.validation.text, "fp32"), axis=1)
    temperature = calibrate(network, tokenizer, corpus.parts.validation)
    save_network(network, tokenizer, folder)
    write_pins(folder)
    results = judge(recipe, corpus, taught, Made(folder, temperature, raw, time.monotonic() - began))
    if recipe.student.repeats:
        test = corpus.parts.test
        said = {recipe.seed: predict(network.float(), tokenizer, test.text, "fp32").argmax(axis=1)}
        for seed in recipe.student.repeats:
            again, _ = distil(bench, corpus, taught, seed)
            said[seed] = predict(again, tokenizer, test.text, "fp32").argmax(axis=1)
        results["student_over_seeds"] = over_seeds(test.label, said)
    for name, content in (("split", corpus.parts.fingerprint()), ("training", results)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return results
