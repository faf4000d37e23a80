"""A small shop with the bundled model, built once, and one of a tiny model where the model does not matter."""

import shutil

import pytest
from stock import HAND_MADE, stock

from xephang import Reranker
from xephang.search import Shop


@pytest.fixture(scope="session")
def giay():
    return Reranker.load("giay", threads=2)


@pytest.fixture(scope="session")
def built(giay, tmp_path_factory):
    """A search folder: never write into it, copy it."""
    folder = tmp_path_factory.mktemp("shop") / "hàng"
    Shop.build(giay, stock(), folder)
    return folder


@pytest.fixture(scope="session")
def shop(giay, built):
    """The shop, not to be changed."""
    return Shop.open(built, model=giay)


@pytest.fixture(scope="session")
def terms_of(shop):
    """By id, the facets' terms that each product answers to."""
    facet_terms = shop.first_stage.facet_terms
    return {product.id: set(facet_terms.of_product(product)) for product in stock()}


@pytest.fixture(scope="session")
def tiny_model(tiny_apart):
    return Reranker.load(tiny_apart, threads=1)


@pytest.fixture(scope="session")
def tiny_built(tiny_model, tmp_path_factory):
    """The products made by hand, with the footwear lexicon: never write into it, copy it."""
    folder = tmp_path_factory.mktemp("tiny-shop") / "hàng"
    Shop.build(tiny_model, HAND_MADE, folder, lexicon="footwear")
    return folder


@pytest.fixture
def folder(tiny_built, tmp_path):
    """A copy of it, to be written into."""
    return shutil.copytree(tiny_built, tmp_path / "hàng")


@pytest.fixture
def changing(folder, tiny_model):
    """The copy, open."""
    return Shop.open(folder, model=tiny_model)
