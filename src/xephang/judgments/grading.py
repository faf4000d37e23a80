"""The written rules that turn a comparison of facets into a grade, 0 to 3."""

from collections.abc import Sequence

from xephang.lexicon import Match, Verdict

EXACT, PLAUSIBLE, CONTRADICTED, OTHER = 3, 2, 1, 0
RULES = """- **3 exact**: of the type asked, and every facet asked is met. Of a query that names no type, any type is.
- **2 plausible**: of the type asked, of one that passes for it or of a wider one; something is not stated or comes
  near only, and nothing is contradicted.
- **1 contradicted**: of the type asked, or as above, but a facet is contradicted; or of a neighbouring type, or of one
  that is not told, and nothing contradicted.
- **0 other**: of another type, of an accessory's where none is asked (or the other way round), of a neighbouring
  type that contradicts a facet besides, or something that the lexicon is not about. Of a query that names a brand and
  no type, whatever is not of that brand.

Words that the lexicon does not know (a model's name, a code) have to stand in the product's text: where they do not,
it is 2 at best, and 0 if the query asks for nothing else."""
"""The rules in words. `benchmarks/quality/GUIDE.md` gives people the same ones."""


def grade(verdicts: Sequence[Verdict], leading: str, *, unsaid: bool = False) -> int:
    """Return the grade that a comparison amounts to.

    :param leading: the lexicon's first facet, which says what the thing is.
    :param unsaid: the query has words of its own that the product does not say.
    """
    kind = min((verdict.match for verdict in verdicts if verdict.facet == leading), default=Match.MATCHED)
    rest = {verdict.match for verdict in verdicts if verdict.facet != leading}
    if unsaid and not any(verdict.asked for verdict in verdicts):
        return OTHER
    if kind is Match.OTHER:
        return OTHER
    if Match.CONTRADICTED in rest:
        return OTHER if kind is Match.BESIDE else CONTRADICTED
    if kind in (Match.BESIDE, Match.VAGUE):
        return CONTRADICTED
    return PLAUSIBLE if unsaid or {kind, *rest} != {Match.MATCHED} else EXACT
