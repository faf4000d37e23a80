"""Queries: what to ask for, and how shoppers put it."""

from collections.abc import Sequence
from functools import cache
from random import Random

from giay.judging import Intent
from giay.words import FACETS, KIDS, Facts, Type, vocabulary

# Which facets a query names, and how often: the first is what the query is about.
_SHAPES = """
type 7, type gender 12, type brand 7, type color 7, type feature 8, type use 6, type size 3,
type heel 5, type material 4, type shape 4, type surface 3, brand 2, brand line 2,
type brand line 2, type gender color 7, type gender feature 7, type gender use 6,
type gender material 4, type gender size 3, type brand gender 6, type brand color 4,
type brand size 3, type color use 4, type color heel 3, type heel shape 3, type surface brand 3,
type gender brand color 4, type gender color size 3, type gender shape 4,
type gender feature use 3, type gender color use 3, type surface size 2, type brand gender size 2,
type color shape heel 2, type feature use 3, type gender material color 3, brand gender 2,
brand color 1
"""
_WIDER = {"giay": 0.5, "dep": 0.5, "giay_da": 0.25}
_ENGLISH = {"shoes", "high heels", "black", "white", "red", "pink", "brown"}
_PLAIN_FACETS = {"type", "brand", "gender", "color"}
_BEFORE = ("mua", "tìm", "cần mua", "bán", "shop bán", "mẫu", "các loại")
_AFTER = (
    "giá rẻ", "đẹp", "chính hãng", "cao cấp", "hot trend", "giá tốt", "sale", "loại tốt", "rẻ đẹp", "mới nhất",
    "loại nào tốt", "ở đâu tốt", "có ship không", "bao nhiêu tiền", "hàng hiệu", "xịn",
)  # fmt: skip


def draw_intent(rng: Random, facts: Facts) -> dict[str, str]:
    """Draw what a shopper could ask for who would be served by this product."""
    shapes = {shape: weight for shape, weight in _shapes().items() if all(map(facts.get, shape))}
    shape = rng.choices(list(shapes), list(shapes.values()))[0]
    intent = {facet: rng.choice(facts[facet]) for facet in shape}
    if "type" in intent:
        kind = vocabulary().types[intent["type"]]
        for facet, implied in (("use", kind.implies), ("feature", kind.implied_features)):
            if intent.get(facet) in implied:
                del intent[facet]
        wider = [key for key in kind.is_a if rng.random() < _WIDER.get(key, 0.3)]
        if wider and rng.random() < 0.3:
            intent["type"] = rng.choice(wider)
    wider_gender = {"bé trai": "trẻ em", "bé gái": "trẻ em"}.get(intent.get("gender", ""))
    if wider_gender and rng.random() < 0.3:
        intent["gender"] = wider_gender
    if intent.get("gender") == "unisex" and rng.random() < 0.7:
        intent["gender"] = rng.choice(("nam", "nữ"))
    parents = vocabulary().facets["color"][intent["color"]].is_a if "color" in intent else ()
    if parents and rng.random() < 0.5:
        intent["color"] = parents[0]
    return intent


@cache
def _shapes() -> dict[tuple[str, ...], int]:
    split = [shape.split() for shape in _SHAPES.split(",")]
    return {tuple(facets): int(weight) for *facets, weight in split}


def intent_key(intent: Intent) -> str:
    """Return one text for one intent, whatever order its facets came in."""
    return " & ".join(f"{facet}={intent[facet]}" for facet in FACETS if facet in intent)


def say(rng: Random, intent: Intent) -> str:
    """Put an intent into words, in lower case with all diacritics."""
    parts = {facet: _say(rng, facet, value, intent) for facet, value in intent.items() if facet != "type"}
    head = _head(rng, intent)
    order = [facet for facet in FACETS if parts.get(facet)]
    if "size" in order and order[-1] == "size" and rng.random() < 0.15:
        order.insert(0, order.pop())
    if rng.random() < 0.3:
        rng.shuffle(order)
    if not head and "brand" in order:
        order.remove("brand")
        order.insert(0, "brand")
    elif "gender" in order and rng.random() < 0.7:
        order.remove("gender")
        order.insert(0, "gender")
    if "line" in order:
        order.remove("line")
        order.insert(order.index("brand") + 1, "line")
    if "surface" in order:
        order.remove("surface")
        order.insert(0, "surface")
    if head and order and order[0] == "brand" and rng.random() < 0.12:
        words = [parts["brand"], head, *(parts[facet] for facet in order[1:])]
    else:
        words = [head, *(parts[facet] for facet in order)]
    text = " ".join(_without_echo(words))
    if rng.random() < 0.04:
        text = f"{rng.choice(_BEFORE)} {text}"
    if rng.random() < 0.12:
        text = f"{text} {rng.choice(_AFTER)}"
    return text


def _without_echo(parts: Sequence[str]) -> list[str]:
    """Leave out what an earlier part has said already."""
    said: list[str] = []
    for part in parts:
        if part and f" {part} " not in f" {' '.join(said)} ":
            said.append(part)
    return said


def _head(rng: Random, intent: Intent) -> str:
    if "type" not in intent:
        return "giày" if "brand" in intent and rng.random() < 0.35 and _wearable(intent["brand"]) else ""
    kind = vocabulary().types[intent["type"]]
    if kind.query_gendered and intent.get("gender") in KIDS:
        return rng.choice(kind.query_gendered)
    forms = kind.query if rng.random() < 0.5 else kind.query[:1]
    if set(intent) - _PLAIN_FACETS:
        forms = tuple(form for form in forms if form not in _ENGLISH)
    form = rng.choice(forms)
    if "brand" in intent and form.startswith("giày ") and rng.random() < 0.12:
        return _shorter(form, kind)
    return form


def _shorter(form: str, kind: Type) -> str:
    """Leave out `giày`, which a sports brand makes superfluous."""
    return form.removeprefix("giày ") if "sport" in kind.brands or "football" in kind.brands else form


def _wearable(brand: str) -> bool:
    return not {"care", "polish", "insole", "home", "slipper", "clog"}.intersection(vocabulary().brands[brand].groups)


def _say(rng: Random, facet: str, value: str, intent: Intent) -> str:
    if facet == "brand":
        brand = vocabulary().brands[value]
        return rng.choice(brand.query) if rng.random() < 0.3 else brand.query[0]
    if facet == "line":
        return value.lower()
    if facet == "size":
        return rng.choice((f"size {value}", f"size {value}", f"sz {value}", f"cỡ {value}", f"sz{value}", f"số {value}"))
    if facet == "heel":
        return _height(rng, value, intent.get("type", ""))
    if facet == "gender" and _speaks_of_children(intent):
        return "" if value == "trẻ em" else value
    forms = vocabulary().facets[facet][value].query
    if facet == "color" and set(intent) - _PLAIN_FACETS:
        forms = tuple(form for form in forms if form not in _ENGLISH)
    return forms[0] if facet == "gender" and rng.random() < 0.65 else rng.choice(forms)


def _speaks_of_children(intent: Intent) -> bool:
    kind = vocabulary().types.get(intent.get("type", ""))
    return bool(kind and kind.kids and not kind.query_gendered)


def _height(rng: Random, heel: str, kind: str) -> str:
    forms = [f"{heel} phân", f"{heel}p", f"{heel}cm", f"cao {heel}cm", f"cao {heel} phân"]
    if kind == "cao_got":
        forms += [f"{heel}f", f"{heel} p", f"{heel} cm"]
    elif kind not in ("sandal_cao_got", "lot_giay"):
        forms = [f"đế cao {heel}cm", f"cao {heel}cm", f"{heel}cm", f"đế {heel}cm", f"cao {heel}p", f"{heel} phân"]
    return rng.choice(forms)
