"""How many judgments to make, and of what sort."""

from dataclasses import dataclass

from xephang.errors import InputError

MOST_VARIED = 0.95


@dataclass(frozen=True)
class Settings:
    """How many judgments to make, and of what sort.

    :param queries: how many.
    :param candidates: graded products a query, at most.
    :param clean: the share of queries that are typed without any noise.
    :param varied: the share of products that are variations, so that every value of the lexicon occurs; the rest
        are the catalogue's own listings.
    :param listings: of the catalogue, that each split takes at most: it holds them in memory.
    """

    queries: int = 1000
    candidates: int = 10
    clean: float = 0.5
    varied: float = 0.7
    seed: int = 42
    listings: int = 20_000

    def __post_init__(self) -> None:
        """Check the numbers.

        :raises InputError: if one is out of its range.
        """
        for name, least in (("queries", 1), ("candidates", 2), ("listings", 1)):
            if getattr(self, name) < least:
                raise InputError(f"{name} is {getattr(self, name)}; it must be {least} or more")
        for name, most in (("clean", 1.0), ("varied", MOST_VARIED)):
            if not 0 <= getattr(self, name) <= most:
                raise InputError(f"{name} is {getattr(self, name)}; it must be from 0 to {most:g}")
