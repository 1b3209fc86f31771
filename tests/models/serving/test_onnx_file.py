"""ONNX models written as bytes: what the onnx package and ONNX Runtime read from them."""

from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
import pytest

from newsvol.models.serving.onnx_file import FUSED, IR_VERSION, element, model, node, tensor, value_info


def parsed(nodes: Any = (), constants: Any = (), inputs: Any = (), outputs: Any = ()) -> onnx.ModelProto:
    return onnx.load_from_string(model(nodes, constants, inputs, outputs))


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8, np.int8, np.int32, np.int64])
def test_a_constant_is_read_back_bit_by_bit(dtype: type[np.generic]) -> None:
    value = np.arange(-6, 6).astype(dtype).reshape(3, 1, 4)
    (read,) = parsed(constants=[tensor("w", value)]).graph.initializer
    assert read.name == "w"
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(read), value, strict=True)


def test_a_constant_that_does_not_lie_in_order_is_written_in_order() -> None:
    value = np.arange(6, dtype=np.float32).reshape(2, 3).T
    (read,) = parsed(constants=[tensor("w", value)]).graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(read), value)


def test_a_node_keeps_its_names_and_attributes_of_every_kind() -> None:
    attributes = {"axis": 300, "epsilon": 0.5, "perm": [0, 2, 1], "value": np.array([7], np.int64)}
    (read,) = parsed([node("Kind", ["a", "", "b"], ["c"], FUSED, attributes)]).graph.node
    assert (read.op_type, list(read.input), list(read.output)) == ("Kind", ["a", "", "b"], ["c"])
    assert read.domain == FUSED
    said = {each.name: onnx.helper.get_attribute_value(each) for each in read.attribute}
    assert onnx.numpy_helper.to_array(said.pop("value")).tolist() == [7]
    assert said == {"axis": 300, "epsilon": 0.5, "perm": [0, 2, 1]}


def test_sizes_are_numbers_or_words_or_not_stated() -> None:
    stated, free = parsed(
        inputs=[value_info("x", np.int32, ["rows", 300])], outputs=[value_info("y", np.float32, None)]
    ).graph.ListFields()[-2:]
    shape = stated[1][0].type.tensor_type.shape.dim
    assert [(size.dim_param, size.dim_value) for size in shape] == [("rows", 0), ("", 300)]
    assert not free[1][0].type.tensor_type.HasField("shape")


def test_a_type_that_onnx_has_no_number_for_is_an_error() -> None:
    assert element(np.float32) == onnx.TensorProto.FLOAT
    with pytest.raises(KeyError):
        element(np.complex64)


def test_what_is_written_runs() -> None:
    written = model(
        [node("MatMul", ["x", "w"], ["p"], "", {}), node("Add", ["p", "b"], ["y"], "", {})],
        [tensor("w", np.eye(200, 2, dtype=np.float32)), tensor("b", np.array([1, -1], np.float32))],
        [value_info("x", np.float32, ["rows", 200])],
        [value_info("y", np.float32, ["rows", 2])],
    )
    onnx.checker.check_model(onnx.load_from_string(written), full_check=True)
    assert onnx.load_from_string(written).ir_version == IR_VERSION
    session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
    given = np.arange(400, dtype=np.float32).reshape(2, 200)
    assert session.run(["y"], {"x": given})[0].tolist() == [[1, 0], [201, 200]]
