"""A teacher whose insides are imitated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from transformers import BertConfig, BertForSequenceClassification

from newsvol.engine.errors import RecipeError
from newsvol.models.networks.bert import cut, load_start, start_tokenizer
from newsvol.models.networks.config import Lora
from newsvol.models.networks.lora import with_adapters
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.recipe import Student
from newsvol.models.text.texts import UNLABELLED, Texts
from newsvol.models.training.config import Intermediate
from newsvol.models.training.fit import FitSetting
from newsvol.models.training.intermediate import (
    ActivationHooks,
    IntermediateTeacher,
    attention_loss,
    hidden_loss,
    relation_loss,
)


def test_equal_insides_cost_nothing() -> None:
    state = torch.randn(2, 5, 8)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    assert float(hidden_loss(state, state, mask)) == 0
    assert float(relation_loss(state, state, mask, 2)) == pytest.approx(0, abs=1e-6)


def test_relations_are_computed_as_by_hand() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = generator.normal(size=(1, 3, 4)), generator.normal(size=(1, 3, 6))
    total = 0.0
    for head in range(2):
        mine, other = ours[0, :, 2 * head : 2 * head + 2], theirs[0, :, 3 * head : 3 * head + 3]
        student = log_softmax(mine @ mine.T / 2**0.5, axis=1)
        teacher = log_softmax(other @ other.T / 3**0.5, axis=1)
        total += (np.exp(teacher) * (teacher - student)).sum()
    loss = relation_loss(torch.from_numpy(ours), torch.from_numpy(theirs), torch.ones(1, 3), 2)
    assert float(loss) == pytest.approx(total / 6, rel=1e-6)


def test_padding_changes_no_loss() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(1, 3, 8), torch.randn(1, 3, 8)
    mask = torch.ones(1, 3)
    wider = [torch.cat([state, torch.randn(1, 2, 8)], dim=1) for state in (ours, theirs)]
    wide_mask = torch.tensor([[1, 1, 1, 0, 0]])
    for loss in (hidden_loss, lambda *states: relation_loss(*states, 4)):
        assert float(loss(*wider, wide_mask)) == pytest.approx(float(loss(ours, theirs, mask)), rel=1e-5)


def test_a_watch_sees_the_attention_that_the_network_computes(tiny_start: Path) -> None:
    network = load_start(tiny_start, 0).eval()
    network.set_attn_implementation("eager")
    watch = ActivationHooks(network, [1])
    ids = torch.tensor([[2, 7, 9, 11, 3]])
    with torch.no_grad():
        out = network(input_ids=ids, output_attentions=True, output_hidden_states=True)
    seen, size = watch.seen[1], 32 // 4
    left, right = (state.view(1, 5, 4, size).transpose(1, 2) for state in (seen.query, seen.key))
    attention = (left @ right.transpose(-1, -2) / size**0.5).softmax(-1)
    torch.testing.assert_close(attention, out.attentions[1])
    torch.testing.assert_close(seen.hidden, out.hidden_states[2])
    assert float(attention_loss(seen, seen, torch.ones(1, 5), 4)) == pytest.approx(0, abs=1e-6)
    watch.close()
    before = seen.hidden
    network(input_ids=ids)
    assert watch.seen[1].hidden is before


@pytest.mark.parametrize("method", ["hidden_attention", "relations"])
def test_a_guided_fit_brings_the_insides_closer(tiny_start: Path, method: str) -> None:
    words = ["profit rose sharply", "sales fell", "the company said", "shares of the bank rose"] * 8
    texts = Texts(np.array(words, dtype=object), np.full(len(words), UNLABELLED))
    teacher, student = (load_start(tiny_start, seed) for seed in (1, 1))
    cut(student, (0, 2))
    torch.manual_seed(5)
    for parameter in student.bert.encoder.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    tokenizer = start_tokenizer(tiny_start, 16)
    how = Student(
        layers=(0, 2),
        epochs=6,
        learning_rate=5e-3,
        batch=16,
        hard_weight=0,
        intermediate=Intermediate(method=method, layers={0: 0, 1: 2}, relation_heads=4, weight=10),
    )
    ids = torch.tensor([encoding.ids for encoding in tokenizer.encode_batch(["profit rose sharply"])])

    def distance() -> float:
        guide = IntermediateTeacher(teacher, student.eval(), how.intermediate, "fp32")
        guide.open()
        with torch.no_grad():
            student(input_ids=ids)
            value = float(guide.loss({"input_ids": ids, "attention_mask": torch.ones_like(ids)}))
        guide.close()
        return value

    before = distance()
    guide = IntermediateTeacher(teacher, student, how.intermediate, "fp32")
    lesson = TrainingData(texts, np.full((len(words), 3), 1 / 3), guide)
    fit_classifier(student, tokenizer, lesson, how, FitSetting("cpu", "fp32", 1, progress=False))
    assert distance() < 0.7 * before


def other_shape(heads: int) -> BertForSequenceClassification:
    config = BertConfig(
        vocab_size=120, hidden_size=24, num_hidden_layers=1, num_attention_heads=heads, intermediate_size=32
    )
    return BertForSequenceClassification(config)


def test_networks_of_another_width_are_refused_where_states_are_compared(tiny_start: Path) -> None:
    teacher = load_start(tiny_start, 0)
    how = Intermediate(method="hidden_attention", layers={0: 0})
    with pytest.raises(RecipeError, match="hidden_size is 24 in the student and 32 in the teacher"):
        IntermediateTeacher(teacher, other_shape(4), how, "fp32")
    with pytest.raises(RecipeError, match="relation_heads 12 must divide the widths 24 and 32"):
        IntermediateTeacher(teacher, other_shape(4), Intermediate(method="relations", layers={0: 0}), "fp32")
    IntermediateTeacher(
        teacher, other_shape(4), Intermediate(method="relations", layers={0: 0}, relation_heads=8), "fp32"
    )


@pytest.mark.parametrize("method", ["hidden_attention", "relations"])
def test_a_guide_sees_the_adapters_of_the_student(tiny_start: Path, method: str) -> None:
    teacher, student = (load_start(tiny_start, 0).eval() for _ in range(2))
    guide = IntermediateTeacher(
        teacher, student, Intermediate(method=method, layers={0: 0}, relation_heads=4), "fp32"
    )
    adapted = with_adapters(student, Lora(targets=("query",), dropout=0.0)).eval()
    guide.open()
    ids = torch.tensor([[2, 7, 9, 11, 3]])
    losses = []
    for _ in range(2):
        with torch.no_grad():
            adapted(input_ids=ids)
            losses.append(float(guide.loss({"input_ids": ids, "attention_mask": torch.ones_like(ids)})))
            for name, parameter in adapted.named_parameters():
                if "lora_B" in name:
                    parameter.fill_(0.3)
    guide.close()
    assert losses[0] == pytest.approx(0, abs=1e-6)
    assert losses[1] > 1e-3
