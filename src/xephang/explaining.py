"""Why a product ranks where it does: the facets that the query asks for, and what each of its words adds."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from xephang.lexicon import Facets, Lexicon, Match, Verdict, compare, read_product
from xephang.lexicon.compare import implications
from xephang.product import Product
from xephang.product.names import TEXT_FIELDS
from xephang.text import normalise

MOST_WORDS = 30
"""How many words of a query are explained, the first ones: each costs another run of the model."""
MOST_CHARACTERS = 10_000
"""Of a text whose facets are told: several times what a model reads."""
Meaning = Literal["matched", "contradicted", "unknown", "near", "other type"]
_MEANINGS: dict[Match, Meaning] = {
    Match.MATCHED: "matched",
    Match.NEAR: "near",
    Match.UNKNOWN: "unknown",
    Match.VAGUE: "unknown",
    Match.BESIDE: "other type",
    Match.CONTRADICTED: "contradicted",
    Match.OTHER: "other type",
}
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class FacetExplanation:
    """One value that the query asks for, and what the product says about it.

    :param facet: the facet's name for people ("Màu").
    :param asked: in the query's words; empty for what is only assumed, as that grown-ups are meant.
    :param verdict: "other type" is of the first facet, what the thing is; "unknown" is not said.
    :param offered: what the product says of the facet, in its words, each once; empty where it is silent.
    """

    facet: str
    asked: str
    verdict: Meaning
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WordContribution:
    """What one word of the query adds to the logit.

    :param start: offset into the normalised query.
    :param end: offset past the last character.
    :param contribution: the logit of the whole query less that of the query without this word; of a query of one
        word, its whole logit.
    """

    word: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one product has its score.

    :param facets: in the order of the lexicon; none without a lexicon.
    :param words: in the order of the query, the first `MOST_WORDS`; they do not add up to the logit.
    """

    facets: tuple[FacetExplanation, ...]
    words: tuple[WordContribution, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON can hold it."""
        facets = [{**asdict(facet), "offered": list(facet.offered)} for facet in self.facets]
        words = [{**asdict(word), "contribution": round(word.contribution, 6)} for word in self.words]
        return {"facets": facets, "words": words}


def occlusions(query: str) -> list[str]:
    """Return what has to be scored with a document to explain it: the query, and it without each of its words."""
    query = normalise(query)
    words = list(_WORD.finditer(query))
    occluded = [(query[: word.start()] + query[word.end() + 1 :]).rstrip() for word in words[:MOST_WORDS]]
    return [query, *occluded] if len(words) > 1 else [query]


def explanations(
    query: str, documents: Sequence[str | Product], logits: Sequence[Sequence[float]], lexicon: Lexicon | None
) -> list[Explanation]:
    """Explain the score of a query for each document.

    :param logits: of each document with each of the query's `occlusions`.
    :param lexicon: reads the facets; without it there are none.
    """
    query = normalise(query)
    words = list(_WORD.finditer(query))
    asked = lexicon.parse(query) if lexicon else None
    explained: list[Explanation] = []
    for document, (whole, *rest) in zip(documents, logits, strict=True):
        added = [whole - without for without in rest] or [whole] * len(words)
        contributions = tuple(
            WordContribution(word.group(), word.start(), word.end(), value)
            for word, value in zip(words[:MOST_WORDS], added, strict=True)
        )
        facets = _facets(lexicon, asked, document) if lexicon and asked else ()
        explained.append(Explanation(facets, contributions))
    return explained


def _facets(lexicon: Lexicon, asked: Facets, document: str | Product) -> tuple[FacetExplanation, ...]:
    offered = _offered(lexicon, document)
    return tuple(
        FacetExplanation(
            facet=lexicon.facets[verdict.facet].name,
            asked=verdict.asked.surface if verdict.asked else "",
            verdict=_MEANINGS[verdict.match],
            offered=_surfaces(lexicon, verdict, offered),
        )
        for verdict in compare(lexicon, asked, offered)
    )


def _offered(lexicon: Lexicon, document: str | Product) -> Facets:
    """Read a document's facets, of its texts no more than the first characters."""
    if isinstance(document, str):
        return lexicon.parse(document[:MOST_CHARACTERS])
    clipped = {name: getattr(document, name)[:MOST_CHARACTERS] for name in TEXT_FIELDS}
    return read_product(lexicon, replace(document, **clipped))


def _surfaces(lexicon: Lexicon, verdict: Verdict, offered: Facets) -> tuple[str, ...]:
    """Return the words that decided; where they are of another facet (a high heel is a woman's), those."""
    decided = verdict.offered
    if not decided and _MEANINGS[verdict.match] != "unknown":
        decided = tuple(
            mention
            for mention in offered.mentions
            if any(facet == verdict.facet for facet, _ in implications(lexicon, Facets(offered.text, (mention,))))
        )
    return tuple(dict.fromkeys(mention.surface for mention in decided))
