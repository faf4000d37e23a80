import numpy as np
import pytest

from xephang import Product, Reranker
from xephang.errors import InputError
from xephang.evaluation.systems import Bm25, Model, Run, named_apart
from xephang.evaluation.trec import write_run
from xephang.judgments import Judgment
from xephang.judgments.judged import Candidate, JudgmentSet


@pytest.fixture(scope="module")
def reranker(tiny_exported):
    return Reranker.load(tiny_exported, threads=1)


def test_a_models_scores_are_its_logits_and_its_claims_what_predict_returns(reranker, shop):
    judged = JudgmentSet.read(shop)
    found = Model(reranker).score(judged)
    pairs = [(candidate.query, candidate.document) for candidate in judged.candidates]
    np.testing.assert_allclose(found.scores, reranker.score(pairs).logits)
    np.testing.assert_allclose(found.probabilities, reranker.predict(pairs))
    assert found.note == ""


def test_a_product_is_rendered_by_the_models_own_template(reranker):
    product = Product(id="1", title="Giày", brand="Nike", color="đen")
    judged = JudgmentSet("x", (Candidate("q", "1", "giày", product, 3),))
    assert Model(reranker).score(judged).scores == pytest.approx(reranker.score([("giày", product)]).logits)


def test_a_model_with_classes_claims_no_probability(tiny_classes, grades):
    found = Model(Reranker.load(tiny_classes, threads=1)).score(grades([3, 0]))
    assert found.probabilities is None
    assert np.isfinite(found.scores).all()


def test_documents_that_were_cut_are_noted(reranker):
    judged = JudgmentSet("x", tuple(Candidate("q", str(i), "giày", "giày " * n, 3) for i, n in enumerate((2, 900))))
    assert Model(reranker).score(judged).note == "1 of 2 documents were longer than it reads and were cut"


def test_bm25_ranks_what_shares_words_first(shop):
    judged = JudgmentSet.read(shop)
    found = Bm25().score(judged).scores
    for query_id in ("q1", "q3", "q4"):
        places = judged.places[query_id]
        assert max(places, key=lambda place: found[place]) == max(
            places, key=lambda place: judged.candidates[place].grade
        )


def test_only_folded_bm25_reads_a_query_without_diacritics(shop):
    judged = JudgmentSet.read(shop)
    places = list(judged.places["q2"])
    assert Bm25().score(judged).scores[places].tolist() == [0, 0, 0, 0]
    assert Bm25(folded=True).score(judged).scores[places].argmax() == 0
    assert (Bm25().name, Bm25(folded=True).name) == ("BM25 accented", "BM25 folded")


def test_bm25_counts_a_document_of_many_queries_once(shop):
    """Its idf would otherwise grow with the number of queries that a document was judged for."""
    judged = JudgmentSet.read(shop)
    few = JudgmentSet("few", tuple(c for c in judged.candidates if c.query_id == "q1"))
    np.testing.assert_allclose(Bm25().score(few).scores, Bm25().score(judged).scores[list(judged.places["q1"])])


def test_bm25_scores_each_candidate_where_it_stands():
    """Rows of a query need not stand together, nor documents in the same order."""
    texts = [("dép", "giày"), ("giày", "dép lê"), ("giày", "giày"), ("dép", "dép lê"), ("giày", "ủng")]
    judged = JudgmentSet.of([Judgment(query, document, 0) for query, document in texts])
    found = Bm25().score(judged).scores
    assert [bool(score > 0) for score in found] == [False, False, True, True, False]


def test_a_run_scores_what_it_holds(tmp_path, grades):
    judged = grades([3, 0], [2, 1])
    write_run(tmp_path / "theirs.run", judged, [0.5, 2.0, -1.0, 3.0], "theirs")
    run = Run(tmp_path / "theirs.run")
    assert run.name == "theirs"
    assert run.score(judged).scores.tolist() == [0.5, 2.0, -1.0, 3.0]
    assert run.score(judged).note == ""


def test_what_a_run_lacks_and_what_it_has_beyond_is_noted(write, grades):
    path = write("r.run", "q1 Q0 d1 1 2 x", "q1 Q0 d9 2 1 x", "q9 Q0 d1 1 1 x")
    found = Run(path).score(grades([3, 0], [2]))
    assert found.scores[0] == 2 and np.isnan(found.scores[1:]).all()
    lacks, beyond = found.note.split("; ")
    assert lacks == "2 of 3 candidates have no score in the run and rank last"
    assert beyond == "2 of its lines are about documents that nobody judged"


def test_a_run_about_something_else_is_refused(write, grades):
    with pytest.raises(InputError, match=r"r\.run: has none of the 2 candidates of judgments; its ids must be"):
        Run(write("r.run", "1 Q0 x 1 2 x")).score(grades([3, 0]))


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a (2)", "a (3)"]),
        (["a", "a (2)", "a"], ["a", "a (2)", "a (3)"]),
        ([], []),
    ],
)
def test_names_are_told_apart(names, wanted):
    assert named_apart(names) == wanted
