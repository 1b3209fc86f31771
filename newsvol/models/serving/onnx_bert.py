"""A BERT classifier as an ONNX graph, written straight from its safetensors: no torch, no tracing.

What the graph is made of was chosen by the clock, at batch one on one core (ONNX Runtime 1.31):

- the fused attention of ``com.microsoft``, and for INT8 its dynamic quantised products;
- layer normalisation as InstanceNormalization with the pieces as channels, then scale and shift: 6 us for
  17 pieces of 384 channels where LayerNormalization and its fused forms take 30;
- the last layer goes on with the first piece alone, the only one that the classifier reads.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from newsvol.models.labels import LABELS
from newsvol.models.serving.int8 import WEIGHT_LEVELS, quantised
from newsvol.models.serving.onnx_file import (
    FUSED,
    Attribute,
    Message,
    element,
    model,
    node,
    tensor,
    value_info,
)

Precision = Literal["fp32", "int8"]

_SIZES: Final = {
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
}
_FAMILIES: Final = {
    "bert": "BertForSequenceClassification",
    "pruned_bert": "PrunedBertForSequenceClassification",
}

WORDS: Final = "bert.embeddings.word_embeddings.weight"
Weights = Mapping[str, NDArray[Any]]
Ranges = Mapping[str, tuple[float, float]]
"""By activation: the least and the largest value that static INT8 can say."""


def is_plain_bert(config: Mapping[str, Any]) -> bool:
    """Return whether `bert_graph` can write `config`: a BERT with exact GELU and absolute positions.

    So is one with pruned heads: its ``attention_head_size`` is stated, and its tensors have BERT's names.
    """
    family = _FAMILIES.get(str(config.get("model_type")))
    return (
        config.keys() >= _SIZES
        and family is not None
        and family in (config.get("architectures") or ())
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
    )


def weight_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every tensor that a BERT classifier of `config` has."""
    width, inner, attended = config["hidden_size"], config["intermediate_size"], attention_width(config)
    shapes: dict[str, tuple[int, ...]] = {
        WORDS: (config["vocab_size"], width),
        "bert.embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "bert.embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
    }
    dense = {"bert.pooler.dense": (width, width), "classifier": (len(LABELS), width)}
    norms = ["bert.embeddings.LayerNorm"]
    for number in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{number}"
        dense |= {f"{layer}.attention.self.{part}": (attended, width) for part in ("query", "key", "value")}
        dense[f"{layer}.attention.output.dense"] = (width, attended)
        dense[f"{layer}.intermediate.dense"] = (inner, width)
        dense[f"{layer}.output.dense"] = (width, inner)
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for name, (out, into) in dense.items():
        shapes |= {f"{name}.weight": (out, into), f"{name}.bias": (out,)}
    for name in norms:
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return shapes


def attention_width(config: Mapping[str, Any]) -> int:
    """Return over how many channels the heads of a layer reach: the hidden size, unless heads were pruned."""
    if config.get("model_type") == "pruned_bert":
        return int(config["num_attention_heads"]) * int(config["attention_head_size"])
    return int(config["hidden_size"])


def product_inputs(config: Mapping[str, Any]) -> list[str]:
    """Return the activations that are multiplied with a matrix, by their names in the graph."""
    names = []
    state = "bert.embeddings.LayerNorm.out"
    last = config["num_hidden_layers"] - 1
    for number in range(last + 1):
        layer = f"bert.encoder.layer.{number}"
        mixed = f"{layer}.attention.self.mixed" if number < last else f"{layer}.mixed.first"
        names += [state, mixed, f"{layer}.attention.output.LayerNorm.out", f"{layer}.active"]
        state = f"{layer}.output.LayerNorm.out"
    return [*names, "pooled"]


def bert_graph(
    config: Mapping[str, Any],
    weights: Weights,
    precision: Precision = "fp32",
    ranges: Ranges | None = None,
    watched: Sequence[str] = (),
) -> bytes:
    """Return the serialised ONNX model from int32 ``ids`` of shape (B, T) to ``logits`` (B, 3).

    Parameters
    ----------
    weights : mapping of str to array
        As named and shaped by `weight_shapes`, float32; the word embeddings may be float16.
    precision : {"fp32", "int8"}
        ``fp32`` takes a second input, the int32 ``mask`` (B, T). ``int8`` rounds weights by output channel,
        and activations as they come, per call (Jacob et al. 2018, section 2): texts of a batch must be of
        one length and share the range of their activations, so it is made for B = 1.
    ranges : mapping, optional
        With INT8, of every one of `product_inputs`: activations are rounded by these, not by their own.
    watched : sequence of str
        Activations that are outputs too, before ``logits``.
    """
    graph = _Graph(config, weights, precision, ranges)
    state = graph.embed()
    last = config["num_hidden_layers"] - 1
    for number in range(last + 1):
        state = graph.layer(state, f"bert.encoder.layer.{number}", first_only=number == last)
    graph.classify(state)
    return graph.serialised(watched)


class _Graph:
    """Nodes and constants in the making. B texts, T pieces, C channels."""

    def __init__(
        self, config: Mapping[str, Any], weights: Weights, precision: Precision, ranges: Ranges | None
    ) -> None:
        self.heads = int(config["num_attention_heads"])
        self.width, self.attended = int(config["hidden_size"]), attention_width(config)
        self.epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.weights = weights
        self.int8 = precision == "int8"
        self.ranges = ranges
        self.mask = "" if self.int8 else "mask"
        self.nodes: list[Message] = []
        self.constants: dict[str, Message] = {}

    def embed(self) -> str:
        """(B, T) ids to (B, T, C): words + positions + the first segment, normalised."""
        table = "bert.embeddings"
        self.add("Shape", ["ids"], "pieces", start=1, end=2)
        for name, value in (("units", 1), ("noughts", 0)):
            self.add("ConstantOfShape", ["pieces"], name, value=np.array([value], np.float32))
        words = self.words(self.weights[WORDS])
        # Headlines are one segment: its constant row goes into the position table.
        places = (
            self.weights[f"{table}.position_embeddings.weight"]
            + self.weights[f"{table}.token_type_embeddings.weight"][0]
        )
        begin = self.constant("begin", np.zeros(1, np.int64))
        self.add("Slice", [self.constant("places", places), begin, "pieces"], "placed")
        return self.norm(self.add("Add", [words, "placed"], "summed"), f"{table}.LayerNorm")

    def words(self, table: NDArray[Any]) -> str:
        """Rows of the embedding table, kept as small as it can be without loss (FP16), or in INT8 by row."""
        if self.int8:
            whole, step = quantised(np.asarray(table, np.float32), axis=1, levels=127)
            self.add("Gather", [self.constant("words", whole), "ids"], "words.whole")
            self.add("Gather", [self.constant("words.step", step[:, None]), "ids"], "words.steps")
            self.add("Cast", ["words.whole"], "words.wide", to=element(np.float32))
            return self.add("Mul", ["words.wide", "words.steps"], "words.out")
        out = self.add("Gather", [self.constant("words", table), "ids"], "words.found")
        if table.dtype == np.float16:
            out = self.add("Cast", [out], "words.out", to=element(np.float32))
        return out

    def layer(self, state: str, name: str, first_only: bool) -> str:
        """One encoder layer, (B, T, C) to (B, T, C), or to (B, 1, C) if only the first piece is needed."""
        mixed = self.attention(state, f"{name}.attention.self")
        if first_only:
            first = self.constant("first", np.zeros(1, np.int64))
            mixed = self.add("Gather", [mixed, first], f"{name}.mixed.first", axis=1)
            state = self.add("Gather", [state, first], f"{name}.state.first", axis=1)
        product = self.dense(mixed, f"{name}.attention.output.dense")
        summed = self.add("Add", [product, state], f"{name}.attended")
        state = self.norm(summed, f"{name}.attention.output.LayerNorm", alone=first_only)
        wide = self.dense(state, f"{name}.intermediate.dense")
        active = self.add("Gelu", [wide], f"{name}.active", FUSED)
        product = self.dense(active, f"{name}.output.dense")
        summed = self.add("Add", [product, state], f"{name}.summed")
        return self.norm(summed, f"{name}.output.LayerNorm", alone=first_only)

    def attention(self, state: str, name: str) -> str:
        """Multi-head attention, (B, T, C) to (B, T, A), before its output product."""
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        packed = np.concatenate([self.weights[f"{part}.weight"].T for part in parts], axis=1)
        bias = np.concatenate([self.weights[f"{part}.bias"] for part in parts])
        out = f"{name}.mixed"
        if not self.int8:
            inputs = [
                state,
                self.constant(f"{name}.qkv", packed),
                self.constant(f"{name}.bias", bias),
                self.mask,
            ]
            sizes = [self.attended] * 3
            return self.add("Attention", inputs, out, FUSED, num_heads=self.heads, qkv_hidden_sizes=sizes)
        if self.attended == self.width:
            whole, step, zero = self.rounded(f"{name}.qkv", packed)
            state_whole, state_step, state_zero = self.rounded_state(state)
            shift = self.constant(f"{name}.bias", bias)
            inputs = [state_whole, whole, shift, state_step, step, "", state_zero, zero]
            return self.add("QAttention", inputs, out, FUSED, num_heads=self.heads)
        # QAttention cannot be narrower than its input: pruned heads take the longer way
        product = self.product(state, f"{name}.qkv", packed, bias)
        thirds = self.constant("thirds", np.full(3, self.attended, np.int64))
        split = [f"{name}.{part}.out" for part in ("query", "key", "value")]
        self.nodes.append(node("Split", [product, thirds], split, "", {"axis": 2}))
        return self.add("MultiHeadAttention", split, out, FUSED, num_heads=self.heads)

    def classify(self, state: str) -> None:
        """First piece through pooler and classifier, (B, 1, C) to (B, 3)."""
        only = self.constant("only", np.array(0, np.int64))
        pooled = self.dense(self.add("Gather", [state, only], "pooled", axis=1), "bert.pooler.dense")
        squashed = self.add("Tanh", [pooled], "squashed")
        inputs = [squashed, self.constant("classifier", self.weights["classifier.weight"])]
        bias = self.constant("classifier.bias", self.weights["classifier.bias"])
        self.add("Gemm", [*inputs, bias], "logits", transB=1)

    def norm(self, state: str, name: str, alone: bool = False) -> str:
        """Layer normalisation; `alone` if there is one piece."""
        scale, shift = ("units", "noughts")
        if alone:
            scale = self.constant("unit", np.ones(1, np.float32))
            shift = self.constant("nought", np.zeros(1, np.float32))
        self.add("InstanceNormalization", [state, scale, shift], f"{name}.unit", epsilon=self.epsilon)
        scaled = self.add("Mul", [f"{name}.unit", self.parameter(f"{name}.weight")], f"{name}.scaled")
        return self.add("Add", [scaled, self.parameter(f"{name}.bias")], f"{name}.out")

    def dense(self, state: str, name: str) -> str:
        return self.product(state, name, self.weights[f"{name}.weight"].T, self.weights[f"{name}.bias"])

    def product(self, state: str, name: str, matrix: NDArray[Any], bias: NDArray[Any]) -> str:
        """State times matrix, plus bias."""
        shift = self.constant(f"{name}.bias", bias)
        if not self.int8:
            product = self.add("MatMul", [state, self.constant(f"{name}.T", matrix)], f"{name}.product")
            return self.add("Add", [product, shift], f"{name}.out")
        whole, step, zero = self.rounded(name, matrix)
        if self.ranges is None:
            inputs = [state, whole, step, zero, shift]
            return self.add("DynamicQuantizeMatMul", inputs, f"{name}.out", FUSED)
        state_whole, state_step, state_zero = self.rounded_state(state)
        inputs = [state_whole, whole, state_step, step, state_zero, zero, shift]
        return self.add("MatMulIntegerToFloat", inputs, f"{name}.out", FUSED)

    def rounded_state(self, state: str) -> tuple[str, str, str]:
        """An activation in 8 bits, its step and its zero: by its own range, or by the calibrated one."""
        whole, step, zero = f"{state}.whole", f"{state}.step", f"{state}.zero"
        if self.ranges is None:
            self.nodes.append(node("DynamicQuantizeLinear", [state], [whole, step, zero], "", {}))
            return whole, step, zero
        low, high = (float(end) for end in self.ranges[state])
        low, high = min(low, 0.0), max(high, 0.0)  # so that zero is said exactly
        size = np.float32((high - low) / 255)
        self.constant(step, np.array(size))
        self.constant(zero, np.array(np.rint(-low / size), np.uint8))
        return self.add("QuantizeLinear", [state, step, zero], whole), step, zero

    def rounded(self, name: str, matrix: NDArray[Any]) -> tuple[str, str, str]:
        """Constants for a rounded matrix, its steps and its zeros, one a column."""
        whole, step = quantised(matrix, axis=0, levels=WEIGHT_LEVELS)
        return (
            self.constant(f"{name}.whole", whole),
            self.constant(f"{name}.step", step),
            self.constant(f"{name}.zero", np.zeros(len(step), np.int8)),
        )

    def parameter(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.constants:
            self.constants[name] = tensor(name, value)
        return name

    def add(
        self, kind: str, inputs: Sequence[str], out: str, domain: str = "", **attributes: Attribute
    ) -> str:
        self.nodes.append(node(kind, inputs, [out], domain, attributes))
        return out

    def serialised(self, watched: Sequence[str]) -> bytes:
        names = ("ids",) if self.int8 else ("ids", "mask")
        inputs = [value_info(name, np.int32, ["B", "T"]) for name in names]
        outputs = [value_info(name, np.float32, None) for name in watched]
        outputs.append(value_info("logits", np.float32, ["B", len(LABELS)]))
        return model(self.nodes, self.constants.values(), inputs, outputs)
