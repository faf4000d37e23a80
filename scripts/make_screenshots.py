"""Draw the pictures of the search page that the docs show: a real server, Debian's chromium, generated products.

Writes docs/images/page-*.png. Needs what `make browser` needs. The comparison is of what the bundled model does.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from xephang import Reranker, demo_catalogue
from xephang.search import Shop

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 250_000
COLOURS = 256
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESK, PHONE = (1280, 900), (360, 740)
QUERY = "giay+chay+bo+nu+mau+den+duoi+1tr5"
PICTURES = {
    "search": (f"/?q={QUERY}", DESK),
    "compare": ("/?q=giay+bup+be&view=compare", DESK),
    "grading": ("/?q=giay+chay+bo+nu+mau+den&view=grade", DESK),
    "phone": (f"/?q={QUERY}", PHONE),
}


def main() -> None:
    """Draw all of them."""
    with tempfile.TemporaryDirectory() as folder:
        Shop.build(Reranker.load("giay"), demo_catalogue(), Path(folder) / "shop")
        with serving(Path(folder)) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            for name, (path, size) in PICTURES.items():
                draw(browser, url + path, size, IMAGES / f"page-{name}.png")
            browser.close()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the shop, and give the address."""
    command = [sys.executable, "-m", "xephang", "serve", "giay", "--port", "0", "--drain-seconds", "0"]
    command += ["--catalogue", str(folder / "shop"), "--judgments", str(folder / "grades.jsonl")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        else:
            raise SystemExit("the server does not start")
        try:
            yield found.group()
        finally:
            process.terminate()


def draw(browser: Browser, url: str, size: tuple[int, int], file: Path) -> None:
    """Draw one page, once it has been shown a first time: then nothing has to be read from the disk any more."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")
    for _ in range(2):
        page.goto(url)
        page.wait_for_selector("html.scripted")
    if "view=grade" in url:
        grade(page)
    page.screenshot(path=file)
    page.close()
    small(file)


def grade(page: Page) -> None:
    """Give some grades, as staff would."""
    page.get_by_label("Người chấm").fill("Lan")
    for place, given in enumerate((3, 2, 1, 2)):
        page.locator(f".hit >> nth={place}").locator(f"button[data-set='{given}']").click()
        page.wait_for_selector(f".hit >> nth={place} >> [aria-pressed='true']")
    page.keyboard.press("j")
    page.evaluate("window.scrollTo(0, 0)")


def small(file: Path) -> None:
    """Write a picture with few colours; of a page, one sees no difference."""
    with Image.open(file) as image:
        reduced = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    reduced.save(file, optimize=True)
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{file}: {size:,} bytes; at most {MOST_BYTES:,} are kept")


if __name__ == "__main__":
    main()
