"""The first stage's index: its fields, and a product as one entry of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tantivy

from xephang.errors import InputError
from xephang.product import Product
from xephang.search.facet_terms import FacetTerms
from xephang.search.phrases import phrases
from xephang.search.terms import Term, codes, grams, terms
from xephang.text import normalise

FORMAT = 1
"""Changes whenever the same products would come to other entries."""
ID, ACCENTED, FOLDED, MORE, CODE, GRAMS, FACET, PHRASE, PRICE = (
    "id", "accented", "folded", "more", "code", "grams", "facet", "phrase", "price",
)  # fmt: skip
FIELDS = ("title", "brand", "category", "color", "size", "gender", "attribute")
_WORDS = "words"
"""The tokenizer of fields whose words are cut here and joined by spaces."""
_MOST_CHARACTERS = 20_000
_LONGEST_ID = 10_000
"""Tantivy leaves out terms of more than 65,530 bytes, and could not delete such a product."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the index for a product: terms by field."""

    id: str
    price: float | None
    accented: str
    folded: str
    more: str
    code: str
    grams: str
    facets: tuple[str, ...]
    phrases: tuple[str, ...]

    @classmethod
    def of(cls, product: Product, facet_terms: FacetTerms) -> "Entry":
        """Read a product.

        :raises InputError: if its id is too long to be kept.
        """
        if len(product.id) > _LONGEST_ID:
            raise InputError(
                f"product '{product.id[:40]}…': its id has {len(product.id):,} characters; the search index takes "
                f"{_LONGEST_ID:,}: leave it out, or give it a shorter one"
            )
        found: list[Term] = []
        code: list[str] = [term.folded for term in terms(normalise(product.id))]
        for name in FIELDS:
            text = product.value(name)[:_MOST_CHARACTERS]
            cut = terms(text)
            found += cut
            code += codes(text, cut)
            if name == "brand":
                code += [term.folded for term in cut]
        facets = facet_terms.of_product(product)
        folded = [term.folded for term in found]
        return cls(
            id=product.id,
            price=product.price,
            accented=" ".join(term.lower for term in found),
            folded=" ".join(folded),
            more=" ".join(term.folded for text in _rest(product) for term in terms(text)),
            code=" ".join(code),
            grams=" ".join(gram for word in dict.fromkeys(folded) for gram in grams(word)),
            facets=tuple(facets),
            phrases=tuple(phrases(product, facets, facet_terms)),
        )

    def document(self) -> tantivy.Document:
        """Return it as tantivy takes it."""
        fields: dict[str, Any] = {
            ID: self.id,
            ACCENTED: self.accented,
            FOLDED: self.folded,
            MORE: self.more,
            CODE: self.code,
            GRAMS: self.grams,
            FACET: list(self.facets),
            PHRASE: list(self.phrases),
        }
        if self.price is not None:
            fields[PRICE] = self.price
        return tantivy.Document.from_dict(fields, SCHEMA)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(ID, stored=True, tokenizer_name="raw", index_option="basic")
    for name in (ACCENTED, FOLDED, MORE, CODE):
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="freq")
    builder.add_text_field(GRAMS, tokenizer_name=_WORDS, index_option="basic")
    builder.add_text_field(FACET, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(PHRASE, tokenizer_name="raw", index_option="basic")
    builder.add_float_field(PRICE, indexed=True, fast=True)
    return builder.build()


SCHEMA = _schema()


def opened(path: str, *, new: bool = False) -> tantivy.Index:
    """Open an index, or begin one.

    :raises InputError: if it can not be read.
    """
    with reading_index(path):
        index = tantivy.Index(SCHEMA, path) if new else tantivy.Index.open(path)
        index.register_tokenizer(_WORDS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        if not new:
            index.config_reader(reload_policy="manual")
    return index


@contextmanager
def reading_index(path: str = "") -> Iterator[None]:
    """Tell of a damaged or missing file where the library stumbles over it.

    :raises InputError: in place of what the library raises, its panics included, which are no `Exception`.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, ValueError | OSError) and type(error).__name__ != "PanicException":
            raise
        where = f"{path}: " if path else ""
        raise InputError(f"{where}the search index can not be read ({error}); run xephang index again") from error


def _rest(product: Product) -> Iterator[str]:
    """Yield what is searched too, but tells less."""
    yield product.value("description")[:_MOST_CHARACTERS]
    yield from _texts(product.extra)


def _texts(extra: Mapping[str, Any]) -> Iterator[str]:
    for value in extra.values():
        if isinstance(value, str):
            yield normalise(value)[:_MOST_CHARACTERS]
