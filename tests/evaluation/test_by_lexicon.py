"""A lexicon's rules as a ranker of their own."""

from xephang.evaluation import ByLexicon, evaluate
from xephang.judgments import Judgment
from xephang.lexicon import Lexicon

ROWS = [
    ("giay luoi nam mau den", "Giày mọi nam da bò đen", 3),
    ("giay luoi nam mau den", "Giày lười nam da bò, hàng đẹp", 2),
    ("giay luoi nam mau den", "Giày lười nam da bò nâu", 1),
    ("giay luoi nam mau den", "Dép tổ ong nam màu đen", 0),
]


def test_facets_rank_before_words():
    found = evaluate([ByLexicon(Lexicon.load("footwear"))], [Judgment(*row) for row in ROWS], bm25=False, resamples=10)
    assert found.results[0].name == "rules of footwear"
    assert [int(score) for score in found.results[0].scored.scores] == [3, 2, 1, 0]
    assert found.mean("ndcg@10", 0) == 1.0


def test_among_equals_words_decide():
    rows = [("giày nữ", "Giày nữ", 3), ("giày nữ", "Giày nữ đế bằng đính nơ đi tiệc hàng đẹp mới về", 2)]
    found = evaluate([ByLexicon(Lexicon.load("footwear"))], [Judgment(*row) for row in rows], bm25=False, resamples=10)
    first, second = found.results[0].scored.scores
    assert 3 < second < first < 4
