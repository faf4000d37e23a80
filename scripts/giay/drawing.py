"""What a generated product is: a plausible draw of facets for its type."""

from random import Random

from giay.words import Type, Value, vocabulary

_DRESS = {"giay_tay", "giay_luoi", "giay_don", "bao_ho", "boot", "leo_nui"}
_BRIGHT = {"da_bong", "futsal", "chay_bo", "cau_long", "tennis", "bong_ro", "tre_em", "tap_di", "dep_be"}
_DRESS_COLORS = {
    "đen": 9,
    "nâu": 5,
    "vàng bò": 3,
    "đen full": 2,
    "xám": 1,
    "kem": 1,
    "đỏ đô": 1,
    "xanh navy": 1,
    "be": 1,
}
_WOMEN_COLORS = {
    "đen": 7, "kem": 5, "trắng": 4, "nude": 3, "be": 3, "đỏ": 2, "hồng": 3, "nâu": 2, "bạc": 1, "vàng đồng": 1,
    "tím": 1, "xanh": 1, "xám": 1, "đỏ đô": 1, "trắng kem": 1, "vàng": 1,
}  # fmt: skip
_COLORS = {
    "đen": 8, "trắng": 8, "xám": 5, "xanh dương": 3, "xanh navy": 2, "đỏ": 3, "đen full": 2, "trắng kem": 2, "kem": 2,
    "nâu": 2, "be": 1, "hồng": 2, "vàng": 2, "xanh lá": 1, "xanh rêu": 1, "xanh": 2, "cam": 1, "tím": 1,
    "xanh ngọc": 1, "bạc": 1,
}  # fmt: skip
_BRIGHT_COLORS = {
    "đỏ": 4,
    "cam": 3,
    "vàng": 4,
    "xanh dương": 4,
    "xanh lá": 3,
    "xanh ngọc": 3,
    "hồng": 2,
    "trắng": 5,
    "đen": 5,
    "bạc": 1,
    "xám": 2,
    "tím": 1,
}
_LEATHER = {"da bò", "da PU", "da lộn", "da bóng"}
_CLASHES = {
    "hình thú dễ thương": _LEATHER, "đế bánh mì": _LEATHER, "đúc nguyên khối": _LEATHER,
    "chống nước": {"da lộn", "vải dệt"}, "thoáng khí": {"da bóng"}, "tăng chiều cao": {"đế bằng"},
}  # fmt: skip
_COLOURED_THINGS = ("day_giay", "tu_giay", "hop_giay", "boc_giay", "xi_giay")


def truth(rng: Random, kind: Type, brand: Value | None, tidy: bool) -> dict[str, tuple[str, ...]]:
    """Draw the facets; a tidy listing is of one colour and one size, and names a feature."""
    facts = _make(rng, kind, brand)
    facts["color"] = _colors(rng, kind) if not kind.accessory or kind.key in _COLOURED_THINGS else ()
    facts["size"] = _sizes(rng, kind, facts["gender"][0]) if kind.sizes else ()
    facts["material"] = (rng.choice(kind.materials),) if kind.materials and rng.random() < 0.8 else ()
    heeled = bool(kind.heels) and rng.random() < (0.9 if kind.heels[-1] > 5 else 0.4)
    facts["heel"] = (str(rng.choice(kind.heels)),) if heeled else ()
    facts["shape"] = _shapes(rng, kind, heeled)
    features = rng.choice((1, 1, 2)) if tidy else rng.choice((0, 1, 1, 2, 2, 3))
    fitting = [
        name for name in kind.features if _CLASHES.get(name, set()).isdisjoint(facts["material"] + facts["shape"])
    ]
    facts["feature"] = tuple(rng.sample(fitting, min(features, len(fitting))))
    facts["use"] = tuple(rng.sample(kind.uses, min(rng.choice((0, 1, 1, 2)), len(kind.uses))))
    for facet in ("color", "size") if tidy else ():
        facts[facet] = tuple(rng.sample(facts[facet], min(1, len(facts[facet]))))
    return {facet: values for facet, values in facts.items() if values}


def _make(rng: Random, kind: Type, brand: Value | None) -> dict[str, tuple[str, ...]]:
    """Draw what model it is: brand, line, gender and surface."""
    facts: dict[str, tuple[str, ...]] = {}
    if brand:
        lines = (brand.lines or {}).get(kind.key, ())
        facts["brand"] = (brand.name,)
        facts["line"] = (rng.choice(lines),) if lines and rng.random() < 0.6 else ()
    if kind.genders:
        for_women = brand and {"women"}.issuperset(brand.groups) and "nữ" in kind.genders
        facts["gender"] = ("nữ",) if for_women else (rng.choice(kind.genders),)
    if kind.surfaces:
        facts["surface"] = (rng.choices(kind.surfaces, (6, 2, 1)[: len(kind.surfaces)])[0],)
    return facts


def _colors(rng: Random, kind: Type) -> tuple[str, ...]:
    """Draw one to three colours that a reader would not take for one another."""
    if kind.key == "xi_giay":
        return (rng.choice(("đen", "nâu", "đỏ đô", "vàng bò")),)
    if kind.key in _DRESS:
        table = _DRESS_COLORS
    elif kind.genders == ("nữ",):
        table = _WOMEN_COLORS
    else:
        table = _BRIGHT_COLORS if kind.key in _BRIGHT else _COLORS
    colors = vocabulary().facets["color"]
    chosen: list[str] = []
    for name in rng.choices(list(table), list(table.values()), k=rng.choice((1, 1, 1, 2, 2, 3))):
        kin = {other for known in chosen for other in (known, *colors[known].is_a, *colors[known].near)}
        if name not in kin and not kin.intersection(colors[name].is_a):
            chosen.append(name)
    return tuple(chosen)


def _sizes(rng: Random, kind: Type, gender: str) -> tuple[str, ...]:
    """Draw the run of sizes that a shop keeps, within what that gender wears."""
    worn = {"nam": (38, 44), "nữ": (35, 40)}.get(gender, kind.sizes)
    low, high = max(worn[0], kind.sizes[0]), min(worn[1], kind.sizes[1])
    start = rng.randint(low, high - 4 if kind.kids else min(high, low + 2))
    end = rng.randint(min(high, start + 3), min(high, start + 8))
    return tuple(map(str, range(start, end + 1)))


def _shapes(rng: Random, kind: Type, heeled: bool) -> tuple[str, ...]:
    """Draw up to two shapes, never two on one axis, and no flat sole under a heel."""
    values = vocabulary().facets["shape"]
    chosen: dict[str, str] = {}
    for name in rng.sample(kind.shapes, min(rng.choice((0, 1, 1, 2)), len(kind.shapes))):
        if not (heeled and name == "đế bằng"):
            chosen.setdefault(values[name].axis, name)
    return tuple(chosen.values())
