"""What is attached to a compiled catalogue changes with it, by one manifest."""

import json

import pytest
from shops import held, shoe, shop

from xephang.compiled import CompiledCatalogue, writing
from xephang.compiled.manifest import MANIFEST, Manifest
from xephang.errors import InputError


class Listing:
    """Attach a folder that lists the ids of the products."""

    def __init__(self, folder, *, broken=False):
        self._folder, self._broken, self.calls = folder, broken, []

    def __call__(self, products, gone, before):
        products = list(products)
        self.calls.append(([product.id for product in products], list(gone), before and before.name))
        target = self._folder / f"search-{len(self.calls):032x}"
        if before:
            target = self._folder / f"search-{int(before.name[7:], 16) + 1:032x}"
        target.mkdir(parents=True)
        listed = set(json.loads((before / "ids").read_text())) if before else set()
        listed = listed - set(gone) | {product.id for product in products}
        (target / "ids").write_text(json.dumps(sorted(listed)))
        if self._broken:
            raise InputError("attached: can not be written")
        return target.name


def listed(folder):
    """Return the ids that are listed beside the catalogue."""
    (only,) = folder.glob("search-*")
    assert only.name == Manifest.read(folder).attached
    return json.loads((only / "ids").read_text())


@pytest.fixture
def attached(model, folder):
    """Thirty products p0 to p29, and a list of them."""
    return CompiledCatalogue.build(model, shop(30), folder, attaching=Listing(folder))


def ids(catalogue):
    return sorted(catalogue.ids())


def test_a_build_attaches_once_all_products_are_computed(model, folder):
    listing = Listing(folder)
    computed = []
    compiled = CompiledCatalogue.build(
        model, shop(30), folder, attaching=listing, progress=lambda done, total: computed.append(len(listing.calls))
    )
    assert listing.calls == [([f"p{number}" for number in range(30)], [], None)]
    assert set(computed) == {0}
    assert listed(folder) == ids(compiled)


def test_an_update_is_attached_with_what_it_replaces(attached, folder):
    listing = Listing(folder)
    before = attached.manifest.attached
    assert attached.update([shoe(3, 1), shoe(40)], attaching=listing) == 1
    assert listing.calls == [(["p3", "p40"], ["p3"], before)]
    assert listed(folder) == ids(attached)


def test_a_deletion_is_attached(attached, folder):
    listing = Listing(folder)
    attached.delete(["p3", "p4"], attaching=listing)
    assert [sorted(call[1]) for call in listing.calls] == [["p3", "p4"]]
    assert listed(folder) == ids(attached)


def test_a_change_adds_replaces_and_deletes_in_one_step(attached, folder):
    listing = Listing(folder)
    there = attached.change([shoe(3, 1), shoe(40)], ["p5", "p3", "none"], attaching=listing)
    assert there == {"p3", "p5"}
    ((came, gone, _),) = listing.calls
    assert (came, sorted(gone)) == (["p3", "p40"], ["p3", "p5"])
    assert listed(folder) == ids(attached) == ids(CompiledCatalogue.open(folder))
    assert attached.products(["p3"]) == [shoe(3, 1)]


def test_a_change_without_products_needs_no_model(attached, folder):
    assert CompiledCatalogue.open(folder).change((), ["p1", "none"], attaching=Listing(folder)) == {"p1"}
    with pytest.raises(InputError, match="was opened without a model, which updates need"):
        CompiledCatalogue.open(folder).change([shoe(1)], attaching=Listing(folder))


def test_a_change_works_where_nothing_is_attached(compiled):
    assert compiled.change([shoe(3, 1), shoe(40)], ["p5"]) == {"p3", "p5"}
    assert held(compiled.products(compiled.ids())) == {
        id: one for id, one in (held(shop(30)) | held([shoe(3, 1), shoe(40)])).items() if id != "p5"
    }
    assert compiled.manifest.attached == ""


@pytest.mark.parametrize("write", ["update", "delete", "change"])
def test_nothing_is_changed_without_what_is_attached(attached, folder, write):
    before = Manifest.read(folder)
    with pytest.raises(InputError, match="has a search index beside it, which has to change too; use xephang index"):
        {
            "update": lambda: attached.update([shoe(3, 1)]),
            "delete": lambda: attached.delete(["p3"]),
            "change": lambda: attached.change([shoe(3, 1)], ["p4"]),
        }[write]()
    assert Manifest.read(folder) == before
    assert listed(folder) == ids(attached)


@pytest.mark.parametrize("write", ["update", "delete", "attach"])
def test_what_can_not_be_attached_changes_nothing_and_is_swept(attached, folder, write):
    before = Manifest.read(folder)
    with pytest.raises(InputError, match="attached: can not be written"):
        {
            "update": lambda: attached.update([shoe(3, 1)], attaching=Listing(folder, broken=True)),
            "delete": lambda: attached.delete(["p3"], attaching=Listing(folder, broken=True)),
            "attach": lambda: attached.attach(_Later(folder)),
        }[write]()
    assert Manifest.read(folder) == before
    assert listed(folder) == ids(attached) == ids(CompiledCatalogue.open(folder))


class _Later(Listing):
    """Attach under a name that is not taken, and fail."""

    def __init__(self, folder):
        super().__init__(folder, broken=True)
        self.calls = [None] * 5


def test_a_build_whose_attaching_fails_goes_on_from_there(model, folder):
    with pytest.raises(InputError, match="attached: can not be written"):
        CompiledCatalogue.build(model, shop(30), folder, attaching=Listing(folder, broken=True))
    assert not (folder / MANIFEST).exists()
    assert list(folder.glob("search-*")) == []
    computed = []
    compiled = CompiledCatalogue.build(
        model,
        shop(30),
        folder,
        resume=True,
        attaching=Listing(folder),
        progress=lambda done, total: computed.append(done),
    )
    assert computed == []
    assert listed(folder) == ids(compiled)


def test_products_are_attached_to_what_was_compiled_before(compiled, folder):
    parts, listing = compiled.manifest.parts, Listing(folder)
    compiled.attach(listing)
    assert compiled.manifest.parts == parts
    assert [sorted(call[0]) for call in listing.calls] == [ids(compiled)]
    assert listed(folder) == ids(compiled)


def test_parts_that_are_written_together_keep_what_is_attached(attached, folder, monkeypatch):
    monkeypatch.setattr(writing, "_MOST_SMALL_PARTS", 2)
    for number in range(5):
        attached.update([shoe(number, 1)], attaching=Listing(folder))
    assert len(attached.manifest.parts) < 5
    assert listed(folder) == ids(attached)
    attached.verify()


def test_to_build_over_it_without_attaching_is_refused(attached, model, folder):
    before = listed(folder)
    with pytest.raises(InputError, match="would lose its index"):
        CompiledCatalogue.build(model, shop(3), folder, overwrite=True)
    assert listed(folder) == before
    assert len(CompiledCatalogue.open(folder)) == 30


def test_what_should_change_with_it_has_to_be_there(compiled, folder):
    """Else the new products alone would be attached."""
    before = ids(compiled)
    with pytest.raises(InputError, match="has no search index to change"):
        compiled.update([shoe(99)], attaching=Listing(folder))
    assert ids(CompiledCatalogue.open(folder)) == before


@pytest.mark.parametrize("name", ["../x", "search-", "search-xyz", "/", 3, None, ["search"]])
def test_a_manifest_names_what_is_attached_by_a_name_of_its_own(attached, folder, name):
    table = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(table | {"attached": name}), encoding="utf-8")
    with pytest.raises(InputError, match="not a manifest that xephang wrote"):
        Manifest.read(folder)


def test_a_manifest_of_before_there_was_anything_to_attach_is_read(compiled, folder):
    table = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    del table["attached"]
    (folder / MANIFEST).write_text(json.dumps(table), encoding="utf-8")
    assert Manifest.read(folder).attached == ""
    assert len(CompiledCatalogue.open(folder)) == 30
