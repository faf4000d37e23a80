"""The drawings, measured: what is drawn where, and in which of the page's colours."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from xephang.evaluation import evaluate, plots
from xephang.evaluation.reliability import reliability

SVG = "{http://www.w3.org/2000/svg}"


def shapes(drawing, colour):
    """The (left, right, top, bottom) of every filled shape of a colour of the page, in the order drawn."""
    found = []
    for path in ElementTree.fromstring(drawing).iter(f"{SVG}path"):
        if f"fill: var(--{colour})" in path.get("style", "") and " z" in path.get("d", "").replace("\n", " ") + " ":
            numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
            xs, ys = numbers[::2], numbers[1::2]
            found.append((min(xs), max(xs), min(ys), max(ys)))
    return found


def texts(drawing):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def wide(box):
    return box[1] - box[0]


def high(box):
    return box[3] - box[2]


@pytest.fixture
def evaluation(grades, given):
    """Against "worse" the first is better on two queries, equal on one, worse on one."""
    judged = grades([3, 0], [3, 0], [3, 0], [0, 3])
    return evaluate([given("mine", (2, 1) * 4), given("worse", (1, 2, 1, 2, 2, 1, 1, 2))], judged, bm25=False)


def test_a_bar_is_as_long_as_its_mean(evaluation):
    drawing = plots.bars(evaluation)
    firsts, others = shapes(drawing, "first"), shapes(drawing, "other")
    assert (len(firsts), len(others)) == (4, 4)
    for metric, first, other in zip(("ndcg@10", "ndcg@1", "mrr@10", "map"), firsts, others, strict=True):
        wanted = evaluation.mean(metric, 1) / evaluation.mean(metric)
        assert wide(other) / wide(first) == pytest.approx(wanted, abs=0.01)


def test_the_first_system_stands_on_top(evaluation):
    drawing = plots.bars(evaluation)
    assert max(box[3] for box in shapes(drawing, "first")) < min(box[2] for box in shapes(drawing, "other"))


def test_panels_and_systems_are_named(evaluation):
    found = texts(plots.bars(evaluation))
    assert {"nDCG@10", "nDCG@1", "MRR@10", "MAP", "mine", "worse"} <= set(found)


@pytest.mark.parametrize("systems", [1, 2, 12])
def test_any_number_of_systems_can_be_drawn(grades, given, systems):
    judged = grades([3, 0], [0, 3])
    found = evaluate([given(f"system {i}", (i, 1, 2, 3)) for i in range(systems)], judged, bm25=False, resamples=20)
    assert len([text for text in texts(plots.bars(found)) if text.startswith("system ")]) == systems


def test_a_query_is_a_bar_up_or_down(evaluation):
    drawing = plots.deltas(evaluation, 0)
    better, worse = shapes(drawing, "first"), shapes(drawing, "worse")
    assert len(better) == 3 and len(worse) == 1
    tall = [box for box in better if high(box) > 1]
    assert len(tall) == 2
    assert max(box[3] for box in tall) == pytest.approx(min(box[2] for box in worse), abs=0.1)
    assert "better on 2, equal on 1, worse on 1" in texts(drawing)


def test_queries_are_sorted_from_gain_to_loss(evaluation):
    drawing = plots.deltas(evaluation, 0)
    heights = [high(box) for box in sorted(shapes(drawing, "first"))]
    assert heights == sorted(heights, reverse=True)
    assert shapes(drawing, "worse")[0][0] > max(box[1] for box in shapes(drawing, "first")) - 0.1


def test_each_other_system_has_its_own_drawing(grades, given):
    found = evaluate([given("a", (2, 1)), given("b", (1, 2)), given("c", (2, 1))], grades([3, 0]), bm25=False)
    assert "better on 1, equal on 0, worse on 0" in texts(plots.deltas(found, 0))
    assert "better on 0, equal on 1, worse on 0" in texts(plots.deltas(found, 1))
    assert "against c" in texts(plots.deltas(found, 1))


def test_the_reliability_diagram_has_a_column_for_each_bin_in_use():
    claimed = np.array([0.02, 0.03, 0.5, 0.98])
    curve = reliability(claimed, np.array([False, True, True, True]))
    drawing = plots.diagram("as it comes", curve)
    columns = [box for box in shapes(drawing, "first") if wide(box) > 6 and high(box) > 6]
    assert len(columns) == len(curve.bins) == 3
    assert high(columns[0]) > high(columns[1]) == pytest.approx(high(columns[2]), abs=0.1)
    assert {"as it comes", "relevant", "documents", "probability claimed"} <= set(texts(drawing))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("giày", "giày", id="Vietnamese"),
        pytest.param("鞋 👟", "鞋 👟", id="letters that the font has not"),
        pytest.param("x" * 25, "x" * 23 + "…", id="too long"),
        pytest.param("x" * 24, "x" * 24, id="just not too long"),
        pytest.param("a\x00\x08b\ud800", "a\ufffd\ufffdb\ufffd", id="what XML can not hold"),
        pytest.param("]]> <![CDATA[ &amp;", "]]> <![CDATA[ &amp;", id="markup"),
        pytest.param("$\\frac{", "$\\frac{", id="half a formula"),
        pytest.param("_hidden", "_hidden", id="an underscore, which hides legends"),
    ],
)
def test_names_in_drawings(grades, given, name, shown):
    found = evaluate([given(name, (2, 1)), given(name + " ", (1, 2))], grades([3, 0]), bm25=False, resamples=10)
    assert shown in texts(plots.bars(found))
    assert ElementTree.fromstring(plots.deltas(found, 0)).get("role") == "img"


def test_drawing_leaves_matplotlibs_settings_alone(evaluation):
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.bars(evaluation)
    plots.deltas(evaluation, 0)
    assert dict(matplotlib.rcParams) == before
