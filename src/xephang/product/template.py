"""The template that renders a product as the text a model reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from xephang.errors import InputError, RecipeError
from xephang.product.product import Product
from xephang.text import fold, normalise


@dataclass(frozen=True, slots=True)
class Rendered:
    """A product as text, and which stretches of it go first when it is too long.

    :param text: normalised.
    :param cut_first: (start, end) character spans, the least important first; what no span covers goes last.
    """

    text: str
    cut_first: tuple[tuple[int, int], ...] = ()


_WORD = re.compile(r"\d+[.,]5(?!\w)|\w+")  # a half size is one word: 42.5 does not say 42
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_PLACEHOLDER = re.compile(r"\{(\w+)( lower)?\}")


@dataclass(frozen=True)
class ProductTemplate:
    """How a product becomes text: named parts, joined by a separator.

    A part is a pattern such as `brand: {brand}` or `[{brand} ]Size {size}`. A part with an unknown field
    outside brackets is left out whole; a bracketed stretch with an unknown field is left out alone.
    `{category lower}` is the value in lower case.

    :param parts: (name, pattern) in the order in which they stand in the text.
    :param separator: between parts.
    :param cut_first: names of parts, the first to be cut where the text is longer than the model reads;
        parts not named here are cut after those, the last part first.
    :param unless_said_in: the name of a part; other parts whose value it already says are left out.
    :param ignore: field values that say nothing, such as "OEM"; compared without case and diacritics.
    """

    name: str
    parts: tuple[tuple[str, str], ...]
    separator: str = " | "
    cut_first: tuple[str, ...] = ()
    unless_said_in: str = ""
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the template as a whole.

        :raises RecipeError: if it names a part that it does not have or names one twice, if a pattern is not
            well formed, or the separator is not as `normalise` leaves it.
        """
        names = [name for name, _ in self.parts]
        if not names or len(set(names)) != len(names):
            raise RecipeError(f"template '{self.name}': needs at least one part, and no part twice")
        if len(set(self.cut_first)) != len(self.cut_first):
            raise RecipeError(f"template '{self.name}': cut_first names a part twice: {', '.join(self.cut_first)}")
        if not self.separator or normalise(f".{self.separator}.") != f".{self.separator}.":
            raise RecipeError(
                f"template '{self.name}': the separator {self.separator!r} is empty or would not survive "
                "normalising; use punctuation and single spaces, such as ' | '"
            )
        for name in (*self.cut_first, *filter(None, [self.unless_said_in])):
            if name not in names:
                raise RecipeError(f"template '{self.name}': there is no part '{name}'; parts are {', '.join(names)}")
        for name, pattern in self.parts:
            if re.search(r"[\[\]{}]", _PLACEHOLDER.sub("", _OPTIONAL.sub(r"\1", pattern))):
                raise RecipeError(f"template '{self.name}', part '{name}': unmatched bracket or brace in '{pattern}'")

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "ProductTemplate":
        """Read a template from a recipe's or model's table; one without parts varies one of `TEMPLATES`.

        :raises RecipeError: if the name is unknown, a key is, or a key's value is of another type than needed.
        """
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(table) - known):
            raise RecipeError(f"template: unknown key '{unknown[0]}'; keys are {', '.join(sorted(known))}")
        for key, value in table.items():
            kind, what = _KINDS.get(key, (str, "a text"))
            if not isinstance(value, kind):
                raise RecipeError(f"template: '{key}' must be {what}, got {value!r}")
        name = table.get("name", "custom")
        if "parts" not in table:
            if name not in TEMPLATES:
                raise RecipeError(f"template: no template is called '{name}'; there are {', '.join(TEMPLATES)}")
            table = {**TEMPLATES[name].to_dict(), **table}
        return cls(
            name=name,
            parts=tuple((str(part), str(pattern)) for part, pattern in table["parts"].items()),
            separator=table.get("separator", " | "),
            cut_first=tuple(map(str, table.get("cut_first", ()))),
            unless_said_in=table.get("unless_said_in", ""),
            ignore=tuple(map(str, table.get("ignore", ()))),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads."""
        return {
            "name": self.name,
            "parts": dict(self.parts),
            "separator": self.separator,
            "cut_first": list(self.cut_first),
            "unless_said_in": self.unless_said_in,
            "ignore": list(self.ignore),
        }

    def render(self, product: Product) -> Rendered:
        """Render a product.

        :raises InputError: if none of the template's fields is known, so that there is no text to read.
        """
        texts = {name: text for name, pattern in self.parts if (text := self._fill(pattern, product))}
        said = _words(texts.get(self.unless_said_in, ""))
        kept = [name for name in texts if name == self.unless_said_in or not self._is_said(name, product, said)]
        if not kept:
            raise InputError(
                f"product '{product.id}': the template '{self.name}' reads {', '.join(sorted(self.fields))}, "
                "and it has none of them"
            )
        spans, start = {}, 0
        for name in kept:
            end = start + len(texts[name])
            spans[name] = (max(0, start - len(self.separator)), end)
            start = end + len(self.separator)
        order = [*self.cut_first, *(name for name in reversed(kept) if name not in self.cut_first)]
        text = self.separator.join(texts[name] for name in kept)
        return Rendered(text, tuple(spans[name] for name in order if name in spans))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The product fields that the template reads."""
        return frozenset(match[1] for _, pattern in self.parts for match in _PLACEHOLDER.finditer(pattern))

    @cached_property
    def _silent(self) -> frozenset[str]:
        return frozenset(_words(normalise(value)) for value in self.ignore)

    def _value(self, product: Product, name: str) -> str:
        value = product.value(name)
        return "" if _words(value) in self._silent else value

    def _fill(self, pattern: str, product: Product) -> str:
        """Fill in a part's pattern; empty where the part is to be left out."""

        def complete(text: str) -> str | None:
            values = [(self._value(product, match[1]), match[2]) for match in _PLACEHOLDER.finditer(text)]
            if not all(value for value, _ in values):
                return None
            shown = iter([value.lower() if lower else value for value, lower in values])
            return _PLACEHOLDER.sub(lambda _: next(shown), text)

        shown = [complete(bracket) for bracket in _OPTIONAL.findall(pattern)]
        pieces = iter(shown)
        rest = complete(_OPTIONAL.sub("\0", pattern))
        if rest is None or (shown and not any(shown) and not _PLACEHOLDER.search(_OPTIONAL.sub("", pattern))):
            return ""
        return normalise(re.sub("\0", lambda _: next(pieces, "") or "", rest))

    def _is_said(self, name: str, product: Product, said: str) -> bool:
        found = _PLACEHOLDER.finditer(dict(self.parts)[name])
        values = [value for match in found if (value := self._value(product, match[1]))]
        return bool(values) and all(_words(value) in said for value in values)


def _words(text: str) -> str:
    """Return a text's words (or signs, if it has none), folded, spaced so that `in` finds whole words."""
    folded = fold(text).lower()
    return " " + (" ".join(_WORD.findall(folded)) or folded) + " "


_KINDS: Mapping[str, tuple[Any, str]] = {
    "parts": (Mapping, "a table of patterns"),
    "cut_first": (list | tuple, "a list of parts"),
    "ignore": (list | tuple, "a list of texts"),
}


SEED = ProductTemplate(
    name="seed",
    parts=(
        ("heading", "[{brand} ][{category} ][{color} ][Size {size}]"),
        (
            "sentence",
            "Đôi giày[ {category lower}][ màu {color}][ từ thương hiệu {brand}]"
            "[, sở hữu tính năng {attribute lower}], phù hợp luyện tập hằng ngày.",
        ),
        ("brand", "brand: {brand}"),
        ("category", "category: {category}"),
        ("color", "color: {color}"),
        ("size", "size: {size}"),
        ("attribute", "attribute: {attribute}"),
    ),
    cut_first=("sentence", "attribute", "size", "color", "category", "brand"),
)
"""The text of the model card that the project started from, to the letter."""

LISTING = ProductTemplate(
    name="listing",
    parts=(
        ("title", "{title}"),
        ("brand", "{brand}"),
        ("category", "{category}"),
        ("color", "màu {color}"),
        ("size", "size {size}"),
        ("gender", "{gender}"),
        ("attribute", "{attribute}"),
        ("description", "{description}"),
    ),
    cut_first=("description", "attribute", "gender", "size", "color", "category", "brand"),
    unless_said_in="title",
    ignore=("OEM", "No brand", "Root", "Không có thương hiệu", "Chưa có thương hiệu", "Khác", "N/A"),
)
"""A listing's title, then what the title does not say."""

TEMPLATES: Mapping[str, ProductTemplate] = {"seed": SEED, "listing": LISTING}
