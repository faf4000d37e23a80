"""A shop domain's vocabulary: load it, read texts with it."""

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from xephang.errors import InputError
from xephang.lexicon.checks import Table
from xephang.lexicon.facets import Facets, Mention
from xephang.lexicon.forms import Form, Forms, allowed
from xephang.lexicon.numbers import Number, Pattern
from xephang.lexicon.resolve import Reading, choose, settle
from xephang.lexicon.schema import Facet, read_facet
from xephang.lexicon.verify import verify
from xephang.lexicon.words import Word, spelled, words
from xephang.text import normalise

BUNDLED = ("footwear", "bags")
"""The lexicons that come with the package, by name."""


@dataclass(frozen=True)
class Lexicon:
    """The facets of one domain, and the words for them.

    :param facets: by key, in the order of the file, which is also their precedence.
    :param ignore: phrases that mean nothing and keep other forms from their words ("cao cấp").
    :param title_order: facets in the order in which titles usually name them; judgments are made by it.
    :param category_facets: facets that shops' categories name beside the thing ("giày nữ"); as above.
    :param sha256: of the file it came from; empty where there is none.
    """

    name: str
    facets: Mapping[str, Facet]
    ignore: tuple[str, ...] = ()
    title_order: tuple[str, ...] = ()
    category_facets: tuple[str, ...] = ()
    sha256: str = ""

    @classmethod
    def load(cls, name_or_path: str | Path) -> "Lexicon":
        """Open a bundled lexicon by name, or a TOML file by path.

        :raises InputError: if there is none, or it breaks the schema; names file, table, key, what to do.
        """
        path = Path(name_or_path)
        try:
            if str(name_or_path) in BUNDLED:
                file = f"{name_or_path}.toml"
                content = (files("xephang.lexicon") / file).read_bytes()
            else:
                file, content = str(path), path.read_bytes()
            return replace(cls.parse_toml(content.decode("utf-8-sig"), file), sha256=sha256(content).hexdigest())
        except FileNotFoundError:
            raise InputError(
                f"{path}: no such lexicon; give one of {', '.join(BUNDLED)}, or the path of a TOML file"
            ) from None
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
        except OSError as error:
            raise InputError(f"{path}: can not be read ({error.strerror}); give the path of a TOML file") from None

    @classmethod
    def parse_toml(cls, toml: str, file: str = "lexicon") -> "Lexicon":
        """Read a lexicon from TOML text.

        :param file: what messages call it.
        :raises InputError: as `load` does.
        """
        try:
            table = Table(file, "", tomllib.loads(toml))
        except RecursionError:
            raise InputError(f"{file}: not TOML that can be read: nested too deeply; correct it there") from None
        except ValueError as error:  # of which TOMLDecodeError is one
            raise InputError(f"{file}: not TOML: {error}; correct it there") from None
        table.allow("name", "ignore", "title_order", "category_facets", "facets")
        facets = {key: read_facet(inner, key) for key, inner in table.tables("facets")}
        if not facets:
            raise table.error("facets", "a lexicon needs at least one facet, headed [facets.NAME]")
        ignore = table.texts("ignore")
        if empty := [phrase for phrase in ignore if not spelled(phrase)]:
            raise table.error("ignore", f"the phrase {empty[0]!r} has no letter or digit; remove it")
        orders = {name: table.texts(name) for name in ("title_order", "category_facets")}
        for key, named in orders.items():
            if unknown := [one for one in named if one not in facets]:
                raise table.error(key, f"there is no facet '{unknown[0]}'; facets are {', '.join(facets)}")
        verify(table, facets)
        name = table.text("name", Path(file).stem)
        return cls(name, facets, ignore, orders["title_order"], orders["category_facets"])

    @property
    def leading(self) -> str:
        """The first facet, which says what a thing is."""
        return next(iter(self.facets))

    def parse(self, text: str) -> Facets:
        """Read the facets out of a title or a query, however dirty; spans refer to the normalised text.

        Diacritics may be missing, all or some; where they are written they decide (da, đá, dạ). Never raises.
        """
        text = normalise(text)
        cut = words(text)
        readings = [*self._named(text, cut), *self._numbered(text, cut)]
        mentions, accessory = settle(choose(readings, self._nested), self.facets)
        return Facets(text, tuple(mentions), accessory)

    @cached_property
    def parsed(self) -> Callable[[str], Facets]:
        """`parse`, remembering what it read: for fields, which say the same of many products."""
        return lru_cache(maxsize=20_000)(self.parse)

    def is_a(self, facet: str, value: str, other: str) -> bool:
        """Tell whether a value of a facet is another one or a kind of it."""
        return value == other or (facet in self.facets and other in self.facets[facet].ancestors(value))

    @cached_property
    def _forms(self) -> Forms:
        nothing = [Form(spelled(phrase)) for phrase in self.ignore]
        return Forms([form for facet in self.facets.values() for form in facet.forms()] + nothing)

    @cached_property
    def _nested(self) -> frozenset[str]:
        return frozenset(key for key, facet in self.facets.items() if facet.nested)

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {"": -1} | {key: place for place, key in enumerate(self.facets)}

    def _named(self, text: str, cut: list[Word]) -> Iterator[Reading]:
        for hit in self._forms.find(cut):
            key, mention = hit.form.facet, None
            if key:
                value = self.facets[key].values[hit.form.value]
                mention = Mention(key, value.id, value.name, hit.start, hit.end, text[hit.start : hit.end])
            yield Reading(hit.start, hit.end, hit.exact, self._rank[key], key, mention, hit.form.words, hit.first)

    def _numbered(self, text: str, cut: list[Word]) -> Iterator[Reading]:
        if text.isascii() and not any(map(str.isdigit, text)):
            return
        lower = lowered(text)
        starts, ends = [word.start for word in cut], [word.end for word in cut]
        for key, facet in self.facets.items():
            for pattern in facet.patterns:
                for number in pattern.find(lower):
                    first, last = bisect_right(ends, number.start), bisect_left(starts, number.end)
                    if allowed(cut, first, last, pattern.not_before, pattern.not_after):
                        mention = _mention(key, pattern, number, text)
                        yield Reading(number.start, number.end, True, self._rank[key], key, mention)


def lowered(text: str) -> str:
    """Return the text in lower case, one character for each ("İ" has two, and stays)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := one.lower()) == 1 else one for one in text)


def _mention(facet: str, pattern: Pattern, number: Number, text: str) -> Mention:
    plain = f"{number.low:g}" if number.low == number.high else f"{number.low:g}-{number.high:g}"
    surface = text[number.start : number.end]
    name = pattern.prefix + plain
    return Mention(facet, name, name, number.start, number.end, surface, number.low, number.high)
