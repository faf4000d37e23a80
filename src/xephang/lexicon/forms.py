"""Find the words of a lexicon in a text: a trie over folded words, diacritics weighed afterwards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xephang.lexicon.words import Word, folded, is_stripped, spelled
from xephang.text import fold

ANY_NUMBER = "#"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write one value.

    :param words: in lower case, with their diacritics.
    :param facet: empty for a phrase that means nothing ("cao cấp").
    :param accented: count only where every diacritic is written.
    :param not_before: phrases, as words, that void the form where they follow it.
    :param not_after: phrases that void the form where they precede it.
    """

    words: tuple[str, ...]
    facet: str = ""
    value: str = ""
    accented: bool = False
    not_before: tuple[tuple[str, ...], ...] = ()
    not_after: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A form found in a text, as a span of it.

    :param first: which word of the text it begins with.
    :param exact: every diacritic is as in the form.
    """

    form: Form
    start: int
    end: int
    first: int
    exact: bool


@dataclass(slots=True)
class _Node:
    following: dict[str, "_Node"] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)


class Forms:
    """The forms of a lexicon, ready to be looked up."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._root = _Node()
        self._alone: set[str] = set()
        self._known: set[str] = set()
        for form in forms:
            node = self._root
            for word in folded(form.words):
                node = node.following.setdefault(word, _Node())
            node.forms.append(form)
            self._known.update(form.words)
            if len(form.words) == 1:
                self._alone.update(form.words)

    def find(self, text: list[Word]) -> Iterator[Hit]:
        """Yield every form in the text, overlapping ones too."""
        plain = all(word.lower.isascii() for word in text)
        for first, opening in enumerate(text):
            if not opening.opens:
                continue
            node: _Node | None = self._root
            for last in range(first, len(text)):
                if last > first and not text[last].follows:
                    break
                node = node.following.get(text[last].folded) if node else None
                if node is None:
                    break
                if node.forms and text[last].closes:
                    yield from self._fitting(node.forms, text, first, last + 1, plain)

    def _fitting(self, forms: list[Form], text: list[Word], first: int, last: int, plain: bool) -> Iterator[Hit]:
        written = tuple(word.lower for word in text[first:last])
        for form in forms:
            exact = written == form.words
            if not exact and (form.accented or not self._may_mean(written, form.words, plain)):
                continue
            if allowed(text, first, last, form.not_before, form.not_after):
                yield Hit(form, text[first].start, text[last - 1].end, first, exact)

    def _may_mean(self, written: tuple[str, ...], meant: tuple[str, ...], plain: bool) -> bool:
        """Tell whether the words lack no more diacritics than a hasty writer drops.

        In a text without any, every diacritic may be missing. In one that has some, a lone word is what it is
        written ("trang" is not "trắng"); in a form of several, words may lack marks, but a bare word that is a
        form itself ("da") is that and no other ("đá"), and a word with other marks is another word.
        """
        if not plain and len(meant) == 1:
            return False
        for one, other in zip(written, meant, strict=True):
            if one == other:
                continue
            if not (one.isascii() or is_stripped(one, other)):
                return False
            if not plain and one in (self._alone if one.isascii() else self._known):
                return False
        return True


def allowed(
    text: list[Word],
    first: int,
    last: int,
    not_before: tuple[tuple[str, ...], ...],
    not_after: tuple[tuple[str, ...], ...],
) -> bool:
    """Tell whether the words right around `text[first:last]` leave a form its meaning; a comma parts them."""
    before = bool(first < len(text) and text[first].follows)
    after = bool(last < len(text) and text[last].follows)
    return not (
        (after and any(_stands(phrase, text, last) for phrase in not_before))
        or (before and any(_stands(phrase, text, first - len(phrase)) for phrase in not_after))
    )


def _stands(phrase: tuple[str, ...], text: list[Word], start: int) -> bool:
    if start < 0 or start + len(phrase) > len(text):
        return False
    there = text[start : start + len(phrase)]
    return all(word.follows for word in there[1:]) and all(
        word.lower in (one, fold(one)) or (one == ANY_NUMBER and word.lower.isdigit())
        for word, one in zip(there, phrase, strict=True)
    )


def phrases(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return phrases as words; "#" stands for any number."""
    return tuple(
        tuple(word for part in text.split() for word in ((part,) if part == ANY_NUMBER else spelled(part)))
        for text in texts
    )
