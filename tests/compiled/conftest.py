"""A tiny model that reads products apart, and catalogues compiled with it."""

import pytest
from shops import shop

from xephang import Reranker
from xephang.compiled import CompiledCatalogue


@pytest.fixture(scope="session")
def model(tiny_apart):
    return Reranker.load(tiny_apart)


@pytest.fixture(scope="session")
def other_model(tiny_apart):
    """The same weights in another file, so that products come to other numbers."""
    return Reranker.load(tiny_apart, precision="fp32")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "hàng"


@pytest.fixture
def compiled(model, folder):
    """Thirty products p0 to p29."""
    return CompiledCatalogue.build(model, shop(30), folder)
