"""Write ONNX graphs node by node, with matrix weights in fp32 or int8."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 20, 10
_MICROSOFT = "com.microsoft"
_STEPS = 63
"""int8 weights use 7 of their 8 bits: without VNNI, products of 8-bit numbers overflow the CPU's 16-bit sums."""


Inputs = dict[str, tuple[int, Sequence[str | int]]]
"""Element type and shape of a graph's inputs, by name."""


@dataclass(frozen=True, slots=True)
class Range:
    """The smallest and the largest number that an activation took on the texts that it was watched on."""

    low: float
    high: float

    def scale_and_zero(self) -> tuple[np.float32, np.uint8]:
        """Return what makes uint8 numbers of it: 0 stays exact."""
        low, high = min(self.low, 0.0), max(self.high, 0.0)
        scale = max(high - low, 1e-6) / 255
        return np.float32(scale), np.uint8(round(-low / scale))


@dataclass
class GraphWriter:
    """Collect nodes and weights.

    :param ranges: of the inputs of the matrix products that shall be int8, by the products' names; without one, a
        product stays fp32.
    """

    ranges: Mapping[str, Range] = field(default_factory=dict)
    _nodes: list[Any] = field(default_factory=list)
    _weights: list[Any] = field(default_factory=list)
    _products: dict[str, str] = field(default_factory=dict)

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node of one output, and return that output's name."""
        name = f"{op}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], domain=domain, **attributes))
        return name

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Add a constant, and return its name."""
        name = f"weight_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def shape(self, *sizes: int) -> str:
        """Add a shape, or other int64 numbers."""
        return self.constant(sizes, np.int64)

    def linear(self, name: str, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """Multiply (…, in) by a weight (in, out) and add a bias (out,).

        :param name: under which the product's input can be watched, and its range is given.
        """
        self._products[name] = x
        if name not in self.ranges:
            return self.node("Add", self.node("MatMul", x, self.constant(weight)), self.constant(bias))
        scale, zero = (self.constant(v, v.dtype) for v in self.ranges[name].scale_and_zero())
        steps = np.maximum(np.abs(weight).max(axis=0), 1e-12) / _STEPS
        whole = self.constant(np.round(weight / steps), np.int8)
        quantised = self.node("QuantizeLinear", x, scale, zero)
        no_zero = self.constant(np.zeros(weight.shape[1]), np.int8)
        return self.node(
            "MatMulIntegerToFloat", quantised, whole, scale, self.constant(steps), zero, no_zero, self.constant(bias),
            domain=_MICROSOFT,
        )  # fmt: skip

    def add_and_norm(self, x: str, skip: str, norm: Any) -> str:
        """Add two tensors and apply a torch LayerNorm to the sum.

        ONNX Runtime 1.32 has one operator for that, which took six times as long on a CPU as these two.
        """
        return self.norm(self.node("Add", x, skip), norm)

    def norm(self, x: str, norm: Any) -> str:
        """Apply a torch LayerNorm."""
        weight, bias = self.constant(norm.weight.numpy()), self.constant(norm.bias.numpy())
        return self.node("LayerNormalization", x, weight, bias, axis=-1, epsilon=norm.eps)

    def products_with_transposed(self, x: str, y: str) -> str:
        """Multiply (…, a, c) by the transpose of (…, b, c)."""
        return self.node("FusedMatMul", x, y, domain=_MICROSOFT, transB=1)

    def rounded(self, x: str) -> str:
        """Round to int8, what is too large to the largest."""
        return self.node("QuantizeLinear", x, self.constant(1.0), self.constant(0, np.int8))

    def part(self, x: str, start: int, end: int, axis: int = -1) -> str:
        """Return what stands at start to end (not included) of an axis."""
        return self.node("Slice", x, self.shape(start), self.shape(end), self.shape(axis))

    def write(self, inputs: Inputs, outputs: Mapping[str, str]) -> bytes:
        """Return the graph's file.

        :param inputs: element type and shape, by name.
        :param outputs: what each is called inside.
        """
        nodes = [*self._nodes, *(helper.make_node("Identity", [inner], [name]) for name, inner in outputs.items())]
        given = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()]
        taken = [onnx.ValueInfoProto(name=name) for name in outputs]
        graph = helper.make_graph(nodes, "xephang", given, taken, self._weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="xephang")
        return bytes(model.SerializeToString())

    @property
    def products(self) -> Mapping[str, str]:
        """What goes into each matrix product that `linear` made, by its name."""
        return self._products


FLOAT, INT8 = TensorProto.FLOAT, TensorProto.INT8
