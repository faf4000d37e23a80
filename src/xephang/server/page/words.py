"""What the page says, in its languages; all of it stands in `words.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from xephang.server.page.marks import number


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Return by key, by language, what is said."""
    text = files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return {f"{part}.{key}": said for part, keys in tomllib.loads(text).items() for key, said in keys.items()}


@dataclass(frozen=True, slots=True)
class Words:
    """Say things in one language.

    :param language: "vi" or "en".
    """

    language: str

    def __call__(self, key: str, **given: Any) -> str:
        """Return what a key stands for.

        :param given: fills its places; whole numbers as the language writes them, and `n` tells one from many.
        """
        said = table()[key]
        one = f"{self.language}_one"
        text = said[one] if given.get("n") == 1 and one in said else said[self.language]
        shown = {k: number(v, self.language) if isinstance(v, int) else v for k, v in given.items()}
        return text.format(**shown) if shown else text

    def facet(self, facet: str, name: str) -> str:
        """Return a facet's name: the lexicon's, which is Vietnamese, where the table has no other."""
        said = table().get(f"facets.{facet}")
        return said[self.language] if said and self.language != "vi" else name

    def part(self, name: str) -> dict[str, str]:
        """Return by key all of one part, without filling anything in."""
        found = {key: said for key, said in table().items() if key.startswith(f"{name}.")}
        return {key.partition(".")[2]: said[self.language] for key, said in found.items()}
