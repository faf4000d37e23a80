"""The code in docs/clients: what the pages show is what the tests run."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "clients"
ADDRESS = "http://127.0.0.1:8000"
"""Of the server, on the pages."""
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :param line: the first of its text, counted from 1.
    """

    language: str
    text: str
    line: int


def blocks(page, url, language=None):
    """The blocks of a page, in its order, with the tests' server in place of the page's."""
    markdown = (FOLDER / page).read_text(encoding="utf-8")
    found = [
        Block(match[1], match[2].replace(ADDRESS, url), markdown.count("\n", 0, match.start(2)) + 1)
        for match in FENCED.finditer(markdown)
    ]
    return [block for block in found if language in (None, block.language)]
