"""Read tables of a TOML file so that whatever is wrong is named: file, table, key, what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from xephang.errors import InputError

_REQUIRED: Any = object()
_LARGEST = 1e9


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file.

    :param file: the file's name, for messages.
    :param path: the table's own name in the file, dotted; empty at the top.
    """

    file: str
    path: str
    content: Mapping[str, Any]

    def error(self, key: str, problem: str) -> InputError:
        """Return the error that names this table and one of its keys."""
        where = f"{self.file}" + (f", table [{self.path}]" if self.path else "") + (f", key '{key}'" if key else "")
        return InputError(f"{where}: {problem}")

    def allow(self, *keys: str) -> None:
        """Refuse keys that are not listed, and offer the nearest that is.

        :raises InputError: if there is one.
        """
        for key in self.content:
            if key not in keys:
                near = get_close_matches(key, keys, 1, 0.5)
                hint = f"did you mean '{near[0]}'?" if near else f"keys are {', '.join(keys)}"
                raise self.error(key, f"there is no such key; {hint}")

    def text(self, key: str, default: str) -> str:
        """Return a text."""
        return str(self._get(key, str, "a text, in quotes", default))

    def flag(self, key: str) -> bool:
        """Return a flag; false where it is not given."""
        return bool(self._get(key, bool, "true or false", False))

    def number(self, key: str, default: float = _REQUIRED, *, minimum: float | None = None) -> float:
        """Return a finite number, no smaller than the minimum."""
        value = self._get(key, (int, float), "a number", default)
        if isinstance(value, bool) or not abs(value) < _LARGEST:
            raise self.error(key, f"must be a number below {_LARGEST:g}, got {str(value)[:80]}")
        if minimum is not None and value < minimum:
            raise self.error(key, f"must not be below {minimum:g}, got {value:g}")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; a lone text is a list of one."""
        value = self._get(key, (list, str), "a list of texts", [])
        listed = [value] if isinstance(value, str) else value
        if wrong := [one for one in listed if not isinstance(one, str) or not one.strip()]:
            raise self.error(key, f"must be a list of texts that are not empty, got {wrong[0]!r}")
        return tuple(listed)

    def numbers(self, key: str) -> dict[str, float]:
        """Return a table of positive numbers; empty where it is not given."""
        inner = Table(self.file, f"{self.path}.{key}", self._get(key, dict, "a table, such as { cm = 1 }", {}))
        read = {name: inner.number(name) for name in inner.content}
        for name, value in read.items():
            if value <= 0:
                raise inner.error(name, f"must be above 0, got {value:g}")
        return read

    def span(self, key: str) -> tuple[float, float] | None:
        """Return a lower and an upper number; None where they are not given."""
        value = self._get(key, list, "two numbers, such as [36, 42]", None)
        if value is None:
            return None
        numbers = [one for one in value if isinstance(one, int | float) and not isinstance(one, bool)]
        ordered = len(value) == len(numbers) == 2 and -_LARGEST <= numbers[0] <= numbers[1] <= _LARGEST
        if not ordered:
            raise self.error(key, f"must be two numbers, the lower one first, got {str(value)[:80]}")
        return float(value[0]), float(value[1])

    def choice(self, key: str, choices: tuple[str, ...], default: str = _REQUIRED) -> str:
        """Return one of a few texts."""
        value = str(self._get(key, str, "a text, in quotes", default))
        if value not in choices:
            named = [f"'{one}'" for one in choices if one]
            raise self.error(key, f"must be {' or '.join(named)}, got '{value}'")
        return value

    def tables(self, key: str) -> Iterator[tuple[str, "Table"]]:
        """Yield the tables within a table by name."""
        content = self._get(key, dict, "a table", {})
        for name, value in content.items():
            if not isinstance(value, dict):
                raise self.error(f"{key}.{name}", f"must be a table, such as {{ name = … }}, got {value!r}")
            yield name, Table(self.file, ".".join(filter(None, (self.path, key, name))), value)

    def table(self, key: str) -> "Table":
        """Return a table within a table; an empty one where it is not given."""
        return Table(self.file, ".".join(filter(None, (self.path, key))), self._get(key, dict, "a table", {}))

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """Return a list of groups of at least two texts each."""
        content = self._get(key, list, 'a list of groups, such as [["a", "b"], ["c", "d"]]', [])
        for group in content:
            texts = isinstance(group, list) and all(isinstance(one, str) for one in group)
            if not texts or len(set(group)) < 2 or len(set(group)) < len(group):
                raise self.error(key, f"each group must be a list of at least two texts, none twice, got {group!r}")
        return tuple(tuple(group) for group in content)

    def list_of_tables(self, key: str) -> Iterator["Table"]:
        """Yield the tables of a list."""
        for at, value in enumerate(self._get(key, list, f"tables, each headed [[{self.path}.{key}]]", []), 1):
            if not isinstance(value, dict):
                raise self.error(key, f"must be tables, each headed [[{self.path}.{key}]], got {value!r}")
            yield Table(self.file, f"{self.path}.{key}, number {at}", value)

    def _get(self, key: str, kind: Any, what: str, default: Any) -> Any:
        if key not in self.content:
            if default is _REQUIRED:
                raise self.error(key, f"is missing; it must be {what}")
            return default
        value = self.content[key]
        if not isinstance(value, kind):
            raise self.error(key, f"must be {what}, got {value!r}")
        return value
