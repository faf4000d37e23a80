"""One server for all tests of this folder, and a database of its own for each; run by `make postgresql`."""

import psycopg
import pytest
from cluster import running


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
