"""A process that is killed at any moment leaves the old state or the new one, of index and compiled numbers both."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
import selling
from stock import everything

from xephang.compiled.manifest import BUILDING, MANIFEST, Manifest
from xephang.search import Search, Shop

pytestmark = pytest.mark.slow
SRC = Path(__file__).parents[2] / "src"


class Sellers:
    """Processes that change a shop, and are killed."""

    def __init__(self, model, folder):
        self._parent = subprocess.Popen(
            [sys.executable, selling.__file__, str(model), str(folder)],
            env={**os.environ, "PYTHONPATH": str(SRC)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._parent:
            self._parent.stdin.close()

    def run(self, do, version, *, kill_at=0, wait=None):
        """Have one do something; return its counts of operations if it came through before it was killed."""
        self._parent.stdin.write(
            json.dumps({"do": do, "version": version, "kill_at": kill_at, "pause": wait is not None}) + "\n"
        )
        self._parent.stdin.flush()
        child = int(self._parent.stdout.readline())
        if wait is not None:
            time.sleep(wait)
            os.kill(child, signal.SIGKILL)
        lines = list(iter(lambda: self._parent.stdout.readline().strip(), "gone"))
        return [int(number) for line in lines for number in line.split()[1:]]


@pytest.fixture
def shop_folder(tiny_model, tmp_path):
    Shop.build(tiny_model, selling.wares(12).values(), tmp_path / "hàng")
    return tmp_path / "hàng"


def contents(folder):
    """Return what a shop holds, once both of its halves were seen to hold it."""
    shop = Shop.open(folder)
    shop.compiled.verify()
    ids = shop.compiled.ids()
    found = {product.id: product for product in shop.compiled.products(ids)}
    assert sorted(everything(shop)) == sorted(ids)
    prices = shop.find(Search(sort="price", page_size=100, first_stage_only=True))
    assert dict(zip(prices.ids, prices.prices, strict=True)) == {id: product.price for id, product in found.items()}
    return found


def strays(folder):
    """Return what stands in the folder and neither of its manifests names."""
    manifests = [Manifest.read(folder, name) for name in (MANIFEST, BUILDING) if (folder / name).is_file()]
    single = {file.path for one in manifests for file in (one.index, one.basis) if file}
    named = {".lock", "parts", MANIFEST, BUILDING, *single, *(one.attached for one in manifests)}
    parts = {part.name for one in manifests for part in one.parts}
    return {path.name for path in folder.iterdir()} - named | {
        path.name for path in (folder / "parts").iterdir() if path.name not in parts
    }


def new(do, version, before):
    return selling.after(version, before) if do == "change" else selling.wares(12, version)


def finish(do, folder, model, expected):
    """Check that the next write works, and leaves nothing lying about."""
    if do == "change":
        Shop.open(folder, model=model).change(*selling.change(99, expected))
    else:
        Shop.build(model, new(do, 99, expected).values(), folder, overwrite=True)
    assert contents(folder) == new(do, 99, expected)
    assert not strays(folder)
    assert not (folder / BUILDING).exists()


@pytest.mark.parametrize("do", ["change", "build"])
def test_a_kill_at_any_operation_on_a_file_leaves_one_state_or_the_other(shop_folder, tiny_model, tiny_apart, do):
    expected, littered, states = new(do, 1, selling.wares(12)), 0, set()
    with Sellers(tiny_apart, shop_folder) as sellers:
        count, turn = sellers.run(do, 1)
        assert contents(shop_folder) == expected
        # Every one about where the manifest is replaced, and some of the others; a kill leaves more to sweep next time.
        kills = {*range(turn - 3, turn + 4), *Random(do).sample(range(1, count), 6)}
        for version, kill_at in enumerate(sorted(kills), start=2):
            through = sellers.run(do, version, kill_at=kill_at)
            found, after = contents(shop_folder), new(do, version, expected)
            assert found in ([after] if through else [expected, after])
            states.add(found == expected)
            littered += bool(strays(shop_folder))
            expected = found
    assert states == {True, False}
    assert littered, "or no kill came in the middle"
    finish(do, shop_folder, tiny_model, expected)


@pytest.mark.parametrize("do", ["change", "build"])
def test_a_kill_at_any_moment_leaves_one_state_or_the_other(shop_folder, tiny_model, tiny_apart, do):
    random, expected, killed = Random(do), selling.wares(12), 0
    with Sellers(tiny_apart, shop_folder) as sellers:
        for version in range(1, 11):
            through = sellers.run(do, version, wait=random.uniform(0.02, 0.4))
            found, after = contents(shop_folder), new(do, version, expected)
            assert found in ([after] if through else [expected, after])
            killed += not through
            expected = found
    assert killed
    finish(do, shop_folder, tiny_model, expected)
