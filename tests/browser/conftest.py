"""Debian's chromium before a real server; after each test, nothing was asked of others and nothing went wrong."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Served, Watch, build_shop, serving
from playwright.sync_api import Browser, Page, expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("shop") / "shop")


@pytest.fixture(scope="session")
def served(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(shop_folder, tmp_path_factory.mktemp("judgments") / "grades.jsonl") as served:
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")  # the first takes half the time
    assert path, "there is no chromium: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a path of the server; every page is watched until the test ends."""
    contexts, watches = [], []

    def opening(
        path: str = "/", *, url: str = served.url, clock: bool = False, wait: bool = True, **options: Any
    ) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "vi-VN"} | options)
        contexts.append(context)
        page = context.new_page()
        page.watch = Watch(page, url)
        watches.append(page.watch)
        if clock:
            page.clock.install(time=0)
        page.goto(url + path)
        if wait:
            expect(page.locator("html.scripted")).to_be_attached()
        if clock:  # from here on it goes only where the test has it go
            page.clock.pause_at(3_600_000)
        return page

    expect.set_options(timeout=15_000)
    yield opening
    found = [(watch.unexpected(), watch.outside()) for watch in watches]
    for context in contexts:
        context.close()
    assert found == [([], [])] * len(watches)
