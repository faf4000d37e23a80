"""The second bundled lexicon: nothing in the parser knows about shoes."""

import pytest

from xephang.lexicon import Lexicon
from xephang.text import fold

BAGS = Lexicon.load("bags")
CASES = [
    ("Balo laptop 15.6 inch nam chống nước", {"category": ["balo-laptop"], "size": ["inch-15.6"], "gender": ["nam"]}),
    ("vali kéo 20 inch khóa TSA", {"category": ["vali"], "size": ["inch-20"], "feature": ["chong-trom"]}),
    ("vali size 20-24", {"category": ["vali"], "size": ["inch-20-24"]}),
    ("vali 24in nhựa ABS", {"category": ["vali"], "size": ["inch-24"], "material": ["nhua"]}),
    ("túi đeo chéo nữ da bò nâu", {"category": ["tui-deo-cheo"], "material": ["da-bo"], "color": ["nau"]}),
    ("túi tote canvas đi học", {"category": ["tui-tote"], "material": ["canvas"], "use": ["di-hoc"]}),
    ("ví dài nữ da thật đỏ", {"category": ["vi-dai"], "gender": ["nu"], "material": ["da"], "color": ["do"]}),
    ("bóp nam đen", {"category": ["vi"], "gender": ["nam"], "color": ["den"]}),
    ("ba lô du lịch 40 lít", {"category": ["balo"], "volume": ["40"], "use": ["du-lich"]}),
    ("balo Mikkor 25L", {"brand": ["mikkor"], "volume": ["25"]}),
    ("Móc khóa treo balo", {"category": ["moc-khoa"]}),
    ("bọc vali 28 inch", {"category": ["boc-vali"], "size": ["inch-28"]}),
    ("túi Charles & Keith", {"category": ["tui"], "brand": ["charles-keith"]}),
    ("balo tặng kèm móc khóa", {"category": ["balo"]}),
    ("giày thể thao nam", {"category": [], "gender": ["nam"]}),
]


@pytest.mark.parametrize(("text", "facets"), CASES, ids=[text for text, _ in CASES])
def test_a_bag_is_read(text, facets):
    for written in (text, text.upper(), fold(text)):
        read = BAGS.parse(written)
        assert {facet: list(read.ids(facet)) for facet in facets} == facets


@pytest.mark.parametrize(("text", "accessory"), [("móc khóa balo", True), ("balo", False), ("quai túi da", True)])
def test_bags_have_accessories_too(text, accessory):
    assert BAGS.parse(text).accessory is accessory


@pytest.mark.parametrize("facet", BAGS.facets)
def test_every_form_alone_finds_its_value_or_a_kind_of_it(facet):
    lost = [
        " ".join(form.words)
        for form in BAGS.facets[facet].forms()
        if not any(BAGS.is_a(facet, one, form.value) for one in BAGS.parse(" ".join(form.words)).ids(facet))
    ]
    assert lost == []
