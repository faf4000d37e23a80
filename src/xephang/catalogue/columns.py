"""Which column of a shop's file is which field of a product."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from xephang.errors import InputError
from xephang.product.names import FIELDS, Unusable, guess, name_key, rivals
from xephang.text import fold


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
                raise InputError(self._told_apart(rivals(field, [column, self.used[field]])))
        if late and "id" in self.used and "id" not in before:
            raise InputError(
                f"{self._file}: '{self.used['id']}' is missing from the first rows; give it to all or none"
            )

    def _guess(self) -> dict[str, str]:
        try:
            return guess(self._known - set(self._wanted.values()), settled=self._wanted)
        except Unusable as error:
            raise InputError(self._told_apart(error.problem)) from None

    def _told_apart(self, problem: str) -> str:
        return f"{self._file}: columns {problem}; say which one with columns"

    def _nearest(self, column: str) -> str:
        names = {name_key(name): name for name in sorted(self._known)}
        folded = {fold(key): name for key, name in names.items()}
        near = [folded[key] for key in get_close_matches(fold(name_key(column)), folded, n=3)]
        listed = near or sorted(self._known)[:10]
        return ("the nearest are: " if near else "it has: ") + ", ".join(f"'{name}'" for name in listed)
