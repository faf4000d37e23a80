"""README.md and docs/*.md are run: what they show works, as it stands there.

In each page, in its order: ```python blocks run in one namespace, and of ```console and ```bash blocks the lines that
call xephang (in a console block, those behind a `$ `; a line that ends in `\\` goes on). They run in a folder of their
own, in which these lie: `recipes/` (its base models replaced by the tests' tiny one), `products.csv` (id, name, brand,
price), `pairs.jsonl` (query, document). A block is left out where an HTML comment before it says why:
`<!-- not run: reason -->`. ```toml blocks are read as parts of a recipe.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from xephang import demo_catalogue
from xephang.training import Recipe

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "cli.md")]
ALL_PAGES = [*PAGES, ROOT / "docs" / "cli.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
SHELLS = ("console", "bash", "sh", "shell")
COMMENT = re.compile(r"<!--\s*not run:\s*(.*?)\s*-->\s*$", re.S)
CALLS_XEPHANG = re.compile(r"(?:^|[|;&(]\s*)xephang\s")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :param line: of the fence, counted from 1.
    :param skipped: why it is not run; None where it is.
    """

    language: str
    text: str
    line: int
    skipped: str | None = None


def blocks(markdown: str) -> list[Block]:
    """The fenced blocks of a page, in its order; a comment speaks for the block right after it only."""
    found: list[Block] = []
    comment = None
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "fence":
            language = token.info.split()[0] if token.info.strip() else ""
            found.append(Block(language, token.content, (token.map or [0])[0] + 1, comment))
        comment = match[1] if token.type == "html_block" and (match := COMMENT.search(token.content)) else None
    return found


def commands(block: Block) -> Iterator[tuple[int, str]]:
    """The command lines of a shell block that call xephang, each with its line in the page."""
    lines = iter(enumerate(block.text.split("\n"), block.line + 1))
    for number, line in lines:
        if block.language == "console" and not line.startswith("$ "):
            continue
        command = line.removeprefix("$ ")
        while command.endswith("\\"):
            command = command[:-1] + next(lines)[1].removeprefix("> ").strip()
        if CALLS_XEPHANG.search(command):
            yield number, command


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def reader(tmp_path, tiny, monkeypatch):
    """What a reader of the docs has at hand; return the environment in which `xephang` is a command."""
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    for recipe in (tmp_path / "recipes").glob("*.toml"):
        text = re.sub(r"(?m)^base = .*$", f"base = {json.dumps(str(tiny))}", recipe.read_text(encoding="utf-8"))
        recipe.write_text(re.sub(r"(?m)^base_sha256 = .*\n", "", text), encoding="utf-8")
    with (tmp_path / "products.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "name", "brand", "price"])
        rows.writerows(
            (p.id, p.title, p.brand, p.price or "") for p, _ in zip(demo_catalogue(), range(50), strict=False)
        )
    pairs = [{"query": "giày chạy bộ nữ", "document": title} for title in ("Giày chạy bộ nữ", "Tủ giày gỗ 3 tầng")]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "xephang"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m xephang "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}


def run(page: Path, environment: dict[str, str]) -> int:
    """Run a page; return how many blocks and commands ran. An error names the page's own line."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    ran = 0
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.skipped is not None:
            continue
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
            ran += 1
        elif block.language in SHELLS:
            for line, command in commands(block):
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", command], env=environment, capture_output=True, text=True
                )
                assert done.returncode == 0, f"{page}:{line}: {command}\n{done.stdout}{done.stderr}"
                assert done.stdout, f"{page}:{line}: {command} shows nothing"
                ran += 1
    return ran


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_shows_works(page, reader):
    shown = [b for b in blocks(page.read_text(encoding="utf-8")) if b.language in ("python", *SHELLS)]
    assert run(page, reader) > 0 or all(block.skipped for block in shown)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is(page):
    found = blocks(page.read_text(encoding="utf-8"))
    assert {block.language for block in found} <= {"python", "toml", "json", "text", *SHELLS}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_toml_is_a_recipe_or_a_part_of_one(page):
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "toml":
            table = tomllib.loads(block.text)
            Recipe.from_dict({"name": "x", **table, "data": {"pairs": "x.jsonl", **table.get("data", {})}})


def test_what_is_not_run_is_little_and_has_a_reason():
    found = [block for page in PAGES for block in blocks(page.read_text(encoding="utf-8"))]
    left_out = [block for block in found if block.skipped is not None]
    assert all(len(block.skipped or "") > 10 for block in left_out)
    assert all(block.language in ("python", *SHELLS) for block in left_out)
    assert len(left_out) < len([block for block in found if block.language in ("python", *SHELLS)]) / 3


@pytest.mark.parametrize("page", ALL_PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    tokens = [child for token in MarkdownIt("commonmark").enable("table").parse(text) for child in token.children or ()]
    links = [
        str(token.attrs.get("href") or token.attrs.get("src"))
        for token in tokens
        if token.type in ("link_open", "image")
    ]
    local = [link.split("#")[0] for link in links if not re.match(r"\w+:|#", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=name_of)
def test_nothing_waits_to_be_filled_in(page):
    assert re.findall(r"@@\w*@@|\bTBD\b|\?\?\?", page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=name_of)
def test_what_make_is_told_it_can_do(page):
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    told = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M))
    assert told and told <= targets


def test_the_readme_names_every_page():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs").glob("*.md") if f"docs/{path.name}" not in text] == []


SAMPLE = """\
# Title

Some text with `xephang inline`.

```python
x = 1
```

<!-- not run: it needs a network
     and a day -->
```bash
xephang train far.toml
```

```python title="second"
assert x == 1
```

- in a list:

  ```console
  $ xephang rank "giày" a.csv \\
  >     --json
  xephang: this is output
  $ pip install xephang
  $ cat a.jsonl | xephang predict - | head -1
  $ git clone https://example.com/xephang
  ```

<!-- an ordinary comment -->
~~~sh
make demo
xephang card
# xephang in a comment
  echo xephang
~~~

<!-- not run: too far away -->

A paragraph between.

```
$ xephang nothing
```

    xephang indented
"""


def test_the_extractor_finds_blocks_with_their_lines():
    assert [(block.language, block.line) for block in blocks(SAMPLE)] == [
        ("python", 5),
        ("bash", 11),
        ("python", 15),
        ("console", 21),
        ("sh", 31),
        ("", 42),
    ]
    assert [block.text for block in blocks(SAMPLE) if block.language == "python"] == ["x = 1\n", "assert x == 1\n"]


def test_a_comment_leaves_out_the_next_block_and_no_other():
    reasons = [block.skipped for block in blocks(SAMPLE)]
    assert [reason and " ".join(reason.split()) for reason in reasons] == [
        None, "it needs a network and a day", None, None, None, None
    ]  # fmt: skip


def test_the_extractor_finds_the_lines_that_call_xephang():
    found = [list(commands(block)) for block in blocks(SAMPLE) if block.language in SHELLS]
    assert found == [
        [(12, "xephang train far.toml")],
        [(22, 'xephang rank "giày" a.csv --json'), (26, "cat a.jsonl | xephang predict - | head -1")],
        [(33, "xephang card")],
    ]


def page(tmp_path, text):
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    return tmp_path / "page.md"


def test_blocks_share_a_namespace_and_a_folder(tmp_path, reader):
    text = "```python\nx = 1\n```\n```bash\nxephang --version > v\ncat v | xephang --version\n```\n"
    text += "```python\nfrom pathlib import Path\nassert Path('v').read_text() and x == 1\n```\n"
    with pytest.raises(AssertionError, match="xephang --version > v shows nothing"):
        run(page(tmp_path, text), reader)
    assert run(page(tmp_path, text.replace("> v", "| tee v")), reader) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("\n\n```python\n\nassert 1 == 2\n```\n", "page.md", id="python"),
        pytest.param(
            "```console\n$ xephang rank giày none.csv\n```\n", r"page.md:2: .*\n.*none.csv: there is no", id="shell"
        ),
        pytest.param("```bash\nxephang rank giày none.csv | cat\n```\n", "page.md:2", id="inside a pipe"),
    ],
)
def test_a_page_that_does_not_work_is_found_out(tmp_path, reader, text, says):
    with pytest.raises(AssertionError) as error:
        run(page(tmp_path, text), reader)
    traced = f"{error.traceback[-1].path}:{error.traceback[-1].lineno + 1} {error.value}"
    assert re.search(says, traced)
    if "python" in text:
        assert error.traceback[-1].lineno + 1 == 5
