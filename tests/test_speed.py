"""The speeds that the README quotes come from the rounds that were measured."""

import json
import re
import runpy
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULT = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text(encoding="utf-8"))
CORPORA = ("seed texts", "listing texts")


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_ratio_is_the_median_of_what_ran_side_by_side(corpus):
    seconds = RESULT[corpus]["seconds"]
    rounds = list(zip(*seconds.values(), strict=True))
    for place, (name, values) in enumerate(seconds.items()):
        assert RESULT[corpus]["median"][name] == statistics.median(values)
        assert RESULT[corpus]["times_faster"][name] == statistics.median(taken[0] / taken[place] for taken in rounds)


def test_the_readme_quotes_them():
    quoted = re.findall(r"\| ([\d,]+) ms \((\d\.\d)×\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    found = [
        (f"{RESULT[corpus]['median'][name] * 1000:,.0f}", f"{RESULT[corpus]['times_faster'][name]:.1f}")
        for name in RESULT[CORPORA[0]]["seconds"]
        for corpus in CORPORA
    ]
    assert quoted == found


def test_the_script_computes_them_so():
    """A machine that slows down for one round changes no ratio, though it changes a ratio of medians."""
    seconds = {"sentence-transformers torch": [2.0, 20.0, 3.0], "xephang onnx int8": [1.0, 10.0, 1.0]}
    found = runpy.run_path(str(ROOT / "benchmarks" / "speed.py"))["summary"](seconds)
    assert found["times_faster"] == {"sentence-transformers torch": 1.0, "xephang onnx int8": 2.0}
    assert found["median"] == {"sentence-transformers torch": 3.0, "xephang onnx int8": 1.0}
