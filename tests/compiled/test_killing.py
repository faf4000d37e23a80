"""A process that is killed at any moment leaves the old state or the new one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import killing
import numpy as np
import pytest
from shops import held, shoe, shop, strays

from xephang.compiled import CompiledCatalogue, is_compiled

pytestmark = pytest.mark.slow
SRC = Path(__file__).parents[2] / "src"


class Victims:
    """Processes that write, and are killed."""

    def __init__(self, model, folder):
        self._parent = subprocess.Popen(
            [sys.executable, killing.__file__, model, folder],
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

    def run(self, wait, **asked):
        """Have one do something, and kill it after so many seconds; return the lines that it wrote."""
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        child = int(self._parent.stdout.readline())
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        return list(iter(lambda: self._parent.stdout.readline().strip(), "gone"))


def contents(folder):
    opened = CompiledCatalogue.open(folder)
    opened.verify()
    return held(opened.products(opened.ids()))


@pytest.mark.parametrize("seed", [0, 1])
def test_writes_are_whole_or_not_at_all(model, tiny_apart, folder, seed):
    CompiledCatalogue.build(model, shop(10), folder)
    random, number, expected, littered, through = Random(seed), 0, held(shop(10)), 0, 0
    with Victims(tiny_apart, folder) as victims:
        for _ in range(12):
            lines = victims.run(random.uniform(0.1, 0.8), do="write", number=number)
            through += len(lines)
            for line in lines:
                number += 1
                assert int(line) == number
                expected = killing.after(number, expected)
            found = contents(folder)
            if found != expected:
                number += 1
                expected = killing.after(number, expected)
            assert found == expected
            littered += bool(strays(folder))
    assert through > 0
    assert littered > 0, "or no kill came in the middle"
    compiled = CompiledCatalogue.open(folder, model=model)
    compiled.update([shoe(100)])
    assert contents(folder) == expected | held([shoe(100)])
    assert not strays(folder)
    for one, made in zip(compiled.stored(list(expected)), model.precompute(list(expected.values())), strict=True):
        assert np.array_equal(one, made)


@pytest.mark.parametrize("storage", ["fast", "small"])
def test_a_build_that_is_killed_again_and_again_comes_through(model, tiny_apart, folder, storage):
    random, lines, kills = Random(storage), [], 0
    with Victims(tiny_apart, folder) as victims:
        options = {"resume": True, "storage": storage}
        while not lines:
            assert not is_compiled(folder)
            lines = victims.run(
                random.uniform(0.1, 0.7) + kills / 20, do="build", count=700, version=0, options=options
            )
            kills += not lines
            lines = lines or ["whole"] * is_compiled(folder)
    assert kills
    survived = CompiledCatalogue.open(folder, model=model)
    assert survived.products(survived.ids()) == shop(700)
    # Other threads add a code up in another order, and may round it the other way.
    step = {"fast": 0, "small": 1}[storage]
    for one, made in zip(survived.stored(survived.ids()), survived.packed(model, shop(700)), strict=True):
        assert np.abs(one.astype(int) - made).max() <= step
    survived.delete(["p0"])
    assert not strays(folder)
    assert not (folder / "building.json").exists()


def test_a_build_that_overwrites_and_is_killed_leaves_the_old_state(model, tiny_apart, folder):
    CompiledCatalogue.build(model, shop(200), folder)
    random, version, killed = Random(2), 0, 0
    with Victims(tiny_apart, folder) as victims:
        for new in range(1, 11):
            options = {"overwrite": True}
            done = victims.run(random.uniform(0.1, 0.8), do="build", count=200, version=new, options=options)
            found = contents(folder)
            if done or found == held(shop(200, new)):
                version = new
            assert found == held(shop(200, version))
            killed += not done
    assert killed
    CompiledCatalogue.build(model, shop(3), folder, overwrite=True)
    assert contents(folder) == held(shop(3))
    assert not strays(folder)
