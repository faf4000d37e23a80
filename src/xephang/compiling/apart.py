"""A model that reads products apart, as two graphs: what a product is, and what a query makes of stored products.

The first, `product`, runs once for a product, when a catalogue is compiled. It gives int8 numbers for each token: keys
and values of every layer but the last, and the token's state before the last layer. The second, `query`,
runs the query's own tokens past the rows of many candidates. Of the first layer it computes the query's projections
once for all of them; of the last, only what [CLS] asks. There the product's keys and values are not needed: a key's
projection moves over to what asks (q·(W x) = (Wᵀq)·x), so that a state, half the size, does for both.

The stored numbers' scales, one for each place in keys, values and state, are watched on sample texts and moved into the
weights on both sides: the query graph takes the whole numbers as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xephang.compiling.onnx_graph import FLOAT, INT8, GraphWriter, Inputs, Range
from xephang.errors import ModelError

Floats = NDArray[np.float32]
ROOM = 1.1
"""How far beyond what was watched stored numbers can go before they are clipped."""


@dataclass(frozen=True)
class Scales:
    """What one step of a stored whole number is worth, a column; all 1 until it is known.

    :param keys: (layers - 1, hidden), and so `values`.
    :param state: (hidden,).
    """

    keys: Floats
    values: Floats
    state: Floats

    @classmethod
    def ones(cls, layers: int, hidden: int) -> "Scales":
        """Return scales that change nothing."""
        each = np.ones((layers - 1, hidden), np.float32)
        return cls(each, each, np.ones(hidden, np.float32))

    @classmethod
    def of(cls, largest: Floats, layers: int, hidden: int) -> "Scales":
        """Choose scales for stored numbers that reached these absolute values, (width,)."""
        steps = np.maximum(largest * ROOM, 1e-6) / 127
        by_layer = steps[: 2 * hidden * (layers - 1)].reshape(layers - 1, 2, hidden)
        return cls(by_layer[:, 0], by_layer[:, 1], steps[-hidden:])


@dataclass(frozen=True)
class Bert:
    """The parts of a transformers BERT model that reads products apart."""

    model: Any

    @classmethod
    def of(cls, model: Any) -> "Bert":
        """Check the model's make.

        :raises ModelError: if it is not one that the graphs can be written for.
        """
        config = model.config
        if config.model_type != "bert" or config.hidden_act != "gelu" or config.num_hidden_layers < 2:
            raise ModelError(
                f"products can be computed ahead for BERT models of two or more layers with GELU; this is a "
                f"{config.model_type} model of {config.num_hidden_layers} with {config.hidden_act}"
            )
        return cls(model.eval().requires_grad_(False))

    @property
    def layers(self) -> Sequence[Any]:
        """The encoder's layers."""
        found: Sequence[Any] = self.model.base_model.encoder.layer
        return found

    @property
    def heads(self) -> int:
        """Attention heads of a layer."""
        return int(self.model.config.num_attention_heads)

    @property
    def hidden(self) -> int:
        """Numbers in a state."""
        return int(self.model.config.hidden_size)

    @property
    def width(self) -> int:
        """Numbers that are stored of a token."""
        return (2 * len(self.layers) - 1) * self.hidden

    @property
    def head(self) -> int:
        """Numbers of one attention head."""
        return self.hidden // self.heads

    def projections(self, at: int, scales: Scales) -> dict[str, tuple[Floats, Floats]]:
        """Return a layer's query, key and value weights (in, out) and biases, for stored numbers of these scales."""
        attention = self.layers[at].attention.self
        found = {name: weights(getattr(attention, name)) for name in ("query", "key", "value")}
        keys, values = (
            (scales.keys[at], scales.values[at]) if at < len(self.layers) - 1 else (np.float32(1), np.float32(1))
        )
        asking = keys / np.float32(np.sqrt(self.head))
        factors = {"query": asking, "key": 1 / keys, "value": 1 / values}
        return {name: (weight * factors[name], bias * factors[name]) for name, (weight, bias) in found.items()}

    def mixing(self, at: int, scales: Scales) -> tuple[Floats, Floats]:
        """Return the weight and bias that follow a layer's attention."""
        weight, bias = weights(self.layers[at].attention.output.dense)
        return (weight * scales.values[at][:, None] if at < len(self.layers) - 1 else weight), bias


def weights(linear: Any) -> tuple[Floats, Floats]:
    """Return a torch Linear's weight, (in, out), and bias."""
    return linear.weight.numpy().T.astype(np.float32), linear.bias.numpy().astype(np.float32)


def product_graph(bert: Bert, scales: Scales, ranges: dict[str, Range], *, watch: bool = False) -> bytes:
    """Write the graph of one product: `embedded` float (tokens, hidden) in.

    Out: `heads` int8 (2 * (layers - 1) * heads, tokens, head), which are each layer's keys and then its values, and
    `state` int8 (tokens, hidden).

    :param watch: give both as float, and each matrix product's input besides, under the product's name.
    """
    g = GraphWriter(ranges)
    x = g.norm("embedded", bert.model.base_model.embeddings.LayerNorm)
    kept = []
    for at in range(len(bert.layers) - 1):
        asks, keys, values = (_by_head(g, bert, one, batched=False) for one in _projected(g, bert, at, x, scales))
        kept += [keys, values]
        shares = g.node("Softmax", g.products_with_transposed(asks, keys), axis=-1)
        mixed = g.node("Transpose", g.node("MatMul", shares, values), perm=[1, 0, 2])
        x = _after_attention(g, bert, at, g.node("Reshape", mixed, g.shape(-1, bert.hidden)), x, scales)
    found = {"heads": g.node("Concat", *kept, axis=0), "state": g.node("Mul", x, g.constant(1 / scales.state))}
    if not watch:
        found = {name: g.rounded(one) for name, one in found.items()}
    return g.write({"embedded": (FLOAT, ["tokens", bert.hidden])}, {**found, **(g.products if watch else {})})


def query_graph(bert: Bert, scales: Scales, ranges: dict[str, Range], *, watch: bool = False) -> bytes:
    """Write the graph of a query and candidates.

    In: `embedded` float (tokens, hidden) of the query; `keys_0`, `values_0` and so on for each layer but the last, int8
    (candidates, heads, product tokens, head); `state` int8 (candidates, product tokens, hidden); `padding` float
    (candidates, product tokens), 0 for what is there and a large negative number for what is not. Out: `logits` float
    (candidates, labels).

    :param watch: give each matrix product's input besides, under the product's name.
    """
    g = GraphWriter(ranges)
    last = len(bert.layers) - 1
    x = g.norm("embedded", bert.model.base_model.embeddings.LayerNorm)
    mask = g.node("Unsqueeze", "padding", g.shape(1, 2))
    for at in range(last):
        asks, *own = (_by_head(g, bert, one, batched=at > 0) for one in _projected(g, bert, at, x, scales))
        keys, values = (g.node("Cast", f"{name}_{at}", to=FLOAT) for name in ("keys", "values"))
        of_product = g.node("Add", g.products_with_transposed(asks, keys), mask)
        of_query = g.products_with_transposed(asks, own[0])
        mixed = _mix(g, of_product, of_query, values, own[1])
        mixed = g.node("Reshape", g.node("Transpose", mixed, perm=[0, 2, 1, 3]), g.shape(0, 0, bert.hidden))
        x = _after_attention(g, bert, at, mixed, x, scales)
    logits = _judge(g, bert, _ask_states(g, bert, x, scales))
    inputs: Inputs = {"embedded": (FLOAT, ["query_tokens", bert.hidden])}
    inputs |= {**_stored(bert), "padding": (FLOAT, _CANDIDATES)}
    return g.write(inputs, {"logits": logits, **(g.products if watch else {})})


def unpack_graph(bert: Bert) -> bytes:
    """Write the graph that makes of codes what the query graph takes of products.

    In: `codes` int8 (candidates, product tokens, r) and `basis` float (r, width). Out: all that is stored.
    """
    g, last = GraphWriter(), len(bert.layers) - 1
    whole = g.rounded(g.node("MatMul", g.node("Cast", "codes", to=FLOAT), "basis"))
    names = list(_stored(bert))
    parts = [g.part(whole, at * bert.hidden, (at + 1) * bert.hidden) for at in range(2 * last + 1)]
    stored = [_by_head(g, bert, part, batched=True) for part in parts[:-1]]
    inputs: Inputs = {"codes": (INT8, [*_CANDIDATES, "codes"]), "basis": (FLOAT, ["codes", bert.width])}
    return g.write(inputs, dict(zip(names, [*stored, parts[-1]], strict=True)))


_CANDIDATES = ["candidates", "product_tokens"]


def _stored(bert: Bert) -> Inputs:
    """Return type and shape of what is stored, by name, in the order of a code's columns."""
    by_head: list[str | int] = ["candidates", bert.heads, "product_tokens", bert.head]
    names = [f"{name}_{at}" for at in range(len(bert.layers) - 1) for name in ("keys", "values")]
    stored: Inputs = {name: (INT8, by_head) for name in names}
    return {**stored, "state": (INT8, [*_CANDIDATES, bert.hidden])}


def _projected(g: GraphWriter, bert: Bert, at: int, x: str, scales: Scales) -> list[str]:
    """Project states to what asks, keys and values, in one matrix product."""
    parts = bert.projections(at, scales).values()
    weight, bias = (np.concatenate(some, axis=-1) for some in zip(*parts, strict=True))
    whole = g.linear(f"projections_{at}", x, weight, bias)
    return [g.part(whole, i * bert.hidden, (i + 1) * bert.hidden) for i in range(3)]


def _by_head(g: GraphWriter, bert: Bert, x: str, *, batched: bool) -> str:
    """Turn (tokens, hidden) into (heads, tokens, head), and with a batch before each alike."""
    lead = (0, 0) if batched else (-1,)
    apart = g.node("Reshape", x, g.shape(*lead, bert.heads, bert.head))
    return g.node("Transpose", apart, perm=[0, 2, 1, 3] if batched else [1, 0, 2])


def _mix(g: GraphWriter, of_product: str, of_query: str, product: str, query: str) -> str:
    """Share attention out over product and query tokens together, and add up what they hold, product and query."""
    split = g.node("Shape", of_product, start=-1)
    rows = g.node("Concat", g.node("Shape", of_product, end=-1), g.node("Shape", of_query, start=-1), axis=0)
    shares = g.node("Softmax", g.node("Concat", of_product, g.node("Expand", of_query, rows), axis=-1), axis=-1)
    of_products = g.node("Slice", shares, g.shape(0), split, g.shape(-1))
    of_queries = g.node("Slice", shares, split, g.shape(2**31), g.shape(-1))
    return g.node("Add", g.node("MatMul", of_products, product), g.node("MatMul", of_queries, query))


def _after_attention(g: GraphWriter, bert: Bert, at: int, mixed: str, x: str, scales: Scales) -> str:
    layer = bert.layers[at]
    x = g.add_and_norm(g.linear(f"mixing_{at}", mixed, *bert.mixing(at, scales)), x, layer.attention.output.LayerNorm)
    inner = g.node("Gelu", g.linear(f"inner_{at}", x, *weights(layer.intermediate.dense)))
    return g.add_and_norm(g.linear(f"outer_{at}", inner, *weights(layer.output.dense)), x, layer.output.LayerNorm)


def _ask_states(g: GraphWriter, bert: Bert, x: str, scales: Scales) -> str:
    """Run the last layer for [CLS] alone, against states; return (candidates, hidden)."""
    last, by_head = len(bert.layers) - 1, (bert.heads, bert.head, bert.hidden)
    parts = bert.projections(last, scales)
    cls = g.node("Squeeze", g.part(x, 0, 1, axis=1), g.shape(1))
    asks = g.node("Reshape", g.linear(f"projections_{last}", cls, *parts["query"]), g.shape(-1, bert.heads, bert.head))
    # The key's bias adds the same to every token, which a softmax does not see.
    keys = g.constant(parts["key"][0].T.reshape(by_head))
    asks = g.node("Transpose", g.node("MatMul", g.node("Transpose", asks, perm=[1, 0, 2]), keys), perm=[1, 0, 2])
    states = g.node("Cast", "state", to=FLOAT)
    steps = g.constant(scales.state)
    of_product = g.products_with_transposed(g.node("Mul", asks, steps), states)
    of_product = g.node("Add", of_product, g.node("Unsqueeze", "padding", g.shape(1)))
    of_query = g.products_with_transposed(asks, x)
    shares = g.node("Softmax", g.node("Concat", of_product, of_query, axis=-1), axis=-1)
    split = g.node("Shape", of_product, start=-1)
    of_products = g.node("MatMul", g.node("Slice", shares, g.shape(0), split, g.shape(-1)), states)
    of_queries = g.node("MatMul", g.node("Slice", shares, split, g.shape(2**31), g.shape(-1)), x)
    held = g.node("Transpose", g.node("Add", g.node("Mul", of_products, steps), of_queries), perm=[1, 0, 2])
    weight, bias = parts["value"]
    values = g.constant(weight.T.reshape(by_head).transpose(0, 2, 1))
    mixed = g.node("Transpose", g.node("MatMul", held, values), perm=[1, 0, 2])
    mixed = g.node("Add", g.node("Reshape", mixed, g.shape(-1, bert.hidden)), g.constant(bias))
    return _after_attention(g, bert, last, mixed, cls, scales)


def _judge(g: GraphWriter, bert: Bert, x: str) -> str:
    pooled = g.node("Tanh", g.linear("pooler", x, *weights(bert.model.base_model.pooler.dense)))
    return g.linear("classifier", pooled, *weights(bert.model.classifier))
