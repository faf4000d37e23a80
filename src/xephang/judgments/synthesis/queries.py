"""Queries: what to ask of a product, and how shoppers put it."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from xephang.judgments.synthesis.phrases import phrases
from xephang.judgments.synthesis.sketch import Sketch, Value
from xephang.judgments.synthesis.wording import announced, in_query, title_places, without_echo
from xephang.lexicon import Lexicon
from xephang.lexicon.numbers import prefix_of

_FACETS, _WEIGHTS = (0, 1, 2, 3, 4), (20, 36, 28, 12, 4)
"""How many facets are asked beside the first one, and how often."""


@dataclass(frozen=True)
class Intent:
    """What a query asks for, and the words for it, in lower case with all diacritics.

    :param values: by facet.
    :param own: words that no lexicon knows.
    """

    text: str
    values: Mapping[str, Value]
    own: str = ""

    @property
    def key(self) -> str:
        """One text for one intent, however it is worded."""
        said = sorted(f"{facet}={value.id}" for facet, value in self.values.items())
        return " & ".join([*said, *([f"own={self.own.lower()}"] if self.own else [])])

    @property
    def shape(self) -> str:
        """The facets asked, as one word: "category+color"."""
        return "+".join([*self.values, *(["own"] if self.own else [])])


def draw(rng: Random, lexicon: Lexicon, product: Sketch) -> Intent | None:
    """Draw a query that this product could serve; None where the lexicon would not read it as it was meant."""
    values = _choose(rng, lexicon, product)
    own = " ".join(product.own) if product.own and rng.random() < 0.5 else ""
    if not values and not own:
        return None
    text = _say(rng, lexicon, values, own)
    read = {(mention.facet, mention.id) for mention in lexicon.parse(text).mentions}
    return Intent(text, values, own) if read == {(key, value.id) for key, value in values.items()} else None


def _choose(rng: Random, lexicon: Lexicon, product: Sketch) -> dict[str, Value]:
    weights = {
        key: facet.asked
        for key, facet in lexicon.facets.items()
        if key != lexicon.leading and product[key] and facet.asked
    }
    chosen: list[str] = []
    for _ in range(min(rng.choices(_FACETS, _WEIGHTS)[0], len(weights))):
        rest = {key: weight for key, weight in weights.items() if key not in chosen}
        chosen.append(rng.choices(list(rest), list(rest.values()))[0])
    tells_enough = any(lexicon.facets[key].relations.required for key in chosen)
    keys = [key for key in lexicon.facets if key in chosen]
    if product[lexicon.leading] and not (tells_enough and rng.random() < 0.3):
        keys.insert(0, lexicon.leading)
    return {key: _wider(rng, lexicon, key, rng.choice(product[key])) for key in keys}


def _wider(rng: Random, lexicon: Lexicon, key: str, value: Value) -> Value:
    """Ask for what the product is, or a kind of thing that it is one of; for one size out of a range."""
    if value.low is not None and value.high is not None:
        if value.low == value.high and value.low % 1:
            return value
        number = rng.randint(round(value.low), round(value.high))
        return Value(f"{prefix_of(value.id)}{number}", number, number)
    facet = lexicon.facets[key]
    met = [*facet.ancestors(value.id), *facet.relations.meets.get(value.id, ())]
    return Value(rng.choice(sorted(met))) if met and rng.random() < 0.3 else value


def _say(rng: Random, lexicon: Lexicon, values: Mapping[str, Value], own: str) -> str:
    place = title_places(lexicon)
    keys = sorted((key for key in values if key != lexicon.leading), key=lambda key: place[key] + rng.random() * 2)
    if rng.random() < 0.35:
        rng.shuffle(keys)
    parts = [_facet(rng, lexicon, key, values[key]) for key in keys]
    if own:
        parts.insert(rng.choice((0, len(parts))), own.lower())
    if lexicon.leading in values:
        first = 0 if rng.random() < 0.88 else min(1, len(parts))
        parts.insert(first, in_query(rng, lexicon, lexicon.leading, values[lexicon.leading]))
    text = " ".join(without_echo(parts))
    if rng.random() < 0.05:
        text = f"{rng.choice(phrases('query', 'before'))} {text}"
    return f"{text} {rng.choice(phrases('query', 'after'))}" if rng.random() < 0.1 else text


def _facet(rng: Random, lexicon: Lexicon, key: str, value: Value) -> str:
    facet = lexicon.facets[key]
    text = in_query(rng, lexicon, key, value)
    said = facet.announced and value.low is None and rng.random() < 0.4
    return announced(facet, text).lower() if said else text
