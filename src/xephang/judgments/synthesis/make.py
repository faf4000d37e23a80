"""Make graded judgments from a catalogue and a lexicon."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from xephang.errors import InputError
from xephang.judgments.grading import CONTRADICTED, EXACT, OTHER, PLAUSIBLE, grade
from xephang.judgments.noise import NOISE
from xephang.judgments.synthesis.listings import Candidate, Lister, Pool, fill
from xephang.judgments.synthesis.queries import Intent, draw
from xephang.judgments.synthesis.settings import Settings
from xephang.judgments.synthesis.splits import Split, split
from xephang.lexicon import Facets, Lexicon, compare
from xephang.product import LISTING, Product, ProductTemplate
from xephang.text import fold, normalise

CLEAN = "clean"
"""The noise of a query that has none."""
# More raw Telex and VNI than shoppers type: what is rare has to be seen often enough to be learnt.
_NOISE = {
    "no-diacritics": 22, "partial-diacritics": 6, "telex": 5, "vni": 3, "teencode": 3, "typo": 5, "spelling": 3,
    "abbreviation": 2, "word-order": 2, "english-mix": 2, "caps": 1,
}  # fmt: skip
_TWICE = 0.1
_FOREIGN = 0.6
"""How often something that the lexicon is not about is among the candidates."""
_PATIENCE = 1000
"""Draws in a row that come to nothing, after which there is nothing left to ask."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Synthetic:
    """One query with its graded candidates.

    :param typed: the query as typed; `intent.text` is its clean form.
    :param noise: the kind of noise on it, or "clean".
    :param judged: (candidate, grade), grade 0 to 3, of at least two different grades.
    """

    id: str
    typed: str
    noise: str
    intent: Intent
    judged: tuple[tuple[Candidate, int], ...]

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Yield its rows of a file of judgments."""
        about = {"noise": self.noise, "shape": self.intent.shape, "clean": self.intent.text}
        for candidate, value in self.judged:
            row = {"query_id": self.id, "query": self.typed, "document": candidate.document, "grade": value}
            yield row | {"document_id": candidate.id} | about


@dataclass
class Synthesis:
    """A catalogue and a lexicon, ready to be asked.

    :param products: read once for each split that is made, so no iterator.
    """

    lexicon: Lexicon
    products: Iterable[Product]
    template: ProductTemplate = LISTING
    _lister: Lister = field(init=False)
    _owners: dict[int, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Make ready to write."""
        self._lister = Lister(self.lexicon, self.template)

    def make(self, settings: Settings, of: Split, *, without: Iterable[str] = ()) -> Iterator[Synthetic]:
        """Yield queries with graded candidates, the same for the same settings; fewer where there is no more to ask.

        A query asks an intent of the split, and its candidates are products of the split, their rewritings and
        variations. No query or text of another split that this object made occurs again, case and diacritics aside.

        :param without: queries that must not be asked, clean or typed, such as those of a test set.
        :raises InputError: if the split has no product in which the lexicon finds something.
        """
        self._owners |= dict.fromkeys(map(_key, without), "")
        pool = fill(self._lister, self.products, settings, of)
        if not pool.all:
            raise self._nothing_to_read(of)
        made, futile, seen = 0, 0, set[int]()
        for attempt in count():
            if made == settings.queries or futile == _PATIENCE:
                return
            futile += 1
            rng = Random(f"{settings.seed} {of} {attempt}")
            anchor = rng.choice(pool.all)
            intent = draw(rng, self.lexicon, anchor.sketch)
            if intent is None or split(intent.key) != of:
                continue
            noise, typed = _typed(rng, intent.text, settings.clean)
            if _key(typed) in seen or not self._is_free(of, typed, intent.text):
                continue
            name = f"{of}-{made:06d}"
            if judged := self._judge(rng, intent, self._candidates(rng, pool, intent, anchor, name), of):
                chosen = _balanced(rng, judged, settings.candidates)
                self._own(of, typed, intent.text, *(candidate.document for candidate, _ in chosen))
                seen.add(_key(typed))
                yield Synthetic(name, typed, noise, intent, tuple(chosen))
                made, futile = made + 1, 0

    def _judge(
        self, rng: Random, intent: Intent, candidates: Iterable[Candidate | None], of: Split
    ) -> Mapping[int, list[tuple[Candidate, int]]]:
        """Return the candidates by grade; nothing where all have the same, or none would content the shopper."""
        asked = self.lexicon.parse(intent.text)
        graded: dict[str, tuple[Candidate, int]] = {}
        for candidate in candidates:
            if candidate and self._is_free(of, candidate.document):
                graded.setdefault(candidate.document, (candidate, self._grade(asked, intent, candidate)))
        by_grade: dict[int, list[tuple[Candidate, int]]] = defaultdict(list)
        for pair in graded.values():
            by_grade[pair[1]].append(pair)
        content = EXACT in by_grade or PLAUSIBLE in by_grade
        return by_grade if content and len(by_grade) > 1 else {}

    def _grade(self, asked: Facets, intent: Intent, candidate: Candidate) -> int:
        if candidate.foreign:
            return OTHER
        unsaid = bool(intent.own) and not _says(candidate.document, intent.own)
        return grade(compare(self.lexicon, asked, candidate.facets), self.lexicon.leading, unsaid=unsaid)

    def _candidates(
        self, rng: Random, pool: Pool, intent: Intent, anchor: Candidate, name: str
    ) -> Iterator[Candidate | None]:
        """Yield the anchor, rewritings of it with one thing changed, and the split's near misses."""
        lister, of = self._lister, anchor.sketch
        ids = (f"{anchor.id}~{name}.{number}" for number in count(1))
        yield anchor
        yield lister.write(rng, of, next(ids))
        for key, value in intent.values.items():
            if key != self.lexicon.leading and rng.random() < 0.5:
                yield lister.write(rng, of.with_values(key), next(ids))
            for _ in range(2 if rng.random() < 0.5 else 1):
                if other := lister.varying.other(rng, key, value):
                    yield lister.write(rng, of.with_values(key, other), next(ids))
        yield lister.write(rng, lister.varying.vary(rng, of), next(ids))
        for key, value in intent.values.items():
            near = pool.found.get((key, value.id), ())
            yield from rng.sample(near, min(len(near), 4 if key == self.lexicon.leading else 2))
        yield from rng.sample(pool.all, min(2, len(pool.all)))
        if rng.random() < _FOREIGN:
            yield lister.write_foreign(rng, of, next(ids))

    def _is_free(self, of: Split, *texts: str) -> bool:
        return all(self._owners.get(_key(text), of) == of for text in texts)

    def _own(self, of: Split, *texts: str) -> None:
        self._owners |= dict.fromkeys(map(_key, texts), of)

    def _nothing_to_read(self, of: Split) -> InputError:
        read = [bool((listing := self._lister.read(one)) and listing.facets.mentions) for one in self.products]
        if not any(read):
            return InputError(
                f"the lexicon '{self.lexicon.name}' finds nothing in the texts of {len(read):,} products; check which "
                "columns are read, and choose the lexicon of what the catalogue sells"
            )
        return InputError(
            f"the catalogue is too small: of {sum(read):,} products in which the lexicon '{self.lexicon.name}' finds "
            f"something, none falls to the split '{of}'; give it 50 or more"
        )


def _typed(rng: Random, text: str, clean: float) -> tuple[str, str]:
    """Return the kind of noise, and the query as typed with it."""
    if rng.random() < clean:
        return CLEAN, text
    kind = rng.choices(list(_NOISE), list(_NOISE.values()))[0]
    typed = NOISE[kind](rng, text)
    if rng.random() < _TWICE:
        typed = NOISE[rng.choice(("typo", "no-diacritics"))](rng, typed)
    return (kind, typed) if typed != text else (CLEAN, text)


def _balanced(
    rng: Random, by_grade: Mapping[int, list[tuple[Candidate, int]]], most: int
) -> list[tuple[Candidate, int]]:
    """Choose as many of each grade as there are and may be, in any order."""
    for group in by_grade.values():
        rng.shuffle(group)
    chosen: list[tuple[Candidate, int]] = []
    while len(chosen) < most and any(by_grade.values()):
        for value in (EXACT, CONTRADICTED, PLAUSIBLE, OTHER):
            if len(chosen) < most and by_grade.get(value):
                chosen.append(by_grade[value].pop())
    rng.shuffle(chosen)
    return chosen


def _key(text: str) -> int:
    """Return what two texts have in common that training takes for the same one."""
    return hash(fold(normalise(text)).lower())


def _says(document: str, own: str) -> bool:
    return f" {_words(own)} " in f" {_words(document)} "


def _words(text: str) -> str:
    return " ".join(_WORD.findall(fold(text).lower()))
