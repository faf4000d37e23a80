"""Put values into words, as titles and as queries have them."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

from xephang.judgments.synthesis.sketch import Value
from xephang.lexicon import Facet, Lexicon, Pattern
from xephang.lexicon.numbers import prefix_of

_COMMONEST_IN_TITLE, _COMMONEST_IN_QUERY = 0.45, 0.55
"""How often the first form of a value is taken; else any of them is."""
_SHOPPERS_OWN = 0.22


def in_title(rng: Random, lexicon: Lexicon, key: str, value: Value) -> str:
    """Write one value as a seller does."""
    facet = lexicon.facets[key]
    if value.low is not None:
        return _number(rng, facet, value)
    known = facet.values[value.id]
    return _one(rng, known.title or known.query or (known.name,), _COMMONEST_IN_TITLE)


def in_query(rng: Random, lexicon: Lexicon, key: str, value: Value) -> str:
    """Write one value as a shopper does: more often short, and in forms of the shoppers' own."""
    facet = lexicon.facets[key]
    if value.low is not None:
        return _number(rng, facet, value).lower()
    known = facet.values[value.id]
    own = known.query if known.query and rng.random() < _SHOPPERS_OWN else ()
    return _one(rng, own or known.title or known.query or (known.name,), _COMMONEST_IN_QUERY).lower()


def title_places(lexicon: Lexicon) -> dict[str, int]:
    """Return where each facet stands in titles, by the lexicon's own word; those it does not name stand in between."""
    named = {key: place for place, key in enumerate(lexicon.title_order)}
    return {key: named.get(key, 5) for key in lexicon.facets}


def announced(facet: Facet, text: str) -> str:
    """Return the text with the facet's name before it: "Màu đỏ"."""
    return f"{facet.name.split(',')[0]} {text}"


def without_echo(parts: Iterable[str], alike: Callable[[str], str] = str) -> list[str]:
    """Leave out what the parts before have said already.

    :param alike: two parts of which this makes the same say the same.
    """
    kept, said = list[str](), " "
    for part in parts:
        words = f"{alike(part)} "
        if part and f" {words}" not in said:
            kept.append(part)
            said += words
    return kept


def _one(rng: Random, forms: Sequence[str], first: float) -> str:
    return forms[0] if rng.random() < first else rng.choice(forms)


def _number(rng: Random, facet: Facet, value: Value) -> str:
    prefix = prefix_of(value.id)
    patterns = [pattern for pattern in facet.patterns if pattern.prefix == prefix]
    pattern = next((one for one in patterns if value.low is not None and one.minimum <= value.low <= one.maximum), None)
    if pattern is None:
        return value.id
    number = _range(rng, pattern, value)
    return rng.choice(pattern.written or _plain(pattern)).replace("{}", number)


def _range(rng: Random, pattern: Pattern, value: Value) -> str:
    low, high = f"{value.low:g}", f"{value.high:g}"
    if low == high:
        return low.replace(".", rng.choice((".", ",")))
    if pattern.kind == "number" and pattern.step and rng.random() < 0.25 and value.low and value.high:
        listed = [f"{one:g}" for one in range(int(value.low), int(value.high) + 1)]
        if 1 < len(listed) <= 8:
            return rng.choice((", ", " ", "-", "/", ",")).join(listed)
    return low + rng.choice(("-", "-", " - ", " đến ", "->")) + high


def _plain(pattern: Pattern) -> tuple[str, ...]:
    """Return how to write numbers of a pattern that does not say so."""
    units = [unit for unit, worth in pattern.units.items() if worth == 1]
    forms = [form for unit in units for form in ("{}" + unit, "{} " + unit)] or [f"{cue} {{}}" for cue in pattern.cues]
    return tuple(forms) or ("{}",)
