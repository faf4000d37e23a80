"""Read a shop's facets out of dirty titles and queries, from one TOML file per domain."""

from xephang.lexicon.compare import Match, Verdict, compare
from xephang.lexicon.facets import Facets, Mention
from xephang.lexicon.lexicon import BUNDLED, Lexicon
from xephang.lexicon.numbers import Pattern
from xephang.lexicon.read import read_product
from xephang.lexicon.relations import Relations
from xephang.lexicon.schema import Facet, Value

__all__ = [
    "BUNDLED",
    "Facet",
    "Facets",
    "Lexicon",
    "Match",
    "Mention",
    "Pattern",
    "Relations",
    "Value",
    "Verdict",
    "compare",
    "read_product",
]
