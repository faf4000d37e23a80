"""A first stage in a shop's own PostgreSQL database: full text search, folded and accented, with a net for typos."""

import time
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xephang.catalogue.sql_server import connected, said
from xephang.catalogue.sql_url import shown
from xephang.errors import InputError
from xephang.lexicon import Lexicon
from xephang.search.asking import DEEPEST, PRICE, Constraint, FacetCounts, FacetValue, Found, Search
from xephang.search.facet_terms import FacetTerms, split
from xephang.search.pieces import MOST_WORDS
from xephang.search.postgresql_pool import Pool
from xephang.search.postgresql_query import (
    MOST_RANKED,
    Condition,
    Group,
    asked,
    filtered,
    group,
    levels,
    matching,
    only,
    ordering,
    priced,
    score,
)
from xephang.search.postgresql_sayings import Sayings
from xephang.search.postgresql_setup import make
from xephang.search.reading import LONGEST, Ask, Reading, Word, read_query
from xephang.search.spelling import Speller
from xephang.search.terms import terms
from xephang.search.vocabulary import Vocabulary
from xephang.text import normalise

if TYPE_CHECKING:
    from psycopg import Connection

_ALIKE = 0.45
"""The share of runs of three letters in common from which a word is taken for one that nobody knows."""
_MOST_ALIKE = 3
_VALUES = 50
"""A facet's values that are counted."""


@dataclass(frozen=True)
class _Match:
    """What was found by a query's words and prices.

    :param condition: that it meets, filters aside.
    :param rows: of each id, score and price; then how many there are, and the lowest and the highest price.
    :param strict: it has all of the words, and so has what is found if there are fewer filters.
    """

    condition: Condition
    rows: Sequence[Any]
    price: Condition
    strict: bool = True


class PostgresFirstStage:
    """Find a reranker's candidates in the shop's database. Safe to share between threads.

    What the shop writes is found at once. The words that misspelt ones are compared with are read when this is made,
    and again by `refresh`.
    """

    def __init__(self, url: str, *, lexicon: str | Path | None = None, timeout: float = 5.0) -> None:
        """Open what `create` or `postgresql.sql` has made.

        :param lexicon: knows other words for what a query asks for: a bundled one's name, or a TOML file.
        :param timeout: seconds that a statement may take.
        :raises InputError: if it is not there, or the server can not be reached or refuses.
        :raises MissingExtraError: without psycopg.
        """
        self._pool = Pool(url, timeout)
        self._terms = FacetTerms(None)
        self._asked = FacetTerms(None if lexicon is None else Lexicon.load(lexicon))
        self._sayings = Sayings(self._asked.lexicon)
        self.refresh()

    @classmethod
    def create(
        cls,
        url: str,
        table: str,
        *,
        columns: Mapping[str, str] | None = None,
        lexicon: str | Path | None = None,
        timeout: float = 5.0,
    ) -> "PostgresFirstStage":
        """Make the first stage of a table, or make it anew, and open it; the shop goes on writing meanwhile.

        :param url: of a user who owns the table and may create a schema.
        :param table: as SQL writes it.
        :param columns: as `Catalogue.open` takes them.
        :raises InputError: if there is no such table, it has no id, or the server refuses.
        """
        connection = connected(url, autocommit=True)
        import psycopg

        try:
            make(connection, shown(url), table, columns or {})
        except psycopg.Error as error:
            raise InputError(f"{shown(url)}: {said(error)}") from None
        finally:
            connection.close()
        return cls(url, lexicon=lexicon, timeout=timeout)

    def refresh(self) -> None:
        """Read again which words there are; the database's own list of them is made anew as `postgresql.sql` says."""

        def read(connection: "Connection[Any]") -> tuple[list[Any], Any]:
            words = connection.execute("SELECT word, written, products FROM xephang.words").fetchall()
            return words, connection.execute("SELECT count(*) FROM xephang.search").fetchone()

        words, (self._products,) = self._pool.read(read)
        counts, forms = {word: count for word, _, count in words}, {word: form for word, form, _ in words}
        self._vocabulary = Vocabulary(counts, forms)
        self._speller = Speller(self._vocabulary)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

    def find(self, search: Search) -> Found:
        """Return a search's candidates.

        :raises InputError: if it filters by what is no facet, or the server takes too long or can not be reached.
        """
        self._terms.check(search.filters)
        return self._pool.read(lambda connection: self._find(connection, search))

    def _find(self, connection: "Connection[Any]", search: Search) -> Found:
        began = time.perf_counter()
        reading = self._read(connection, search)
        groups = self._groups(connection, reading)
        understood = time.perf_counter()
        reading, match = self._held_to(connection, search, reading, groups)
        rows, matched = match.rows, time.perf_counter()
        facets = self._counts(connection, search, groups, match) if search.facets and rows else ()
        counted = time.perf_counter()
        total, lowest, highest = rows[0][3:] if rows else (0, None, None)
        return Found(
            query=reading.query,
            read=reading.read,
            constraints=tuple(map(_held, (wish.constraint for wish in reading.wishes))),
            corrections=reading.corrections,
            found_by=reading.found_by,
            ids=tuple(row[0] for row in rows),
            scores=tuple(row[1] for row in rows),
            prices=() if search.sort == "relevance" else tuple(row[2] for row in rows),
            total=total,
            facets=facets,
            price_range=None if lowest is None or highest is None else (lowest, highest),
            milliseconds={
                "understand": (understood - began) * 1000,
                "match": (matched - understood) * 1000,
                "facets": (counted - matched) * 1000,
            },
        )

    def _read(self, connection: "Connection[Any]", search: Search) -> Reading:
        """Read the query; a word that only the newest products have is no misspelling."""
        speller, known = self._speller, self._vocabulary
        typed = {term.folded for term in terms(normalise(search.query[:LONGEST]))[:MOST_WORDS]}
        if unknown := [word for word in typed if not known.count(word)]:
            fresh = connection.execute(
                "SELECT word FROM unnest(%s::text[]) AS word WHERE EXISTS "
                "(SELECT FROM xephang.search WHERE search @@ quote_literal(word)::tsquery)",
                (unknown,),
            ).fetchall()
            if fresh:
                counts = ChainMap({word: self._products for (word,) in fresh}, dict(known.counts))
                speller = Speller(Vocabulary(counts, known.forms))
        return read_query(search.query, speller, self._asked, frozenset(search.ignore))

    def _groups(self, connection: "Connection[Any]", reading: Reading) -> list[Group]:
        found, parts = [], dict[Ask, list[Group]]()
        for word in reading.words:
            typed = " ".join(term.folded for term in terms(reading.query[word.start : word.end]))
            near = [] if word.known or word.others else self._alike(connection, word)
            one = group(word, typed, near, self._products)
            if word.ask:
                parts.setdefault(word.ask, []).append(one)
                one = replace(one, required=False)
            found.append(one)
        return [*found, *(asked(ask, words, self._sayings, self._products) for ask, words in parts.items())]

    def _alike(self, connection: "Connection[Any]", word: Word) -> list[tuple[str, float]]:
        return connection.execute(
            "SELECT word, similarity(word, %(word)s) FROM xephang.words "
            "WHERE word %% %(word)s AND similarity(word, %(word)s) >= %(least)s ORDER BY 2 DESC, 1 LIMIT %(most)s",
            {"word": word.folded, "least": _ALIKE, "most": _MOST_ALIKE},
        ).fetchall()

    def _held_to(
        self, connection: "Connection[Any]", search: Search, reading: Reading, groups: Sequence[Group]
    ) -> tuple[Reading, _Match]:
        """Find by the price that the query says; without it where nothing would be left."""
        price = search.price if search.price != (None, None) else reading.price
        match = self._best(connection, search, groups, priced(*price))
        if match.rows or search.price != (None, None) or reading.price == (None, None):
            return reading, match
        free = self._best(connection, search, groups, priced(None, None))
        return (reading.without({PRICE}), free) if free.rows else (reading, match)

    def _best(self, connection: "Connection[Any]", search: Search, groups: Sequence[Group], price: Condition) -> _Match:
        """Find products with all words, and where these are too few for the reranker, with fewer."""
        most = min(max(search.page * search.page_size, search.candidates), DEEPEST)
        scored, found = score(groups), levels(groups)
        order = ordering(search.sort if not groups else "relevance")
        for least in found:
            loose = least == found[-1] and len(found) > 1
            where = matching(groups, least).and_(price)
            held = where.and_(filtered(search.filters))
            rows = connection.execute(
                f"SELECT id, score, price, count(*) OVER (), min(price) OVER (), max(price) OVER () FROM ("
                f"SELECT id, price, {scored.sql} AS score FROM xephang.search WHERE {held.sql} {order.first} LIMIT %s"
                f") AS one {order.last} LIMIT %s",
                (*scored.values, *held.values, MOST_RANKED, search.candidates if loose else most),
            ).fetchall()
            if loose:
                return _Match(only([row[0] for row in rows]), _as_shown(rows), price, strict=False)
            if rows and rows[0][3] >= search.candidates:
                break
        return _Match(where, rows, price, strict=least == found[0])

    def _counts(
        self, connection: "Connection[Any]", search: Search, groups: Sequence[Group], match: _Match
    ) -> tuple[FacetCounts, ...]:
        """Count the facets' values; a facet's own filter does not narrow what is counted of it."""
        chosen = {name: {normalise(value).lower() for value in values} for name, values in search.filters.items()}
        found: dict[str, list[FacetValue]] = {}
        for own in ("", *(name for name, values in chosen.items() if values)):
            one = match
            if own and not match.strict:  # others are the best of what there is without it
                filters = {name: values for name, values in search.filters.items() if name != own}
                one = self._best(connection, replace(search, filters=filters, page=1), groups, match.price)
            held = one.condition.and_(filtered(search.filters, but=own))
            rows = connection.execute(
                f"SELECT term, count(*) FROM xephang.search, unnest(facets) AS term WHERE {held.sql} "
                "AND starts_with(term, %s) GROUP BY term ORDER BY 2 DESC, 1",
                (*held.values, own and f"{own}="),
            ).fetchall()
            for term, count in rows:
                facet, value = split(term)
                if own or not chosen.get(facet):
                    name = self._terms.name(facet, value)
                    counted = FacetValue(value, name, count, value in chosen.get(facet, ()))
                    found.setdefault(facet, []).append(counted)
        named = self._terms.facet_name
        return tuple(
            FacetCounts(facet, named(facet), tuple(found[facet][:_VALUES]))
            for facet in self._terms.shown()
            if facet in found
        )


def _as_shown(rows: Sequence[Any]) -> list[Any]:
    """Return rows with their own count, lowest and highest price, in place of those of all that was ranked."""
    prices = [row[2] for row in rows if row[2] is not None]
    return [(*row[:3], len(rows), min(prices, default=None), max(prices, default=None)) for row in rows]


def _held(constraint: Constraint) -> Constraint:
    """Return a constraint as it is held to here: prices are filters, and nothing else."""
    return constraint if constraint.key == PRICE else replace(constraint, mode="boost")
