import re
from dataclasses import replace

import pytest

from xephang.card import LossRecord, render
from xephang.card.citations import for_loss

KNOWN = [
    pytest.param("LambdaLoss", ["wang-2018-lambdaloss"], id="LambdaLoss"),
    pytest.param("ListNetLoss", ["cao-2007-listnet"], id="ListNetLoss"),
    pytest.param("RankNetLoss", ["burges-2005-ranknet"], id="RankNetLoss"),
    pytest.param("MarginMSELoss", ["hofstaetter-2020-margin-mse"], id="MarginMSELoss"),
    pytest.param("MultipleNegativesRankingLoss", ["henderson-2017-smart-reply"], id="in-batch negatives"),
    pytest.param(
        "CachedMultipleNegativesRankingLoss",
        ["henderson-2017-smart-reply", "gao-2021-gradient-cache"],
        id="cached in-batch negatives",
    ),
    pytest.param("FitMixinLoss", [], id="FitMixinLoss has no paper"),
    pytest.param("SomebodysOwnLoss", [], id="unknown"),
]


def keys(card):
    return re.findall(r"^@\w+\{(.+),$", card, re.MULTILINE)


@pytest.mark.parametrize(("loss", "papers"), KNOWN)
def test_a_card_cites_sentence_bert_and_its_loss(record, loss, papers):
    assert keys(render(replace(record, loss=LossRecord(loss)))) == ["reimers-2019-sentence-bert", *papers]


@pytest.mark.parametrize(("loss", "papers"), KNOWN)
def test_entries_are_whole(loss, papers):
    for entry in for_loss(loss).values():
        assert entry.count("{") == entry.count("}")
        assert entry.count("@") == len(papers)
        assert all(re.search(rf"^    {name} = \".+\",$", entry, re.M) for name in ("title", "author", "year"))
