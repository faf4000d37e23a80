"""A driver that is killed at any moment leaves a folder that can be gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import scoring_processes
from batch_rows import pair_rows

from xephang.batch import score
from xephang.batch.outcome import Outcome
from xephang.batch.output import Output
from xephang.batch.plan import Plan
from xephang.files import sha256

SRC = Path(__file__).parents[2] / "src"


class Victims:
    """Processes that score, and are killed."""

    def __enter__(self):
        self._parent = subprocess.Popen(
            [sys.executable, scoring_processes.__file__],
            env={**os.environ, "PYTHONPATH": str(SRC)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(self, *error):
        self._parent.stdin.close()
        assert self._parent.wait(30) == 0
        self._parent.stdout.close()

    def run(self, ripe, **given):
        """Start one, and kill it as soon as `ripe` says so; say whether it was through before."""
        self._parent.stdin.write(json.dumps(given, default=str) + "\n")
        self._parent.stdin.flush()
        child = int(self._parent.stdout.readline())
        while not ripe() and _is_there(child):
            time.sleep(0.001)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        code = int(self._parent.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code == 0


def _is_there(child):
    try:
        return Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def digests(folder):
    return {path.name: sha256(path) for path in sorted(folder.glob("part-*"))}


@pytest.mark.slow
def test_a_killed_driver_leaves_a_folder_that_is_gone_on_with(parquet, tmp_path, tiny_apart):
    path = parquet(pair_rows(400), group=97)
    given = {"source": path, "model": tiny_apart, "threads": 1, "partition_rows": 20}
    score(output=tmp_path / "whole", **given)
    expected = digests(tmp_path / "whole")
    out = tmp_path / "out"
    random, killed = Random(7), 0
    with Victims() as victims:
        for _ in range(40):
            target = len(digests(out)) + random.randint(0, 4)
            pause = random.uniform(0, 0.01)

            def ripe(target=target, pause=pause):
                return len(digests_of_names(out)) >= target and not time.sleep(pause)

            done = victims.run(ripe, output=out, resume=True, **given)
            killed += not done
            check(out, expected, done)
            if done:
                break
    assert killed >= 5
    report = score(output=out, resume=True, **given)
    assert report.pairs == 400 and report.resumed >= 10
    assert digests(out) == expected
    assert not [path.name for path in out.glob(".*")]


def digests_of_names(folder):
    return list(folder.glob("part-*.parquet"))


def check(out, expected, done):
    """Whatever has a file's name is that file, whole; it is complete only where it says so."""
    found = digests(out)
    assert found.items() <= expected.items()
    assert (out / "_SUCCESS").exists() == done
    if not (out / "_score" / "plan.json").exists():
        assert not found
        return
    plan = Plan.read(out / "_score" / "plan.json")
    recorded = [Outcome.read(out, part, plan.id) for part in plan.partitions()]
    assert all(one is None or one.sha256 == expected[f"part-{one.number:05d}.parquet"] for one in recorded)
    if done:
        assert len(Output(out).outcomes(plan)) == len(expected)
