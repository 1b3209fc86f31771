"""A training run: texts, an ensemble of teachers, and a student distilled from them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from tokenizers import Tokenizer

from newsvol.engine.arrays import FloatArray
from newsvol.models.checkpoint import write_pins
from newsvol.models.corpus import Texts, join
from newsvol.models.fitting import FitSetting, fit, predict
from newsvol.models.gathering import Corpus, gather
from newsvol.models.judging import Made, Taught, judge
from newsvol.models.metrics import best_temperature
from newsvol.models.networks import cut, load_start, save_network, start_folder, start_tokenizer
from newsvol.models.training_recipe import TrainingRecipe
from newsvol.models.vocabulary import prune_tokenizer

Say = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """What the stages of a run share: recipe, start, device, and where progress is told."""

    recipe: TrainingRecipe
    folder: str
    device: str
    say: Say
    progress: bool = True

    def setting(self, seed: int) -> FitSetting:
        """Return where and how a fit with `seed` runs."""
        return FitSetting(self.device, self.recipe.precision, seed, self.progress)

    def network(self, layers: tuple[int, ...], seed: int) -> Any:
        """Return the start, cut to `layers`."""
        return cut(load_start(self.folder, seed), layers)


def open_bench(recipe: TrainingRecipe, device: str, download: bool, say: Say, progress: bool = True) -> Bench:
    """Return the bench for a run; the device was resolved by the caller ("cpu" or "cuda")."""
    return Bench(recipe, start_folder(recipe.start, download), device, say, progress)


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
        fit(network, tokenizer, wanted[0], how, bench.setting(seed))
        logits = [predict(network, tokenizer, kind.text, bench.recipe.precision) for kind in wanted]
        said.append([softmax(rows, axis=1) for rows in logits])
        weights = weights or {name: value.detach().cpu() for name, value in network.state_dict().items()}
    return Taught(weights, *(np.mean(kind, axis=0) for kind in zip(*said, strict=True)))


def distil(bench: Bench, corpus: Corpus, taught: Taught | None) -> tuple[Any, Tokenizer]:
    """Train the student on labels, and on what the teachers say of labelled and unlabelled texts."""
    recipe, how = bench.recipe, bench.recipe.student
    texts = join([corpus.training(), corpus.unlabelled])
    tokenizer, kept = prune_tokenizer(
        start_tokenizer(bench.folder, recipe.max_length), texts.text.tolist(), recipe.vocabulary
    )
    soft = None
    if taught is not None and recipe.teacher is not None:
        network = bench.network(recipe.teacher.layers, recipe.seed)
        network.load_state_dict(taught.weights)
        soft = np.concatenate([taught.training, taught.unlabelled])
    else:
        network = load_start(bench.folder, recipe.seed)
    cut(network, how.layers, kept, recipe.max_length)
    bench.say(
        f"student: {len(texts)} texts, {how.epochs:g} epochs, {len(how.layers)} layers, {len(kept)} pieces"
    )
    fit(network, tokenizer, texts, how, bench.setting(recipe.seed), soft)
    return network.cpu(), tokenizer


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
    for name, content in (("split", corpus.parts.fingerprint()), ("training", results)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return results
