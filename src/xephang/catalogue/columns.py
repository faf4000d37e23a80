"""Which column of a shop's file is which field of a product."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from xephang.errors import InputError
from xephang.product import TEXT_FIELDS
from xephang.text import fold, normalise, repair

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


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", normalise(repair(name).text)).strip().lower()


_FIELD = {
    key: field for field, aliases in ALIASES.items() for alias in (field, *aliases) for key in (alias, fold(alias))
}


class Columns:
    """Which column each field is read from; learns as the rows of a JSONL file show new keys.

    :param wanted: the caller's own choice, the name of a column by the name of a field.
    """

    def __init__(self, file: str, wanted: Mapping[str, str]) -> None:
        self._file, self._wanted = file, dict(wanted)
        self._known: set[str] = set()
        self.used: dict[str, str] = {}
        for field in wanted:
            if field not in FIELDS:
                raise InputError(f"columns: a product has no field '{field}'; fields are {', '.join(FIELDS)}")

    def check_wanted(self) -> None:
        """Check that the file has the columns that the caller chose.

        :raises InputError: naming the nearest columns.
        """
        for field, column in self._wanted.items():
            if column not in self._known:
                raise InputError(
                    f"{self._file}: has no column '{column}' to read '{field}' from; {self._nearest(column)}"
                )

    def meet(self, names: Iterable[str]) -> None:
        """Take note of the names that a row brings.

        :raises InputError: if two columns compete for a field, or a new one takes it from another.
        """
        if self._known.issuperset(names):
            return
        late = bool(self._known)
        before, self._known = self.used, self._known.union(names)
        found = {**self._guess(), **self._wanted}
        self.used = {field: found[field] for field in FIELDS if field in found}
        for field, column in before.items():
            if self.used[field] != column:
                raise InputError(self._rivals(field, [column, self.used[field]]))
        if late and "id" in self.used and "id" not in before:
            raise InputError(
                f"{self._file}: '{self.used['id']}' is missing from the first rows; give it to all or none"
            )

    def _guess(self) -> dict[str, str]:
        candidates: dict[str, list[str]] = {}
        for name in sorted(self._known - set(self._wanted.values())):
            field = _FIELD.get(_key(name))
            if field is not None and field not in self._wanted:
                candidates.setdefault(field, []).append(name)
        return {field: self._best(field, names) for field, names in candidates.items()}

    def _best(self, field: str, names: list[str]) -> str:
        if field in names:
            return field
        best = [name for name in names if _key(name) == field] or names
        if len(best) > 1:
            raise InputError(self._rivals(field, best))
        return best[0]

    def _rivals(self, field: str, names: list[str]) -> str:
        shown = " and ".join(f"'{name}'" for name in names)
        return f"{self._file}: columns {shown} could all be the '{field}'; say which one with columns"

    def _nearest(self, column: str) -> str:
        names = {_key(name): name for name in sorted(self._known)}
        folded = {fold(key): name for key, name in names.items()}
        near = [folded[key] for key in get_close_matches(fold(_key(column)), folded, n=3)]
        listed = near or sorted(self._known)[:10]
        return ("the nearest are: " if near else "it has: ") + ", ".join(f"'{name}'" for name in listed)
