"""Generated products, as sloppily listed as a marketplace's, with the truth about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from giay import drawing, titles
from giay.words import KIDS, Facts, Type, vocabulary
from xephang.product import Product

_STATED_IN_TITLE = {
    "brand": 0.85, "gender": 0.75, "color": 0.45, "size": 0.35, "surface": 0.92, "material": 0.6, "heel": 0.85,
    "shape": 0.75, "feature": 0.85, "use": 0.75,
}  # fmt: skip


@dataclass(frozen=True)
class GeneratedProduct:
    """A product, and what a reader of the listing can know of it.

    :param facets: what title and fields state, or what goes without saying for the type; a facet that is
        absent is unknown. Sizes and heels are digits.
    """

    product: Product
    facets: Facts


def generate(n: int, seed: int) -> Iterator[GeneratedProduct]:
    """Yield `n` products."""
    kinds = [kind for kind in vocabulary().types.values() if kind.weight]
    weights = [kind.weight for kind in kinds]
    for index in range(n):
        rng = Random(f"xephang {seed} {index}")
        yield _product(rng, f"SP{seed:02d}{index:05d}", rng.choices(kinds, weights)[0])


def _product(rng: Random, identifier: str, kind: Type) -> GeneratedProduct:
    tidy = rng.random() < 0.25
    brands = vocabulary().brands_of(kind)
    brand = rng.choice(brands) if brands and rng.random() < (0.85 if tidy else 0.5) else None
    truth = drawing.truth(rng, kind, brand, tidy)
    record, in_fields = _tidy(rng, kind, truth) if tidy else _sloppy(rng, kind, truth)
    in_title = {
        facet: values
        for facet, values in truth.items()
        if rng.random() < _STATED_IN_TITLE.get(facet, 0) or (facet == "brand" and "brand" not in in_fields)
    }
    if "line" in truth and "brand" in in_title:
        in_title["line"] = truth["line"]
    stated = _joined(_implied(kind), in_title, in_fields)
    if rng.random() < 0.2:
        record["description"] = titles.description(rng, kind, stated)
    low, high = kind.price
    price = rng.triangular(low, high, low + (high - low) / 4) * (brand.tier if brand else 0.8)
    text = titles.title(rng, kind, brand, in_title)
    product = Product(id=identifier, title=text, price=float(max(9, round(price)) * 1000), **record)
    return GeneratedProduct(product, stated)


def _tidy(rng: Random, kind: Type, truth: Facts) -> tuple[dict[str, Any], Facts]:
    """Fill in the fields as a careful seller does: nearly all of them, one colour and one size each."""
    stated = {facet: truth[facet] for facet in ("brand", "color", "size", "feature") if facet in truth}
    if "gender" in truth and rng.random() < 0.7:
        stated["gender"] = truth["gender"]
    if "use" in truth and rng.random() < 0.3:
        stated["use"] = truth["use"]
    return _fields(rng, stated) | {"category": rng.choice(kind.category)}, stated


def _sloppy(rng: Random, kind: Type, truth: Facts) -> tuple[dict[str, Any], Facts]:
    """Fill in a few fields, and some of those with what says nothing."""
    shares = {"brand": 0.6, "color": 0.22, "size": 0.15, "gender": 0.2, "feature": 0.15, "use": 0.07}
    stated = {facet: truth[facet] for facet, share in shares.items() if facet in truth and rng.random() < share}
    record = _fields(rng, stated)
    if "brand" not in stated:
        record["brand"] = rng.choice(("OEM", "OEM", "OEM", "No brand", "", ""))
    roll = rng.random()
    gender = truth.get("gender", ("",))[0]
    if roll < 0.4:
        record["category"] = rng.choice(kind.category)
        if gender in ("nam", "nữ") and rng.random() < 0.5:
            record["category"] += f" {gender}"
            stated["gender"] = truth["gender"]
    elif roll < 0.75:
        record["category"] = rng.choice(("Root", "Root", "Thời Trang"))
    return record, stated


def _fields(rng: Random, stated: Facts) -> dict[str, Any]:
    """Write facts as field values."""
    values = vocabulary().facets
    record: dict[str, Any] = {}
    if "brand" in stated:
        record["brand"] = stated["brand"][0]
    if "color" in stated:
        record["color"] = ", ".join(rng.choice(values["color"][name].title).capitalize() for name in stated["color"])
    if sizes := stated.get("size"):
        spans = (f"{sizes[0]}-{sizes[-1]}", ", ".join(sizes))
        record["size"] = rng.choice(spans) if len(sizes) > 1 else sizes[0]
    if "gender" in stated:
        record["gender"] = rng.choice(values["gender"][stated["gender"][0]].field)
    said = [name for facet in ("feature", "use") for name in stated.get(facet, ())]
    if said:
        record["attributes"] = tuple(name.capitalize() for name in said)
    return record


def _implied(kind: Type) -> Facts:
    """Return what the type alone says."""
    facts = {"type": (kind.key,), "use": kind.implies, "feature": kind.implied_features}
    if kind.kids:
        facts["gender"] = kind.genders if len(kind.genders) == 1 else ("trẻ em",)
    elif len(kind.genders) == 1 and not kind.accessory:
        facts["gender"] = kind.genders
    return {facet: values for facet, values in facts.items() if values}


def _joined(*all_facts: Facts) -> Facts:
    """Unite facts; a narrower gender stands for the wider one."""
    facets = dict.fromkeys(facet for facts in all_facts for facet in facts)
    united = {
        facet: tuple(dict.fromkeys(value for facts in all_facts for value in facts.get(facet, ()))) for facet in facets
    }
    genders = united.get("gender", ())
    if len(genders) > 1 and all(gender in KIDS for gender in genders):
        united["gender"] = tuple(gender for gender in genders if gender != "trẻ em")
    return united
