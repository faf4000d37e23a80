import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.product.prices import UnreadablePrice, read_price

CASES = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("written", "price"), CASES["read"].values(), ids=CASES["read"])
def test_a_price_is_read(written, price):
    assert read_price(written) == price


@pytest.mark.parametrize("written", CASES["refused"].values(), ids=CASES["refused"])
def test_what_is_no_price_is_refused(written):
    with pytest.raises(UnreadablePrice, match=r"đồng|price"):
        read_price(written)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**400, Decimal("NaN")], ids=str)
def test_a_number_that_is_not_finite_is_refused(number):
    with pytest.raises(UnreadablePrice, match="is no price"):
        read_price(number)


def test_a_decimal_is_a_number():
    assert read_price(Decimal("268000.00")) == 268000


def test_the_message_says_what_to_write():
    with pytest.raises(UnreadablePrice, match="'Liên hệ' can not be read as a price; write it in đồng, such as"):
        read_price("Liên hệ")


def test_a_very_long_text_is_not_repeated_whole():
    with pytest.raises(UnreadablePrice) as caught:
        read_price("x" * 100_000)
    assert len(str(caught.value)) < 200


@settings(deadline=None)
@given(st.integers(1, 999_999_999_999))
def test_every_way_to_group_digits_says_the_same(price):
    for mark in ".,":
        for currency in ("", "đ", " ₫", " VND", " đồng"):
            assert read_price(f"{price:,}".replace(",", mark) + currency) == price


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_price_or_is_refused(text):
    try:
        price = read_price(text)
    except UnreadablePrice:
        return
    assert price is None or (price >= 0 and math.isfinite(price))
