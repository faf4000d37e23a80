import hashlib
import hmac
import logging
import os

import pytest

from xephang.errors import InputError
from xephang.server.keys import ADMIN, METRICS, RERANK, Keys

ROLES = (RERANK, METRICS, ADMIN)


def sha256(key):
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "keys.txt"


@pytest.fixture
def keys(file):
    def make(*lines):
        write(file, *lines)
        return Keys(file)

    return make


def write(file, *lines):
    """Write another file in its place, as editors and Kubernetes do."""
    fresh = file.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(file)


def may(keys, header):
    return [role for role in ROLES if keys.allows(header, role)]


def test_without_a_file_anybody_may_do_anything():
    keys = Keys(None)
    assert may(keys, "") == may(keys, "Bearer whatever") == list(ROLES)
    assert not keys.required
    keys.refresh()


@pytest.mark.parametrize(
    "header", ["Bearer secret-1", "bearer secret-1", "BEARER   secret-1 ", "secret-1", "  secret-1  "]
)
def test_a_key_may_come_bare_or_after_bearer(keys, header):
    found = keys("secret-1")
    assert found.required
    assert may(found, header) == [RERANK]


@pytest.mark.parametrize(
    "header",
    [
        "", " ", "Bearer", "Bearer ", "secret", "secret-12", "SECRET-1", "Basic secret-1", "Bearer Bearer secret-1",
        "Bearer secret-1 secret-1", "Bearer: secret-1", "# secret-1", "sha256:secret-1", "khoá", "\udcff", "s" * 10_000,
    ],
)  # fmt: skip
def test_anything_else_is_no_key(keys, header):
    assert may(keys("# secret", "secret-1"), header) == []


def test_a_key_does_what_its_line_says(keys):
    found = keys("one", "metrics  two", "admin\tthree", "admin", "metrics four", "four")
    assert may(found, "one") == [RERANK]
    assert may(found, "two") == [METRICS]
    assert may(found, "three") == list(ROLES)
    assert may(found, "admin") == [RERANK], "a line of one word is a key, whatever the word"
    assert may(found, "four") == [RERANK, METRICS]
    assert may(found, "metrics") == []


def test_comments_and_empty_lines_say_nothing(keys):
    found = keys("# a comment", "", "   ", "  # another", "#admin root", "one", "\ufeff".strip())
    assert may(found, "one") == [RERANK]
    for word in ("#", "a", "comment", "root", "#admin", ""):
        assert may(found, word) == []


def test_a_file_of_windows_is_read_too(file):
    file.write_bytes("\ufeffone\r\nadmin two\r\n".encode())
    assert may(Keys(file), "one") == [RERANK]
    assert may(Keys(file), "two") == list(ROLES)


def test_a_digest_stands_for_its_key_and_is_none_itself(keys):
    found = keys(sha256("one"), f"admin sha256:{sha256('two')[7:].upper()}")
    assert may(found, "Bearer one") == [RERANK]
    assert may(found, "Bearer two") == list(ROLES)
    assert may(found, sha256("one")) == may(found, sha256("one").removeprefix("sha256:")) == []


@pytest.mark.parametrize("key", ["chìa-khoá", "mã-nhà", "鍵"])
@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_a_key_may_have_letters_of_any_language(keys, key, scheme):
    """A header's bytes come as Latin-1, in which the last byte of "à" is a space."""
    assert may(keys(key), scheme + key.encode().decode("latin-1")) == [RERANK]


def test_keys_are_compared_as_digests_each_of_them_whatever_came_first(keys, monkeypatch):
    found = keys("one", "two", "three")
    compared = []

    def compare(a, b):
        compared.append((len(a), len(b)))
        return a == b

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert may(found, "one") == [RERANK]
    assert compared == [(32, 32)] * 3 * len(ROLES)
    assert b"one" not in repr(vars(found)).encode()


BAD = {
    "nothing": ("", "holds no key"),
    "comments alone": ("# one\n\n# two\n", "holds no key"),
    "two words": ("one two\n", "line 1: expected a key, or admin or metrics and a key"),
    "three words": ("one\nadmin two three\n", "line 2: expected a key"),
    "another role": ("one\n\nrerank two\n", "line 3: expected a key"),
    "half a digest": ("sha256:abcd\n", "line 1: after 'sha256:' stand the 64 hexadecimal digits"),
    "no digest": ("admin sha256:" + "g" * 64 + "\n", "line 1: after 'sha256:'"),
}


@pytest.mark.parametrize(("text", "problem"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_and_no_key_of_it_is_told(file, text, problem):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem) as caught:
        Keys(file)
    assert str(caught.value).startswith(str(file))
    assert "two" not in str(caught.value)


def test_a_file_that_can_not_be_read_is_refused(file, tmp_path):
    with pytest.raises(InputError, match="can not be read"):
        Keys(file)
    with pytest.raises(InputError, match="can not be read"):
        Keys(tmp_path)
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="can not be read"):
        Keys(file)


def test_keys_are_rotated_without_a_restart(keys, file):
    found = keys("old", "stays")
    write(file, "new", "stays")
    assert may(found, "old") == [RERANK], "until it is looked at again"
    found.refresh()
    assert (may(found, "old"), may(found, "new"), may(found, "stays")) == ([], [RERANK], [RERANK])


def test_a_file_changed_in_place_is_seen(keys, file):
    found = keys("old")
    file.write_text("new\n", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    found.refresh()
    assert (may(found, "old"), may(found, "new")) == ([], [RERANK])


@pytest.mark.parametrize("text", [text for text, _ in BAD.values()], ids=list(BAD))
def test_a_file_gone_bad_keeps_the_old_keys_and_says_so(keys, file, caplog, text):
    found = keys("old")
    write(file, text)
    found.refresh()
    assert may(found, "old") == [RERANK]
    assert "keys can not be read again, the old ones hold" in caplog.text
    write(file, "new")
    found.refresh()
    assert (may(found, "old"), may(found, "new")) == ([], [RERANK])


def test_a_file_that_is_gone_keeps_the_old_keys(keys, file, caplog):
    found = keys("old")
    file.unlink()
    found.refresh()
    assert may(found, "old") == [RERANK]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_file_that_has_not_changed_is_not_read_again(keys, file, monkeypatch):
    found = keys("old")
    monkeypatch.setattr("xephang.server.keys._read", lambda path: pytest.fail("it is read"))
    found.refresh()
    assert may(found, "old") == [RERANK]
