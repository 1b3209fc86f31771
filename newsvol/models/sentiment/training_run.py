"""A training run: texts, an ensemble of teachers, and a student distilled from them."""

import json
import time
from pathlib import Path
from typing import Any

from scipy.special import softmax

from newsvol.models.checkpoint import write_pins
from newsvol.models.networks.bert import load_start, save_network, start_tokenizer
from newsvol.models.networks.starting_weights import weights_hash
from newsvol.models.sentiment.context import TrainingContext
from newsvol.models.sentiment.corpus import Corpus, gather
from newsvol.models.sentiment.distillation import distil
from newsvol.models.sentiment.recipe import TrainingRecipe
from newsvol.models.sentiment.results import TrainedStudent, over_seeds, training_results
from newsvol.models.sentiment.teachers import teach
from newsvol.models.sentiment.temperature import fold_temperature
from newsvol.models.serving.static_int8 import calibrate, spread
from newsvol.models.text.augment import nearest_words, variations
from newsvol.models.text.texts import join
from newsvol.models.training.batches import predict, predict_probabilities


def with_variations(context: TrainingContext, corpus: Corpus) -> Corpus:
    """Return `corpus` with variations on its training part among the unlabelled texts, if asked for.

    A variation that comes to overlap a held-out text is dropped, like any other text.
    """
    recipe = context.recipe
    config = recipe.augmented
    if config is None:
        return corpus
    tokenizer = start_tokenizer(context.folder, recipe.max_length)
    table = load_start(context.folder, recipe.seed).get_input_embeddings().weight.detach().numpy()
    train = corpus.parts.train
    near = nearest_words(tokenizer.get_vocab(), table, train.text, config.neighbours)
    made = variations(train, config, near, recipe.seed)
    context.say(f"{len(made)} variations on {len(train)} sentences")
    return corpus.with_unlabelled(made, recipe.split.near_duplicate)


def train(recipe: TrainingRecipe, data: Path, folder: Path, context: TrainingContext) -> dict[str, Any]:
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
        What ``training.json`` says; see `training_results`.
    """
    began = time.monotonic()
    corpus = with_variations(context, gather(recipe, data))
    context.say(", ".join(f"{count} {name}" for name, count in corpus.counts().items()))
    answers = teach(context, corpus)
    network, tokenizer = distil(context, corpus, answers)
    validation, test = corpus.parts.validation, corpus.parts.test
    logits = predict(network, tokenizer, validation.text, "fp32")
    temperature = fold_temperature(network, validation, logits)
    save_network(network, tokenizer, folder)
    calibrate(folder, spread(join([corpus.training(), corpus.unlabelled]).text.tolist()))
    write_pins(folder)
    starts = {recipe.start: weights_hash(context.folder)}
    if recipe.teacher is not None and recipe.teacher.start is not None:
        starts[recipe.teacher.start] = weights_hash(context.teacher_folder)
    student = TrainedStudent(folder, temperature, softmax(logits, axis=1), time.monotonic() - began, starts)
    results = training_results(recipe, corpus, answers, student)
    if recipe.student.repeats:
        of_seed = {recipe.seed: predict_probabilities(network.float(), tokenizer, test.text, "fp32")}
        for seed in recipe.student.repeats:
            again, _ = distil(context, corpus, answers, seed)
            fold_temperature(again, validation, predict(again, tokenizer, validation.text, "fp32"))
            of_seed[seed] = predict_probabilities(again, tokenizer, test.text, "fp32")
        results["student_over_seeds"] = over_seeds(test.label, of_seed)
    for name, content in (("split", corpus.parts.fingerprint()), ("training", results)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return results
