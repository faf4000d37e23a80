"""What is scored: products, queries as shoppers type them, and files of both."""

import unicodedata

KINDS = ("Giày chạy bộ nữ", "Giày đá bóng", "Sandal nam", "Dép trẻ em", "Giày sneaker trắng", "Guốc")
COLORS = ("trắng", "đen", "đỏ", "vàng", "xám", "xanh", "nâu")
PRODUCTS = [
    {"id": f"SP-{number}", "title": f"{KINDS[number % 6]} {COLORS[number % 7]}", "size": str(30 + number % 15)}
    for number in range(40)
]
QUERIES = (
    "giày chạy bộ nữ",
    unicodedata.normalize("NFD", "giày đá bóng trẻ em"),
    "giay chay bo nu em chan",
    "giayf theer thao nam",
    "gia2y d9a1 bo1ng",
    "dép nam k thấm nc, dc ko?",
    "GiÃ y cháº¡y bá»™",
    "ｇｉày ｓｎｅａｋｅｒ",
    "sandal 👟 nữ",
    "guốc\u200b đỏ",
    "giày " * 2000,
    "37",
)


def pair_rows(count, first=0):
    """Return so many pairs of texts, each with an id of its own."""
    return [
        {
            "query_id": f"q{number % 7}",
            "query": QUERIES[number % 10],
            "document": f"{KINDS[number % 6]} {COLORS[number % 7]} size {30 + number % 15} số {number}",
        }
        for number in range(first, first + count)
    ]


def ids_rows(count):
    """Return so many queries with candidates: none, some, and some twice."""
    return [
        {
            "query_id": number,
            "query": QUERIES[number % 10],
            "ids": [PRODUCTS[(number * 3 + at * at) % 40]["id"] for at in range(number % 8)],
        }
        for number in range(count)
    ]
