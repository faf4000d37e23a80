"""docs/postgresql.md is run, in its order: python in one namespace, bash as it stands, in a database of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from demo import fill

from xephang.search import Search
from xephang.search.postgresql import PostgresFirstStage

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "postgresql.md"
ADDRESS = "postgresql://shop@localhost/shop"
FENCED = re.compile(r"(?:<!-- (?P<why>[^>]*) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
TABLES = """
CREATE TABLE brands (id serial PRIMARY KEY, name text UNIQUE);
INSERT INTO brands (name) SELECT DISTINCT thuong_hieu FROM hang;
CREATE TABLE products AS
  SELECT h.ma AS id, h.ten AS name, h.thuong_hieu AS brand, b.id AS brand_id, h.mau AS color, h.gioi_tinh AS gender,
         h.gia AS price, h.ton_kho AS stock
  FROM hang h JOIN brands b ON b.name = h.thuong_hieu ORDER BY h.ma LIMIT 150;
ALTER TABLE products ADD PRIMARY KEY (id);
CREATE TABLE features AS
  SELECT ma AS product_id, unnest(tinh_nang) AS name FROM hang WHERE ma IN (SELECT id FROM products);
DROP TABLE hang;
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Run a block of bash in a folder of its own, as a reader of the page does."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "xephang"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m xephang "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "src").symlink_to(ROOT / "src")
    monkeypatch.chdir(tmp_path)
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src")}

    def run(text):
        done = subprocess.run(["bash", "-euo", "pipefail"], input=text, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, text + done.stdout + done.stderr
        return done.stdout

    return run


def test_what_the_page_shows_works(url, shop, shell, capsys):
    fill(shop)
    shop.execute(TABLES)
    names = {"__name__": "__main__"}
    shown = []
    for match in FENCED.finditer(PAGE.read_text(encoding="utf-8")):
        text = match["text"].replace(ADDRESS, url).replace("export PGPASSWORD=…\n", "")
        if match["language"] == "python":
            exec(compile(text, str(PAGE), "exec"), names)
            shown.append(capsys.readouterr().out)
        else:
            shown.append(shell(text))
    ranked = [line.split() for line in shown[4].splitlines()]
    assert len(ranked) == 3 and {id for id, _ in ranked} <= {id for (id,) in shop.execute("SELECT id FROM products")}
    assert "150 products" in shown[0] and "giay chay bo nu" in shown[0]
    names["first_stage"].close()
    other = PostgresFirstStage(url)
    feature = shop.execute("SELECT product_id, name FROM features LIMIT 1").fetchone()
    assert feature[0] in other.find(Search(feature[1], candidates=1000)).ids
    shop.execute("UPDATE products SET stock = 0 WHERE id = %s", (feature[0],))
    assert feature[0] not in other.find(Search(feature[1], candidates=1000)).ids
    other.close()


def test_every_block_is_left_out_elsewhere_and_run_here():
    blocks = list(FENCED.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(blocks) == 6 and {block["language"] for block in blocks} == {"python", "bash"}
    assert all(
        (block["why"] or "").endswith("tests/postgresql/test_postgresql_docs.py runs it in one") for block in blocks
    )
    assert all(ADDRESS in block["text"] for block in blocks if block["language"] == "bash")


def test_the_page_names_what_there_is(url, shop):
    shop.execute("CREATE TABLE hang AS SELECT 1 AS id, 'Giày' AS ten")
    PostgresFirstStage.create(url, "hang").close()
    there = "SELECT relname FROM pg_class WHERE relnamespace = 'xephang'::regnamespace AND relkind IN ('r', 'v', 'm')"
    with psycopg.connect(url) as connection:
        made = {f"xephang.{name}" for (name,) in connection.execute(there)}
    named = set(re.findall(r"^\| `(xephang\.\w+)`", PAGE.read_text(encoding="utf-8"), re.M))
    assert named == made
