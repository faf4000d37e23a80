"""Which columns of a source hold what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from xephang.errors import InputError
from xephang.product.names import FIELDS, field_of

Kind = Literal["ids", "id", "text", "product"]
"""What a row asks about: a compiled catalogue's products, one of them, a document, or the product of its columns."""
_USUAL = {
    "query": ("query", "sentence_0"),
    "query_id": ("query_id",),
    "document": ("document", "text", "sentence_1"),
    "ids": ("ids",),
    "id": ("id", "product_id", "document_id"),
}


@dataclass(frozen=True)
class Columns:
    """A source's own names.

    :param query_id: empty where there is none, as with the next ones.
    :param product: a product's fields by the columns that the caller said hold them.
    :param query_id_type: as Arrow writes it; such a column is copied.
    """

    kind: Kind
    query: str
    query_id: str = ""
    document: str = ""
    ids: str = ""
    id: str = ""
    product: Mapping[str, str] = field(default_factory=dict)
    query_id_type: str = ""

    @property
    def read(self) -> list[str] | None:
        """The columns that are read; None for all."""
        if self.kind == "product":
            return None
        named = {"ids": self.ids, "id": self.id, "text": self.document}[self.kind]
        return list(dict.fromkeys(filter(None, (self.query_id, self.query, named, self.id))))

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that hold no part of a product."""
        return tuple(filter(None, (self.query_id, self.query)))


def columns_of(schema: pa.Schema, where: object, wanted: Mapping[str, str], *, by_id: bool) -> Columns:
    """Find the columns in a file.

    :param where: begins messages.
    :param wanted: the file's names by ours: those of `Columns`, or a product's fields.
    :param by_id: whether there is a compiled catalogue.
    :raises InputError: if one is missing, or holds something else than it should.
    """
    names = _Names(schema.names, where, wanted)
    query = names.find("query", needed="a column of queries")
    query_id, id = names.find("query_id"), names.find("id")
    fields = {column: name for name, column in wanted.items() if name in FIELDS and name != "id"}
    if by_id:
        ids = names.find("ids")
        if not (ids or id):
            raise names.missing("ids", "a column of lists of ids, or 'id', to look up in the catalogue")
        found = Columns("ids" if ids else "id", query, query_id, ids=ids, id="" if ids else id)
    elif document := names.find("document"):
        found = Columns("text", query, query_id, document, id=id)
    elif "ids" in schema.names or "ids" in wanted:
        raise InputError(f"{where}: 'ids' are of a compiled catalogue's products; name it: --catalogue FOLDER")
    elif fields or any(field_of(name) for name in schema.names if name not in (query, query_id)):
        found = Columns("product", query, query_id, id=id, product=fields)
    else:
        raise names.missing("document", "a column of documents, or a product's columns")
    return _typed(found, schema, where)


class _Names:
    def __init__(self, names: Sequence[str], where: object, wanted: Mapping[str, str]) -> None:
        self._names, self._where, self._wanted = names, where, wanted
        for ours, theirs in wanted.items():
            if ours not in _USUAL and ours not in FIELDS:
                raise InputError(f"columns: '{ours}' is not one of {', '.join((*_USUAL, *FIELDS[1:]))}")
            if theirs not in names:
                raise InputError(f"{where}: has no column '{theirs}' to read '{ours}' from; {self._has}")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"{where}: has two columns '{twice[0]}'; give each a name of its own")

    @property
    def _has(self) -> str:
        return "it has: " + ", ".join(f"'{name}'" for name in self._names[:10])

    def find(self, ours: str, needed: str = "") -> str:
        if ours in self._wanted:
            return self._wanted[ours]
        taken = set(self._wanted.values())
        found = next((name for name in _USUAL[ours] if name in self._names and name not in taken), "")
        if needed and not found:
            raise self.missing(ours, needed)
        return found

    def missing(self, ours: str, what: str) -> InputError:
        return InputError(f"{self._where}: has no column '{ours}', {what}; {self._has}: map one (--column)")


def _typed(found: Columns, schema: pa.Schema, where: object) -> Columns:
    """Check what the columns hold, and take the type of the one that is copied."""
    one_id: tuple[str, Callable[[pa.DataType], bool]] = ("texts or whole numbers", _is_key)
    expected: dict[str, tuple[str, Callable[[pa.DataType], bool]]] = {
        found.query: ("texts", _is_text),
        found.query_id: one_id,
        found.document: ("texts or records", _is_document),
        found.ids: ("lists of texts", _is_texts),
        found.id: ("texts", _is_text) if found.kind == "id" else one_id,
    }
    for name, (what, fits) in expected.items():
        if name and not fits(kind := _plain(schema.field(name).type)):
            raise InputError(f"{where}: column '{name}' holds {kind}, expected {what}")
    kind = str(_plain(schema.field(found.query_id).type)) if found.query_id else ""
    return Columns(**{**vars(found), "query_id_type": "string" if kind.endswith(("string", "string_view")) else kind})


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_key(kind: pa.DataType) -> bool:
    return _is_text(kind) or bool(pa.types.is_integer(kind))


def _is_document(kind: pa.DataType) -> bool:
    return _is_text(kind) or bool(pa.types.is_struct(kind))


def _is_texts(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(lists) and _is_text(_plain(kind.value_type))
