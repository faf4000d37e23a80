"""What the shops of these tests sell: products of the demo catalogue, and some made by hand."""

from unicodedata import normalize

from xephang.catalogue import demo_catalogue
from xephang.product import Product
from xephang.search import Search, Shop
from xephang.text import fold

HAND_MADE = (
    Product(
        id="H-CODE", title="Giày đá bóng XT-20 đế TF", brand="Động Lực", size="38-43", gender="Nam", price=450_000.0
    ),
    Product(id="H-GLUED", title="Giày đá banh QK31 sân cỏ nhân tạo", brand="Kamito", price=510_000.0),
    Product(id="H-SILENT", title="Giày lười bằng da", category="Giày lười"),
    Product(id="H-WOMEN", title="Giày búp bê đính nơ", size="35-39", gender="Nữ", color="Đỏ", price=199_000.0),
    Product(id="H-MEN", title="Giày tây công sở", size="39-44", gender="Nam", color="Đen", price=890_000.0),
    Product(
        id="H-ALL", title="Giày sneaker vải", brand="New Balance", gender="Unisex", size="36-44", price=1_250_000.0
    ),
    Product(id="H-HALF", title="Giày chạy bộ êm nhẹ", size="36.5", gender="Nữ", price=700_000.0),
    Product(id="H-NFD", title=normalize("NFD", "Dép quai hậu đế cói thắt bím"), price=85_000.0),
    Product.from_dict({"id": "H-BROKEN", "title": "Dép lÃ\xa0o Thái chính hãng", "price": "45k"}),
    Product(id="H-WIDE", title="ＤＥＰ　ＢÁＮＨ　ＭÌ", price=120_000.0),
    Product(id="H-EMOJI", title="👟 Ủng đi mưa 🔥 ca\u200bo cổ ❤️", price=150_000.0),
    Product(id="H-LONG", title="Guốc mộc Phú Xuân " + "chạm khắc tinh xảo " * 520, price=333_000.0),
    Product(id="H-ATTRIBUTES", attributes=("Kháng khuẩn bạc nano", "Lót xơ dừa"), category="Lót giày", price=39_000.0),
    Product(id="H-EXTRA", title="Boot cổ thấp", description="Phom Chelsea", extra={"xuất xứ": "Bát Tràng", "kho": 3}),
    Product(id="H-ODD", title="_#@! ²³ ½ ٣", brand="a=b*", size="②", price=1.0),
)
BY_ID = {product.id: product for product in HAND_MADE}


def stock() -> list[Product]:
    """Return 120 products of the demo catalogue, and those made by hand."""
    return [*list(demo_catalogue())[::10], *HAND_MADE]


def everything(shop: Shop, query: str = "", *, candidates: int = 1000, **asked: object) -> list[str]:
    """Return the ids of all that the first stage finds, in its order."""
    found: list[str] = []
    for page in range(1, 3):
        search = Search(query, candidates=candidates, page=page, page_size=100, facets=False, **asked)
        found += [id for id in shop.find(search).ids if id not in found]
    return found


def ways(text: str) -> dict[str, str]:
    """Return ways to type a text that ask for the same."""
    return {
        "nfc": normalize("NFC", text),
        "nfd": normalize("NFD", text),
        "no diacritics": fold(normalize("NFC", text)),
        "capitals": text.upper(),
        "full width": "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
        "zero width": "\u200b".join(text),
        "emoji": f"👟{text} 🔥",
        "spaces": " \t" + text.replace(" ", "  \n") + "\xa0",
    }
