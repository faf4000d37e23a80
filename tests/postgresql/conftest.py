"""One server for all tests of this folder, and a database of its own for each; run by `make postgresql`."""

import psycopg
import pytest
from cluster import running

from xephang.search.postgresql import PostgresFirstStage


@pytest.fixture(scope="session")
def server():
    """The server that all tests but those that stop it share."""
    with running() as made:
        yield made


@pytest.fixture
def url(server):
    """The URL of an empty database."""
    return server.database()


@pytest.fixture
def shop(url):
    """A connection to that database as the shop's own programs have it, each statement committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def stocked(url, shop):
    """Return a function that makes a table of titles and returns its first stage."""
    opened = []

    def stocked(*titles, **options):
        shop.execute("CREATE TABLE hang (ma bigint PRIMARY KEY, ten text, thuong_hieu text, gia numeric)")
        for number, title in enumerate(titles, start=1):
            shop.execute("INSERT INTO hang VALUES (%s, %s, 'Bata', %s)", (number, title, number * 1000))
        opened.append(PostgresFirstStage.create(url, "hang", columns={"id": "ma"}, **options))
        return opened[-1]

    yield stocked
    for one in opened:
        one.close()
