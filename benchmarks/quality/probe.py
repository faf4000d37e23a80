"""Probe a model with minimal pairs: two products that differ in one facet, of which the query asks for one.

    python benchmarks/quality/probe.py --model giay

Builds 500 pairs about each of size, colour, gender and brand, asks which of the two stands higher, and writes
`results/probe-NAME.json`. Chance is 50%; equal scores count as wrong. The pairs are made of the words in
`probe_wording.py`, and training knows nothing of them.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from probe_wording import (
    BRANDS,
    COLOURS,
    EXTRAS,
    GENDER_TITLES,
    GENDERS,
    KINDS,
    NEAR_COLOURS,
    SIZE_LISTS,
    SIZE_QUERIES,
    SIZE_RANGES,
    SIZE_SINGLES,
    SPAM,
    WOMENS,
    Kind,
)

from xephang import Product, Reranker
from xephang.evaluation.stamp import stamp
from xephang.files import write_text
from xephang.lexicon import Lexicon
from xephang.text import fold

HERE = Path(__file__).parent
FACETS = ("size", "color", "gender", "brand")
EACH = 500
SIZES = {"nam": (38, 45), "nu": (34, 41), "both": (36, 42), "": (34, 45)}
"""The lowest and highest size of a pair, by the gender that its titles name; "both" where they differ in it."""
Said = tuple[str, str, str]
"""How a query says a facet's value, how one title does, and how a title of another value does."""


@dataclass(frozen=True)
class Case:
    """One query, and two products with the same title but for one facet.

    :param shared: a further facet that the query asks for and both titles state; empty for none.
    :param asked: the value asked for, as the lexicon names it; `other` is the value of the wrong product.
    :param fields: whether the products have a brand and a category beside their titles.
    """

    facet: str
    kind: str
    shared: str
    asked: str
    other: str
    query: str
    right: Product
    wrong: Product
    plain: bool
    fields: bool


def cases(seed: int = 1, each: int = EACH) -> list[Case]:
    """Return `each` pairs of every facet, no query with the same two titles twice."""
    lexicon = Lexicon.load("footwear")
    found: dict[tuple[str, str, str], Case] = {}
    for facet in FACETS:
        rng, before = Random(f"{seed} {facet}"), len(found)
        while len(found) < before + each:
            case = _case(rng, facet, lexicon)
            if _is_clear(lexicon, case):
                found.setdefault((case.query, case.right.title, case.wrong.title), case)
    return list(found.values())


def contradicts(lexicon: Lexicon, facet: str, value: str, other: str) -> bool:
    """Tell whether a thing of one value can not pass for a thing of the other: no kind of it, no near shade."""
    if lexicon.is_a(facet, value, other) or lexicon.is_a(facet, other, value):
        return False
    return facet != "color" or not any({value, other} <= near for near in NEAR_COLOURS)


def _is_clear(lexicon: Lexicon, case: Case) -> bool:
    """Tell whether the lexicon reads the texts as they are meant: "giay tay trang" may be tẩy trắng, which bleaches."""
    query, right, wrong = map(lexicon.parse, (case.query, case.right.title, case.wrong.title))
    if query.ids(case.facet) != (case.asked,) or case.kind not in query.ids("category"):
        return False
    if {one for one in FACETS if query.ids(one)} != {case.facet, case.shared} - {""}:
        return False
    if case.shared and not right.ids(case.shared):
        return False
    if any(right.ids(one) != wrong.ids(one) for one in lexicon.facets if one != case.facet):
        return False
    if case.facet != "size":
        return (right.ids(case.facet), wrong.ids(case.facet)) == ((case.asked,), (case.other,))
    size = float(case.asked)
    held = [[m.low <= size <= m.high for m in one["size"] if m.low and m.high] for one in (right, wrong)]
    return any(held[0]) and bool(held[1]) and not any(held[1])


def _case(rng: Random, facet: str, lexicon: Lexicon) -> Case:
    kind = rng.choice([kind for kind in KINDS if not (facet == "gender" and kind.gendered)])
    shared = rng.choice([one for one in FACETS if one != facet and not (one == "gender" and kind.gendered)])
    shared = shared if rng.random() < 0.4 else ""
    values: dict[str, Said] = {}
    ids: dict[str, tuple[str, str]] = {}
    gender = "nu" if kind.value in WOMENS else ""
    for one in ("gender", "size", "color", "brand"):
        if one in (facet, shared) or (rng.random() < 0.3 and not (one == "gender" and kind.gendered)):
            values[one], ids[one] = _SAY[one](rng, kind, gender, lexicon)
            gender = "both" if facet == "gender" else ids["gender"][0] if one == "gender" else gender
    plain, fields = rng.random() < 0.5, rng.random() < 0.5
    query = _query(rng, kind, [values[one][0] for one in (facet, shared) if one])
    style = _style(rng, kind, list(values))
    titles = [style({one: said[place if one == facet else 1] for one, said in values.items()}) for place in (1, 2)]
    brand = values.get("brand", ("", "OEM", "OEM"))
    names = [brand[place if facet == "brand" else 1] for place in (1, 2)]
    category = lexicon.facets["category"].values[kind.value].name
    right, wrong = (
        Product(title=title, brand=name, category=category) if fields else Product(title=title)
        for title, name in zip(titles, names, strict=True)
    )
    asked, other = ids[facet]
    return Case(facet, kind.value, shared, asked, other, fold(query) if plain else query, right, wrong, plain, fields)


def _size(rng: Random, _: Kind, gender: str, __: Lexicon) -> tuple[Said, tuple[str, str]]:
    low, high = SIZES[gender]
    count = rng.choice((1, 3, 4, 5, 5))
    starts = rng.sample(range(low, high - count + 2), 2)
    asked = rng.choice(sorted({*range(starts[0], starts[0] + count)} - {*range(starts[1], starts[1] + count)}))
    form = rng.choice(SIZE_SINGLES if count == 1 else SIZE_LISTS if rng.random() < 0.35 else SIZE_RANGES)
    sign = rng.choice((",", ", ", "/", " "))
    right, wrong = (form.format(a=a, b=a + count - 1, all=sign.join(map(str, range(a, a + count)))) for a in starts)
    other = str(starts[1]) if count == 1 else f"{starts[1]}-{starts[1] + count - 1}"
    return (rng.choice(SIZE_QUERIES).format(asked), right, wrong), (str(asked), other)


def _colour(rng: Random, _: Kind, __: str, lexicon: Lexicon) -> tuple[Said, tuple[str, str]]:
    asked = rng.choice(list(COLOURS))
    other = rng.choice([one for one in COLOURS if contradicts(lexicon, "color", asked, one)])
    prefix = rng.choice(("", "màu "))
    title = rng.choice(("{}", "màu {}", "Màu {}", "({})", "- {}"))
    right, wrong = (title.format(COLOURS[one][1]) for one in (asked, other))
    return (prefix + COLOURS[asked][0], right, wrong), (asked, other)


def _gender(rng: Random, _: Kind, __: str, ___: Lexicon) -> tuple[Said, tuple[str, str]]:
    first = rng.random() < 0.5
    asked, other = ("nam", "nu") if first else ("nu", "nam")
    titles = rng.choice(GENDER_TITLES)
    right, wrong = titles if first else titles[::-1]
    return (rng.choice(GENDERS[asked]), right, wrong), (asked, other)


def _brand(rng: Random, kind: Kind, _: str, lexicon: Lexicon) -> tuple[Said, tuple[str, str]]:
    asked = rng.choice(BRANDS[kind.brands])
    other = rng.choice([one for one in BRANDS[kind.brands] if contradicts(lexicon, "brand", asked, one)])
    names = [lexicon.facets["brand"].values[one].name for one in (asked, other)]
    return (names[0].lower(), names[0], names[1]), (asked, other)


_SAY: Mapping[str, Callable[[Random, Kind, str, Lexicon], tuple[Said, tuple[str, str]]]] = {
    "size": _size,
    "color": _colour,
    "gender": _gender,
    "brand": _brand,
}


def _query(rng: Random, kind: Kind, values: list[str]) -> str:
    rng.shuffle(values)
    return " ".join([kind.query, *values])


def _style(rng: Random, kind: Kind, facets: Sequence[str]) -> Callable[[Mapping[str, str]], str]:
    """Draw how to write a title once, so that both of a pair are written the same way."""
    name, extra = rng.choice(kind.titles), rng.sample(EXTRAS, rng.choice((0, 1, 1, 2)))
    order = [one for one in ("brand", "gender", "extra", "color", "size") if one in (*facets, "extra")]
    if rng.random() < 0.5:
        rng.shuffle(order)
    first = rng.random() < 0.2 and order[0] == "brand"
    code = "".join(rng.choices("BDGHKLTV", k=2)) + str(rng.randint(100, 999))
    head = rng.choice(("", "", "", rng.choice(SPAM)))
    tail = rng.choice(("", "", f"Mã {code}", code, rng.choice(SPAM)))
    joiner = rng.choice((" ", " ", " ", ", ", " - "))
    case = rng.choice((str, str, str.upper, str.lower, str.capitalize))

    def write(said: Mapping[str, str]) -> str:
        parts = [", ".join(extra) if one == "extra" else said[one] for one in order]
        named = [parts[0], name, *parts[1:]] if first else [name, *parts]
        return str(case(" ".join(filter(None, [head, joiner.join(filter(None, named)), tail]))))

    return write


def score(model: Reranker, asked: Sequence[Case], *, show_progress: bool = False) -> list[float]:
    """Return by how much each right product stands above the wrong one, in logits."""
    pairs = [(case.query, product) for case in asked for product in (case.right, case.wrong)]
    logits = model.score(pairs, show_progress=show_progress).logits.tolist()
    return [right - wrong for right, wrong in zip(logits[::2], logits[1::2], strict=True)]


def table(asked: Sequence[Case], margins: Sequence[float]) -> dict[str, Any]:
    """Return accuracy over all pairs, of each facet, and by what else differs between pairs."""
    names = ("facet", "query", "product", "also")
    groups: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in names}
    for case, margin in zip(asked, margins, strict=True):
        groups["facet"][case.facet].append(margin)
        groups["query"]["no diacritics" if case.plain else "clean"].append(margin)
        groups["product"]["title and fields" if case.fields else "title"].append(margin)
        groups["also"][case.shared or "nothing"].append(margin)
    return {"overall": _accuracy(margins)} | {
        f"by_{name}": {value: _accuracy(found) for value, found in by.items()} for name, by in groups.items()
    }


def _accuracy(margins: Iterable[float]) -> dict[str, float]:
    found = list(margins)
    right, ties = sum(margin > 0 for margin in found), sum(margin == 0 for margin in found)
    return {"pairs": len(found), "right": right, "ties": ties, "accuracy": round(right / len(found), 4)}


def main() -> None:
    """Build, score, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="giay", help="a bundled model's name, a folder, or a Hugging Face Hub id")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH, help="pairs of each facet")
    parser.add_argument("--output", type=Path, help="results/probe-NAME.json without it")
    options = parser.parse_args()
    if options.each < 1:
        parser.error(f"--each: expected at least 1, got {options.each}")
    model = Reranker.load(options.model)
    asked = cases(options.seed, options.each)
    found = table(asked, score(model, asked, show_progress=True))
    for name, line in (*found["by_facet"].items(), ("overall", found["overall"])):
        print(f"{name:8} {line['accuracy']:.1%} of {line['pairs']} pairs, {line['ties']} ties")
    head = {"model": model.folder.name, "settings": {"seed": options.seed, "each": options.each}}
    output = options.output or HERE / "results" / f"probe-{model.folder.name}.json"
    write_text(output, json.dumps(head | found | {"stamp": dict(stamp())}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
