"""Every way to train the sentiment model, at one reduced and equal budget, over several seeds.

    python benchmarks/variants.py --data DIR --work FOLDER [--seeds 1,2,3] [--only kd,qat] [--out FILE.json]

DIR is the folder of third-party data, which is not shipped. FOLDER is a work folder of `newsvol sentiment
train`: the teachers of the recipe `student` are taken from it, or made there. It also keeps the distilled
students and one result per variant and seed: a killed run goes on where it was, and several processes may
share FOLDER if they are given different seeds or variants. Without `--out` nothing but FOLDER is written.

The budget: sentences of the PhraseBank's training part, and TEXTS others for the variants with a teacher,
about 11,000 readings in all; the shipped student read ten times as many texts, and each more
often. The figures rank the variants; they are not what the shipped student reaches.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from results_file import parser
from safetensors.torch import load_file, save_file
from variants_table import ABOUT, findings, markdown, rows_of

from newsvol.engine.provenance import machine
from newsvol.models.networks.bert import cut, load_start, save_network, start_tokenizer
from newsvol.models.networks.config import Lora, Prune
from newsvol.models.networks.qat import convert_int8, prepare_int8, strip_int8
from newsvol.models.sentiment.baselines import tfidf_predictions
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.context import TrainingContext, open_context
from newsvol.models.sentiment.corpus import Corpus, gather
from newsvol.models.sentiment.distillation import distil, shrink
from newsvol.models.sentiment.metrics import quality
from newsvol.models.sentiment.recipe import Student, Teacher, load_training_recipe
from newsvol.models.sentiment.results import mean_and_interval, over_seeds
from newsvol.models.sentiment.teachers import TeacherAnswers, teach
from newsvol.models.sentiment.training_run import with_variations
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.static_int8 import calibrate, spread
from newsvol.models.serving.variants import INT8_SUFFIX, STATIC_SUFFIX
from newsvol.models.text.sources import read_source
from newsvol.models.text.texts import UNLABELLED, Texts, join
from newsvol.models.training.batches import predict
from newsvol.models.training.config import Intermediate

TEXTS = 4000
LAYERS = (0, 1, 3, 5)
ALL_LAYERS = (0, 1, 2, 3, 4, 5)
LABELS_ONLY = Student(
    layers=LAYERS, origin="start", epochs=4, learning_rate=1e-4, label_smoothing=0.05, hard_weight=1
)
INSIDE_OF = Teacher(layers=ALL_LAYERS, seeds=(1,))  # `full` of seed 1: the teachers are of another kind
DISTILLED = Student(
    layers=LAYERS, origin="start", epochs=1.6, learning_rate=1e-4, temperature=2, hard_weight=0.3
)
RECOVERY = DISTILLED.model_copy(update={"epochs": 0.8, "learning_rate": 5e-5})
INSIDE = dict(enumerate(LAYERS))

TRAINED = {
    "full": LABELS_ONLY.model_copy(update={"layers": ALL_LAYERS}),
    "lora": LABELS_ONLY.model_copy(update={"layers": ALL_LAYERS, "lora": Lora(), "learning_rate": 1e-3}),
    "labels": LABELS_ONLY,
    "kd": DISTILLED,
    "kd_hidden_attention": DISTILLED.model_copy(
        update={"intermediate": Intermediate(method="hidden_attention", layers=INSIDE)}
    ),
    "kd_relations": DISTILLED.model_copy(
        update={"intermediate": Intermediate(method="relations", layers=INSIDE)}
    ),
    "kd_scratch": DISTILLED.model_copy(update={"origin": "scratch", "learning_rate": 5e-4}),
}
"""Variants that are one fit_classifier, by what is different about them."""

RECOVERED = ("kd_longer", "ptq_int8", "qat_int8", "pruned_30", "pruned_50")
"""Variants that go on from `kd` for one more, equal stretch; ptq_int8 rounds kd_longer and trains nothing."""

SERVED = ("labels", "kd", "kd_longer", "pruned_30", "pruned_50")
"""Variants that are also scored as newsvol serves them in INT8, through ONNX Runtime."""

TRANSFERRED = ("labels", "kd")
"""Variants that are scored on the whole Twitter set too; none saw a text of it, nor did a teacher."""


STUDENT = Path(__file__).parent / "results" / "student-training.json"
"""What the run that made the shipped student said of it, and of further seeds."""


@dataclass
class Shop:
    """The corpus at the reduced budget, and the teacher's answers on it."""

    data: Path
    work: Path

    @cached_property
    def bench(self) -> TrainingContext:
        changes = {"max_length": 64, "vocabulary": None, "teacher": INSIDE_OF}
        recipe = load_training_recipe("student").model_copy(update=changes)
        return open_context(recipe, "cpu", False, say, progress=False)

    @cached_property
    def shipped(self) -> TrainingContext:
        """What the shipped student is made on; its teachers are those of every variant."""
        recipe = load_training_recipe("student")
        return open_context(recipe, "cpu", False, say, progress=False, work=self.work)

    @cached_property
    def whole(self) -> Corpus:
        return with_variations(self.shipped, gather(self.shipped.recipe, self.data))

    @cached_property
    def labelled(self) -> Corpus:
        """The PhraseBank alone."""
        return Corpus(self.whole.parts, join([]), join([]), 0)

    @cached_property
    def rows(self) -> Any:
        generator = np.random.default_rng(0)
        return np.sort(generator.choice(len(self.whole.unlabelled), TEXTS, replace=False))

    @cached_property
    def mixed(self) -> Corpus:
        """The PhraseBank and some other texts."""
        return replace(self.labelled, unlabelled=self.whole.unlabelled.take(self.rows))

    @cached_property
    def answers_of_teachers(self) -> TeacherAnswers:
        """What the teachers say of the texts of the budget, and the insides of `full`, if it is there."""
        said = teach(self.shipped, self.whole)
        assert said is not None
        full = self.kept("full", 1)
        weights = self.lengthened(load_file(full)) if full.is_file() else {}
        return replace(said, weights=weights, unlabelled=said.unlabelled[self.rows])

    def lengthened(self, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return `weights` with the start's positions behind those that were kept, as a teacher has them."""
        places = "bert.embeddings.position_embeddings.weight"
        whole = load_start(self.bench.folder, 1).state_dict()[places]
        return weights | {places: torch.cat([weights[places], whole[len(weights[places]) :]])}

    def kept(self, name: str, seed: int) -> Path:
        """Where the weights lie that other variants go on from."""
        return self.folder / "networks" / f"{name}-{seed}.safetensors"

    @property
    def folder(self) -> Path:
        return self.work / "variants"

    @cached_property
    def lesson(self) -> TrainingData:
        """What the recovering variants learn from: the same as `kd`."""
        soft = np.concatenate([self.answers_of_teachers.training, self.answers_of_teachers.unlabelled])
        return TrainingData(join([self.mixed.training(), self.mixed.unlabelled]), soft)

    @cached_property
    def twitter(self) -> Texts:
        texts = read_source(load_training_recipe("open-student").evaluated, self.data, 0)
        return texts.take(texts.label != UNLABELLED)


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def trained(shop: Shop, name: str, seed: int) -> Any:
    """Return the network of a one-fit variant."""
    how = TRAINED[name]
    alone = how.hard_weight == 1
    changes: dict[str, Any] = {"student": how}
    if alone:
        changes |= {"teacher": None, "labelled": (), "unlabelled": ()}
    bench = replace(shop.bench, recipe=shop.bench.recipe.model_copy(update=changes))
    corpus = shop.labelled if alone else shop.mixed
    network, _ = distil(bench, corpus, None if alone else shop.answers_of_teachers, seed)
    return network


def recovered(shop: Shop, name: str, seed: int) -> Any:
    """Return the network of a variant that goes on from `kd` (or rounds `kd_longer`), INT8 ones converted."""
    start = "kd_longer" if name == "ptq_int8" else "kd"
    network = cut(load_start(shop.bench.folder, seed), LAYERS, None, shop.bench.recipe.max_length)
    network.load_state_dict(load_file(shop.kept(start, seed)))
    if name == "ptq_int8":
        convert_int8(network)
        return network.eval()
    tokenizer = start_tokenizer(shop.bench.folder, shop.bench.recipe.max_length)
    if name.startswith("pruned"):
        how = RECOVERY.model_copy(update={"prune": Prune(share=int(name[-2:]) / 100)})
        network = shrink(network, tokenizer, shop.lesson, how, seed)
    if name == "qat_int8":
        prepare_int8(network)
    fit_classifier(network, tokenizer, shop.lesson, RECOVERY, shop.bench.setting(seed, None))
    if name == "qat_int8":
        strip_int8(network)
        convert_int8(network)
    return network


def measured(shop: Shop, name: str, seed: int) -> dict[str, Any]:
    """Train one variant with one seed and return its figures."""
    began = time.monotonic()
    make: Callable[[Shop, str, int], Any] = trained if name in TRAINED else recovered
    network = make(shop, name, seed)
    seconds = time.monotonic() - began
    tokenizer = start_tokenizer(shop.bench.folder, shop.bench.recipe.max_length)
    result: dict[str, Any] = {"variant": name, "seed": seed, "seconds": round(seconds)}
    for part in ("validation", "test"):
        texts = getattr(shop.whole.parts, part)
        said = predict(network, tokenizer, texts.text, "fp32").argmax(axis=1)
        result[part] = quality(texts.label, said).as_json()
    if name in TRANSFERRED:
        said = predict(network, tokenizer, shop.twitter.text, "bf16").argmax(axis=1)
        result["twitter"] = quality(shop.twitter.label, said).as_json()
    if name in ("full", "kd", "kd_longer"):
        shop.kept(name, seed).parent.mkdir(parents=True, exist_ok=True)
        save_file(network.state_dict(), shop.kept(name, seed))
    result["parameters"] = sum(parameter.numel() for parameter in network.parameters())
    result["bytes"] = stored_bytes(network, tokenizer, shop.folder / "folders" / f"{name}-{seed}")
    return result


def stored_bytes(network: Any, tokenizer: Any, folder: Path) -> int:
    """Save the weights (FP16; INT8 with a scale per channel where rounded) and return the file's bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.safetensors"
    rounded = {name: value for name, value in network.named_parameters() if hasattr(value, "qdata")}
    if not rounded:
        save_network(network, tokenizer, folder)
        return file.stat().st_size
    tensors = {
        name: value.detach().half().contiguous()
        for name, value in network.named_parameters()
        if name not in rounded
    }
    for name, value in rounded.items():
        tensors[name] = value.qdata.to(torch.int8).contiguous()
        tensors[f"{name}.scale"] = value.scale.float().contiguous()
    save_file(tensors, file)
    return file.stat().st_size


def table(shop: Shop) -> dict[str, Any]:
    """Return the results file: every variant over its seeds, the baselines, and what beats what."""
    results: dict[str, list[dict[str, Any]]] = {}
    for file in sorted((shop.folder / "results").glob("*.json")):
        one = json.loads(file.read_text(encoding="utf-8"))
        results.setdefault(one["variant"], []).append(one)
    rows = rows_of(results)
    for name in SERVED:
        if name in rows:
            rows[name] |= served(shop, name, rows[name]["seeds"])
    return {
        "command": "python benchmarks/variants.py --data DIR --work FOLDER --out FILE.json",
        "budget": {
            "phrasebank": len(shop.whole.parts.train),
            "others_labelled_by_the_teacher": TEXTS,
            "text_passes": {
                "labels_only": round(LABELS_ONLY.epochs * len(shop.whole.parts.train)),
                "distilled": round(DISTILLED.epochs * len(shop.lesson.texts)),
                "further": round(RECOVERY.epochs * len(shop.lesson.texts)),
            },
            "max_length": 64,
            "note": "reduced and equal for all; the shipped student read all texts, and each more often",
        },
        "test": "PhraseBank (50% agreement), 775 held-out sentences; split as in student-split.json",
        "seeds": "vary order, dropout and (labels only) the new classifier; split and teacher are fixed",
        "seconds": "wall, one thread beside other work: they do not compare variants",
        "intervals": "95%: over seeds by Student's t for the variants; over sentences by bootstrap elsewhere",
        "variants": rows,
        "beside": beside(shop),
        "findings": findings(rows),
        "machine": machine() | {"threads": torch.get_num_threads()},
    }


def served(shop: Shop, name: str, seeds: list[int]) -> dict[str, Any]:
    """Return what the saved folders score when newsvol serves them in INT8, dynamic and static, untrained.

    Flips are test sentences that turn from negative to positive, or back, between FP32 and INT8.
    """
    test = shop.whole.parts.test
    kinds: dict[str, str] = {"served_int8": INT8_SUFFIX, "served_int8_static": STATIC_SUFFIX}
    scores: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    flips: dict[str, list[float]] = {kind: [] for kind in kinds}
    for seed in seeds:
        folder = shop.folder / "folders" / f"{name}-{seed}"
        calibrate(folder, spread(shop.lesson.texts.text.tolist()))
        exact = load_scorer(folder, "cpu").probabilities(test.text.tolist()).argmax(axis=1)
        for kind, suffix in kinds.items():
            rounded = load_scorer(f"{folder}{suffix}", "cpu").probabilities(test.text.tolist()).argmax(axis=1)
            scores[kind].append(quality(test.label, rounded).as_json())
            flips[kind].append(round(float(np.mean(np.abs(exact - rounded) == 2)), 4))
    return {
        kind: {
            **{
                key: mean_and_interval([one[key] for one in scores[kind]]) for key in ("macro_f1", "accuracy")
            },
            "polarity_flips": flips[kind],
        }
        for kind in kinds
    }


def beside(shop: Shop) -> dict[str, Any]:
    """Return what needs no seed: the baselines, the teachers together, and the shipped student."""
    parts = shop.whole.parts
    tfidf, _ = tfidf_predictions(parts)
    most = int(np.bincount(parts.train.label).argmax())
    shipped = load_scorer("student", "cpu")
    named = {
        "majority": np.full(len(parts.test), most, np.int64),
        "tfidf_logistic": tfidf,
        "teachers_together": shop.answers_of_teachers.test.argmax(axis=1),
        "shipped_student": shipped.probabilities(parts.test.text.tolist()).argmax(axis=1),
    }
    lines = {name: quality(parts.test.label, said).as_json() for name, said in named.items()}
    lines["shipped_student"]["model_hash"] = shipped.model_hash
    lines["each_teacher"] = over_seeds(parts.test.label, shop.answers_of_teachers.each)
    lines["shipped_recipe"] = json.loads(STUDENT.read_text(encoding="utf-8"))["student_over_seeds"]
    transferred = shipped.probabilities(shop.twitter.text.tolist()).argmax(axis=1)
    lines["shipped_student"]["twitter"] = quality(shop.twitter.label, transferred).as_json()
    return lines


def main() -> None:
    """Train what is missing, and write the table."""
    asked = parser(__doc__)
    asked.add_argument("--work", type=Path, required=True, help="folder that keeps what was done")
    asked.add_argument("--seeds", default="1,2,3", help="comma-separated")
    asked.add_argument("--only", default=",".join(ABOUT), help="variants, comma-separated")
    options = asked.parse_args()
    shop = Shop(options.data, options.work)
    results = shop.folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    wanted = options.only.split(",") if options.only else []
    for seed in map(int, options.seeds.split(",")):
        for name in (name for name in ABOUT if name in wanted):
            file = results / f"{name}-{seed}.json"
            if file.is_file():
                continue
            one = measured(shop, name, seed)
            part = file.with_suffix(".part")
            part.write_text(json.dumps(one) + "\n", encoding="utf-8")
            os.replace(part, file)
            scores = one["test"]
            say(f"{name} {seed}: {scores['macro_f1']:.4f} {scores['accuracy']:.4f} {one['seconds']} s")
    if options.out:
        result = table(shop)
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        say(markdown(result))


if __name__ == "__main__":
    main()
