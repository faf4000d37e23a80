"""Read a shop's facets out of dirty titles and queries, from one TOML file per domain."""

from xephang.lexicon.facets import Facets, Mention
from xephang.lexicon.lexicon import BUNDLED, Lexicon
from xephang.lexicon.schema import Facet, Value

__all__ = ["BUNDLED", "Facet", "Facets", "Lexicon", "Mention", "Value"]
