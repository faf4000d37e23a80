import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.card import ColumnStatistics, describe, describe_dataset, render
from xephang.card.statistics import MEASURED
from xephang.errors import RowError

QUERIES = [
    "giày chạy bộ nữ đế êm chân sz37",  # 31
    "dép đi trong nhà chống trơn trượt",  # 33
    "sandal trẻ em quai dán size 28 xanh",  # 35
    "giày tây nam công sở da bò đen 41",  # 33
    "ủng đi mưa cổ cao cho nữ màu hồng",  # 33
    "giày cao gót mũi nhọn 7 phân",  # 28
    "guốc gỗ",  # 7
    "giày",  # 4
]


def test_eight_known_rows_are_measured_exactly():
    rows = [{"query": q, "product": "x" * (216 + i), "label": i % 2} for i, q in enumerate(QUERIES)]
    assert describe(rows, ["query", "product", "label"]) == (
        ColumnStatistics("query", "string", 4.0, (31 + 33 + 35 + 33 + 33 + 28 + 7 + 4) / 8, 35.0),
        ColumnStatistics("product", "string", 216.0, 219.5, 223.0),
        ColumnStatistics("label", "int", shares={"0": 0.5, "1": 0.5}),
    )


def test_the_card_states_them_as_the_table_of_the_form_does(record):
    lengths = [29, 41, 33, 33, 31, 33, 33, 33]  # 33.25 on the mean
    rows = [{"query": "g" * n, "product": "p" * (n + 200), "label": i % 2} for i, n in enumerate(lengths)]
    dataset = describe_dataset("", rows, size=8, columns=["query", "product", "label"])
    card = render(type(record)(**{**vars(record), "dataset": dataset}))
    assert "* Size: 8 training samples" in card
    assert "* Columns: <code>query</code>, <code>product</code>, and <code>label</code>" in card
    assert "* Approximate statistics based on the first 8 samples:\n  |         | query " in card
    assert (
        "  | details | <ul><li>min: 29 characters</li><li>mean: 33.25 characters</li><li>max: 41 characters</li></ul>"
        " | <ul><li>min: 229 characters</li><li>mean: 233.25 characters</li><li>max: 241 characters</li></ul>"
        " | <ul><li>0: ~50.00%</li><li>1: ~50.00%</li></ul> |"
    ) in card


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([0.25, 0.75], ColumnStatistics("v", "float", 0.25, 0.5, 0.75), id="floats"),
        pytest.param([0, 0.5], ColumnStatistics("v", "float", 0.0, 0.25, 0.5), id="whole and broken numbers"),
        pytest.param([3, 0, 0, 0], ColumnStatistics("v", "int", shares={"0": 0.75, "3": 0.25}), id="grades"),
        pytest.param([10, 9], ColumnStatistics("v", "int", shares={"9": 0.5, "10": 0.5}), id="sorted as numbers"),
        pytest.param(list(range(21)), ColumnStatistics("v", "int", 0.0, 10.0, 20.0), id="too many to list"),
        pytest.param([True, False], ColumnStatistics("v", "bool", shares={"False": 0.5, "True": 0.5}), id="bools"),
        pytest.param([["a"], ["a", "b"]], ColumnStatistics("v", "list", 1.0, 1.5, 2.0), id="lists of documents"),
        pytest.param(["đẹp", ""], ColumnStatistics("v", "string", 0.0, 1.5, 3.0), id="characters, not bytes"),
        pytest.param([np.int64(1)], ColumnStatistics("v", "int", shares={"1": 1.0}), id="numpy int"),
        pytest.param([np.float32(0.5)], ColumnStatistics("v", "float", 0.5, 0.5, 0.5), id="numpy float"),
    ],
)
def test_each_type_is_measured_in_its_own_way(values, expected):
    assert describe([{"v": value} for value in values], ["v"]) == (expected,)


def test_only_the_first_thousand_rows_are_read():
    rows = ({"n": "x" * (1 if i < MEASURED else 99)} for i in range(3 * MEASURED))
    dataset = describe_dataset("long", rows, size=5_000_000, columns=["n"])
    assert dataset.measured == 1_000
    assert dataset.statistics == (ColumnStatistics("n", "string", 1.0, 1.0, 1.0),)
    assert dataset.size == 5_000_000
    assert next(rows) == {"n": "x" * 99}


def test_the_first_rows_are_the_samples_without_columns_nobody_named():
    rows = [{"query": f"q{i}", "label": i, "secret": "s"} for i in range(5)]
    dataset = describe_dataset("d", rows, size=5, columns=["query", "label"])
    assert dataset.samples == tuple({"query": f"q{i}", "label": i} for i in range(3))


def test_no_rows_have_no_statistics():
    assert describe([], ["query"]) == ()
    assert describe_dataset("d", [], size=0, columns=["query"]).samples == ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([{"q": "a"}, {}], "training rows, row 2, field 'q': no value", id="column missing"),
        pytest.param([{"q": None}], "training rows, row 1, field 'q': no value", id="null"),
        pytest.param(
            [{"q": "a"}, {"q": 1}],
            "training rows, row 2, field 'q': int, where the rows before have string",
            id="type changes",
        ),
        pytest.param([{"q": {"a": 1}}], "row 1, field 'q': dict is nothing to train on", id="object"),
        pytest.param([{"q": b"a"}], "row 1, field 'q': bytes is nothing to train on", id="bytes"),
    ],
)
def test_a_bad_row_is_named(rows, message):
    with pytest.raises(RowError) as caught:
        describe(rows, ["q"])
    assert message in str(caught.value)


@given(st.lists(st.text(), min_size=1, max_size=50))
def test_the_mean_lies_between_the_ends(texts):
    (found,) = describe([{"q": text} for text in texts], ["q"])
    assert found.minimum <= found.mean <= found.maximum
    assert found.maximum == max(map(len, texts))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=50))
def test_shares_make_one_whole(labels):
    (found,) = describe([{"label": label} for label in labels], ["label"])
    assert sum(found.shares.values()) == pytest.approx(1)
    assert list(found.shares) == sorted(found.shares)
