"""Which format a file has."""

from typing import Literal

from xephang.catalogue.source import STANDARD_INPUT, Source
from xephang.errors import InputError

Format = Literal["csv", "jsonl", "parquet"]

_FORMATS: dict[str, Format] = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet"}
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json-lines": "jsonl",
    ".parquet": "parquet",
}


def format_of(source: Source, format: str | None = None) -> Format:
    """Return the format that is asked for, else the one that the suffix tells.

    :raises InputError: if it is none that can be read.
    """
    if format is not None and format in _FORMATS:
        return _FORMATS[format]
    if format is not None:
        raise InputError(f"format '{format}' is unknown; formats are {', '.join(_FORMATS)}")
    if source.path == STANDARD_INPUT:
        return "jsonl"
    name = source.path.lower().removesuffix(".gz")
    for suffix, found in SUFFIXES.items():
        if name.endswith(suffix):
            return found
    raise InputError(
        f"{source.path}: the suffix does not say how to read it; known ones are {', '.join(SUFFIXES)}. "
        f"Rename the file, or give its format: {', '.join(_FORMATS)}"
    )
