"""Files that are missing or damaged are told, and are never a traceback; folders that can not be written are read."""

import json
import os
import resource
import shutil
from random import Random

import pytest
from stock import BY_ID, everything

from xephang.compiled.manifest import MANIFEST, Manifest
from xephang.errors import InputError
from xephang.product import Product
from xephang.search import Search, Shop
from xephang.search.writing import Attaching


def use(folder, model):
    """Do what can be done with a shop."""
    shop = Shop.open(folder, model=model)
    shop.search("giày trắng nữ size 38")
    shop.search(Search("", sort="price", filters={"brand": ["nike"]}, page_size=100))
    shop.search(Search("dép", explain=True))
    shop.suggest("gi")
    shop.change([Product(id="mới", title="Dép")], ["H-MEN"])


def index_of(folder):
    (only,) = folder.glob("search-*")
    return only


def kinds(folder):
    """Return one file of the index of each kind, locks aside."""
    files = {path.suffix or path.name: path for path in sorted(index_of(folder).iterdir())}
    return [path.name for name, path in files.items() if name != ".lock"]


@pytest.mark.parametrize("how", ["gone", "empty", "half", "junk", "folder"])
def test_a_file_of_the_index_that_is_missing_or_damaged_is_told(tiny_built, tiny_model, tmp_path, how):
    told = []
    for name in kinds(tiny_built):
        folder = shutil.copytree(tiny_built, tmp_path / f"hàng {name}")
        path = index_of(folder) / name
        data = path.read_bytes()
        path.unlink()
        if how == "folder":
            path.mkdir()
        elif how != "gone":
            path.write_bytes(
                {"empty": b"", "half": data[: len(data) // 2], "junk": Random(0).randbytes(len(data))}[how]
            )
        try:
            use(folder, tiny_model)
        except InputError as error:
            assert "run xephang index again" in str(error)
            told.append(path.suffix)
        shutil.rmtree(folder)
    assert {".fast", ".fieldnorm", ".idx", ".store", ".term"} <= set(told)


@pytest.mark.parametrize("seed", range(2))
def test_bits_that_are_flipped_are_told_or_do_no_harm(tiny_built, tiny_model, tmp_path, seed, capfd):
    random = Random(seed)
    for name in kinds(tiny_built):
        folder = shutil.copytree(tiny_built, tmp_path / f"hàng {name}")
        path = index_of(folder) / name
        data = bytearray(path.read_bytes())
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path.write_bytes(bytes(data))
        try:
            use(folder, tiny_model)
        except InputError as error:
            assert "run xephang index again" in str(error)
        shutil.rmtree(folder)
    capfd.readouterr()  # the library tells of its panics


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": 99}', "is an index of another format; run xephang index again"),
        (b"{}", "is an index of another format"),
        (b"[]", "is an index of another format"),
        (b"{", "search.json: can not be read"),
        (b"\xff\xfe", "search.json: can not be read"),
    ],
)
def test_an_index_of_another_format_is_told(folder, content, message):
    (index_of(folder) / "search.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Shop.open(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", b"= = =", b"name = 'x'\n"])
def test_a_lexicon_that_was_damaged_is_told(folder, content):
    (index_of(folder) / "lexicon.toml").write_bytes(content)
    with pytest.raises(InputError, match="lexicon"):
        Shop.open(folder)


def test_an_index_that_is_gone_is_told_and_made_anew(folder, tiny_model):
    shutil.rmtree(index_of(folder))
    with pytest.raises(InputError, match=r"search.json: can not be read .* run xephang index again"):
        Shop.open(folder)
    shop = Shop.index(tiny_model, folder, lexicon="footwear")
    assert set(everything(shop)) == set(BY_ID)


@pytest.mark.parametrize("attached", ["../ngoài", "search-1", "/etc", "search-" + "g" * 32, 5])
def test_a_manifest_that_names_another_place_is_told(folder, attached):
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"attached": attached}), encoding="utf-8")
    with pytest.raises(InputError, match="not a manifest that xephang wrote"):
        Shop.open(folder)


def test_a_change_to_a_shop_without_its_index_leaves_it_as_it_was(folder, changing):
    (index_of(folder) / "meta.json").unlink()
    with pytest.raises(InputError):
        changing.update([Product(id="mới", title="Dép")])
    assert set(everything(changing)) == set(BY_ID)
    assert len(list(folder.glob("search-*"))) == 1


@pytest.mark.parametrize("most", [0, 100, 2000, 6000])
def test_a_disk_that_is_full_leaves_the_shop_as_it_was(changing, folder, most):
    """As far as a process can be told so: it may write no file of more bytes."""
    before, limits = changing.compiled.manifest, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        with pytest.raises(InputError, match="can not be written"):
            changing.change([Product(id="mới", title="Dép " * 2000)], ["H-MEN"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert changing.compiled.manifest == before == Manifest.read(folder)
    assert set(everything(changing)) == set(BY_ID)
    assert len(list(folder.glob("search-*"))) == 1
    changing.change([Product(id="mới", title="Dép")], ["H-MEN"])
    assert set(everything(Shop.open(folder))) == set(BY_ID) - {"H-MEN"} | {"mới"}


@pytest.mark.parametrize("most", [10, 600, 3000])
def test_an_index_that_can_not_be_written_to_its_end_is_told(changing, folder, most):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    long = Product(id="mới", title=" ".join(map(str, range(2000))))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        with pytest.raises(InputError, match="can not be written"):
            Attaching(folder)([long], ["H-MEN"], folder / changing.compiled.manifest.attached)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(everything(changing)) == set(everything(Shop.open(folder))) == set(BY_ID)


def test_a_file_system_without_links_is_written_to_all_the_same(changing, folder, monkeypatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    changing.change([Product(id="mới", title="Dép zzqx")], ["H-MEN"])
    assert everything(changing, "zzqx") == ["mới"]
    assert set(everything(Shop.open(folder))) == set(BY_ID) - {"H-MEN"} | {"mới"}


@pytest.fixture
def read_only(folder):
    """The folder as another user has it who may only read; as root may write everywhere, root becomes nobody."""
    places = [folder, *folder.rglob("*")]
    for path in places:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for above in folder.parents:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in places:
            path.chmod(0o755)


@pytest.mark.parametrize("locks", [True, False])
def test_a_folder_that_can_not_be_written_is_searched(folder, tiny_model, locks, request):
    if not locks:
        for lock in index_of(folder).glob("*.lock"):
            lock.unlink()
    request.getfixturevalue("read_only")
    shop = Shop.open(folder, model=tiny_model)
    assert set(everything(shop)) == set(BY_ID)
    assert shop.search(Search("giày nữ", explain=True)).hits
    assert shop.suggest("giày")
    with pytest.raises(InputError, match="can not be written: Permission denied"):
        shop.delete(["H-MEN"])
    with pytest.raises(InputError, match="can not be written: Permission denied"):
        shop.update([Product(id="mới", title="Dép")])
    assert set(everything(shop)) == set(BY_ID)
