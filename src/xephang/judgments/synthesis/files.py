"""Graded judgments from a catalogue alone, as the files of a folder."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Literal
from uuid import uuid4

from xephang.catalogue import Catalogue
from xephang.errors import InputError
from xephang.files import check_folder, check_regular, write_text
from xephang.judgments.data_card import check_card, sources
from xephang.judgments.synthesis.card import Census, card
from xephang.judgments.synthesis.make import Synthesis, Synthetic
from xephang.judgments.synthesis.settings import Settings
from xephang.judgments.synthesis.splits import SPLITS, Split, shared_out
from xephang.judgments.writing import SUFFIXES, check_output, write_judgments
from xephang.lexicon import Lexicon
from xephang.product import LISTING, ProductTemplate

CARD = "README.md"
FEWEST = 10
"""Queries of all splits together."""
JudgmentFormat = Literal["jsonl", "parquet"]
_DEFAULTS = Settings()


@dataclass(frozen=True)
class MakeReport:
    """What was made.

    :param counts: rows, queries, products and grades of each split.
    :param missing: queries that were asked for, and that the catalogue does not give.
    :param files: by split.
    :param card: where the data card is.
    """

    counts: Mapping[Split, Mapping[str, int]]
    missing: int
    files: Mapping[Split, Path]
    card: Path


def make_judgments(
    catalogue: Path,
    folder: Path,
    *,
    lexicon: str | Path = "footwear",
    settings: Settings = _DEFAULTS,
    template: ProductTemplate = LISTING,
    columns: Mapping[str, str] | None = None,
    keep_going: bool = False,
    format: JudgmentFormat = "jsonl",
    on_queries: Callable[[int], None] | None = None,
) -> MakeReport:
    """Write train, dev and test judgments of queries made up for a catalogue, and a data card beside them.

    Nothing is put into the folder before all of it is made; each file is then whole or as it was. The same catalogue,
    lexicon and settings give the same files.

    :param lexicon: a bundled one's name, or the path of a TOML file.
    :param settings: its queries are those of all splits together.
    :param columns: the catalogue's names for a product's fields.
    :param keep_going: leave bad rows of the catalogue out; else the first one is raised.
    :param on_queries: is told now and then how many queries there are.
    :raises InputError: if a file can not be read or written, or the catalogue holds too little that the lexicon knows.
    :raises RowError: at the catalogue's first bad row, without `keep_going`.
    """
    if settings.queries < FEWEST:
        raise InputError(f"queries is {settings.queries}; the splits need {FEWEST} or more between them")
    names = _names(folder, check_regular(catalogue), format)
    spoken = Lexicon.load(lexicon)
    products = Catalogue.open(catalogue, columns=columns, keep_going=keep_going)
    synthesis, census = Synthesis(spoken, products, template), Census()
    with _made_first(folder) as temporary:
        for of, queries in shared_out(settings.queries).items():
            made = synthesis.make(replace(settings, queries=queries), of)
            counted = _counted(made, of, census, on_queries)
            write_judgments(temporary / names[of], census.count(of, counted))
        read = sources({"catalogue": catalogue}) | {
            "its products": f"{products.report.products:,}",
            "its rows left out": f"{products.report.rejected:,}",
        }
        title = f"{folder.resolve().name}: judgments made from a catalogue"
        write_text(temporary / CARD, card(title, census, read, spoken, template, settings))
    missing = settings.queries - census.total["queries"]
    return MakeReport(census.counts, missing, {of: folder / name for of, name in names.items()}, folder / CARD)


def _names(folder: Path, catalogue: Path, format: JudgmentFormat) -> dict[Split, str]:
    """Return the files' names, checked: nothing that is read is written, and no other file is taken for one of them."""
    check_folder(folder)
    check_card(folder / CARD)
    names: dict[Split, str] = {of: f"{of}.{format}" for of in SPLITS}
    for of, name in names.items():
        check_output(folder / name, catalogue)
        for suffix in SUFFIXES:
            if suffix != f".{format}" and (other := folder / f"{of}{suffix}").exists():
                raise InputError(f"{other}: is of other judgments; remove it, or name another folder")
    return names


def _counted(
    made: Iterable[Synthetic], of: Split, census: Census, on_queries: Callable[[int], None] | None
) -> Iterator[Synthetic]:
    before = sum(noises.total() for noises in census.noises.values())
    number = 0
    for number, one in enumerate(made, start=1):
        yield one
        if on_queries:
            on_queries(before + number)
    if not number:
        raise InputError(
            f"the catalogue is too small: there is no query for the split '{of}' that tells products apart; give it 50 "
            "products or more, or check which columns are read"
        )


@contextmanager
def _made_first(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder; move its files to the one named when the block ends well, else remove it."""
    target = Path(os.path.realpath(folder))
    name = f".{target.name}.{uuid4().hex}.tmp"
    temporary = target / name if target.exists() else target.with_name(name)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.exists():
            for path in sorted(temporary.iterdir()):
                path.replace(target / path.name)
        else:
            temporary.replace(target)
    except OSError as error:
        raise InputError(f"{folder}: can not be written: {error.strerror or error}") from error
    finally:
        rmtree(temporary, ignore_errors=True)
