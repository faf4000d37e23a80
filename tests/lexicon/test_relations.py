"""What the values of a facet say about one another, as a file has it."""

import pytest

from xephang.errors import InputError
from xephang.lexicon import BUNDLED, Lexicon
from xephang.lexicon.numbers import prefix_of
from xephang.lexicon.relations import linked

HATS = """
title_order = ["color", "size"]
category_facets = ["color"]

[facets.category.values]
mu = {{ title = ["mũ"] }}
non = {{ title = ["nón"] }}
moc = {{ title = ["móc treo mũ"], accessory = true }}

[facets.category.relations]
{first}

[facets.color]
asked = 2.5
announced = true

[facets.color.values]
den = {{ title = ["đen"] }}
trang = {{ title = ["trắng"] }}

[facets.color.relations]
{other}

[[facets.size.patterns]]
kind = "measure"
min = 40
max = 70
units = {{ cm = 1 }}
{pattern}
"""

BROKEN = [
    ({"other": "exclusiv = true"}, "[facets.color.relations], key 'exclusiv'", "did you mean 'exclusive'?"),
    ({"other": "exclusive = 1"}, "[facets.color.relations], key 'exclusive'", "true or false"),
    ({"other": "tolerance = -1"}, "[facets.color.relations], key 'tolerance'", "must not be below 0"),
    ({"other": "tolerance = '1'"}, "[facets.color.relations], key 'tolerance'", "a number"),
    ({"other": "assumed = 'dn'"}, "[facets.color.relations], key 'assumed'", "did you mean 'den'?"),
    ({"other": "near = [['den', 'do']]"}, "[facets.color.relations], key 'near'", "no value 'do' in this facet"),
    ({"other": "near = ['den', 'trang']"}, "[facets.color.relations], key 'near'", "a list of at least two texts"),
    ({"other": "near = [['den']]"}, "[facets.color.relations], key 'near'", "at least two texts"),
    ({"other": "near = [['den', 'den']]"}, "[facets.color.relations], key 'near'", "none twice"),
    ({"other": "near = [['den', 1]]"}, "[facets.color.relations], key 'near'", "at least two texts"),
    ({"other": "against = 'den'"}, "[facets.color.relations], key 'against'", "a list of groups"),
    ({"other": "meets = { den = ['xx'] }"}, "[facets.color.relations], key 'meets'", "no value 'xx'"),
    ({"other": "meets = ['den']"}, "[facets.color.relations], key 'meets'", "must be a table"),
    ({"other": "implies = { xx = ['size.38'] }"}, "[facets.color.relations], key 'implies'", "no value 'xx'"),
    ({"first": "implies = { mu = ['color'] }"}, "key 'implies.mu'", "'color' is no facet.value"),
    ({"first": "implies = { mu = ['color.do'] }"}, "key 'implies.mu'", "'color.do' is no facet.value"),
    ({"first": "accessory_facets = ['colour']"}, "key 'accessory_facets'", "facets are category, color, size"),
    ({"first": "exclusive = true"}, "[facets.category.relations], key 'exclusive'", "any facet but the first"),
    ({"first": "against = [['mu', 'non']]"}, "[facets.category.relations], key 'against'", "any facet but the first"),
    ({"other": "beside = [['den', 'trang']]"}, "[facets.color.relations], key 'beside'", "the first facet"),
    ({"other": "accessory_facets = ['size']"}, "[facets.color.relations], key 'accessory_facets'", "the first facet"),
    ({"pattern": "usual = [60, 50]"}, "number 1], key 'usual'", "the lower one first"),
    ({"pattern": "usual = [50]"}, "number 1], key 'usual'", "must be two numbers"),
    ({"pattern": "usual = [true, 50]"}, "number 1], key 'usual'", "must be two numbers"),
    ({"pattern": "usual = [30, 50]"}, "number 1], key 'usual'", "between min and max"),
    ({"pattern": "written = ['cm']"}, "number 1], key 'written'", "has no {}"),
    ({"pattern": "prefix = 'u2-'"}, "number 1], key 'prefix'", "no digit"),
]


def hats(**parts):
    return Lexicon.parse_toml(HATS.format(**{"first": "", "other": "", "pattern": ""} | parts), "hats.toml")


def test_relations_are_read():
    other = (
        "exclusive = true\nrequired = true\nassumed = 'den'\ntolerance = 1.5\n"
        "near = [['den', 'trang']]\nmeets = { den = ['trang'] }\nimplies = { den = ['size.57'] }"
    )
    lexicon = hats(
        first="beside = [['mu', 'non']]\naccessory_facets = ['color']",
        other=other,
        pattern="usual = [54, 60]\nwritten = ['vòng đầu {}cm']",
    )
    relations = lexicon.facets["color"].relations
    assert (relations.exclusive, relations.required, relations.assumed, relations.tolerance) == (True, True, "den", 1.5)
    assert relations.near == (("den", "trang"),)
    assert relations.meets == {"den": ("trang",)} and relations.implies == {"den": ("size.57",)}
    first = lexicon.facets["category"]
    assert first.relations.beside == (("mu", "non"),) and first.relations.accessory_facets == ("color",)
    assert first.accessories == {"moc"} and lexicon.leading == "category"
    assert (first.asked, first.announced) == (1.0, False)
    assert (lexicon.facets["color"].asked, lexicon.facets["color"].announced) == (2.5, True)
    (pattern,) = lexicon.facets["size"].patterns
    assert (pattern.usual, pattern.written) == ((54.0, 60.0), ("vòng đầu {}cm",))
    assert (lexicon.title_order, lexicon.category_facets) == (("color", "size"), ("color",))


@pytest.mark.parametrize(("parts", "where", "problem"), BROKEN, ids=[str(parts) for parts, *_ in BROKEN])
def test_a_broken_relation_says_where_and_what(parts, where, problem):
    with pytest.raises(InputError) as error:
        hats(**parts)
    assert str(error.value).startswith("hats.toml, table [facets.")
    assert where in str(error.value) and problem in str(error.value)


@pytest.mark.parametrize("key", ["title_order", "category_facets"])
def test_an_order_names_facets(key):
    with pytest.raises(InputError, match=f"key '{key}': there is no facet 'colour'; facets are color"):
        Lexicon.parse_toml(f"{key} = ['colour']\n[facets.color.values]\nden = {{ title = ['đen'] }}")


def test_a_facet_is_not_asked_less_than_never():
    with pytest.raises(InputError, match=r"key 'asked': must not be below 0, got -1"):
        Lexicon.parse_toml("[facets.color]\nasked = -1\n[facets.color.values]\nden = { title = ['đen'] }")


def test_groups_link_two_values_and_never_one_to_itself():
    groups = (("a", "b", "c"), ("d", "e"))
    assert linked(groups, {"a"}, {"c"}) and linked(groups, {"x", "e"}, {"d"})
    assert not linked(groups, {"a"}, {"a"}) and not linked(groups, {"a"}, {"d"}) and not linked((), {"a"}, {"b"})


@pytest.mark.parametrize(("number", "prefix"), [("us-9", "us-"), ("36-40", ""), ("inch-15.6", "inch-"), ("den", "")])
def test_a_number_is_told_from_its_prefix(number, prefix):
    assert prefix_of(number) == prefix


def test_a_lexicon_knows_the_file_it_came_from(tmp_path):
    path = tmp_path / "hats.toml"
    path.write_text(HATS.format(first="", other="", pattern=""), encoding="utf-8")
    assert len(Lexicon.load(path).sha256) == 64
    assert len({Lexicon.load(one).sha256 for one in (*BUNDLED, path)}) == len(BUNDLED) + 1
    assert hats().sha256 == ""
