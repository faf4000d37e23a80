import json
import os
import pty
import re
import subprocess
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xephang.cli import console
from xephang.errors import InputError

HOSTILE = st.text(st.one_of(st.sampled_from("\x1b\x07\x9b\u202e\u2028\ud800[]\t\r\n\x00/êđ🔥 "), st.characters()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | HOSTILE,
    lambda inner: st.lists(inner) | st.dictionaries(HOSTILE, inner),
    max_leaves=6,
)
with_capsys = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def commands_in(text: str) -> list[str]:
    """What a terminal could take for a command, or a reader for a second line."""
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or "\u202a" <= c <= "\u202e"]


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        pytest.param(268000.0, "268.000đ", id="thousands"),
        pytest.param(1_250_000, "1.250.000đ", id="millions"),
        pytest.param(900.0, "900đ", id="hundreds"),
        pytest.param(0.0, "0đ", id="free"),
        pytest.param(99999.6, "100.000đ", id="rounded to whole đồng"),
        pytest.param(None, "", id="unknown"),
    ],
)
def test_prices_are_written_as_shops_write_them(price, shown):
    assert console.price(price) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Giày đế êm 🔥", "Giày đế êm 🔥", id="what people write stays"),
        pytest.param("a\x1b[31mb\x1b[0m", "a [31mb [0m", id="colour"),
        pytest.param("a\r\n\tb", "a b", id="line end and tab"),
        pytest.param("a\x9b2Jb", "a 2Jb", id="one-byte control sequence"),
        pytest.param("a\u202eb\u2066c", "a b c", id="direction overrides"),
        pytest.param("caf\udce9", "caf\ufffd", id="a byte of a file name that is no UTF-8"),
        pytest.param("[red]x[/]", "[red]x[/]", id="markup is text"),
    ],
)
def test_control_characters_become_spaces(text, shown):
    assert console.plain(text) == shown


@given(HOSTILE)
def test_plain_text_is_one_line_without_commands(text):
    plain = console.plain(text)
    assert not commands_in(plain)
    assert console.plain(plain) == plain


@given(JSON)
@with_capsys
def test_json_is_one_line_that_reads_back_the_same(capsys, value):
    console.print_json(value)
    line = capsys.readouterr().out
    assert line.endswith("\n") and not commands_in(line[:-1])
    assert json.loads(line) == value


def test_json_keeps_vietnamese_readable_and_escapes_the_rest(capsys):
    console.print_json({"title": "Giày đế êm", "bad": "\x1b\x9b\u202e\ud800"})
    assert capsys.readouterr().out == '{"title": "Giày đế êm", "bad": "\\u001b\\u009b\\u202e\\ud800"}\n'


def test_json_has_no_word_for_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        console.print_json({"score": float("nan")})


@given(st.lists(HOSTILE, min_size=1, max_size=4))
@with_capsys
def test_cells_are_parted_by_exactly_one_tab(capsys, cells):
    console.print_cells(*cells)
    out, _ = capsys.readouterr()
    assert out.endswith("\n")
    assert out[:-1].split("\t") == [console.plain(cell) for cell in cells]


@pytest.mark.parametrize("say", [console.note, console.complain])
@given(text=HOSTILE)
@with_capsys
def test_what_is_said_on_stderr_is_one_line(capsys, say, text):
    say(text)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and not commands_in(err[:-1])


def test_a_note_in_a_file_is_not_wrapped(capsys):
    console.note("từ " * 100)
    assert len(capsys.readouterr().err.splitlines()) == 1


COLUMNS = {"#": "right", "product": "wide", "price": "right"}


@given(title=HOSTILE, rows=st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE), max_size=4))
@with_capsys
def test_a_table_has_one_line_a_row_whatever_is_in_it(capsys, title, rows):
    console.print_table(title, COLUMNS, rows)
    out, _ = capsys.readouterr()
    assert len(out.split("\n")) == 3 + len(rows) + 2
    assert not commands_in(out.replace("\n", ""))
    assert all(line == line.rstrip() for line in out.split("\n"))


def test_a_table_cuts_only_its_wide_column(capsys):
    console.print_table("Giày", COLUMNS, [("1", "x" * 10_000, "268.000đ"), ("10", "dép", "")])
    title, heading, rule, first, second, *end = capsys.readouterr().out.split("\n")
    assert (title, end) == ("Giày", ["", ""])
    assert re.fullmatch(r" # +product +price", heading) and re.fullmatch("─+", rule)
    assert re.fullmatch(r" 1 +x+… +268\.000đ", first) and len(first) == 120
    assert second == "10   dép"


def test_markup_in_a_table_is_text(capsys):
    console.print_table("[bold]t[/bold]", COLUMNS, [("1", "[red]x[/] [/nope] \\[", ":fire:")])
    out, _ = capsys.readouterr()
    assert out.startswith("[bold]t[/bold]\n")
    assert "[red]x[/] [/nope] \\[" in out and ":fire:" in out


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        pytest.param(None, {}, id="none"),
        pytest.param(["title=name"], {"title": "name"}, id="one"),
        pytest.param(["title=Tên hàng", "price=Giá = VND"], {"title": "Tên hàng", "price": "Giá = VND"}, id="= inside"),
        pytest.param([" title = name "], {"title": "name"}, id="spaces"),
    ],
)
def test_column_options(options, columns):
    assert console.column_map(options) == columns


@pytest.mark.parametrize("option", ["title", "=name", "title=", ""])
def test_a_column_option_of_another_form_is_refused(option):
    with pytest.raises(InputError, match=re.escape(f"--column '{option}': write OURS=THEIRS")):
        console.column_map([option])


def test_a_column_is_mapped_once():
    assert console.column_map(["title=a", "title=a"]) == {"title": "a"}
    with pytest.raises(InputError, match="--column title: is given twice, 'a' and 'b'; keep one"):
        console.column_map(["title=a", "title=b"])


def in_terminal(start, *arguments, columns):
    """Run with stdout and stderr being a terminal; return the exit code and all that it was sent."""
    ours, theirs = pty.openpty()
    with start(*arguments, stdout=theirs, stderr=theirs, env={"COLUMNS": str(columns), "TERM": "xterm"}) as child:
        os.close(theirs)
        sent = b""
        while True:
            try:
                sent += (more := os.read(ours, 65536))
            except OSError:  # how Linux says that the other side is closed
                break
            if not more:
                break
    os.close(ours)
    return child.returncode, sent.decode().replace("\r\n", "\n")


def test_in_a_terminal_the_table_fits_and_progress_is_drawn_and_taken_away(start, tiny_exported):
    code, sent = in_terminal(start, "demo", "giày chạy bộ", "-k", "3", "--model", tiny_exported, columns=60)
    assert code == 0
    assert "scoring" in sent
    after = sent[sent.rindex("\x1b[2K") :]
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", after).strip("\r\n").split("\n")
    assert re.match("“giày chạy bộ”: 1,200 products in [\\d,]+ ms", shown[0])
    assert len(shown) == 3 + 3
    assert all(len(line) <= 60 for line in shown[1:])
    assert all("đ" in line and "…" in line for line in shown[3:])


def test_outside_a_terminal_no_progress_is_drawn(process, tiny_exported):
    ran = process("demo", "giày", "-k", "3", "--model", tiny_exported, stderr=subprocess.PIPE)
    assert ran.err == "1,200 products, model 'model', engine onnx\n"
    assert "\x1b" not in ran.out


def test_in_a_terminal_explanations_are_coloured_and_fit(start, tiny_exported, shop):
    catalogue = shop({"id": "A1", "title": "Giày chạy bộ nữ " * 9, "color": "trắng", "price": 268000})
    options = ("--explain", "--lexicon", "footwear", "--model", tiny_exported)
    code, sent = in_terminal(start, "rank", "giày chạy bộ nữ màu đen size 38", catalogue, *options, columns=100)
    assert code == 0
    assert "\x1b[32m✓ Loại: giày chạy bộ" in sent and "\x1b[31m✗ Màu: đen" in sent and "\x1b[2m? Cỡ: 38" in sent
    table = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", sent[sent.rindex("─") :]).split("\n")
    assert all(len(line) <= 100 for line in table)
    assert [line.split()[0] for line in table[2:] if line] == ["✓", "✓", "giày", "size"]
