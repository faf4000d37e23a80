import logging

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from xephang.compiling.quantise import write_int8


def of_kind(model, *kinds):
    return [numpy_helper.to_array(tensor) for tensor in model.graph.initializer if tensor.data_type in kinds]


@pytest.fixture
def weights(int8):
    """The quantised matrices; zero points are int8 too, but no matrices."""
    return [array for array in of_kind(int8, onnx.TensorProto.INT8) if array.ndim == 2]


def test_the_file_is_smaller(tiny_exported):
    sizes = [(tiny_exported / "onnx" / name).stat().st_size for name in ("model.onnx", "model_int8.onnx")]
    assert sizes[1] < sizes[0] * 0.7


def test_no_large_matrix_is_left_in_32_bits(fp32, int8):
    """What stays are norms, biases and scales, a thirtieth of what it was; the graph itself has its own bytes."""
    before = sum(array.nbytes for array in of_kind(fp32, onnx.TensorProto.FLOAT))
    after = sum(array.nbytes for array in of_kind(int8, onnx.TensorProto.FLOAT))
    assert after < before / 10
    assert max(array.size for array in of_kind(int8, onnx.TensorProto.FLOAT)) <= 1024


def test_weights_use_7_bits(weights):
    assert len(weights) >= 2 * 4
    assert all(array.min() >= -64 and array.max() <= 64 for array in weights)
    assert any(array.max() > 60 or array.min() < -60 for array in weights)


def test_embeddings_are_quantised_too(fp32, int8):
    embeddings = {t.name for t in fp32.graph.initializer if t.name.endswith("_embeddings.weight")}
    quantised = {
        t.name: numpy_helper.to_array(t) for t in int8.graph.initializer if t.name.endswith("weight_quantized")
    }
    assert len(embeddings) == 3
    for name in embeddings:
        assert quantised[f"{name}_quantized"].dtype == np.uint8


def test_each_output_channel_has_its_own_scale(int8):
    scales = {tensor.name: list(tensor.dims) for tensor in int8.graph.initializer if tensor.name.endswith("_scale")}
    assert sum(dims not in ([], [1]) for dims in scales.values()) >= 2 * 4


def test_activations_are_quantised_as_they_come(int8):
    operators = {node.op_type for node in int8.graph.node}
    assert "DynamicQuantizeLinear" in operators or "QAttention" in operators
    assert operators & {"MatMulInteger", "DynamicQuantizeMatMul"}
    constants = {tensor.name for tensor in int8.graph.initializer}
    floating = [node for node in int8.graph.node if node.op_type in ("MatMul", "Gemm")]
    assert not [node.name for node in floating if set(node.input) & constants]


def test_the_dequantised_weights_are_the_weights(fp32, int8):
    """A scale covers the largest of 64 steps, so no weight is further off than half a step."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in int8.graph.initializer}
    originals = {tensor.name: numpy_helper.to_array(tensor) for tensor in fp32.graph.initializer}
    compared = 0
    for name, array in originals.items():
        if array.ndim == 2 and f"{name}_quantized" in tensors:
            scale = tensors[f"{name}_scale"]
            zero = tensors[f"{name}_zero_point"].astype(np.float32)
            found = (tensors[f"{name}_quantized"].astype(np.float32) - zero) * scale
            assert np.abs(found - array).max() <= np.max(scale) * 0.51
            compared += 1
    assert compared >= 4


def test_inputs_and_outputs_stay(fp32, int8):
    for one, other in ((fp32.graph.input, int8.graph.input), (fp32.graph.output, int8.graph.output)):
        assert [entry.name for entry in one] == [entry.name for entry in other]
        assert [entry.type for entry in one] == [entry.type for entry in other]


def test_it_is_reproducible_and_leaves_nothing_but_the_file(tiny_exported, tmp_path, capfd):
    level = logging.getLogger().level
    source = tmp_path / "fp32.onnx"
    source.write_bytes((tiny_exported / "onnx" / "model.onnx").read_bytes())
    write_int8(source, tmp_path / "int8.onnx")
    assert (tmp_path / "int8.onnx").read_bytes() == (tiny_exported / "onnx" / "model_int8.onnx").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"fp32.onnx", "int8.onnx"}
    assert logging.getLogger().level == level
    assert tuple(capfd.readouterr()) == ("", "")
