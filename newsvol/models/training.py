"""A training run: texts, an ensemble of teachers, and a student distilled from them."""

import json
import time
from pathlib import Path
from typing import Any

import torch
from scipy.special import softmax

from newsvol.engine.arrays import FloatArray
from newsvol.models.augmenting import nearest_words, variations
from newsvol.models.bench import Bench, open_bench
from newsvol.models.calibrating import calibrate, spread
from newsvol.models.checkpoint import write_pins
from newsvol.models.corpus import Texts, join
from newsvol.models.feeding import predict, predict_probabilities
from newsvol.models.gathering import Corpus, gather
from newsvol.models.judging import Made, judge, over_seeds
from newsvol.models.metrics import best_temperature
from newsvol.models.networks import load_start, save_network, start_tokenizer
from newsvol.models.starts import weights_hash
from newsvol.models.students import distil
from newsvol.models.teaching import teach
from newsvol.models.training_recipe import TrainingRecipe

__all__ = ["open_bench", "teach", "train"]


def with_variations(bench: Bench, corpus: Corpus) -> Corpus:
    """Return `corpus` with variations on its training part among the unlabelled texts, if asked for.

    A variation that comes to overlap a held-out text is dropped, like any other text.
    """
    recipe = bench.recipe
    how = recipe.augmented
    if how is None:
        return corpus
    tokenizer = start_tokenizer(bench.folder, recipe.max_length)
    table = load_start(bench.folder, recipe.seed).get_input_embeddings().weight.detach().numpy()
    train = corpus.parts.train
    near = nearest_words(tokenizer.get_vocab(), table, train.text, how.neighbours)
    made = variations(train, how, near, recipe.seed)
    bench.say(f"{len(made)} variations on {len(train)} sentences")
    return corpus.with_unlabelled(made, recipe.split.near_duplicate)


def fold_temperature(network: Any, validation: Texts, logits: FloatArray) -> float:
    """Fold the temperature that suits the `logits` of `validation` best into the classifier; return it."""
    temperature = best_temperature(validation.label, logits)
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
    corpus = with_variations(bench, gather(recipe, data))
    bench.say(", ".join(f"{count} {name}" for name, count in corpus.counts().items()))
    taught = teach(bench, corpus)
    network, tokenizer = distil(bench, corpus, taught)
    validation, test = corpus.parts.validation, corpus.parts.test
    logits = predict(network, tokenizer, validation.text, "fp32")
    temperature = fold_temperature(network, validation, logits)
    save_network(network, tokenizer, folder)
    calibrate(folder, spread(join([corpus.training(), corpus.unlabelled]).text.tolist()))
    write_pins(folder)
    starts = {recipe.start: weights_hash(bench.folder)}
    if recipe.teacher is not None and recipe.teacher.start is not None:
        starts[recipe.teacher.start] = weights_hash(bench.teacher_folder)
    made = Made(folder, temperature, softmax(logits, axis=1), time.monotonic() - began, starts)
    results = judge(recipe, corpus, taught, made)
    if recipe.student.repeats:
        said = {recipe.seed: predict_probabilities(network.float(), tokenizer, test.text, "fp32")}
        for seed in recipe.student.repeats:
            again, _ = distil(bench, corpus, taught, seed)
            fold_temperature(again, validation, predict(again, tokenizer, validation.text, "fp32"))
            said[seed] = predict_probabilities(again, tokenizer, test.text, "fp32")
        results["student_over_seeds"] = over_seeds(test.label, said)
    for name, content in (("split", corpus.parts.fingerprint()), ("training", results)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return results
