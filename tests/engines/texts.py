"""Documents of very different lengths, one of them twice and one empty."""

DOCUMENTS = [
    "Giày chạy bộ nữ Adidas màu đen size 37",
    "Dép",
    "",
    "Sandal đế êm " * 20,
    "Giày đá bóng Nike màu trắng",
    "sneaker trẻ em " * 6,
    "Dép",
    "Guốc đế gỗ",
]
