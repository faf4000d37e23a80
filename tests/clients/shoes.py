"""What the clients rank, and what has to come out."""

import math

QUERY = "giày chạy bộ nữ"
DOCUMENTS = [
    "Tủ giày gỗ 3 tầng",
    "Giày chạy bộ nữ đế êm siêu nhẹ",
    "Giày tây nam da bò",
    "Áo thun nam cotton",
    "Dép tổ ong đi trong nhà",
]
BEST = DOCUMENTS[1]


def check(texts, scores, count=5):
    """Check that ranked texts begin with the running shoe, and that their scores are probabilities, highest first."""
    texts, scores = list(texts), list(scores)
    assert len(texts) == len(scores) == len(set(texts)) == count
    assert set(texts) <= set(DOCUMENTS) and len(DOCUMENTS) == 5
    assert texts[0] == BEST
    assert all(type(score) is float and math.isfinite(score) and 0 < score < 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.5 and all(score < 0.5 for score in scores[1:])
