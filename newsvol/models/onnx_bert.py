"""A BERT classifier as an ONNX graph, written straight from its safetensors: no torch, no tracing.

The fused operators of ONNX Runtime (domain ``com.microsoft``) keep the graph at six nodes a layer, so that at
batch one the time goes into the matrix products and not into the walk between them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from newsvol.models.labels import LABELS

FUSED: Final = "com.microsoft"
OPSET: Final = 17

_SIZES: Final = {
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
}

Weights = Mapping[str, NDArray[np.float32]]


def is_plain_bert(config: Mapping[str, Any]) -> bool:
    """Return whether `bert_graph` can write `config`: a BERT with exact GELU and absolute positions."""
    return (
        config.keys() >= _SIZES
        and config.get("model_type") == "bert"
        and "BertForSequenceClassification" in (config.get("architectures") or ())
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
    )


def weight_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every tensor that a BERT classifier of `config` has."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "bert.embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "bert.embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
    }
    dense = {"bert.pooler.dense": (width, width), "classifier": (len(LABELS), width)}
    norms = ["bert.embeddings.LayerNorm"]
    for number in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{number}"
        dense |= {f"{layer}.attention.self.{part}": (width, width) for part in ("query", "key", "value")}
        dense[f"{layer}.attention.output.dense"] = (width, width)
        dense[f"{layer}.intermediate.dense"] = (inner, width)
        dense[f"{layer}.output.dense"] = (width, inner)
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for name, (out, into) in dense.items():
        shapes |= {f"{name}.weight": (out, into), f"{name}.bias": (out,)}
    for name in norms:
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return shapes


def bert_graph(config: Mapping[str, Any], weights: Weights) -> bytes:
    """Return the serialised ONNX model: int32 ``ids`` and ``mask`` of shape (B, T) to ``logits`` (B, 3).

    Parameters
    ----------
    weights : mapping of str to array
        As named and shaped by `weight_shapes`, float32.
    """
    graph = _Graph(config, weights)
    state = graph.embed()
    for number in range(config["num_hidden_layers"]):
        state = graph.layer(state, f"bert.encoder.layer.{number}")
    graph.classify(state)
    return graph.serialised()


class _Graph:
    """Nodes and initializers in the making. B texts, T pieces, C channels."""

    def __init__(self, config: Mapping[str, Any], weights: Weights) -> None:
        self.heads = int(config["num_attention_heads"])
        self.epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def embed(self) -> str:
        """(B, T) ids to (B, T, C): words + positions + the first segment, normalised."""
        table = "bert.embeddings"
        # Headlines are one segment: its constant row goes into the position table.
        places = (
            self.weights[f"{table}.position_embeddings.weight"]
            + self.weights[f"{table}.token_type_embeddings.weight"][0]
        )
        words = self.constant("words", self.weights[f"{table}.word_embeddings.weight"])
        norm = [self.parameter(f"{table}.LayerNorm.{part}") for part in ("weight", "bias")]
        inputs = ["ids", "", words, self.constant("places", places), "", *norm]
        self.add("EmbedLayerNormalization", inputs, ["embedded", "unused"], epsilon=self.epsilon)
        return "embedded"

    def layer(self, state: str, name: str) -> str:
        """One encoder layer, (B, T, C) to (B, T, C)."""
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        packed = np.concatenate([self.weights[f"{part}.weight"].T for part in parts], axis=1)
        bias = np.concatenate([self.weights[f"{part}.bias"] for part in parts])
        inputs = [
            state,
            self.constant(f"{name}.qkv", packed),
            self.constant(f"{name}.qkv.bias", bias),
            "mask",
        ]
        self.add("Attention", inputs, [f"{name}.mixed"], num_heads=self.heads)
        attended = self.add_and_norm(f"{name}.mixed", state, f"{name}.attention.output")
        wide = self.product(attended, f"{name}.intermediate.dense")
        self.add("BiasGelu", [wide, self.parameter(f"{name}.intermediate.dense.bias")], [f"{name}.active"])
        return self.add_and_norm(f"{name}.active", attended, f"{name}.output")

    def classify(self, state: str) -> None:
        """The first piece's state through the pooler and the classifier, (B, T, C) to (B, 3)."""
        self.add(
            "Gather", [state, self.constant("first", np.array(0, np.int64))], ["start"], domain="", axis=1
        )
        self.dense("start", "bert.pooler.dense", "pooled")
        self.add("Tanh", ["pooled"], ["squashed"], domain="")
        self.dense("squashed", "classifier", "logits")

    def add_and_norm(self, state: str, skip: str, name: str) -> str:
        product = self.product(state, f"{name}.dense")
        norm = [self.parameter(f"{name}.LayerNorm.{part}") for part in ("weight", "bias")]
        inputs = [product, skip, *norm, self.parameter(f"{name}.dense.bias")]
        self.add("SkipLayerNormalization", inputs, [f"{name}.normed"], epsilon=self.epsilon)
        return f"{name}.normed"

    def product(self, state: str, name: str) -> str:
        self.add(
            "MatMul",
            [state, self.constant(f"{name}.T", self.weights[f"{name}.weight"].T)],
            [f"{name}.out"],
            domain="",
        )
        return f"{name}.out"

    def dense(self, state: str, name: str, out: str) -> None:
        inputs = [state, self.parameter(f"{name}.weight"), self.parameter(f"{name}.bias")]
        self.add("Gemm", inputs, [out], domain="", transB=1)

    def parameter(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def add(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = FUSED, **attributes: Any
    ) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))

    def serialised(self) -> bytes:
        from onnx import TensorProto, helper

        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["B", "T"]) for name in ("ids", "mask")
        ]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", len(LABELS)])
        graph = helper.make_graph(self.nodes, "bert", inputs, [logits], self.constants)
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
        content: bytes = helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString()
        return content
