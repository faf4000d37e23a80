import pytest

from xephang.product import Product
from xephang.search import Shop
from xephang.search.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary(tiny_model, tmp_path_factory):
    titles = ("Giày da bò", "Giày đá bóng", "giày đá banh", "GIÀY", "Giay xin", "Dép đa năng", "👟 🔥", "đả đảo đả")
    products = [Product(id=str(at), title=title, brand="Bitis") for at, title in enumerate(titles)]
    shop = Shop.build(tiny_model, products, tmp_path_factory.mktemp("words") / "hàng")
    return shop.first_stage.speller.vocabulary


@pytest.mark.parametrize(("word", "count"), [("giay", 5), ("da", 5), ("bong", 1), ("bitis", 8), ("dao", 1), ("đá", 0)])
def test_words_are_counted_by_product_and_without_diacritics(vocabulary, word, count):
    assert vocabulary.count(word) == count


@pytest.mark.parametrize("word", ["", " ", "giày", "xyz", "giay da", "\ud800", "🔥", "x" * 10_000])
def test_what_no_product_holds_counts_nothing(vocabulary, word):
    assert vocabulary.count(word) == 0
    assert vocabulary.accented(word) == word


@pytest.mark.parametrize(("word", "form"), [("giay", "giày"), ("da", "đá"), ("bong", "bóng"), ("bitis", "bitis")])
def test_the_most_frequent_form_has_its_diacritics(vocabulary, word, form):
    assert vocabulary.accented(word) == form


def test_products_that_come_bring_their_words(changing):
    before = changing.first_stage.speller.vocabulary
    changing.update([Product(id="1", title="Ủng Quẩy")])
    after = changing.first_stage.speller.vocabulary
    assert (before.count("quay"), after.count("quay")) == (0, 1)
    assert after.accented("quay") == "quẩy"
    again = Vocabulary.of(changing.first_stage.searcher)
    assert (again.counts, again.forms) == (after.counts, after.forms)
