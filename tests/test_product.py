import json
import math
from dataclasses import replace
from decimal import Decimal
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xephang.catalogue import Catalogue
from xephang.errors import InputError, RecipeError
from xephang.product import LISTING, SEED, TEMPLATES, TEXT_FIELDS, Product, ProductTemplate
from xephang.product.names import field_of
from xephang.text import normalise, repair

TEXT_CASES = Path(__file__).with_name("text_cases.json")
SHOE = Product(
    id="sp-1",
    title="Giày Stan Smith",
    brand="Adidas",
    category="Giày thể thao",
    color="Trắng",
    size="42",
    attributes=("Chống trượt", "Đệm êm"),
    gender="Nam",
    price=1_990_000.0,
    description="Da thật, đế cao su.",
)
# (brand, category, color, size, attribute), and the text the seed card prints, before it was broken
CARD = [
    (
        ("Adidas", "Giày đá bóng", "Vàng", "42", "Chống trượt"),
        "Adidas Giày đá bóng Vàng Size 42 | Đôi giày giày đá bóng màu Vàng từ thương hiệu Adidas, sở hữu tính năng "
        "chống trượt, phù hợp luyện tập hằng ngày. | brand: Adidas | category: Giày đá bóng | color: Vàng | size: 42 "
        "| attribute: Chống trượt",
    ),
    (
        ("New Balance", "Giày đá bóng", "Trắng", "37", "Đệm êm"),
        "New Balance Giày đá bóng Trắng Size 37 | Đôi giày giày đá bóng màu Trắng từ thương hiệu New Balance, sở hữu "
        "tính năng đệm êm, phù hợp luyện tập hằng ngày. | brand: New Balance | category: Giày đá bóng | color: Trắng "
        "| size: 37 | attribute: Đệm êm",
    ),
    (
        ("Puma", "Giày đá bóng", "Đỏ", "42", "Đệm êm"),
        "Puma Giày đá bóng Đỏ Size 42 | Đôi giày giày đá bóng màu Đỏ từ thương hiệu Puma, sở hữu tính năng đệm êm, "
        "phù hợp luyện tập hằng ngày. | brand: Puma | category: Giày đá bóng | color: Đỏ | size: 42 "
        "| attribute: Đệm êm",
    ),
    (
        ("Puma", "Giày đá bóng", "Xám", "38", "Chống trượt"),
        "Puma Giày đá bóng Xám Size 38 | Đôi giày giày đá bóng màu Xám từ thương hiệu Puma, sở hữu tính năng chống "
        "trượt, phù hợp luyện tập hằng ngày. | brand: Puma | category: Giày đá bóng | color: Xám | size: 38 "
        "| attribute: Chống trượt",
    ),
    (
        ("New Balance", "Giày chạy bộ", "Đỏ", "36", "Chống trượt"),
        "New Balance Giày chạy bộ Đỏ Size 36 | Đôi giày giày chạy bộ màu Đỏ từ thương hiệu New Balance, sở hữu tính "
        "năng chống trượt, phù hợp luyện tập hằng ngày. | brand: New Balance | category: Giày chạy bộ | color: Đỏ "
        "| size: 36 | attribute: Chống trượt",
    ),
]

texts = st.text(st.characters(exclude_categories=()), max_size=12)
shop_texts = st.text(st.sampled_from("aĐế 4,.|[]{}\\:\0\u0301\u200b★ð\n"), max_size=8)
prices = st.one_of(st.none(), st.integers(0, 10**9), st.floats(0, 1e9))
extra_names = st.text(min_size=1, max_size=8).filter(lambda name: field_of(name) is None and name != "extra")
extra_values = st.one_of(st.none(), st.booleans(), st.integers(), texts, st.lists(texts, max_size=2))


def records(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict]:
    known = {name: st.one_of(values, st.integers(-(10**6), 10**12)) for name in TEXT_FIELDS}
    known |= {"attributes": st.one_of(values, st.lists(values, max_size=3)), "attribute": values, "price": prices}
    return st.builds(
        lambda record, extra: extra | record,
        st.fixed_dictionaries({}, optional=known),
        st.dictionaries(extra_names, extra_values, max_size=2),
    )


def template(**parts: str) -> ProductTemplate:
    return ProductTemplate("mine", tuple(parts.items()))


def subsets(product: Product, *names: str) -> list[Product]:
    """Return the product with every choice of these fields missing, save all."""
    choices = chain.from_iterable(combinations(names, count) for count in range(len(names)))
    return [replace(product, **{name: () if name == "attributes" else "" for name in choice}) for choice in choices]


@pytest.mark.parametrize(
    ("record", "field", "value"),
    [
        pytest.param({"title": "Giày"}, "title", "Giày", id="text"),
        pytest.param({"size": 42}, "size", "42", id="integer"),
        pytest.param({"size": 42.0}, "size", "42", id="a whole number that was read as a float"),
        pytest.param({"size": 42.5}, "size", "42.5", id="half size"),
        pytest.param({"id": 123456789.0}, "id", "123456789", id="every digit of a long id"),
        pytest.param({"id": 0}, "id", "0", id="nought is a value"),
        pytest.param({"brand": None}, "brand", "", id="none"),
        pytest.param({"brand": math.nan}, "brand", "", id="NaN, as data frames mark a hole"),
        pytest.param({}, "brand", "", id="missing"),
        pytest.param({"attributes": ["Êm", "Nhẹ"]}, "attributes", ("Êm", "Nhẹ"), id="list"),
        pytest.param({"attributes": ("Êm", 5)}, "attributes", ("Êm", "5"), id="tuple with a number"),
        pytest.param({"attributes": "Êm, nhẹ"}, "attributes", ("Êm, nhẹ",), id="one text is one attribute"),
        pytest.param({"attributes": [" Êm ", "", None, math.nan]}, "attributes", ("Êm",), id="holes in a list"),
        pytest.param({"attributes": math.nan}, "attributes", (), id="NaN for the list"),
        pytest.param({"attribute": "Êm"}, "attributes", ("Êm",), id="attribute for attributes"),
        pytest.param({"attribute": ["Êm", "Nhẹ"]}, "attributes", ("Êm", "Nhẹ"), id="a list under attribute"),
        pytest.param({"attributes": ["Êm"], "attribute": "Nhẹ"}, "attributes", ("Êm",), id="our own name of two"),
        pytest.param({"attributes": "Êm; nhẹ|Bền"}, "attributes", ("Êm", "nhẹ", "Bền"), id="a text is split"),
        pytest.param({"name": "Giày"}, "title", "Giày", id="a common other name"),
        pytest.param({"te\u0302n": "Giày"}, "title", "Giày", id="a name in decomposed letters"),
        pytest.param({"Ten_San_Pham": "Giày"}, "title", "Giày", id="a name without diacritics"),
        pytest.param({"title": "Giày", "name": "Dép"}, "title", "Giày", id="our own name before another"),
        pytest.param({"title": "Gi\u00c3\u00a0y"}, "title", "Giày", id="mojibake"),
        pytest.param({"title": " \u3000Giày\n"}, "title", "Giày", id="white space around"),
        pytest.param({"title": "Giày \ud83d"}, "title", "Giày \ufffd", id="half an emoji"),
        pytest.param({"title": "Giày 👟"}, "title", "Giày 👟", id="an emoji"),
        pytest.param({"title": "giày " * 2000}, "title", ("giày " * 2000).strip(), id="10,000 characters"),
        pytest.param({"title": ["Giày", None, "Dép"]}, "title", "Giày, Dép", id="a list"),
        pytest.param({"id": Decimal(12)}, "id", "12", id="a decimal number"),
        pytest.param({"price": "268.000đ"}, "price", 268000.0, id="a price as shops write it"),
        pytest.param({"giá": "268k"}, "price", 268000.0, id="a price under a common other name"),
        pytest.param({"price": 199000}, "price", 199000.0, id="price"),
        pytest.param({"price": 0}, "price", 0.0, id="a gift"),
        pytest.param({"price": ""}, "price", None, id="empty price"),
        pytest.param({"price": math.nan}, "price", None, id="NaN price"),
    ],
)
def test_a_record_is_read(record: dict, field: str, value: object) -> None:
    assert getattr(Product.from_dict(record), field) == value


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"title": True}, "field 'title': expected text, got bool"),
        ({"brand": {"name": "Nike"}}, "field 'brand': expected text, got dict"),
        ({"size": b"42"}, "field 'size': expected text, got bytes"),
        ({"id": ["1"]}, "field 'id': expected text, got list"),
        ({"attributes": {"đế": "êm"}}, "field 'attributes': expected text, got dict"),
        ({"attributes": [["Êm"]]}, "field 'attributes': expected text, got list"),
        ({"attributes": [False]}, "field 'attributes': expected text, got bool"),
        ({"attributes": b"ab"}, "field 'attributes': expected text, got bytes"),
        ({"attribute": False}, "field 'attribute': expected text, got bool"),
        ({"price": "liên hệ"}, "field 'price': 'liên hệ' can not be read as a price"),
        ({"giá": "1tr25"}, "field 'giá': '1tr25' can not be read as a price"),
        ({"price": True}, "field 'price': expected a number in đồng, got bool"),
        ({"price": [1]}, "field 'price': expected a number in đồng, got list"),
        ({"price": -1}, "field 'price': -1 is no price"),
        ({"price": math.inf}, "field 'price': inf is no price"),
        ({"price": 10**400}, "field 'price': inf is no price"),
        ({"name": "Giày", "tên": "Dép"}, "'name' and 'tên' could all be the 'title'; keep one of them"),
    ],
)
def test_what_is_no_text_or_number_is_refused_by_name(record: dict, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        Product.from_dict(record)


def test_unknown_fields_are_kept_and_holes_are_not() -> None:
    record = {"title": "Giày", "sold": 106, "tags": ["hot"], "sale": True}
    product = Product.from_dict({**record, "note": None, "stars": math.nan})
    assert product.extra == {"sold": 106, "tags": ["hot"], "sale": True}
    assert product.to_dict() == record


def test_unknown_fields_are_what_json_can_hold() -> None:
    product = Product.from_dict({"title": "Giày", "sizes": (36, 37), "sum": b"\x01\xff", 7: Decimal("1.5")})
    assert product.extra == {"sizes": [36, 37], "sum": "01ff", "7": "1.5"}
    assert json.loads(json.dumps(product.to_dict())) == product.to_dict()


def test_what_cannot_be_compared_is_kept_as_text() -> None:
    """An embedding, as data frames carry them along: `array != array` is no truth value."""
    assert Product.from_dict({"title": "Giày", "vector": np.zeros(2)}).extra == {"vector": "[0. 0.]"}


@pytest.mark.parametrize("name", ["name", "attribute", "giá"])
def test_an_extra_field_is_not_taken_for_an_empty_one_later(name: str) -> None:
    """`title` is empty and `name` beside it is not: what was extra stays extra."""
    product = Product.from_dict({"title": "", "attributes": [], "price": None, name: "5"})
    assert product.extra == {name: "5"}
    assert Product.from_dict(product.to_dict()) == product


@given(record=records(shop_texts))
def test_a_record_is_the_product_that_a_catalogue_reads(record: dict, tmp_path_factory: pytest.TempPathFactory) -> None:
    record = {**record, "id": "1", "title": "Giày"}
    path = tmp_path_factory.getbasetemp() / "one.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert list(Catalogue.open(path)) == [Product.from_dict(record)]


@pytest.mark.parametrize(
    ("record", "flat"),
    [
        ({"extra": {"sold": 1}, "title": "Giày"}, {"sold": 1, "title": "Giày"}),
        ({"extra": {"sold": 1}, "sold": 2}, {"sold": 2}),
        ({"extra": {"brand": "Nike"}, "title": "Giày"}, {"brand": "Nike", "title": "Giày"}),
        ({"extra": {"extra": {"sold": 1}}}, {"sold": 1}),
        ({"extra": '{"sold": 1}'}, {"sold": 1}),
        ({"extra": "tặng tất"}, {"extra": "tặng tất"}),
    ],
    ids=["a table", "the record wins", "a known field", "twice nested", "a table as text", "a text of that name"],
)
def test_a_field_called_extra(record: dict, flat: dict) -> None:
    assert Product.from_dict(record).to_dict() == flat


def test_to_dict_leaves_out_what_is_unknown() -> None:
    assert Product(id="1", price=0.0).to_dict() == {"id": "1", "price": 0.0}
    assert Product().to_dict() == {}
    assert Product(title="Giày", extra={"title": "?"}).to_dict() == {"title": "Giày"}


@given(record=records(texts))
@example({"id": 1e300, "attributes": "\u3000"})
def test_a_product_survives_the_round_trip(record: dict) -> None:
    product = Product.from_dict(record)
    assert Product.from_dict(product.to_dict()) == product
    assert Product.from_dict(json.loads(json.dumps(product.to_dict()))) == product


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Giày Đế mềm"),
        ("attribute", "Êm, Nhẹ"),
        ("attributes", "Êm, Nhẹ"),
        ("price", "199000"),
        ("color", ""),
        ("material", "Da thật"),
        ("sold", "106"),
        ("nothing", ""),
    ],
)
def test_a_value_is_normalised_text(name: str, value: str) -> None:
    title = " Gia\u0300y\u00a0\u200bÐế  mềm"
    product = Product(
        title=title, attributes=("Êm", "Nhẹ"), price=199000.4, extra={"material": "Da  thật", "sold": 106}
    )
    assert product.value(name) == value


def test_an_extra_field_that_is_no_text_can_not_be_rendered() -> None:
    with pytest.raises(InputError, match="field 'tags': expected text, got list"):
        template(tags="{tags}").render(Product(extra={"tags": ["hot"]}))


@pytest.mark.parametrize(("values", "text"), CARD, ids=[text[:40] for _, text in CARD])
def test_the_seed_template_writes_the_card_to_the_letter(values: tuple[str, ...], text: str) -> None:
    brand, category, color, size, attribute = values
    record = {"brand": brand, "category": category, "color": color, "size": size, "attribute": attribute}
    assert SEED.render(Product.from_dict(record)).text == text
    assert 216 <= len(text) <= 247, "the range that the card gives"


def test_the_card_was_printed_from_these_very_texts() -> None:
    """Broken as the card was (cp1252, soft hyphens dropped), each is a text of it, letter for letter."""
    cases = json.loads(TEXT_CASES.read_text(encoding="utf-8"))["positive"]
    printed = {case["original"] for case in cases if case["label"].startswith("the seed card")}
    for _, text in CARD:
        broken = text.encode().decode("cp1252", errors="ignore").replace("\u00ad", "")
        assert broken in printed
        assert repair(broken).lost


@pytest.mark.parametrize(
    ("product", "text"),
    [
        (Product(size="42"), "Size 42 | size: 42"),
        (Product(brand="Nike"), "Nike | Đôi giày từ thương hiệu Nike, phù hợp luyện tập hằng ngày. | brand: Nike"),
        (
            Product(attributes=("Đệm Êm", "Nhẹ")),
            "Đôi giày, sở hữu tính năng đệm êm, nhẹ, phù hợp luyện tập hằng ngày. | attribute: Đệm Êm, Nhẹ",
        ),
        (
            Product(category="DÉP LÊ", color="ĐỎ"),
            "DÉP LÊ ĐỎ | Đôi giày dép lê màu ĐỎ, phù hợp luyện tập hằng ngày. | category: DÉP LÊ | color: ĐỎ",
        ),
    ],
)
def test_the_seed_template_bends_around_what_is_missing(product: Product, text: str) -> None:
    assert SEED.render(product).text == text


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_subset_of_fields_leaves_a_hole(name: str) -> None:
    names = ["brand", "category", "color", "size", "attributes"]
    if name == "listing":
        names += ["title", "gender", "description"]
    rendered = [TEMPLATES[name].render(product).text for product in subsets(SHOE, *names)]
    assert len(rendered) == 2 ** len(names) - 1
    for text in rendered:
        parts = text.split(" | ")
        assert all(parts), f"an empty part: {text}"
        assert not any(part.endswith((":", " ", ",", "màu", "size", "Size", "hiệu")) for part in parts), text
        assert not any(part.startswith((" ", ",", ":")) for part in parts), text
        assert "  " not in text
        assert " ," not in text
        assert "None" not in text
        assert not any(sign in text for sign in "[]{}\0")


def test_a_hole_of_white_space_is_a_hole() -> None:
    holes = {name: " \u200b\u00a0" for name in ("brand", "category", "color", "description")}
    assert SEED.render(Product(size="42", **holes)).text == "Size 42 | size: 42"
    assert LISTING.render(Product(title="Giày", **holes)).text == "Giày"


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("product", [Product(), Product(id="7", price=5.0), Product(id="7", extra={"sold": 1})])
def test_a_product_without_any_of_the_fields_is_refused_by_name(name: str, product: Product) -> None:
    with pytest.raises(InputError, match=f"product '{product.id}': the template '{name}' reads attribute, brand, "):
        TEMPLATES[name].render(product)


def test_a_listing_says_its_title_and_then_the_rest() -> None:
    assert LISTING.render(SHOE).text == (
        "Giày Stan Smith | Adidas | Giày thể thao | màu Trắng | size 42 | Nam | Chống trượt, Đệm êm "
        "| Da thật, đế cao su."
    )


@pytest.mark.parametrize(
    ("title", "field", "value", "said"),
    [
        pytest.param("Giày Adidas nam", "brand", "Adidas", True, id="as it stands"),
        pytest.param("GIÀY ADIDAS", "brand", "adidas", True, id="other case"),
        pytest.param("Giay the thao trang", "color", "Trắng", True, id="title without diacritics"),
        pytest.param("Dép màu đỏ đô", "color", "Do Do", True, id="value without diacritics"),
        pytest.param("Giày (New-Balance) 574", "brand", "New Balance", True, id="other punctuation"),
        pytest.param("Giày size 36,37,38", "size", "37", True, id="in a list of sizes"),
        pytest.param("Giày thê\u0309 thao", "category", "thể thao", True, id="title in NFD"),
        pytest.param("Giày 42", "size", "4", False, id="part of a number"),
        pytest.param("Giày 4", "size", "42", False, id="the beginning of a number"),
        pytest.param("Giày 42.5", "size", "42", False, id="a half size is another size"),
        pytest.param("Giày 42,5 đen", "size", "5", False, id="the half of a half size"),
        pytest.param("Giày 42.5.", "size", "42.5", True, id="a half size at the end of a sentence"),
        pytest.param("Giày Pumax", "brand", "Puma", False, id="the beginning of a word"),
        pytest.param("Sneaker xi măng", "color", "Xi", True, id="a whole word of two letters"),
        pytest.param("Giày đen trắng", "color", "trắng đen", False, id="in another order"),
        pytest.param("Giày đen viền trắng", "color", "đen trắng", False, id="with a word between"),
        pytest.param("Giày Biti's Hunter", "brand", "Bitis", False, id="another spelling"),
        pytest.param("Giày", "brand", "鞋", False, id="another script"),
        pytest.param("★ Giày ★", "brand", "★★★", False, id="signs only"),
    ],
)
def test_what_the_title_says_is_not_said_again(title: str, field: str, value: str, said: bool) -> None:
    text = LISTING.render(Product(title=title, **{field: value})).text
    label = {"color": "màu ", "size": "size "}.get(field, "")
    assert text == normalise(title) + ("" if said else f" | {label}{value}")


def test_without_a_title_nothing_is_said_already() -> None:
    assert LISTING.render(Product(brand="★", category="Dép", color="Đỏ")).text == "★ | Dép | màu Đỏ"


def test_a_part_of_several_fields_goes_only_where_all_that_are_known_are_said() -> None:
    both = ProductTemplate(
        "mine", (("title", "{title}"), ("kind", "[{brand} ]{color}"), ("shop", "shop Hà")), unless_said_in="title"
    )
    title = "Giày Nike đỏ"
    assert both.render(Product(title=title, brand="Nike", color="Đỏ")).text == f"{title} | shop Hà"
    assert both.render(Product(title=title, color="Đỏ")).text == f"{title} | shop Hà"
    assert both.render(Product(title=title, brand="Puma", color="Đỏ")).text == f"{title} | Puma Đỏ | shop Hà"


@pytest.mark.parametrize("value", ["OEM", "oem", " Oem ", "Root", "No Brand", "khong co thuong hieu", "N/A", "KHÁC"])
def test_values_that_say_nothing_are_left_out(value: str) -> None:
    assert LISTING.render(Product(title="Giày", brand=value, category=value)).text == "Giày"


@pytest.mark.parametrize("value", ["OEM Sport", "Root66", "Khác Biệt", "N", "***"])
def test_values_that_only_begin_like_those_are_kept(value: str) -> None:
    assert LISTING.render(Product(title="Giày", brand=value)).text == f"Giày | {value}"


def test_an_ignored_sign_does_not_silence_other_signs() -> None:
    mine = replace(LISTING, ignore=("-", "Chu\u031ba co\u0301"))
    assert mine.render(Product(title="Giày", brand="-", color="Chưa có", category="★")).text == "Giày | ★"


def test_a_template_is_read_from_a_table() -> None:
    mine = ProductTemplate.from_dict(
        {
            "name": "ngắn",
            "parts": {"tên": "{title}", "chất liệu": "chất liệu {material lower}", "giá": "[giá {price} ]đồng {title}"},
            "separator": "; ",
            "cut_first": ["giá"],
        }
    )
    assert mine.fields == {"title", "material", "price"}
    rendered = mine.render(Product(title="Dép", extra={"material": "DA Bò"}, price=99000))
    assert rendered.text == "Dép; chất liệu da bò; giá 99000 đồng Dép"
    assert [rendered.text[start:end] for start, end in rendered.cut_first] == [
        "; giá 99000 đồng Dép",
        "; chất liệu da bò",
        "Dép",
    ]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_name_alone_means_a_template_of_ours(name: str) -> None:
    assert ProductTemplate.from_dict({"name": name}) == TEMPLATES[name]


def test_a_name_with_other_keys_varies_a_template_of_ours() -> None:
    assert ProductTemplate.from_dict({"name": "listing", "ignore": ["Hãng"]}) == replace(LISTING, ignore=("Hãng",))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_survives_json(name: str) -> None:
    table = json.loads(json.dumps(TEMPLATES[name].to_dict()))
    assert ProductTemplate.from_dict(table) == TEMPLATES[name]
    assert ProductTemplate.from_dict(table).render(SHOE) == TEMPLATES[name].render(SHOE)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        pytest.param({"parts": {"a": "{title}"}, "cut_first": ["b"]}, "no part 'b'; parts are a", id="cut_first"),
        pytest.param(
            {"parts": {"a": "{title}"}, "unless_said_in": "b"}, "no part 'b'; parts are a", id="unless_said_in"
        ),
        pytest.param(
            {"parts": {"a": "{title}"}, "cut_first": ["a", "a"]}, "cut_first names a part twice: a, a", id="twice"
        ),
        pytest.param({"parts": {}}, "needs at least one part", id="no parts"),
        pytest.param({"parts": {"a": "[{title}"}}, r"part 'a': unmatched .* '\[{title}'", id="open bracket"),
        pytest.param({"parts": {"a": "{title}]"}}, r"part 'a': unmatched .* '{title}\]'", id="close bracket"),
        pytest.param({"parts": {"a": "{title"}}, "part 'a': unmatched .* '{title'", id="open brace"),
        pytest.param({"parts": {"a": "{}"}}, "part 'a': unmatched .* '{}'", id="empty braces"),
        pytest.param({"parts": {"a": "{title upper}"}}, "part 'a': unmatched .* '{title upper}'", id="unknown change"),
        pytest.param({"parts": {"a": "[[{title}]]"}}, "part 'a': unmatched", id="nested brackets"),
        pytest.param({"parts": {"a": "{title}"}, "seperator": "-"}, "unknown key 'seperator'; keys are", id="key"),
        pytest.param({"name": "sede"}, "no template is called 'sede'; there are seed, listing", id="name"),
        pytest.param({}, "no template is called 'custom'", id="nothing at all"),
        pytest.param({"parts": "{title}"}, "'parts' must be a table of patterns, got '{title}'", id="parts no table"),
        pytest.param(
            {"name": "seed", "cut_first": "size"}, "'cut_first' must be a list of parts, got 'size'", id="no list"
        ),
        pytest.param({"name": "seed", "ignore": "OEM"}, "'ignore' must be a list of texts, got 'OEM'", id="ignore"),
        pytest.param({"name": 5}, "'name' must be a text, got 5", id="name no text"),
        pytest.param({"name": "seed", "separator": ""}, "the separator '' is empty", id="no separator"),
        pytest.param(
            {"name": "seed", "separator": " \n "}, r"the separator ' \\n ' is empty or would not", id="newline"
        ),
    ],
)
def test_a_template_that_can_not_be_used_is_refused_by_name(table: dict, named: str) -> None:
    with pytest.raises(RecipeError, match=named):
        ProductTemplate.from_dict(table)


def test_no_part_stands_twice() -> None:
    with pytest.raises(RecipeError, match="template 'mine': needs at least one part, and no part twice"):
        ProductTemplate("mine", (("a", "{title}"), ("a", "{brand}")))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{title lower}", "giày đế"),
        ("{title} của {brand}", ""),
        ("{title}[ của {brand}]", "Giày ĐẾ"),
        ("[{brand}: ]{title}", "Giày ĐẾ"),
        ("[của {brand} ][màu {color}]", ""),
        ("{title}[, {brand} {size}]", "Giày ĐẾ"),
        ("{title}[, size {size}]!", "Giày ĐẾ, size 42!"),
        ("  {title}  -  {size} ", "Giày ĐẾ - 42"),
        ("{title} {title lower}", "Giày ĐẾ giày đế"),
    ],
)
def test_patterns(pattern: str, text: str) -> None:
    rendered = template(part=pattern, rest="{id}").render(Product(id="1", title="Giày ĐẾ", size="42"))
    assert rendered.text == (f"{text} | 1" if text else "1")


@pytest.mark.parametrize(
    "value", ["[{brand}]", "{title}", "{size lower}", "a | b", "\\1 \\g<0> \\", "$1 %s {0}", "]][[", "}{", "a[b]c"]
)
def test_signs_of_the_template_in_a_value_stand_for_themselves(value: str) -> None:
    product = Product(title=value, brand=value, size="42")
    assert template(a="{title}", b="[{brand} ]cỡ {size}").render(product).text == f"{value} | {value} cỡ 42"
    assert SEED.render(product).text.startswith(f"{value} Size 42 | Đôi giày từ thương hiệu {value}, phù")


def test_parts_are_cut_in_their_order_and_with_their_separator() -> None:
    rendered = LISTING.render(SHOE)
    assert [rendered.text[start:end] for start, end in rendered.cut_first] == [
        " | Da thật, đế cao su.",
        " | Chống trượt, Đệm êm",
        " | Nam",
        " | size 42",
        " | màu Trắng",
        " | Giày thể thao",
        " | Adidas",
        "Giày Stan Smith",
    ]


def test_the_seed_text_loses_its_sentence_first_and_its_heading_last() -> None:
    rendered = SEED.render(SHOE)
    stretches = [rendered.text[start:end] for start, end in rendered.cut_first]
    assert [stretch.removeprefix(" | ").split(" ")[0] for stretch in stretches] == [
        "Đôi",
        "attribute:",
        "size:",
        "color:",
        "category:",
        "brand:",
        "Adidas",
    ]


def test_parts_that_are_not_named_go_from_the_last_to_the_first() -> None:
    mine = ProductTemplate("mine", (("a", "{title}"), ("b", "{brand}"), ("c", "{size}")), cut_first=("b",))
    rendered = mine.render(SHOE)
    assert [rendered.text[start:end] for start, end in rendered.cut_first] == [" | Adidas", " | 42", "Giày Stan Smith"]


@given(record=records(st.one_of(texts, shop_texts)), name=st.sampled_from(sorted(TEMPLATES)))
@example({"title": "\u0301a", "brand": "Hoa\u0300", "color": "İ"}, "listing")
@example({"title": "|", "brand": "\0[\0]", "attributes": ["{brand}", "\\0"]}, "seed")
def test_a_rendered_text_is_normalised_and_its_spans_tile_it(record: dict, name: str) -> None:
    product, mine = Product.from_dict(record), replace(TEMPLATES[name], ignore=())
    if not any(map(product.value, mine.fields)):
        with pytest.raises(InputError, match="has none of them"):
            mine.render(product)
        return
    rendered = mine.render(product)
    assert rendered.text == normalise(rendered.text)
    spans = sorted(rendered.cut_first)
    assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])], "no gap, no overlap"
    assert spans[-1][1] == len(rendered.text)
    assert all(start < end for start, end in spans)
    assert all(rendered.text[start:].startswith(mine.separator) for start, _ in spans[1:])


@pytest.mark.parametrize("name", TEMPLATES)
def test_cutting_part_after_part_leaves_a_text_that_still_reads(name: str) -> None:
    """What is left never ends in half a separator, and what goes last is the first part."""
    for product in subsets(SHOE, "brand", "category", "color", "attributes"):
        rendered = TEMPLATES[name].render(product)
        left = list(rendered.text)
        for start, end in rendered.cut_first[:-1]:
            left[start:end] = [""] * (end - start)
            rest = "".join(left)
            assert rest == normalise(rest)
            assert not rest.endswith("|")
        assert rest == rendered.text.split(" | ")[0]
