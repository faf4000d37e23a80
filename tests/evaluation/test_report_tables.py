import pytest

from xephang.evaluation import evaluate, tables
from xephang.judgments.judged import JudgmentSet


@pytest.fixture
def evaluation(shop, given):
    good, bad = (4.0, 1.0, 2.0, 3.0) * 4, (1.0, 2.0, 3.0, 4.0) * 4
    return evaluate([given("good", good, note="it guesses"), given("bad", bad)], shop, resamples=500)


def test_the_summary_has_a_row_for_each_system_and_a_figure_for_each_heading(evaluation):
    table = tables.summary(evaluation)
    assert [row[0] for row in table.rows] == ["good", "bad", "BM25 accented", "BM25 folded"]
    assert all(len(row) == len(table.header) for row in table.rows)
    assert table.header[:3] == ["System", "nDCG@10", "95% interval"]
    assert table.rows[0][1] == f"{evaluation.mean('ndcg@10'):.3f}"
    assert table.rows[1][table.header.index("P@5")] == f"{evaluation.mean('p@5', 1):.3f}"
    assert table.note == "good: it guesses."


def test_the_comparisons_have_a_holm_column_where_there_are_several(evaluation, grades, given):
    assert tables.comparisons(evaluation).header[-1] == "p (Holm)"
    two = evaluate([given("a", (2, 1)), given("b", (1, 2))], grades([3, 0]), bm25=False)
    table = tables.comparisons(two)
    assert table.header[-1] == "p"
    assert table.rows[0][:3] == ["b", "nDCG@10", "+0.369"]
    assert all(len(row) == len(table.header) for row in table.rows)


def test_slices_show_every_system_and_all_of_the_first(evaluation):
    by_shape, by_noise = tables.slices(evaluation)
    assert by_shape.title == "nDCG@10 by shape"
    assert [row[:2] for row in by_shape.rows] == [["head", "3"], ["material", "1"]]
    assert by_noise.header == ["Queries of", "n", "good", "bad", "BM25 accented", "BM25 folded"]
    assert "fewer than 20" in by_noise.note
    first = tables.slices_of_first(evaluation)[0]
    assert first.title == "good by shape"
    assert all(len(row) == len(first.header) == 10 for row in first.rows)
    assert first.rows[0][2] == by_shape.rows[0][2]


def test_no_slices_no_tables(grades, given):
    found = evaluate([given("a", (2, 1))], grades([3, 0]), bm25=False)
    assert tables.slices(found) == tables.slices_of_first(found) == []


def test_calibration_is_shown_where_probabilities_are_claimed(grades, given):
    judged = grades([3, 0], [0, 3])
    plain, claiming = given("plain", (1, 2, 3, 4)), given("claims", (1, 2, 3, 4), (0.1, 0.2, 0.3, 0.4))
    assert tables.calibrations(evaluate([plain], judged, bm25=False)) is None
    table = tables.calibrations(evaluate([plain, claiming], judged, bm25=False))
    assert table is not None
    assert [row[:3] for row in table.rows] == [["claims", "as it comes", "grade 2"]]
    assert "15 bins of equal width" in table.note


def test_the_worst_queries_come_first_with_their_documents_as_ranked(grades, given):
    judged = grades([3, 0], [0, 3], [2, 3])
    scores = (2.0, 1.0) * 3
    first, second, third = tables.worst(evaluate([given("a", scores), given("b", scores)], judged, bm25=False))
    assert [one.query for one in (first, second, third)] == ["query 1", "query 2", "query 0"]
    assert [(p.rank, p.grade, p.score, p.text) for p in first.places] == [
        (1, 0, "2.00", "text 1 0"),
        (2, 3, "1.00", "text 1 1"),
    ]
    assert first.others == [("b", first.value)]
    assert first.value == pytest.approx(0.631, abs=1e-3)


def test_only_ten_queries_and_ten_documents_are_listed(grades, given):
    judged = grades(*([0] * 11 + [2, 3] for _ in range(12)))
    found = tables.worst(evaluate([given("a", tuple(range(13, 0, -1)) * 12)], judged, bm25=False))
    assert len(found) == 10
    assert (len(found[0].places), list(found[0].below)) == (10, [0, 2, 3])


def test_queries_with_nothing_to_find_are_no_bad_queries_but_are_counted(grades, given):
    found = evaluate([given("a", (2, 1, 2, 1))], grades([0, 0], [3, 0]), bm25=False)
    assert [one.query for one in tables.worst(found)] == ["query 1"]
    assert any(line.startswith("1 queries have no document above grade 0") for line in tables.method(found))


def test_a_missing_score_shows_as_nothing(grades, given):
    found = tables.worst(evaluate([given("a", (1.0, float("nan")))], grades([3, 0]), bm25=False))
    assert [place.score for place in found[0].places] == ["1.00", ""]


def test_the_method_tells_of_repeated_rows(write, given):
    row = {"query": "a", "document": "b", "grade": 3}
    judged = JudgmentSet.read(write("j.jsonl", row, row))
    lines = tables.method(evaluate([given("a", (1.0,))], judged, bm25=False, seed=7, resamples=123))
    assert "1 rows repeated an earlier one and were left out." in lines
    assert any("123 resamples each and seed 7" in line for line in lines)


@pytest.mark.parametrize(("p", "wanted"), [(0.00049, "< 0.001"), (0.001, "0.001"), (0.0496, "0.050"), (1.0, "1.000")])
def test_p_values_as_written(p, wanted):
    assert tables.chance(p) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("giày <b> & đế", "giày <b> & đế", id="what can be seen stays"),
        pytest.param(
            "a\x00\x1b[31m\u202eb\ud800\n", "a\ufffd\ufffd[31m\ufffdb\ufffd\ufffd", id="what can not is marked"
        ),
    ],
)
def test_visible(text, wanted):
    assert tables.visible(text) == wanted
