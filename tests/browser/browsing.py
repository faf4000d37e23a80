"""What the browser's tests share: a shop with hostile products, a real server of it, and what a page is watched for."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Request

from xephang import Product, Reranker, demo_catalogue
from xephang.search import Shop

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which something that ought to happen has not."""
LONG = "Quái vật dài " + "rất êm " * 1500
HOSTILE = [
    Product(id="H-1", title="Quái vật <script>window.struck = 1</script>", brand="<b>Đậm</b>", price=1_250_000.0),
    Product(id="H-2", title="Quái vật \"nháy\" 'đơn' & <img src=x onerror='window.struck = 2'>", price=199_000.0),
    Product(id="H-3", title="Quái vật \u202eđảo ngược", brand="\u2067Thương hiệu\u202e"),
    Product(id="H-4", title=LONG, category="</article></li></ol><h1>Thoát</h1>"),
    Product(id="H-5", title="Quái vật ẩ\u200bn gi\u200dữa 👟🔥", extra={"url": "javascript:window.struck = 3"}),
    Product(id="H-6", title="Quái vật có trang", extra={"url": 'https://shop.example/?a=1&b="c"'}, price=0.0),
    Product(id="H\"7'><i>", title="Quái vật mã lạ {{ 7 * 7 }}", color="' onmouseover='window.struck = 4"),
    Product(id="H-8", title="Quái vật &lt;b&gt; &amp;", size="</span><style>*{display:none}</style>"),
]
SHOES = [
    Product(id="G-1", title="Giày chạy bộ nữ đế êm trắng", brand="Adidas", size="38", price=1_250_000.0, gender="Nữ"),
    Product(id="G-2", title="Giày chạy bộ nam đế êm đen", brand="Nike", size="42", price=990_000.0, gender="Nam"),
]


def build_shop(folder: Path) -> Path:
    """Index two hundred generated products, two known ones, and the hostile ones."""
    generated = islice(demo_catalogue(), 200)
    Shop.build(Reranker.load("giay", threads=1), [*generated, *SHOES, *HOSTILE], folder)
    return folder


@dataclass(frozen=True)
class Served:
    """A server of processes, and the file that it keeps grades in."""

    url: str
    judgments: Path | None

    def grades(self) -> list[dict[str, Any]]:
        """The rows of the file, in its order."""
        assert self.judgments
        return [json.loads(line) for line in self.judgments.read_text(encoding="utf-8").splitlines()]


@contextmanager
def serving(shop: Path | None, judgments: Path | None, *options: str) -> Iterator[Served]:
    """Run `xephang serve` on a free port."""
    command = [
        sys.executable,
        "-m",
        "xephang",
        "serve",
        "giay",
        "--port",
        "0",
        "--threads",
        "1",
        "--drain-seconds",
        "0",
    ]
    command += ["--catalogue", str(shop)] if shop else []
    command += ["--judgments", str(judgments)] if judgments else []
    process = subprocess.Popen(
        [*command, *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        found = until(lambda: re.search(r"http://127\.0\.0\.1:\d+", "".join(lines)), lambda: "".join(lines))
        yield Served(found.group(), judgments)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        assert process.stderr
        process.stderr.close()


def until(happens: Callable[[], Any], said: Callable[[], str] = str) -> Any:
    """Wait for what nothing in the page tells."""
    ends = time.monotonic() + PATIENCE
    while not (found := happens()):
        assert time.monotonic() < ends, f"it does not happen: {said()}"
        time.sleep(0.02)
    return found


def value_of(page: Page, facet: str, value: str) -> Locator:
    """The checkbox of a facet's value, unfolded where it is among the rarer ones."""
    box = page.locator(f"[id='choose-{facet}-{value}']")
    folded = page.locator(f"#more-{facet}:not([open])", has=box)
    if folded.count():
        folded.locator("> summary").click()
    return box


@dataclass
class Watch:
    """What happened in a page that should not, and what it asked for.

    :param expected: parts of the browser's own messages that a test brings about.
    """

    page: Page
    url: str
    requests: list[Request] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda said: self.troubles.append(f"console: {said.type}: {said.text}"))
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective));"
        )

    def _dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def asked(self) -> list[str]:
        """The paths and queries that scripts and navigations asked for, static files apart."""
        paths = [request.url.removeprefix(self.url) for request in self.requests]
        return [path for path in paths if not path.startswith("/static/")]

    def searches(self) -> list[str]:
        """The searches among them."""
        return [path for path in self.asked() if path.startswith("/?") or path == "/"]

    def outside(self) -> list[str]:
        """What was asked of anybody else."""
        local = (self.url, "data:", "blob:")
        return [request.url for request in self.requests if not request.url.startswith(local)]

    def unexpected(self) -> list[str]:
        """What went wrong without being meant to."""
        return [one for one in self.troubles if not any(part in one for part in self.expected)]
