"""The demo catalogue in a table."""

from xephang import demo_catalogue

TABLE = """
CREATE TABLE hang (
  ma text PRIMARY KEY, ten text, thuong_hieu text, danh_muc text, mau text, co text, gioi_tinh text,
  tinh_nang text[], gia numeric(12, 0), mo_ta text, ton_kho integer DEFAULT 5
)
"""
COLUMNS = {
    "id": "ma", "title": "ten", "brand": "thuong_hieu", "category": "danh_muc", "color": "mau", "size": "co",
    "gender": "gioi_tinh", "attributes": "tinh_nang", "price": "gia", "description": "mo_ta",
}  # fmt: skip


def fill(connection):
    """Make the table; return its products."""
    products = list(demo_catalogue())
    connection.execute(TABLE)
    listed = ", ".join(COLUMNS.values())
    with connection.cursor() as cursor, cursor.copy(f"COPY hang ({listed}) FROM STDIN") as rows:
        for product in products:
            values = [getattr(product, field) for field in COLUMNS]
            rows.write_row([list(value) if isinstance(value, tuple) else value for value in values])
    return products
