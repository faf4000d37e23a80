"""A lexicon file that breaks the schema says file, table, key and what to do."""

import pytest

from xephang.errors import InputError
from xephang.lexicon import BUNDLED, Lexicon

GOOD = """
name = "hats"
ignore = ["cao cấp"]

[facets.category]
name = "Loại"
nested = true

[facets.category.values]
mu = { name = "Mũ", title = ["mũ", "nón"] }
non-la = { name = "Nón lá", parent = "mu", title = ["nón lá"], query = ["nón lá huế"] }

[facets.size]
[[facets.size.patterns]]
kind = "measure"
min = 40
max = 70
units = { cm = 1 }
"""

BROKEN = [
    ("name = 3\n[facets.a.values]\nx = {name = 'X'}", ["key 'name'", "a text, in quotes", "got 3"]),
    ("[facets]", ["key 'facets'", "at least one facet"]),
    ("name = 'x'", ["key 'facets'", "at least one facet"]),
    ("facets = 3", ["key 'facets'", "must be a table"]),
    ("ignore = 'x'\nfacet = 1", ["key 'facet'", "did you mean 'facets'?"]),
    ("zzz = 1", ["key 'zzz'", "keys are name, ignore, title_order"]),
    ("ignore = ['!!']\n[facets.a.values]\nx = {name = 'X'}", ["key 'ignore'", "'!!'", "remove it"]),
    ("[facets.a]", ["table [facets.a]", "neither values nor patterns"]),
    ("[facets]\na = 1", ["key 'facets.a'", "must be a table"]),
    ("[facets.a]\nvalue = 1", ["table [facets.a]", "key 'value'", "did you mean 'values'?"]),
    ("[facets.a]\nnested = 'yes'\n", ["key 'nested'", "true or false", "'yes'"]),
    ("[facets.a.values]\nx = 1", ["table [facets.a]", "key 'values.x'", "must be a table"]),
    ("[facets.a.values]\nx = {titel = ['x']}", ["[facets.a.values.x]", "key 'titel'", "did you mean 'title'?"]),
    ("[facets.a.values]\nx = {title = [1]}", ["key 'title'", "list of texts", "1"]),
    ("[facets.a.values]\nx = {title = ['']}", ["key 'title'", "not empty"]),
    ("[facets.a.values]\nx = {title = ['...']}", ["key 'title'", "'...'", "no letter or digit"]),
    ("[facets.a.values]\nx = {not_after = ['-']}", ["key 'not_after'", "no letter or digit"]),
    ("[facets.a.values]\nx = {accessory = 1}", ["key 'accessory'", "true or false"]),
    ("[facets.a.values]\nxe = {parent = 'xo'}\nxoo = {}", ["[facets.a.values.xe]", "'xo'", "did you mean 'xoo'?"]),
    ("[facets.a.values]\nx = {parent = 'qqqqq'}", ["key 'parent'", "'qqqqq'", "add it, or remove the key"]),
    ("[facets.a.values]\nx = {parent = 'y'}\ny = {parent = 'x'}", ["key 'parent'", "its own ancestor", "circle"]),
    ("[facets.a.values]\nx = {parent = 'x'}", ["key 'parent'", "its own ancestor"]),
    ("[[facets.a.patterns]]\nmin = 1", ["patterns, number 1", "key 'kind'", "is missing"]),
    ("[[facets.a.patterns]]\nkind = 'measur'", ["key 'kind'", "'number' or 'measure'", "'measur'"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmax = 3", ["key 'min'", "is missing", "a number"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmin = 5\nmax = 3\nbare = 'range'", ["key 'min'", "above max", "swap"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmin = 1\nmax = 3", ["key 'cues'", "needs cues"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmin = 1\nmax = inf\nbare = 'range'", ["key 'max'", "must be a number"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmin = true\nmax = 2", ["key 'min'", "must be a number"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmin = 1\nmax = 3\nbare = 'all'", ["key 'bare'", "'range' or 'single'"]),
    ("[[facets.a.patterns]]\nkind = 'number'\nmin = 1\nmax = 3\nstep = -1\nbare = 'range'", ["key 'step'", "below 0"]),
    ("[[facets.a.patterns]]\nkind = 'measure'\nmin = 1\nmax = 3", ["key 'units'", "needs units"]),
    ("[[facets.a.patterns]]\nkind = 'measure'\nmin = 1\nmax = 3\nunits = {cm = 0}", [".units]", "key 'cm'", "above 0"]),
    ("[[facets.a.patterns]]\nkind = 'measure'\nmin = 1\nmax = 3\nunits = {cm = 'x'}", ["key 'cm'", "a number"]),
    ("[facets.a]\npatterns = [1]", ["key 'patterns'", "[[facets.a.patterns]]"]),
    ("[facets.a]\npatterns = {}", ["key 'patterns'", "[[facets.a.patterns]]"]),
    ("[[facets.a.patterns]]\nkind='number'\nmin=1\nmax=9\nbare='range'\nstep=1e-310", ["key 'step'", "0.001 or more"]),
    (f"[[facets.a.patterns]]\nkind='number'\nmin=1\nmax=9\nusual=[1, {'9' * 400}]", ["key 'usual'", "two numbers"]),
    (f"[facets.a]\nx = {'9' * 5000}", ["not TOML", "correct it there"]),
    (f"ignore = {'[' * 3000}", ["not TOML", "nested too deeply"]),
    ("[facets.a", ["not TOML", "correct it there"]),
]
TWICE = [
    ("x = {title = ['đen']}\ny = {query = ['Đen']}", ["values.y]", "key 'query'", "'đen'", "'x'", "one of the two"]),
    ("x = {title = ['bò']}\ny = {title = ['bơ']}", ["'bơ'", "'bò' of 'x'", "key 'accented'"]),
    ("x = {accented = ['bò']}\ny = {title = ['bò']}", ["key 'title'", "'bò'", "also points at 'x'"]),
    ("x = {title = ['dép lào']}\ny = {title = ['dép-lào']}", ["'dép lào'", "also points at 'x'"]),
]


def test_a_good_file_loads(tmp_path):
    path = tmp_path / "mũ.toml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    hats = Lexicon.load(path)
    assert hats.name == "hats"
    assert hats.facets["category"].name == "Loại"
    assert hats.facets["size"].name == "size"
    assert hats.parse("Nón lá 56cm cao cấp").ids("category") == ("non-la",)
    assert Lexicon.load(str(path)).parse("mu").ids("category") == ("mu",)


@pytest.mark.parametrize(("toml", "said"), BROKEN, ids=[toml[:80] for toml, _ in BROKEN])
def test_a_broken_file_says_what_is_wrong_and_where(tmp_path, toml, said):
    path = tmp_path / "broken.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(InputError) as error:
        Lexicon.load(path)
    assert str(error.value).startswith(str(path))
    assert [part for part in said if part not in str(error.value)] == []


@pytest.mark.parametrize(("values", "said"), TWICE, ids=[values for values, _ in TWICE])
def test_a_form_that_points_at_two_values_is_named(values, said):
    with pytest.raises(InputError) as error:
        Lexicon.parse_toml(f"[facets.color.values]\n{values}", "twice.toml")
    assert str(error.value).startswith("twice.toml, table [facets.color.values.")
    assert [part for part in said if part not in str(error.value)] == []


def test_insisting_on_accents_settles_the_quarrel():
    lexicon = Lexicon.parse_toml("[facets.a.values]\nx = {title = ['bò']}\ny = {accented = ['bơ']}")
    assert [lexicon.parse(text).ids("a") for text in ("bò", "bo", "bơ", "bộ")] == [("x",), ("x",), ("y",), ()]


def test_two_facets_may_share_a_form():
    lexicon = Lexicon.parse_toml("[facets.a.values]\nx = {title = ['cưới']}\n[facets.b.values]\ny = {title = ['cưới']}")
    read = lexicon.parse("giày cưới")
    assert (read.ids("a"), read.ids("b")) == (("x",), ("y",))


@pytest.mark.parametrize("name", ["shoes", "footwear.toml", "no/such/file.toml"])
def test_a_lexicon_that_is_not_there(name):
    with pytest.raises(InputError, match="no such lexicon; give one of footwear, bags, or the path"):
        Lexicon.load(name)


def test_a_folder_is_no_lexicon(tmp_path):
    with pytest.raises(InputError, match="can not be read"):
        Lexicon.load(tmp_path)


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "old.toml"
    path.write_bytes("name = 'giày'".encode("cp1258", errors="replace"))
    with pytest.raises(InputError, match="not UTF-8 at byte"):
        Lexicon.load(path)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_lexicons_keep_the_schema(name):
    lexicon = Lexicon.load(name)
    assert lexicon.name == name
    assert {"category", "brand", "color", "size", "gender", "material", "feature", "use"} <= set(lexicon.facets)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_value_has_a_name_for_people_and_a_plain_id(name):
    for facet in Lexicon.load(name).facets.values():
        for value in facet.values.values():
            assert value.name.strip() == value.name != ""
            assert value.id.isascii()
            assert value.id == value.id.lower()
            assert value.title or value.query or value.accented
