"""ONNX models as bytes, without the onnx package: importing it would cost a third of the cold start.

An ONNX file is a protobuf message; a graph of nodes and constants needs few of its fields. Their numbers are
those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

IR_VERSION: Final = 8
FUSED: Final = "com.microsoft"
_OPSETS: Final = {"": 17, FUSED: 1}

_ELEMENTS: Final = {
    np.dtype(np.float32): 1,
    np.dtype(np.uint8): 2,
    np.dtype(np.int8): 3,
    np.dtype(np.int32): 6,
    np.dtype(np.int64): 7,
    np.dtype(np.float16): 10,
}

Message = list[bytes]
"""Pieces of an encoded message: joined once, so that large tensors are copied once."""

Attribute = int | float | Sequence[int] | NDArray[Any]


def element(dtype: Any) -> int:
    """Return ONNX's number of an element type."""
    return _ELEMENTS[np.dtype(dtype)]


def node(
    kind: str, inputs: Sequence[str], outputs: Sequence[str], domain: str, attributes: Mapping[str, Attribute]
) -> Message:
    """Return a NodeProto; an empty input name leaves an optional input out."""
    parts = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs] + [_text(4, kind)]
    parts += [_field(5, _attribute(name, value)) for name, value in attributes.items()]
    return _joined([*parts, _text(7, domain)])


def tensor(name: str, value: NDArray[Any]) -> Message:
    """Return a TensorProto."""
    dims = [_number(1, size) for size in value.shape]
    raw = _field(9, [np.asarray(value, order="C").tobytes()])
    return _joined([*dims, _number(2, element(value.dtype)), _text(8, name), raw])


def value_info(name: str, dtype: Any, shape: Sequence[int | str] | None) -> Message:
    """Return a ValueInfoProto; a size that is a word is free, and so is a shape of None."""
    sizes = [_field(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in shape or ()]
    stated = [] if shape is None else _field(2, _joined(sizes))
    kind = _field(1, [*_number(1, element(dtype)), *stated])
    return [*_text(1, name), *_field(2, kind)]


def model(
    nodes: Iterable[Message],
    constants: Iterable[Message],
    inputs: Iterable[Message],
    outputs: Iterable[Message],
) -> bytes:
    """Return a serialised ModelProto."""
    kinds = ((1, nodes), (5, constants), (11, inputs), (12, outputs))
    graph = [piece for number, messages in kinds for part in messages for piece in _field(number, part)]
    opsets = [_field(8, [*_text(1, domain), *_number(2, version)]) for domain, version in _OPSETS.items()]
    whole = [*_number(1, IR_VERSION), *_field(7, [*graph, *_text(2, "newsvol")]), *_joined(opsets)]
    return b"".join(whole)


def _attribute(name: str, value: Attribute) -> Message:
    if isinstance(value, np.ndarray):
        return [*_text(1, name), *_field(5, tensor("", value)), *_number(20, 4)]
    if isinstance(value, float):
        return [*_text(1, name), _key(2, 5) + struct.pack("<f", value), *_number(20, 1)]
    if isinstance(value, int):
        return [*_text(1, name), *_number(3, value), *_number(20, 2)]
    return [*_text(1, name), *_joined([_number(8, item) for item in value]), *_number(20, 7)]


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    assert value >= 0
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(number: int, value: int) -> Message:
    return [_key(number, 0) + _varint(value)]


def _text(number: int, value: str) -> Message:
    return _field(number, [value.encode()])


def _field(number: int, content: Message) -> Message:
    return [_key(number, 2) + _varint(sum(map(len, content))), *content]


def _joined(messages: Iterable[Message]) -> Message:
    return [piece for message in messages for piece in message]
