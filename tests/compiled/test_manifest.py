import json
from dataclasses import replace

import pytest

from xephang.compiled.manifest import BUILDING, MANIFEST, File, Manifest, Part
from xephang.errors import InputError
from xephang.files import sha256


@pytest.fixture
def manifest(tmp_path):
    def file(path):
        return File.written(tmp_path, path, lambda place: place.write_bytes(path.encode()))

    part = Part("a", 3, "e3b0", (file("parts/a/stored.bin"), file("parts/a/spans.npy"), file("parts/a/p.parquet")))
    return Manifest("giày", "f00d", "small", 192, 3, file("basis.npy"), file("index.npy"), (part,))


def test_a_manifest_comes_back_as_it_was(manifest, tmp_path):
    begun = Manifest("giày", "f00d", "fast", 4224)
    manifest.write(tmp_path)
    begun.write(tmp_path, BUILDING)
    assert Manifest.read(tmp_path) == manifest
    assert Manifest.read(tmp_path, BUILDING) == begun


def test_a_folder_without_one_says_how_to_get_it(tmp_path):
    with pytest.raises(InputError, match=r"holds no compiled catalogue \(no compiled\.json\); run: xephang compile"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"format": 1', b"\0" * 99, b"[" * 9999], ids=lambda one: repr(one[:12])
)
def test_what_is_no_json_is_named(tmp_path, content):
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(InputError, match=r"compiled\.json: can not be read as JSON \(.*\); compile the"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("content", ["[]", "null", "3", "{}", '{"format": 2}', '{"format": "1"}'])
def test_another_format_is_refused(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(InputError, match=r"compiled\.json: format .*; this xephang reads 1: compile the catalogue"):
        Manifest.read(tmp_path)


def changed(table, *path_and_value):
    *path, last, value = path_and_value
    for key in path:
        table = table[key]
    table[last] = value


WRONG = {
    "a path that leads out": ("index", "path", "../index.npy"),
    "a part's path that leads out": ("parts", 0, "files", 1, "path", "parts/../../x"),
    "an absolute path": ("basis", "path", "/etc/passwd"),
    "a path that is none": ("index", "path", 5),
    "a part of two files": ("parts", 0, "files", []),
    "a part that is none": ("parts", 0, "a"),
    "parts that are none": ("parts", None),
    "an index that is none": ("index", []),
    "a key that it does not know": ("colour", "red"),
    "products that are not counted": ("products", "3"),
    "a part that is not counted": ("parts", 0, "products", None),
    "a fingerprint that is none": ("fingerprint", 5),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_manifest_that_xephang_did_not_write_is_refused(manifest, tmp_path, change):
    manifest.write(tmp_path)
    table = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    changed(table, *change)
    (tmp_path / MANIFEST).write_text(json.dumps(table))
    with pytest.raises(InputError, match=r"compiled\.json: not a manifest that xephang wrote \(.*\); compile"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("key", ["model", "fingerprint", "storage", "width", "basis", "index", "parts"])
def test_a_key_that_is_missing_is_named(manifest, tmp_path, key):
    manifest.write(tmp_path)
    table = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    del table[key]
    (tmp_path / MANIFEST).write_text(json.dumps(table))
    with pytest.raises(InputError, match=f"not a manifest that xephang wrote .*'{key}'"):
        Manifest.read(tmp_path)


def test_a_file_is_described_as_it_was_written(tmp_path):
    file = File.written(tmp_path, "a/b/c.bin", lambda path: path.write_bytes(b"giay"))
    assert file == File("a/b/c.bin", 4, sha256(tmp_path / "a" / "b" / "c.bin"))
    assert file.check(tmp_path, whole=True) == tmp_path / "a" / "b" / "c.bin"


def test_a_file_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match=r"b\.bin: can not be written: Not a directory|exists"):
        File.written(tmp_path, "a/b.bin", lambda path: path.write_bytes(b""))


def test_a_full_disk_is_named(tmp_path):
    def write(path):
        with open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123
            full.write(b"1")

    with pytest.raises(InputError, match=r"a\.bin: can not be written: No space left on device"):
        File.written(tmp_path, "a.bin", write)


DAMAGES = {
    "gone": (lambda path: path.unlink(), "is missing; compile the catalogue again", False),
    "cut off": (lambda path: path.write_bytes(b"gia"), "is not the file that compiled.json records", False),
    "grown": (lambda path: path.write_bytes(b"giay!"), "is not the file that compiled.json records", False),
    "changed": (lambda path: path.write_bytes(b"giaz"), "is not the file that compiled.json records", True),
    "under a file": (lambda path: (path.unlink(), path.parent.rmdir(), path.parent.touch()), "can not be read", False),
}


@pytest.mark.parametrize(("damage", "problem", "whole"), DAMAGES.values(), ids=DAMAGES)
def test_a_file_that_is_not_the_one_is_named(tmp_path, damage, problem, whole):
    file = File.written(tmp_path, "a/c.bin", lambda path: path.write_bytes(b"giay"))
    damage(tmp_path / "a" / "c.bin")
    with pytest.raises(InputError, match=rf"c\.bin: {problem}"):
        file.check(tmp_path, whole=whole)
    with pytest.raises(InputError):
        file.check(tmp_path, whole=True)


def test_only_a_whole_check_reads_the_bytes(tmp_path):
    file = File.written(tmp_path, "c.bin", lambda path: path.write_bytes(b"giay"))
    assert replace(file, sha256="0").check(tmp_path, whole=False) == tmp_path / "c.bin"
