"""What the tests of ranking and of compiling rank."""

PRODUCTS = [
    {"id": "A1", "title": "Giày chạy bộ nữ đế êm", "brand": "Adidas", "price": 268000},
    {"id": "A2", "title": "Dép sandal nam", "color": "đen", "size": 42},
    {"id": "A3", "title": "Lót giày chống trượt", "attributes": ["Êm nhẹ", "Chống trượt"]},
    {"id": "A4", "title": "Sneaker trắng đi học", "price": "1.250.000đ"},
]
QUERY = "giày chạy bộ nữ"
