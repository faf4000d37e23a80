"""docs/clients is run: each page's ```python blocks, in its order, print what the ```text block behind them shows."""

import re
from contextlib import redirect_stdout
from io import StringIO

import pytest
from pages import ADDRESS, FOLDER, blocks

from conftest import KEY, ROOT

PAGES = sorted(path.name for path in FOLDER.glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_works(page, url):
    names = {"__name__": "__main__"}
    printed = StringIO()
    for block in blocks(page, url):
        if block.language == "python":
            with redirect_stdout(printed):
                exec(compile("\n" * (block.line - 1) + block.text, str(FOLDER / page), "exec"), names)
        elif block.language == "text":
            assert printed.getvalue() == block.text
            printed = StringIO()
    assert printed.getvalue() == ""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_the_one_address_and_the_one_key(page):
    text = (FOLDER / page).read_text(encoding="utf-8")
    assert {block.language for block in blocks(page, ADDRESS)} <= {"python", "text", "json"}
    assert set(re.findall(r"https?://127[\d.]*:\d+", text)) == {ADDRESS} and KEY in text


def test_the_overview_names_every_page_and_the_versions_that_run_here():
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    assert [page for page in PAGES if f"(clients/{page})" not in text] == []
    pinned = [*(FOLDER.parents[1] / "tests" / "clients").glob("*.txt")]
    versions = set(re.findall(r"^([\w-]+==[\w.]+)$", "\n".join(path.read_text() for path in pinned), re.M))
    named = set(re.findall(r"`([\w-]+==[\w.]+)`", text))
    assert len(named) >= 12 and named <= versions


@pytest.mark.parametrize("page", ["../clients.md", *PAGES])
def test_links_lead_somewhere(page):
    text = (FOLDER / page).read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if ":" not in link]
    assert [link for link in links if not ((FOLDER / page).parent / link).exists()] == []
