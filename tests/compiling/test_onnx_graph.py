"""Graphs written node by node: what each piece computes, as ONNX Runtime runs it."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.compiling.onnx_graph import FLOAT, INT8, GraphWriter, Range

NUMBERS = np.random.default_rng(7)


def run(g, found, x, kind=FLOAT):
    """Run what a writer has collected on an input called `x`."""
    graph = g.write({"x": (kind, [f"axis_{i}" for i in range(x.ndim)])}, {"found": found})
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def floats(*shape):
    return NUMBERS.standard_normal(shape).astype(np.float32)


def test_a_product_without_a_range_is_exact():
    x, weight, bias = floats(5, 8), floats(8, 3), floats(3)
    g = GraphWriter()
    np.testing.assert_allclose(run(g, g.linear("one", "x", weight, bias), x), x @ weight + bias, atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(
    low=st.floats(-20, 0),
    high=st.floats(0.1, 20),
    rows=st.integers(1, 9),
    inner=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_an_int8_product_is_as_near_as_its_steps_allow(low, high, rows, inner, seed):
    random = np.random.default_rng(seed)
    x = random.uniform(low, high, (rows, inner)).astype(np.float32)
    weight, bias = random.standard_normal((inner, 4)).astype(np.float32), random.standard_normal(4).astype(np.float32)
    g = GraphWriter({"one": Range(low, high)})
    found = run(g, g.linear("one", "x", weight, bias), x)
    step, weight_step = (high - low) / 255, np.abs(weight).max(axis=0) / 63
    # Half a step on each side, a whole one where the zero had to be moved to a whole number.
    allowed = step * np.abs(weight).sum(axis=0) + weight_step / 2 * (
        np.abs(x).sum(axis=1, keepdims=True) + step * inner
    )
    assert (np.abs(found - (x @ weight + bias)) <= allowed + 1e-4).all()


def test_what_goes_beyond_the_range_is_taken_for_its_end():
    g = GraphWriter({"one": Range(-1, 1)})
    found = run(g, g.linear("one", "x", np.eye(1, dtype=np.float32), np.zeros(1, np.float32)), np.float32([[9], [-9]]))
    assert found[:, 0].tolist() == pytest.approx([1, -1], abs=0.01)


def test_a_column_of_noughts_gives_its_bias():
    g = GraphWriter({"one": Range(-1, 1)})
    found = run(g, g.linear("one", "x", np.zeros((2, 1), np.float32), np.full(1, 0.5, np.float32)), floats(3, 2))
    assert found[:, 0].tolist() == [0.5] * 3


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_a_range_keeps_nought_exact_and_reaches_both_ends(one, other):
    low, high = sorted((one, other))
    scale, zero = Range(low, high).scale_and_zero()
    assert scale > 0
    ends = [(level - int(zero)) * float(scale) for level in (0, 255)]
    assert ends[0] - scale / 2 <= min(low, 0) + 1e-6 and max(high, 0) - 1e-6 <= ends[1] + scale / 2


def test_int8_weights_keep_a_bit_free():
    """Full 8-bit weights overflow the 16-bit sums of CPUs without VNNI."""
    g = GraphWriter({"one": Range(-1, 1)})
    found = g.linear("one", "x", floats(8, 3), floats(3))
    graph = onnx.load_from_string(g.write({"x": (FLOAT, ["n", 8])}, {"found": found}))
    (whole,) = (w for w in map(onnx.numpy_helper.to_array, graph.graph.initializer) if w.shape == (8, 3))
    assert whole.dtype == np.int8
    assert np.abs(whole).max(axis=0).tolist() == [63] * 3


def test_norms_are_torchs():
    norm = torch.nn.LayerNorm(8, eps=1e-3).requires_grad_(False)
    norm.weight.copy_(torch.from_numpy(floats(8)))
    norm.bias.copy_(torch.from_numpy(floats(8)))
    x = floats(2, 5, 8)
    g = GraphWriter()
    expected = norm(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(run(g, g.norm("x", norm), x), expected, atol=1e-5)
    g = GraphWriter()
    expected = norm(torch.from_numpy(x + x)).numpy()
    np.testing.assert_allclose(run(g, g.add_and_norm("x", "x", norm), x), expected, atol=1e-5)


def test_rounding_goes_to_the_nearest_and_stops_at_the_ends():
    g = GraphWriter()
    found = run(g, g.rounded("x"), np.float32([-1e6, -128.4, -1.6, -0.4, 0, 0.6, 126.7, 1e6]))
    assert found.dtype == np.int8
    assert found.tolist() == [-128, -128, -2, 0, 0, 1, 127, 127]


def test_parts_and_products_with_what_is_transposed():
    x = floats(2, 3, 4)
    g = GraphWriter()
    assert np.array_equal(run(g, g.part("x", 1, 3), x), x[..., 1:3])
    g = GraphWriter()
    assert np.array_equal(run(g, g.part("x", 0, 2, axis=1), x), x[:, :2])
    g = GraphWriter()
    np.testing.assert_allclose(run(g, g.products_with_transposed("x", "x"), x), x @ x.transpose(0, 2, 1), atol=1e-5)


def test_whole_numbers_can_go_in():
    g = GraphWriter()
    found = run(g, g.node("Cast", "x", to=FLOAT), np.array([[-128, 127]], np.int8), INT8)
    assert (found.dtype, found.tolist()) == (np.float32, [[-128, 127]])
