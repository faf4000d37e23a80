"""`compiled.json`: what a compiled catalogue consists of, replaced as a whole with each change."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xephang.errors import InputError
from xephang.files import sha256, write_text

MANIFEST = "compiled.json"
BUILDING = "building.json"
"""The manifest of a build that is not through; what stands in the folder beside it can be read all the while."""
FORMAT = 1
ATTACHED = re.compile(r"search-[0-9a-f]{32}")
"""What attached folders are called."""


@dataclass(frozen=True)
class File:
    """A file of the folder.

    :param path: relative to the folder.
    """

    path: str
    bytes: int
    sha256: str

    @classmethod
    def written(cls, folder: Path, path: str, write: Callable[[Path], object]) -> "File":
        """Have a file written, and describe it.

        :raises InputError: if it can not be written.
        """
        place = folder / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write(place)
            return cls(path, place.stat().st_size, sha256(place))
        except OSError as error:
            raise InputError(f"{place}: can not be written: {error.strerror or error}") from error

    def check(self, folder: Path, *, whole: bool) -> Path:
        """Return the file's path.

        :param whole: compare every byte and not only how many there are.
        :raises InputError: if it is missing, or is not the one that was written.
        """
        path = folder / self.path
        try:
            same = path.stat().st_size == self.bytes and (not whole or sha256(path) == self.sha256)
        except FileNotFoundError:
            raise InputError(f"{path}: is missing; compile the catalogue again") from None
        except OSError as error:
            raise InputError(f"{path}: can not be read: {error.strerror or error}") from error
        if not same:
            raise InputError(f"{path}: is not the file that {MANIFEST} records; compile the catalogue again")
        return path


@dataclass(frozen=True)
class Part:
    """Products that were compiled together.

    :param products: rows in it, those changed or deleted since included.
    :param source: the SHA-256 of the products as they came, by which a resumed build knows them.
    :param files: what products come to, where each stands in that, and the products.
    """

    name: str
    products: int
    source: str
    files: tuple[File, File, File]


@dataclass(frozen=True)
class Manifest:
    """What `compiled.json` says.

    :param fingerprint: of the model that computed the products.
    :param storage: one of `STORAGES`.
    :param width: bytes a token.
    :param products: how many can be ranked.
    :param attached: a folder of the folder that changes together with it; see `Attach`. Empty for none.
    """

    model: str
    fingerprint: str
    storage: str
    width: int
    products: int = 0
    basis: File | None = None
    index: File | None = None
    parts: tuple[Part, ...] = field(default=())
    attached: str = ""

    def write(self, folder: Path, name: str = MANIFEST) -> None:
        """Replace a manifest of the folder."""
        write_text(folder / name, json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path, name: str = MANIFEST) -> "Manifest":
        """Read a manifest of the folder.

        :raises InputError: if there is none, or it is of another format.
        """
        path = folder / name
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(f"{folder}: {_why_none(folder)}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: can not be read as JSON ({error}); compile the catalogue again") from error
        if not isinstance(table, dict) or table.get("format") != FORMAT:
            found = table.get("format") if isinstance(table, dict) else None
            raise InputError(f"{path}: format {found}; this xephang reads {FORMAT}: compile the catalogue again")
        try:
            return _read(table)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not a manifest that xephang wrote ({error}); compile the catalogue again"
            ) from error


def _why_none(folder: Path) -> str:
    """Say why a folder can not be opened, and what to do."""
    if folder.is_file():
        return "is a file; make a folder of it: xephang index FILE --output FOLDER"
    if (folder / BUILDING).is_file():
        return "holds a build that was interrupted; go on with it by --resume"
    return f"holds no compiled catalogue (no {MANIFEST}); run: xephang compile, or xephang index to search it"


def _read(table: Mapping[str, Any]) -> Manifest:
    values = {name: value for name, value in table.items() if name != "format"}
    parts = tuple(map(_part, values.pop("parts")))
    if not ATTACHED.fullmatch(values.get("attached") or f"search-{0:032x}"):
        raise ValueError(f"'{values['attached']}' is no name of an attached folder")
    basis, index = (None if table is None else _file(table) for table in (values.pop("basis"), values.pop("index")))
    return Manifest(**_typed(values), basis=basis, index=index, parts=parts)


def _part(table: Mapping[str, Any]) -> Part:
    stored, spans, products = map(_file, table["files"])
    return Part(**{**_typed(table), "files": (stored, spans, products)})


def _file(table: Mapping[str, Any]) -> File:
    file = File(**_typed(table))
    if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
        raise ValueError(f"'{file.path}' lies outside the folder")
    return file


_COUNTS = ("products", "width", "bytes")
_TEXTS = ("model", "fingerprint", "storage", "attached", "name", "source", "path", "sha256")


def _typed(table: Any) -> Mapping[str, Any]:
    if not isinstance(table, dict):
        raise TypeError(f"{table!r} is no table")
    for names, kind in ((_COUNTS, int), (_TEXTS, str)):
        for name in names:
            if not isinstance(table.get(name, kind()), kind):
                raise TypeError(f"'{name}' is {table[name]!r}")
    return table
