"""Titles as sloppy as real listings have them."""

import unicodedata
from collections.abc import Sequence
from random import Random

from xephang.judgments.synthesis.phrases import phrases
from xephang.judgments.synthesis.sketch import Sketch, Value
from xephang.judgments.synthesis.wording import announced, in_title, title_places, without_echo
from xephang.lexicon import Lexicon
from xephang.text import fold


def own_words(rng: Random) -> tuple[str, ...]:
    """Draw a model's name, a code or a detail, such as no lexicon knows."""
    roll = rng.random()
    if roll < 0.35:
        return (code(rng),)
    if roll < 0.7:
        return (rng.choice(phrases("own", "phrases")),)
    syllables = rng.choice((1, 2, 2, 3))
    initials, rhymes = phrases("own", "initials"), phrases("own", "rhymes")
    name = "".join(rng.choice(initials) + rng.choice(rhymes) for _ in range(syllables)).capitalize()
    return (name,) if rng.random() < 0.7 else (name, str(rng.randrange(1, 2027)))


def code(rng: Random) -> str:
    """Draw an article code."""
    letters = "".join(rng.choices(phrases("own", "letters"), k=rng.choice((1, 1, 2, 2, 3))))
    joint = rng.choice(("", "", "-", ".", " "))
    return letters + joint + str(rng.choice((rng.randrange(1, 100), rng.randrange(100, 3000))))


def title(rng: Random, lexicon: Lexicon, of: Sketch) -> str:
    """Write a title that states these values, in one of the many ways of sellers."""
    head = [in_title(rng, lexicon, lexicon.leading, value) for value in of[lexicon.leading][:2]]
    head += _said_again(rng, lexicon, of)
    order = _order(rng, lexicon, of)
    parts = [*head, *(_facet(rng, lexicon, key, of[key]) for key in order)]
    if of.own:
        parts.insert(rng.choice((1, len(parts), len(parts))), " ".join(of.own))
    if order and rng.random() < 0.1:
        parts.insert(0, parts.pop(rng.randrange(len(head), len(parts))))
    if rng.random() < 0.16:
        parts.insert(0, rng.choice(phrases("title", "before")))
    if rng.random() < 0.5:
        parts.extend(rng.sample(phrases("title", "after"), rng.choice((1, 1, 2))))
    if rng.random() < 0.25:
        parts.append(rng.choice(phrases("title", "codes")).format(code(rng)))
    joiner = rng.choice((" ", " ", " ", " ", ", ", " - "))
    return _dirt(rng, _joined(rng, parts, joiner), head)


def _said_again(rng: Random, lexicon: Lexicon, of: Sketch) -> list[str]:
    """Say the kind again in another word, or a wider one, as search-minded sellers do."""
    if not of[lexicon.leading] or rng.random() > 0.25:
        return []
    kind = of[lexicon.leading][0]
    values = lexicon.facets[lexicon.leading].values
    wider = [Value(up) for up in values[kind.id].parents] if kind.id in values else []
    return [in_title(rng, lexicon, lexicon.leading, rng.choice([kind, kind, *wider]))]


def _order(rng: Random, lexicon: Lexicon, of: Sketch) -> list[str]:
    """Put the facets in the order that the lexicon calls usual, roughly, or now and then in any."""
    keys = [key for key in lexicon.facets if key != lexicon.leading and of[key]]
    place = title_places(lexicon)
    loose = rng.random() < 0.3
    return sorted(keys, key=lambda key: rng.random() * 12 if loose else place[key] + rng.random() * 3)


def _facet(rng: Random, lexicon: Lexicon, key: str, values: Sequence[Value]) -> str:
    facet = lexicon.facets[key]
    said = [in_title(rng, lexicon, key, value) for value in values]
    text = rng.choice((", ", " - ", " ", "/", " và ")).join(said)
    named = values[0].low is None
    return announced(facet, text) if named and facet.announced and rng.random() < 0.35 else text


def _joined(rng: Random, parts: Sequence[str], joiner: str) -> str:
    text = ""
    for part in without_echo(parts, lambda part: fold(part).lower()):
        text += ((joiner if rng.random() < 0.6 else " ") if text else "") + part
    return text


def _dirt(rng: Random, text: str, kind: Sequence[str]) -> str:
    """Put on what sellers' keyboards leave: shouting, hashtags, shop names, lost or decomposed diacritics."""
    roll = rng.random()
    if roll < 0.14:
        text = text.upper()
    elif roll < 0.22:
        text = text.lower()
    elif roll < 0.65:
        text = " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    elif text:
        text = text[0].upper() + text[1:]
    if kind and rng.random() < 0.05:
        text += " #" + fold(rng.choice(kind)).lower().replace(" ", "")
    if rng.random() < 0.06:
        text += f" {' '.join(own_words(rng))} {rng.choice(phrases('title', 'shops'))}"
    if rng.random() < 0.03:
        text = f"{rng.choice(phrases('title', 'emoji'))} {text}"
    roll = rng.random()
    if roll < 0.04:
        return fold(text)
    if roll < 0.06:
        return unicodedata.normalize("NFD", text)
    return text.replace(" ", "  ", 1) if roll < 0.09 else text
