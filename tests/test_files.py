import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError
from xephang.files import check_file, check_folder, exclusive, replacing, sha256, write_text


def everything_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("text", ["", "giày đế mềm\n", "một\nhai\r\nba", "👟", "\ufeffđầu"])
def test_what_is_written_are_the_bytes_of_the_text(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "a.txt", text)
    assert (tmp_path / "a.txt").read_bytes() == text.encode()
    assert everything_in(tmp_path) == ["a.txt"]


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "mô hình" / "nhỏ" / "README.md", "# thẻ")
    assert (tmp_path / "mô hình" / "nhỏ" / "README.md").read_text(encoding="utf-8") == "# thẻ"


def test_an_older_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "một bản dài hơn nhiều")
    write_text(path, "ngắn")
    assert path.read_text(encoding="utf-8") == "ngắn"


def test_text_that_is_no_unicode_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "cũ")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.txt", "mới \ud800")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "cũ"
    assert everything_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_block_that_fails_half_way_leaves_the_older_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_bytes(b"ne")
        raise error
    assert path.read_bytes() == b"old"
    assert everything_in(tmp_path) == ["a.bin"]


def test_a_block_that_fails_before_it_writes_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too early"), replacing(tmp_path / "a.bin"):
        raise ValueError("too early")
    assert everything_in(tmp_path) == []


def test_readers_see_the_older_file_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
        assert temporary.parent == path.parent, "a move between file systems is not atomic"
        assert temporary.name.startswith("."), "a listing of the folder does not show it"
    assert path.read_bytes() == b"new"


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path.name)


NO_FILES = {"a pipe": os.mkfifo, "a socket": socket_at, "a folder": Path.mkdir}


@pytest.mark.parametrize(("kind", "make"), NO_FILES.items(), ids=NO_FILES)
@pytest.mark.parametrize("through", ["itself", "a link"])
def test_what_is_no_file_is_refused_before_the_block_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, make: Callable[[Path], object], through: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "there")
    path, before = tmp_path / "there", (tmp_path / "there").lstat().st_mode
    if through == "a link":
        path = tmp_path / "link"
        path.symlink_to("there")
    started = False
    with pytest.raises(InputError, match=f"can not be written: it is {kind}, and no file") as caught, replacing(path):
        started = True
    assert not started
    assert str(path) in str(caught.value)
    with pytest.raises(InputError, match="name another"):
        write_text(path, "mới")
    assert (tmp_path / "there").lstat().st_mode == before
    assert everything_in(tmp_path) == (["link", "there"] if through == "a link" else ["there"])


@pytest.mark.parametrize("exists", [True, False], ids=["a file", "nothing yet"])
def test_a_link_is_written_through(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "real").mkdir()
    if exists:
        (tmp_path / "real" / "a.txt").write_text("cũ", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to(Path("real") / "a.txt")
    write_text(tmp_path / "link.txt", "mới")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text(encoding="utf-8") == "mới"
    assert everything_in(tmp_path / "real") == ["a.txt"]


def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match="it is a link in a circle"):
        write_text(tmp_path / "a", "mới")
    assert everything_in(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("name", ["file/a.txt", "x" * 300], ids=["under a file", "a name too long"])
def test_a_place_that_can_not_be_written_is_an_input_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"can not be written: \w") as caught:
        write_text(tmp_path / name, "mới")
    assert str(caught.value).startswith(os.path.realpath(tmp_path / name))
    assert everything_in(tmp_path) == ["file"]


def test_a_file_that_may_be_written_is_its_real_path(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert check_file(tmp_path / "a.txt") == Path(os.path.realpath(tmp_path / "a.txt"))
    assert check_file(tmp_path / "none" / "b.txt") == Path(os.path.realpath(tmp_path)) / "none" / "b.txt"


def test_a_folder_is_a_folder_or_nothing_yet(tmp_path: Path) -> None:
    assert check_folder(tmp_path) == tmp_path
    assert check_folder(tmp_path / "none") == tmp_path / "none"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("pipe", "file"):
        with pytest.raises(InputError, match=f"{name}: is a {name}; name a folder"):
            check_folder(tmp_path / name)


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with replacing(path) as first, replacing(path) as second:
        first.write_bytes(b"1111")
        second.write_bytes(b"22")
        assert first != second
    assert path.read_bytes() == b"1111", "the block that ends last wins whole"
    assert everything_in(tmp_path) == ["a.bin"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path, texts = tmp_path / "a.txt", {letter * 100_000 for letter in "ab"}
    write_text(path, min(texts))
    writer = threading.Thread(target=lambda: [write_text(path, text) for text in sorted(texts) * 10])
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(path.read_text(encoding="utf-8"))
    writer.join()
    assert seen <= texts


@pytest.mark.parametrize(
    ("content", "digest"),
    [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
    ids=["empty", "FIPS 180-2 example"],
)
def test_sha256_of_known_content(tmp_path: Path, content: bytes, digest: str) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    assert sha256(tmp_path / "a.bin") == digest


def test_sha256_of_a_file_larger_than_a_buffer(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    (tmp_path / "a.bin").write_bytes(content)
    assert sha256(tmp_path / "a.bin") == hashlib.sha256(content).hexdigest()
    (tmp_path / "a.bin").write_bytes(content[:-1] + b"!")
    assert sha256(tmp_path / "a.bin") != hashlib.sha256(content).hexdigest()


@given(text=st.text(st.characters(codec="utf-8")))
def test_any_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    write_text(path, text)
    assert path.read_bytes().decode() == text


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with exclusive(tmp_path / ".lock"):
        with pytest.raises(InputError, match="another process is writing into it; wait until it is done") as caught:
            exclusive(tmp_path / ".lock").__enter__()
        assert str(caught.value).startswith(f"{tmp_path}: ")
    with exclusive(tmp_path / ".lock"), exclusive(tmp_path / "other"):
        pass
    assert everything_in(tmp_path) == [".lock", "other"]


def test_a_lock_is_let_go_when_its_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="failed"), exclusive(tmp_path / ".lock"):
        raise ValueError("failed")
    with exclusive(tmp_path / ".lock"):
        pass


def test_a_lock_goes_with_its_process_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from xephang.files import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another process"):
            exclusive(tmp_path / ".lock").__enter__()
        process.kill()
    with exclusive(tmp_path / ".lock"):
        pass


def test_a_lock_that_can_not_be_made_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "none" / ".lock"):
        with pytest.raises(InputError, match=r"can not be written: \w") as caught:
            exclusive(path).__enter__()
        assert str(caught.value).startswith(str(path))
    assert everything_in(tmp_path) == ["folder"]


def test_an_error_in_a_locked_block_is_not_the_locks(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), exclusive(tmp_path / ".lock"):
        (tmp_path / "none").read_text()
