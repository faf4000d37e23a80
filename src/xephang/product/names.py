"""What shops call the fields of a product."""

import re
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache

from xephang.errors import InputError
from xephang.text import fold, normalise, repair

TEXT_FIELDS = ("id", "title", "brand", "category", "color", "size", "gender", "description")
FIELDS = (*TEXT_FIELDS, "attributes", "price")

ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("mã", "mã sản phẩm", "mã sp", "mã hàng", "sku", "product id", "item id"),
    "title": ("name", "tên", "tên sản phẩm", "tên sp", "tên hàng", "tiêu đề", "product name", "product title"),
    "brand": ("thương hiệu", "nhãn hiệu", "brand name"),
    "category": ("danh mục", "danh mục sản phẩm", "loại", "loại sản phẩm", "loại hàng", "category name"),
    "color": ("màu", "màu sắc", "colour"),
    "size": ("cỡ", "kích cỡ", "kích thước"),
    "gender": ("giới tính",),
    "description": ("mô tả", "mô tả sản phẩm", "product description"),
    "attributes": ("attribute", "thuộc tính", "tính năng", "đặc điểm", "features"),
    "price": ("giá", "giá bán", "giá tiền"),
}
"""What shops call the fields. Matched without case; with its diacritics or without any, so that `mau` and
`màu` are the colour and `mẫu` (a sample) is not."""


_LONGEST_NAME = 100
"""Longer ones mean no field, and are not worth being kept."""


class Unusable(InputError):
    """Report a field of a product and what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(field, problem)

    def __str__(self) -> str:
        return f"field '{self.field}': {self.problem}" if self.field else self.problem


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return a name without what shops write differently: case, hyphens, broken letters."""
    return re.sub(r"[\s_-]+", " ", normalise(repair(name).text)).strip().lower()


_FIELD = {
    key: field for field, aliases in ALIASES.items() for alias in (field, *aliases) for key in (alias, fold(alias))
}


def field_of(name: str) -> str | None:
    """Return the field that a name means, if it means one."""
    return _FIELD.get(name_key(name)) if len(name) <= _LONGEST_NAME else None


def guess(names: Iterable[object], settled: Container[str] = ()) -> dict[str, str]:
    """Return by field the name that means it: ours before a common other one.

    :param settled: fields that are left out.
    :raises Unusable: if several mean the same field.
    """
    candidates: dict[str, list[str]] = {}
    for name in sorted(name for name in names if isinstance(name, str)):
        field = field_of(name)
        if field is not None and field not in settled:
            candidates.setdefault(field, []).append(name)
    return {field: _best(field, found) for field, found in candidates.items()}


def _best(field: str, names: list[str]) -> str:
    if field in names:
        return field
    best = [name for name in names if name_key(name) == field] or names
    if len(best) > 1:
        raise Unusable(field, rivals(field, best))
    return best[0]


def rivals(field: str, names: Iterable[str]) -> str:
    """Say that several names mean the same field."""
    shown = " and ".join(f"'{name}'" for name in names)
    return f"{shown} could all be the '{field}'"
