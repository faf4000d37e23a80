"""The engine for models that read products apart: a product is computed once, a query then runs past many of them."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from xephang.engines.tokens import PairTokens
from xephang.engines.workers import Workers, open_graph
from xephang.errors import ModelError
from xephang.files import sha256
from xephang.progress import Advance

Stored = NDArray[np.int8]
"""What a product comes to, (tokens * width,): keys and values by head, layer after layer, then states."""
GRAPHS = ("product", "query", "unpack")
_PADDING = np.float32(-1e9)
_STEPS = ((48, 8), (96, 16), (10**6, 32))
"""Up to how many tokens a product is padded to a multiple of what: the longer it is, the fewer are as long."""
_MOST_CANDIDATES = 64
_MOST_TOKENS = 4096
"""Of products, padding included, in one run."""
_MOST_CELLS = 2**18
"""Of attention, a head's, in one run: each query token looks at all tokens."""
_LEAST_CANDIDATES = 2
_SAME = 60
"""How many of a candidate's tokens what does not depend on their number costs as much as, about."""
_HELD = 32_768
"""Tokens of products whose numbers are in memory at once while pairs are scored: some 60 MB of three layers'."""


@dataclass(frozen=True)
class Embeddings:
    """What each token, position and side adds to a token's embedding.

    :param words: float32 or int8 (tokens, hidden); `steps` float32 (tokens,) is what one is worth.
    :param positions: float32 (positions, hidden).
    :param sides: float32 (2, hidden), of the query and of the product.
    :param start: the position of a product's first token.
    """

    words: NDArray[np.float32] | NDArray[np.int8]
    steps: NDArray[np.float32]
    positions: NDArray[np.float32]
    sides: NDArray[np.float32]
    start: int

    def of_query(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (tokens, hidden), before the layer norm."""
        return self._of(ids, 0, 0)

    def of_product(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (tokens, hidden), before the layer norm."""
        return self._of(ids, self.start, 1)

    def _of(self, ids: NDArray[np.int64], start: int, side: int) -> NDArray[np.float32]:
        words = self.words[ids] * self.steps[ids, None]
        at = np.minimum(np.arange(start, start + len(ids)), len(self.positions) - 1)
        return np.asarray(words + self.positions[at] + self.sides[side], np.float32)


class PrecomputedEngine:
    """Compute what products come to, and score a query against that.

    Scores do not depend on what else is scored: each product is computed by itself; candidates run together with others
    that are as long as they, once padded.

    :param threads: CPU threads for all callers together; all that the process may use, without it.
    """

    name = "precomputed"

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Open the file that `xephang export` wrote.

        :raises ModelError: if it is none.
        """
        try:
            arrays = mapped(path)
            graphs = [arrays[name].tobytes() for name in GRAPHS]
            self.embeddings = embeddings_of(arrays)
        except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
            raise ModelError(f"{path}: not a file of a precomputed model ({error}); run: xephang export") from error
        self.files: tuple[Path, ...] = (path,)
        self.sha256 = sha256(path)
        self._product, self._query, self._unpack = (open_graph(graph, path) for graph in graphs)
        takes = [entry.name for entry in self._query.get_inputs()]
        if takes[:2] != ["embedded", "keys_0"]:
            raise ModelError(f"{path}: its query graph takes {', '.join(takes)}, so it is none; run: xephang export")
        self._heads, self._head = (int(size) for size in self._query.get_inputs()[1].shape[1::2])
        self._hidden = self._heads * self._head
        self.width = (len(takes) - 2) * self._hidden
        self._labels = int(self._query.get_outputs()[0].shape[1])
        self._workers, self._room = Workers(threads), Room()

    @property
    def threads(self) -> int:
        """CPU threads that it uses."""
        return self._workers.threads

    def compute(self, products: Sequence[NDArray[np.int64]]) -> list[Stored]:
        """Return what each product comes to, given its token ids."""
        return list(self._workers.map(self._compute, products))

    def score(
        self,
        query: NDArray[np.int64],
        stored: Sequence[Stored],
        *,
        basis: NDArray[np.float32] | None = None,
        batch_size: int | None = None,
        progress: Advance | None = None,
    ) -> NDArray[np.float32]:
        """Return logits, float32 (n, labels), of a query's token ids and stored products.

        :param basis: float32 (r, width), by which stored codes are multiplied, where products are int8 (tokens * r,).
        :param batch_size: the most products in one run.
        """
        return self.score_each([(query, stored)], basis=basis, batch_size=batch_size, progress=progress)[0]

    def score_each(
        self,
        asked: Sequence[tuple[NDArray[np.int64], Sequence[Stored]]],
        *,
        basis: NDArray[np.float32] | None = None,
        batch_size: int | None = None,
        progress: Advance | None = None,
    ) -> list[NDArray[np.float32]]:
        """Return `score` of each query and its products; all their runs share out the threads."""
        embedded = [self.embeddings.of_query(query) for query, _ in asked]
        width = self.width if basis is None else len(basis)
        out = [np.empty((len(stored), self._labels), np.float32) for _, stored in asked]
        tokens = [[len(one) // width for one in stored] for _, stored in asked]
        most = min(batch_size or _MOST_CANDIDATES, _MOST_CANDIDATES)
        runs = _runs(tokens, [len(query) for query, _ in asked], most, self.threads)

        def run(one: Run) -> NDArray[np.float32]:
            some = [asked[one.query][1][i] for i in one.places]
            feed = self._stacked(some) if basis is None else self._unpacked(some, basis)
            logits: NDArray[np.float32] = self._query.run(None, {"embedded": embedded[one.query], **feed})[0]
            return logits[: len(one.places)]

        for one, logits in zip(runs, self._workers.map(run, runs), strict=True):
            out[one.query][one.places] = logits
            if progress:
                progress(len(one.places))
        return out

    def logits(
        self, pairs: Sequence[PairTokens], *, batch_size: int | None = None, progress: Advance | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (n, labels); see `Engine.logits`. Each distinct product is computed once, some at a time."""
        by_product: dict[bytes, list[int]] = {}
        for i, pair in enumerate(pairs):
            by_product.setdefault(pair.product.tobytes(), []).append(i)
        out = np.empty((len(pairs), self._labels), np.float32)
        for some in _shares(by_product):
            stored = self.compute([np.frombuffer(ids, np.int64) for ids in some])
            by_query: dict[bytes, list[tuple[int, Stored]]] = {}
            for one, ids in zip(stored, some, strict=True):
                for i in by_product[ids]:
                    by_query.setdefault(pairs[i].query.tobytes(), []).append((i, one))
            asked = [(np.frombuffer(ids, np.int64), [one for _, one in found]) for ids, found in by_query.items()]
            scored = self.score_each(asked, batch_size=batch_size, progress=progress)
            for found, logits in zip(by_query.values(), scored, strict=True):
                out[[i for i, _ in found]] = logits
        return out

    def rows(self, stored: Stored) -> NDArray[np.int8]:
        """Return what a product comes to as a row for each token, (tokens, width), in the order of a basis' columns."""
        tokens = len(stored) // self.width
        by_head = stored[: -tokens * self._hidden].reshape(-1, tokens, self._head)
        state = stored[-tokens * self._hidden :].reshape(tokens, self._hidden)
        return np.concatenate([by_head.transpose(1, 0, 2).reshape(tokens, -1), state], axis=1)

    def _compute(self, ids: NDArray[np.int64]) -> Stored:
        heads, state = self._product.run(None, {"embedded": self.embeddings.of_product(ids)})
        return np.concatenate([heads.reshape(-1), state.reshape(-1)])

    def _stacked(self, stored: Sequence[Stored]) -> dict[str, NDArray[Any]]:
        return stacked(stored, self._heads, self._head, self.width, self._room)

    def _unpacked(self, codes: Sequence[Stored], basis: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        candidates, tokens, padding = _padding([len(one) // len(basis) for one in codes])
        rows = self._room.array(candidates, tokens, len(basis))
        for place, one in enumerate(_at_least(codes)):
            rows[place, : len(one) // len(basis)] = one.reshape(-1, len(basis))
        names = [output.name for output in self._unpack.get_outputs()]
        found = self._unpack.run(None, {"codes": rows, "basis": basis})
        return {**dict(zip(names, found, strict=True)), "padding": padding}


def mapped(path: Path) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a file that `numpy.savez` wrote, mapped into memory: processes share what they read.

    :raises OSError: if the file can not be read; ValueError or BadZipFile, if it is none.
    """
    whole = np.memmap(path, np.uint8, mode="r")
    if whole[:2].tobytes() != b"PK":
        raise BadZipFile("it does not begin as an archive")
    with ZipFile(path) as archive:
        entries = archive.infolist()
        if damaged := archive.testzip():
            raise BadZipFile(f"{damaged} is damaged")
    return {entry.filename.removesuffix(".npy"): _array_at(whole, entry) for entry in entries}


def _array_at(whole: NDArray[np.uint8], entry: ZipInfo) -> NDArray[np.generic]:
    """Return the array of an archive's entry, by the local header before it (PKWARE's APPNOTE, 4.3.7)."""
    if entry.compress_type != ZIP_STORED:
        raise ValueError(f"{entry.filename} is compressed")
    names = int.from_bytes(whole[entry.header_offset + 26 :][:2], "little")
    extra = int.from_bytes(whole[entry.header_offset + 28 :][:2], "little")
    start = entry.header_offset + 30 + names + extra
    said = BytesIO(whole[start : start + min(entry.file_size, 256)].tobytes())
    version = np.lib.format.read_magic(said)
    if version != (1, 0):
        raise ValueError(f"{entry.filename} is of version {version}")
    shape, fortran, kind = np.lib.format.read_array_header_1_0(said)
    if fortran or kind.hasobject:
        raise ValueError(f"{entry.filename} is not laid out as numpy.savez writes it")
    content = whole[start + said.tell() : start + entry.file_size]
    return np.asarray(content).view(kind).reshape(shape)


def embeddings_of(arrays: Mapping[str, NDArray[np.generic]]) -> Embeddings:
    """Find the embeddings among a file's arrays.

    :raises KeyError: if one is missing.
    """
    found: dict[str, Any] = {name: arrays[name] for name in ("words", "steps", "positions", "sides")}
    return Embeddings(**found, start=int(arrays["start"]))


def pack(graphs: Mapping[str, bytes], embeddings: Embeddings) -> bytes:
    """Return the file that `PrecomputedEngine` opens."""
    arrays: dict[str, Any] = {name: np.frombuffer(graphs[name], np.uint8) for name in GRAPHS}
    held = BytesIO()
    np.savez(held, **arrays, **vars(embeddings))
    return held.getvalue()


def _shares(products: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield products' ids, int64 as bytes, some at a time."""
    some: list[bytes] = []
    size = 0
    for ids in products:
        if some and size + len(ids) // 8 > _HELD:
            yield some
            some, size = [], 0
        some.append(ids)
        size += len(ids) // 8
    if some:
        yield some


@dataclass(frozen=True, slots=True)
class Run:
    """Some of a query's candidates, alike in padded length, that one run of the graph takes.

    :param query: its place among those that are asked.
    :param places: of the candidates among the query's.
    """

    query: int
    places: list[int]
    tokens: int


def _runs(lengths: Sequence[Sequence[int]], queries: Sequence[int], most: int, threads: int) -> list[Run]:
    """Group each query's products of like padded length, the runs with most to do first, to keep all threads busy.

    :param lengths: tokens of each query's products.
    :param queries: tokens of each query.
    """
    buckets: dict[tuple[int, int], list[int]] = {}
    for query, tokens in enumerate(lengths):
        for i, length in enumerate(tokens):
            buckets.setdefault((query, _padded(length)), []).append(i)
    share = -(-sum(map(len, lengths)) // (2 * threads))
    runs: list[Run] = []
    for (query, bucket), places in buckets.items():
        cells = queries[query] * (queries[query] + bucket)
        size = max(1, min(most, share, _MOST_TOKENS // bucket, _MOST_CELLS // max(1, cells)))
        count = -(-len(places) // size)
        runs += [Run(query, places[at::count], bucket) for at in range(count)]
    return sorted(runs, key=lambda run: -len(run.places) * (run.tokens + _SAME))


class Room(threading.local):
    """Memory of a thread, kept from run to run: asking the system for it anew costs more than filling it."""

    def __init__(self) -> None:
        self._held = np.empty(0, np.int8)

    def array(self, *shape: int) -> NDArray[np.int8]:
        """Return an array with whatever stands in it, good until the next is asked for."""
        size = int(np.prod(shape))
        if size > len(self._held):
            self._held = np.empty(size, np.int8)
        return self._held[:size].reshape(shape)


def stacked(stored: Sequence[Stored], heads: int, head: int, width: int, room: Room) -> dict[str, NDArray[Any]]:
    """Return what the query graph takes of products that are alike in padded length.

    What stands in the padding does not matter, as nothing attends to it.
    """
    parts, hidden = width // (heads * head) - 1, heads * head
    tokens_each = [len(one) // width for one in stored]
    candidates, tokens, padding = _padding(tokens_each)
    whole = room.array(width * candidates * tokens)
    by_head = whole[: parts * hidden * candidates * tokens].reshape(parts, candidates, heads, tokens, head)
    state = whole[by_head.size :].reshape(candidates, tokens, hidden)
    for place, one in enumerate(_at_least(stored)):
        count = len(one) // width
        split = len(one) - count * hidden
        by_head[:, place, :, :count] = one[:split].reshape(parts, heads, count, head)
        state[place, :count] = one[split:].reshape(count, hidden)
    names = [f"{name}_{at}" for at in range(parts // 2) for name in ("keys", "values")]
    return {**dict(zip(names, by_head, strict=True)), "state": state, "padding": padding}


def _padding(tokens: Sequence[int]) -> tuple[int, int, NDArray[np.float32]]:
    """Return how many candidates and tokens a run has, and its mask, float32 (candidates, tokens)."""
    counts = np.array(_at_least(tokens))
    longest = _padded(int(counts.max()))
    hidden = np.arange(longest) >= counts[:, None]
    return len(counts), longest, np.where(hidden, _PADDING, np.float32(0))


def _padded(tokens: int) -> int:
    """Return how long a product is with its padding: that depends on nothing but itself."""
    step = next(step for most, step in _STEPS if tokens <= most)
    return -(-tokens // step) * step


def _at_least(items: Sequence[Any]) -> list[Any]:
    """Have one candidate stand there twice: a matrix product of one row goes another way, and may round otherwise."""
    return [*items, *items] if len(items) < _LEAST_CANDIDATES else list(items)
