"""The command line with a database's URL where a file of products is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import PASSWORD

ROOT = Path(__file__).parents[2]


@pytest.fixture
def xephang(tmp_path):
    """Run the command line as a process of its own, in a folder of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}

    def run(*arguments):
        command = [sys.executable, "-m", "xephang", *map(str, arguments)]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert "Traceback" not in done.stderr and PASSWORD not in done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def hang(shop):
    """A table of four products, one of which can not be used."""
    shop.execute("CREATE TABLE hang (ma text, ten text, gia text, hang text)")
    shop.execute(
        "INSERT INTO hang VALUES ('A1', 'Giày chạy bộ nữ đế êm', '268k', 'Adidas'), ('A2', 'Dép sandal nam', '99000', "
        "'Bata'), ('A3', 'Tủ giày gỗ 3 tầng', NULL, NULL), ('A4', 'Ủng', 'rẻ', NULL)"
    )


def test_rank_and_what_becomes_of_bad_rows(xephang, url, hang, tmp_path):
    stopped = xephang("rank", "giay chay bo nu", url, "--sql", "hang", "--column", "brand=hang")
    assert (
        stopped.returncode == 2 and "table hang, row 4, field 'gia': 'rẻ' can not be read as a price" in stopped.stderr
    )
    ran = xephang(
        "rank", "giay chay bo nu", url, "--sql", "hang", "--keep-going", "--rejects", "rejects.jsonl", "--json",
        "--column", "brand=hang",
    )  # fmt: skip
    assert ran.returncode == 0 and "3 products from 4 rows, 1 rejected" in ran.stderr
    assert json.loads(ran.stdout)["results"][0]["id"] == "A1"
    assert json.loads((tmp_path / "rejects.jsonl").read_text(encoding="utf-8"))["values"]["gia"] == "rẻ"


def test_compile_and_update(xephang, url, hang, shop):
    shop.execute("DELETE FROM hang WHERE ma = 'A4'")
    made = xephang("compile", url, "--sql", "hang", "--output", "shop", "--json")
    assert made.returncode == 0 and json.loads(made.stdout)["products"] == 3
    shop.execute("UPDATE hang SET ten = 'Giày chạy bộ nam' WHERE ma = 'A2'")
    shop.execute("INSERT INTO hang VALUES ('A5', 'Guốc mộc')")
    query = "SELECT * FROM hang WHERE ma IN ('A2', 'A5')"
    added = xephang("compile", url, "--sql", query, "--output", "shop", "--update", "--json")
    assert added.returncode == 0 and json.loads(added.stdout)["products"] == 4 and "1 products replaced" in added.stderr
    best = json.loads(xephang("rank", "giày chạy bộ nam", "shop", "--json").stdout)["results"]
    assert best[0]["id"] == "A2"
    refused = xephang("rank", "giày", "shop", "--sql", "hang")
    assert refused.returncode == 2 and "is compiled; --column" in refused.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "say which rows, by a table's name or a select: sql (--sql)"),
        (("--sql", "hnag"), 'relation "hnag" does not exist; check the table\'s name'),
        (("--sql", "drop table hang"), 'syntax error at or near "drop"; give a table\'s name, or one select'),
        (("--sql", "hang", "--format", "csv"), "format 'csv' is for files; leave it out"),
        (
            ("--sql", "hang", "--column", "title=tên"),
            "has no column 'tên' to read 'title' from; the nearest are: 'ten'",
        ),
    ],
    ids=["no SQL", "no table", "no select", "a format", "no column"],
)
def test_what_is_wrong_is_said(xephang, url, hang, options, says):
    for command in (("rank", "giày", url), ("compile", url, "--output", "shop")):
        ran = xephang(*command, *options)
        assert ran.returncode == 2 and says in " ".join(ran.stderr.split())


def test_sql_without_a_database(xephang, tmp_path):
    (tmp_path / "a.csv").write_text("id,title\n1,Giày\n", encoding="utf-8")
    ran = xephang("rank", "giày", "a.csv", "--sql", "hang")
    assert ran.returncode == 2 and "a.csv: is a file; sql (--sql) is for a database" in " ".join(ran.stderr.split())


@pytest.mark.parametrize("change", [("/shop_", "/không_"), (PASSWORD, "sai-mật-khẩu")], ids=["database", "password"])
def test_a_server_that_refuses(xephang, url, change):
    ran = xephang("rank", "giày", url.replace(*change), "--sql", "hang")
    assert ran.returncode == 2 and "check the address, the user, and the password" in " ".join(ran.stderr.split())
    assert "sai-mật-khẩu" not in ran.stderr


def test_other_commands_want_a_file(xephang, url):
    ran = xephang("predict", url)
    assert ran.returncode == 2 and "is a database; only a catalogue is read from one" in " ".join(ran.stderr.split())
