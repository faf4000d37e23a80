"""What a person sees of an explanation: the facets and the words, under the product."""

from rich.console import Group
from rich.text import Text

from xephang.cli.console import Items, plain
from xephang.explaining import Explanation, FacetExplanation, WordContribution
from xephang.text import fold

LEGEND = (
    "✓ matched, ≈ near, ? not said, ✗ contradicted, ≠ another type of product; in brackets, the product's own words. "
    "Numbers: what each word of the query adds to the logit."
)
_SIGNS = {
    "matched": ("✓", "green"),
    "near": ("≈", "yellow"),
    "unknown": ("?", "dim"),
    "contradicted": ("✗", "red"),
    "other type": ("≠", "red"),
}


def reasons(product: str, explanation: Explanation) -> Group:
    """Return a table's cell: the product, the facets that are asked for, and the words of the query."""
    title = Text(plain(product), style="bold", no_wrap=True, overflow="ellipsis")
    lines = [Items([_facet(facet) for facet in explanation.facets]), Items([_word(word) for word in explanation.words])]
    return Group(title, *(line for line in lines if line.texts))


def _facet(facet: FacetExplanation) -> Text:
    sign, style = _SIGNS[facet.verdict]
    named = f"{facet.facet}: {facet.asked}" if facet.asked else facet.facet
    same = facet.verdict == "matched" and _alike(facet.asked) in map(_alike, facet.offered)
    said = "" if same or not facet.offered else f" ({', '.join(facet.offered)})"
    return Text.assemble((plain(f"{sign} {named}"), style), plain(said))


def _word(word: WordContribution) -> Text:
    style = "green" if word.contribution > 0 else "red"
    return Text.assemble(plain(word.word), " ", (f"{word.contribution:+.2f}", style))


def _alike(words: str) -> str:
    return fold(words).casefold()
