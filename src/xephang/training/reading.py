"""What a recipe's data files hold, as the run takes it: products rendered, labels as the loss gets them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xephang.catalogue import Catalogue
from xephang.errors import InputError
from xephang.judgments import Judgment, Pair, read_judgments, read_pairs
from xephang.judgments.documents import PRODUCT_COLUMNS, Documents, product_id
from xephang.judgments.graded import HIGHEST_GRADE
from xephang.judgments.standing import standing_rows
from xephang.product import Product
from xephang.text import fold
from xephang.training.recipe import Recipe


@dataclass(frozen=True)
class Data:
    """The rows of a run, in the order of their files.

    :param dev: judgments; empty where the recipe names none.
    """

    pairs: list[Pair]
    dev: list[Judgment]


def read_data(recipe: Recipe) -> Data:
    """Read the files that a recipe names.

    :raises InputError: if one can not be read, there are no pairs, or pairs and dev judgments share a text.
    :raises RowError: at the first row that can not be used.
    """
    documents = Documents(recipe.template, _products(recipe))
    pairs = list(read_pairs(recipe.pairs, recipe.columns, documents))
    dev = list(read_judgments(recipe.dev, recipe.dev_columns, documents)) if recipe.dev else []
    _check_apart(pairs, dev, recipe)
    return Data(_labelled(pairs, recipe), dev)


def _products(recipe: Recipe) -> Mapping[str, Product] | None:
    """Return the catalogue's products that some row names: a catalogue may hold many more."""
    if recipe.catalogue is None:
        return None
    wanted = set(_ids(recipe.pairs, recipe.columns))
    wanted |= set(_ids(recipe.dev, recipe.dev_columns)) if recipe.dev else set()
    catalogue = Catalogue.open(recipe.catalogue, columns=recipe.catalogue_columns)
    return {product.id: product for product in catalogue if product.id in wanted}


def _ids(path: Path, columns: Mapping[str, str]) -> Iterator[str]:
    name = columns.get(PRODUCT_COLUMNS[1], PRODUCT_COLUMNS[1])
    return (product_id(row, path, name) for row in standing_rows(path, columns))


def _labelled(pairs: list[Pair], recipe: Recipe) -> list[Pair]:
    """Turn grades into what the recipe's loss gets.

    :raises InputError: if the recipe says that labels are grades, and one is none.
    """
    if recipe.label == "given":
        return pairs
    for number, pair in enumerate(pairs, start=1):
        if pair.label not in range(HIGHEST_GRADE + 1):
            raise InputError(
                f"training row {number}: label {pair.label}, where [data] label = '{recipe.label}' takes grades 0, 1, "
                "2 or 3; change the labels, or take that setting out"
            )
    if recipe.relevant_grade is not None:
        return [replace(pair, label=int(pair.label >= recipe.relevant_grade)) for pair in pairs]
    return [replace(pair, label=pair.label / HIGHEST_GRADE) for pair in pairs]


def _check_apart(pairs: list[Pair], dev: list[Judgment], recipe: Recipe) -> None:
    """Refuse dev judgments that share a query or a document with the training pairs, diacritics and case aside."""
    if not pairs:
        raise InputError(f"{recipe.pairs}: no training pairs in it")
    for kind, seen, asked in (
        ("query", {_key(p.query) for p in pairs}, (j.query for j in dev)),
        ("document", {_key(p.document) for p in pairs}, (j.document for j in dev)),
    ):
        if shared := next((text for text in asked if _key(text) in seen), None):
            raise InputError(
                f"{recipe.dev}: the {kind} '{shared[:60]}' is in {recipe.pairs} too; a model may not be chosen on "
                "what it was trained on: take it out of one of the two"
            )


def _key(text: str) -> str:
    return fold(text).lower()
