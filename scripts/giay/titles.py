"""Titles as sloppy as real listings have them."""

import unicodedata
from collections.abc import Sequence
from random import Random

from giay.words import Facts, Type, Value, vocabulary
from xephang.text import fold

_SPAM_FIRST = (
    "[HOT TREND]", "[CHẤT LƯỢNG]", "(HÀNG LOẠI 1)", "[XẢ KHO]", "SALE SỐC", "[FREESHIP]", "(ẢNH THẬT)",
    "HÀNG MỚI VỀ", "[RẺ VÔ ĐỊCH]", "Combo 2 Đôi", "[Mẫu Mới]", "BÁN CHẠY",
)  # fmt: skip
_SPAM_THINGS = ("Combo 2", "[RẺ VÔ ĐỊCH]", "SALE SỐC", "[FREESHIP]", "Hàng Loại 1", "Bộ 2")
_SPAM_LAST = (
    "Hàng Chính Hãng", "Hàng Việt Nam Chất Lượng Cao", "Giá Rẻ", "Cao Cấp", "Siêu Đẹp", "Full Box", "Hot Trend",
    "Mẫu Mới", "Phong Cách Hàn Quốc", "Hàng Quảng Châu", "Xả Kho", "Loại 1", "Bao Đổi Trả", "Siêu Hot",
    "Hàng Đẹp", "Trẻ Trung Năng Động", "Thời Trang", "Kiểu Dáng Hàn Quốc", "Cá Tính", "Cực Chất", "Kèm Video",
)  # fmt: skip
_SPAM_LAST_THINGS = ("Cao Cấp", "Giá Rẻ", "Tiện Dụng", "Loại 1", "Hàng Nhật", "Siêu Tiện Lợi", "Chính Hãng", "Hot")
_SHOPS = ("Store", "Shop", "Shoes", "Official")
_SHOP_NAMES = ("Minh Anh", "Hải Đăng", "Gia Bảo", "Linh Chi", "Tuấn Kiệt", "Bống", "Nhà Mít", "An Nhiên", "Mộc")
_EMOJI = ("🔥", "💥", "❤️", "👟", "⚡", "✅")
_LETTERS = "ABCDGHKLMNPQRSTVXY"


def title(rng: Random, kind: Type, brand: Value | None, facts: Facts) -> str:
    """Write a title that states these facts, and only these."""
    head = _head(rng, kind, brand, facts)
    middle = _without_echo(head, _middle(rng, kind, facts))
    tail = _tail(rng, facts)
    if rng.random() < 0.18:
        spam = rng.choice(_SPAM_THINGS if kind.accessory else _SPAM_FIRST)
        head = f"{spam} {head}"
    if rng.random() < 0.5:
        spams = _SPAM_LAST_THINGS if kind.accessory else _SPAM_LAST
        first, second = rng.sample(spams, 2)
        lone = first.split()[0] == second.split()[0] or rng.random() < 0.67
        middle = [*middle, first] if lone else [*middle, first, second]
    code = _code(rng)
    if rng.random() < 0.08:
        head = f"{code} - {head}"
    elif rng.random() < 0.35:
        tail = [*tail, rng.choice((f"Mã {code}", code, f"- {code}", f"MS {code}"))]
    joiner = rng.choice((" ", " ", " ", ", ", " - "))
    text = " ".join(filter(None, [joiner.join([head, *middle]), *tail]))
    return _dirt(rng, text, kind)


def _head(rng: Random, kind: Type, brand: Value | None, facts: Facts) -> str:
    """Join type, gender, brand and line in one of the usual orders, sometimes with the type said twice."""
    form = kind.title[0] if rng.random() < 0.45 else rng.choice(kind.title)
    gender = _say(rng, "gender", facts)
    if gender and (fold(gender).lower() in fold(form).lower() or facts["gender"] == ("trẻ em",)):
        gender = ""
    name = brand.name if brand and "brand" in facts else ""
    line = facts.get("line", ("",))[0]
    orders = ([form, gender, name, line], [form, name, line, gender], [name, form, line, gender])
    text = " ".join(filter(None, rng.choice(orders)))
    others = [other for other in kind.title if other != form]
    if others and rng.random() < 0.16:
        text += ", " + " ".join(filter(None, [rng.choice(others), gender]))
    return text


def _say(rng: Random, facet: str, facts: Facts) -> str:
    names = facts.get(facet)
    return rng.choice(vocabulary().facets[facet][names[0]].title) if names else ""


def _middle(rng: Random, kind: Type, facts: Facts) -> list[str]:
    """Say surface, shape, material, heel, features and uses, in a loose order."""
    first = [_say(rng, "surface", facts)] if "surface" in facts else []
    said = [_say(rng, facet, {facet: (name,)}) for facet in ("shape", "material") for name in facts.get(facet, ())]
    said = ["Chất Liệu " + text if text.startswith(("Da ", "Vải ")) and rng.random() < 0.15 else text for text in said]
    if "heel" in facts:
        said.append(_height(rng, kind, facts["heel"][0]))
    features = [_say(rng, "feature", {"feature": (name,)}) for name in facts.get("feature", ())]
    uses = [_say(rng, "use", {"use": (name,)}) for name in facts.get("use", ())]
    rest = [*said, *features]
    if rng.random() < 0.5:
        rng.shuffle(rest)
    return [*first, *rest, *uses]


def _height(rng: Random, kind: Type, heel: str) -> str:
    forms = [f"Cao {heel}cm", f"{heel}cm", f"Cao {heel} Phân", f"{heel}P", f"{heel} Phân"]
    if kind.accessory:
        return rng.choice((f"{heel}cm", f"Cao {heel}cm"))
    if kind.key in ("cao_got", "sandal_cao_got"):
        forms += [f"Gót {heel}cm", f"Gót Cao {heel}P", f"{heel}F"]
    else:
        forms = [f"Đế Cao {heel}cm", f"Cao {heel}cm", f"Đế {heel}cm", f"Đế Cao {heel} Phân"]
    return rng.choice(forms)


def _tail(rng: Random, facts: Facts) -> list[str]:
    tail = []
    if colors := facts.get("color"):
        names = [rng.choice(vocabulary().facets["color"][name].title) for name in colors]
        text = rng.choice((", ", " - ", " ", "/", " Và ")).join(names)
        plain = len(names) == 1 and names[0].startswith("Màu")
        tail.append(text if plain else rng.choice(("Màu {}", "{}", "- {}", "- Màu {}", "({})")).format(text))
    elif rng.random() < 0.06:
        tail.append(rng.choice(("Nhiều Màu", "Đủ Màu", "Full Màu")))
    if sizes := facts.get("size"):
        low, high = sizes[0], sizes[-1]
        forms = (f"Size {low}-{high}", f"(Size {low} - {high})", f"size từ {low} đến {high}", f"sz {low}-{high}")
        listed = " ".join(sizes)
        span = forms if len(sizes) > 2 else (f"size {listed}",)
        tail.append(f"- Size {low}" if low == high else rng.choice((*span, f"size {listed}")))
    elif rng.random() < 0.05:
        tail.append(rng.choice(("Đủ Size", "Full Size")))
    if rng.random() < 0.3:
        tail.reverse()
    return tail


def _code(rng: Random) -> str:
    letters = "".join(rng.choices(_LETTERS, k=rng.choice((1, 1, 2, 2, 3))))
    return letters + rng.choice(("", "", "-", ".")) + str(rng.choice((rng.randrange(1, 100), rng.randrange(100, 3000))))


def _dirt(rng: Random, text: str, kind: Type) -> str:
    """Put on what sellers' keyboards leave: shouting, hashtags, shop names, lost or decomposed diacritics."""
    roll = rng.random()
    if roll < 0.14:
        text = text.upper()
    elif roll < 0.24:
        text = text.lower()
    elif roll < 0.42:
        text = text[0].upper() + text[1:].lower()
    if rng.random() < 0.06:
        text += " " + " ".join("#" + fold(form).lower().replace(" ", "") for form in rng.sample(kind.title, 2))
    if rng.random() < 0.05:
        text += f" {rng.choice(_SHOP_NAMES)} {rng.choice(_SHOPS)}"
    if rng.random() < 0.03:
        text = f"{rng.choice(_EMOJI)} {text}"
    if rng.random() < 0.08:
        text = text.replace("Giày", "Giầy").replace("giày", "giầy").replace("GIÀY", "GIẦY")
    roll = rng.random()
    if roll < 0.03:
        return fold(text)
    if roll < 0.06:
        return unicodedata.normalize("NFD", text)
    return text.replace(" ", "  ", 1) if roll < 0.09 else text


def description(rng: Random, kind: Type, facts: Facts) -> str:
    """Write a few sentences that say nothing which the facts don't."""
    name = kind.title[0].lower()
    sentences = [rng.choice((f"Mẫu {name} được nhiều khách chọn.", f"Shop có sẵn {name}, giao nhanh toàn quốc."))]
    if features := facts.get("feature"):
        sentences.append(f"Ưu điểm: {', '.join(features)}.")
    if uses := facts.get("use"):
        sentences.append(f"Phù hợp: {', '.join(uses)}.")
    if material := facts.get("material"):
        sentences.append(f"Chất liệu {material[0]}.")
    return " ".join(sentences[: rng.choice((2, 3))])


def _without_echo(head: str, parts: Sequence[str]) -> list[str]:
    """Leave out what the head or an earlier part has said already."""
    kept: list[str] = []
    for part in parts:
        if f" {fold(part)} ".lower() not in f" {fold(' '.join([head, *kept]))} ".lower():
            kept.append(part)
    return kept
