"""Products in rows of pairs and judgments: a record in the row, or its id in a catalogue, rendered when it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xephang.catalogue import Row
from xephang.errors import InputError, RowError
from xephang.product import LISTING, Product, ProductTemplate, Rendered
from xephang.product.reading import scalar, table

PRODUCT_COLUMNS = ("product", "product_id")


@dataclass(frozen=True)
class Documents:
    """What makes texts of the products that rows hold.

    :param template: renders them.
    :param products: of a catalogue, by id; without them a row's `product_id` says nothing.
    """

    template: ProductTemplate = LISTING
    products: Mapping[str, Product] | None = None

    def render(self, row: Row, path: str | Path, names: Sequence[str] = PRODUCT_COLUMNS) -> Rendered | None:
        """Render a row's product; None where the row has none, so that it has to have a text.

        :param names: the file's names for `PRODUCT_COLUMNS`.
        :raises RowError: as `product_of` does, and if the template finds nothing in the product.
        """
        product = product_of(row, path, names, self.products)
        if product is None:
            return None
        try:
            return self.template.render(product)
        except InputError as error:
            name = names[0] if _record(row, names) is not None else names[1]
            raise RowError(path, row.number, name, str(error)) from None


AS_LISTINGS = Documents()


def product_of(
    row: Row,
    path: str | Path,
    names: Sequence[str] = PRODUCT_COLUMNS,
    products: Mapping[str, Product] | None = None,
) -> Product | None:
    """Return a row's product: its record before its id; None where there is neither.

    :param products: by id; without them an id is passed over.
    :raises RowError: if the record is no product, or no product has the id.
    """
    if (record := _record(row, names)) is not None:
        try:
            return Product.from_dict(record)
        except InputError as error:
            raise RowError(path, row.number, names[0], str(error)) from None
    if products is None or not (wanted := product_id(row, path, names[1])):
        return None
    if wanted not in products:
        raise RowError(path, row.number, names[1], f"'{wanted}' is not in the catalogue; add it, or take the row out")
    return products[wanted]


def product_id(row: Row, path: str | Path, name: str = PRODUCT_COLUMNS[1]) -> str:
    """Return the id of a row's product; empty where there is none.

    :raises RowError: if it is neither a text nor a number.
    """
    try:
        return scalar(name, row.values.get(name)).strip()
    except InputError as error:
        raise RowError(path, row.number, name, str(error)) from None


def _record(row: Row, names: Sequence[str]) -> Mapping[str, object] | None:
    """Return a row's record, which CSV has as JSON text."""
    found = table(row.values.get(names[0]))
    return found if isinstance(found, Mapping) else None
