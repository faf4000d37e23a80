"""Write the first stage's index: each change makes a folder of its own, which shares the files that stay."""

import json
import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import tantivy

from xephang.compiled.state import Each
from xephang.errors import InputError
from xephang.lexicon import BUNDLED, Lexicon
from xephang.product import Product
from xephang.progress import Progress
from xephang.search.facet_terms import FacetTerms
from xephang.search.schema import FORMAT, ID, Entry, opened

META = "search.json"
LEXICON = "lexicon.toml"
_COPIED = ("meta.json", ".managed.json")
"""What tantivy writes anew; its other files never change, and are shared by links."""
_HEAP = 200_000_000
_AT_ONCE = 1000
_ALONE = 5000
"""So many products one process reads faster than others are started."""


@dataclass(frozen=True)
class Attaching:
    """Write an index beside a compiled catalogue; what `CompiledCatalogue` calls an `Attach`.

    :param folder: of the compiled catalogue.
    :param lexicon: the TOML text of the lexicon that reads facets; empty for none. Of a first index only: later ones
        keep theirs.
    :param processes: how many read products at the same time; where it is more than one, a script that is run needs
        `if __name__ == "__main__":`, as `multiprocessing` says.
    :param progress: called with how many products are in the index, and how many there will be.
    """

    folder: Path
    lexicon: str = ""
    processes: int = 1
    progress: Progress | None = field(default=None, compare=False)

    def __call__(self, products: Sequence[Product] | Each, gone: Sequence[str], before: Path | None) -> str:
        """Write the index, and return its folder's name.

        :raises InputError: if it can not be written.
        """
        name = f"search-{uuid4().hex}"
        target = self.folder / name
        try:
            target.mkdir(parents=True)
            if before:
                _share(before, target)
            else:
                (target / LEXICON).write_text(self.lexicon, encoding="utf-8", newline="\n")
                (target / META).write_text(json.dumps({"format": FORMAT}) + "\n", encoding="utf-8", newline="\n")
            self._write(target, products, gone, new=before is None)
        except OSError as error:
            raise InputError(f"{target}: can not be written: {error.strerror or error}") from error
        return name

    def _write(self, target: Path, products: Sequence[Product] | Each, gone: Sequence[str], *, new: bool) -> None:
        index = opened(str(target), new=new)
        lexicon = (target / LEXICON).read_text(encoding="utf-8")
        try:
            writer = index.writer(_HEAP, num_threads=1)
            try:
                for id in gone:
                    writer.delete_documents_by_term(ID, id)
                done = 0
                for some in entries(products, lexicon, self.processes if len(products) > _ALONE else 1):
                    for entry in some:
                        writer.add_document(entry.document())
                    done += len(some)
                    if self.progress:
                        self.progress(done, len(products))
                writer.commit()
            finally:
                writer.wait_merging_threads()  # or they would write while what they wrote is swept
        except ValueError as error:
            raise InputError(f"{target}: the search index can not be written: {error}") from error
        except BrokenProcessPool as error:
            raise InputError(f"{target}: a process that read products was ended; read them by one process") from error


def entries(products: Iterable[Product], lexicon: str, processes: int = 1) -> Iterator[list[Entry]]:
    """Yield the products' entries, some at a time.

    :param lexicon: TOML text; empty for none.
    """
    batches = _batches(iter(products))
    if processes == 1:
        for some in batches:
            yield _entries(some, lexicon)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = deque(pool.submit(_entries, some, lexicon) for some in islice(batches, 2 * processes))
        while running:
            done = running.popleft().result()
            running.extend(pool.submit(_entries, some, lexicon) for some in islice(batches, 1))
            yield done


def _batches(products: Iterator[Product]) -> Iterator[list[Product]]:
    while some := list(islice(products, _AT_ONCE)):
        yield some


def _entries(products: Sequence[Product], lexicon: str) -> list[Entry]:
    facet_terms = facet_terms_of(lexicon)
    return [Entry.of(product, facet_terms) for product in products]


@lru_cache(maxsize=8)
def facet_terms_of(lexicon: str) -> FacetTerms:
    """Return what reads facets by a lexicon's TOML text; empty for none.

    :raises InputError: if it is no lexicon.
    """
    return FacetTerms(Lexicon.parse_toml(lexicon) if lexicon else None)


def lexicon_text(lexicon: str | Path | None) -> str:
    """Return the TOML text of a lexicon, by its name or path; empty for none.

    :raises InputError: if it can not be read.
    """
    if lexicon is None:
        return ""
    Lexicon.load(lexicon)  # says what is wrong with it
    if str(lexicon) in BUNDLED:
        from importlib.resources import files

        return (files("xephang.lexicon") / f"{lexicon}.toml").read_text(encoding="utf-8")
    return Path(lexicon).read_text(encoding="utf-8-sig")


def _share(before: Path, target: Path) -> None:
    for path in before.iterdir():
        if path.name in _COPIED:
            shutil.copyfile(path, target / path.name)
        elif path.is_file() and not path.name.endswith(".lock"):
            try:
                os.link(path, target / path.name)
            except OSError:  # a file system without links
                shutil.copyfile(path, target / path.name)


def meta(folder: Path) -> dict[str, object]:
    """Read what an index says of itself.

    :raises InputError: if it can not be read, or is of another format.
    """
    try:
        found = json.loads((folder / META).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / META}: can not be read ({error}); run xephang index again") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InputError(f"{folder}: is an index of another format; run xephang index again")
    return found


def index_of(folder: Path) -> tantivy.Index:
    """Open the index in a folder.

    :raises InputError: if there is none that can be read.
    """
    meta(folder)
    try:
        return opened(str(folder))
    except InputError:
        if not folder.is_dir() or os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise
    with TemporaryDirectory(prefix="xephang-", ignore_cleanup_errors=True) as links:
        # Tantivy writes a lock beside the files that it opens; they stay mapped once the links are gone.
        for path in folder.iterdir():
            if not path.name.endswith(".lock"):
                (Path(links) / path.name).symlink_to(path.absolute())
        return opened(links)
