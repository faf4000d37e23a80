"""Cut a query into words, and choose how each is read: by the speller, and by what a lexicon makes of the whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xephang.lexicon import Lexicon, Mention
from xephang.search.spelling import Alternative, Speller
from xephang.search.terms import Term, terms
from xephang.text import fold

FILTERS = ("gender", "size")
"""Facets that a query insists on: what contradicts it is left out, what says nothing of it stays."""
_SURE = 0.5
"""The weight of an alternative that a word is corrected to."""
_LIKELY = 0.1
"""The same where the lexicon then reads more of the query."""
MOST_WORDS = 64
"""Words of a query that are searched."""
_MOST_TRIES = 6
_MOST_UNKNOWN = 16
"""Words that no product holds, and that are looked for as others all the same."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a query that is read as one.

    :param text: as it is read.
    :param start: where it stands in the query; as `end`.
    :param alternative: what it was corrected to.
    :param others: what else it may be.
    :param known: how many products hold it as it was typed.
    """

    text: str
    start: int
    end: int
    alternative: Alternative | None = None
    others: tuple[Alternative, ...] = ()
    known: int = 0

    def corrected(self, to: Alternative) -> "Piece":
        """Return it as it is read with another alternative."""
        others = (*self.others, *([self.alternative] if self.alternative else []))
        return replace(self, text=to.written, alternative=to, others=tuple(one for one in others if one != to))


@dataclass(frozen=True)
class Line:
    """A query in pieces.

    :param cut: from where to where it speaks of the price, which is not read.
    """

    query: str
    cut: tuple[int, int]
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, query: str, cut: tuple[int, int], speller: Speller) -> "Line":
        """Cut a normalised query, and correct the words of which the speller is sure."""
        found = [term for term in terms(query) if not cut[0] <= term.start < cut[1]][:MOST_WORDS]
        return cls(query, cut, tuple(_spelled(found, speller)))

    def text(self, ways: Mapping[int, str] | None = None) -> tuple[str, list[tuple[int, int, Piece]]]:
        """Return the text to read, and where each piece stands in it.

        :param ways: other texts for pieces, by their places.
        """
        out: list[str] = []
        places, last, length = [], 0, 0

        def add(text: str) -> None:
            nonlocal length
            if not out or out[-1].endswith(" "):  # the price stood there
                text = text.lstrip()
            if text:
                out.append(text)
                length += len(text)

        def between(start: int, end: int) -> None:
            if start <= self.cut[0] < self.cut[1] <= end:
                add(self.query[start : self.cut[0]])
                start = self.cut[1]
            add(self.query[start:end])

        for at, piece in enumerate(self.pieces):
            between(last, piece.start)
            written = piece.text if piece.alternative else self.query[piece.start : piece.end]
            written = (ways or {}).get(at, written)
            places.append((length, length + len(written), piece))
            add(written)
            last = piece.end
        if len(self.pieces) < MOST_WORDS:
            between(last, len(self.query))
        return "".join(out).rstrip(), places

    def mentions(self, lexicon: Lexicon, ways: Mapping[int, str] | None = None) -> list[Mention]:
        """Return what a lexicon reads, its spans put back into the query."""
        text, places = self.text(ways)
        found = []
        for mention in lexicon.parse(text).mentions:
            at = [n for n, (start, end, _) in enumerate(places) if start < mention.end and mention.start < end]
            if at:
                first = self.pieces[_with_cue(self.pieces, at[0], mention, lexicon)]
                found.append(replace(mention, start=first.start, end=self.pieces[at[-1]].end))
        return found

    def is_bare(self, mention: Mention) -> bool:
        """Say whether a mention's words were typed without diacritics."""
        typed = self.query[mention.start : mention.end]
        return typed == fold(typed)

    def corrected(self, at: int, to: Alternative) -> "Line":
        """Return the line with one piece read as an alternative."""
        return replace(self, pieces=(*self.pieces[:at], self.pieces[at].corrected(to), *self.pieces[at + 1 :]))

    def covered(self, mentions: Sequence[Mention]) -> int:
        """Return how many pieces the lexicon reads."""
        return sum(any(one.start <= piece.start and piece.end <= one.end for one in mentions) for piece in self.pieces)


def understood(line: Line, lexicon: Lexicon) -> tuple[Line, list[Mention]]:
    """Return the line with the corrections by which the lexicon reads most of it, and what it reads then.

    Where words as they were typed, or without their diacritics, tell it more, they are read so.
    """
    mentions = line.mentions(lexicon)
    for at, other in list(_doubtful(line))[:_MOST_TRIES]:
        if line.covered(mentions) == len(line.pieces):
            return line, mentions
        tried = line.corrected(at, other)
        found = tried.mentions(lexicon)
        needed = 2 if line.pieces[at].known else 1
        if line.covered(found) >= line.covered(mentions) + needed:
            line, mentions = tried, found
    for ways in (_typed(line), _bare(line)):
        if ways and line.covered(mentions) < len(line.pieces):
            found = line.mentions(lexicon, ways)
            if line.covered(found) > line.covered(mentions):
                # What other diacritics than those typed would say is no reason to leave products out ("cập", "cặp").
                sure = {(one.facet, one.id) for one in mentions}
                mentions = [
                    one for one in found if one.facet not in FILTERS or line.is_bare(one) or (one.facet, one.id) in sure
                ]
    return line, mentions


def _spelled(found: Sequence[Term], speller: Speller) -> Iterator[Piece]:
    """Yield the words, each as it is read; two that are one are read together."""
    taken, unknown = -1, 0
    for at, term in enumerate(found):
        if at == taken:
            continue
        following = found[at + 1] if at + 1 < len(found) else None
        if following and (both := speller.joined(term.lower, following.lower)):
            taken = at + 1
            yield Piece(both.written, term.start, following.end, both)
            continue
        known = speller.vocabulary.count(term.folded)
        unknown += not known
        others = speller.alternatives(term.lower) if known or unknown <= _MOST_UNKNOWN else ()
        piece = Piece(term.lower, term.start, term.end, None, others, known)
        yield piece.corrected(others[0]) if others and others[0].weight >= _SURE else piece


def _doubtful(line: Line) -> Iterator[tuple[int, Alternative]]:
    for at, piece in enumerate(line.pieces):
        for other in piece.others:
            if other.weight >= _LIKELY:
                yield at, other


def _typed(line: Line) -> dict[int, str]:
    return {at: line.query[one.start : one.end] for at, one in enumerate(line.pieces) if one.alternative}


def _bare(line: Line) -> dict[int, str]:
    return {at: fold(one.text) for at, one in enumerate(line.pieces) if fold(one.text) != one.text}


def _with_cue(pieces: Sequence[Piece], at: int, mention: Mention, lexicon: Lexicon) -> int:
    """Return where a number begins with the words before it that say what it is: "size từ" of "size từ 38"."""
    if mention.low is None:
        return at
    cues = {word for pattern in lexicon.facets[mention.facet].patterns for cue in pattern.cues for word in cue.split()}
    bare = {*map(fold, cues), "tu"}
    while at and fold(pieces[at - 1].text) in bare:
        at -= 1
    return at
