"""The words of the minimal-pair probe: how its queries ask and its titles say things."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A category that the probe asks for.

    :param value: its id in the lexicon.
    :param query: how a query names it.
    :param titles: how titles do.
    :param brands: which brands make it, a key of `BRANDS`.
    :param gendered: made for one gender by its nature; left out of the pairs about gender.
    """

    value: str
    query: str
    titles: tuple[str, ...]
    brands: str
    gendered: bool = False


KINDS = (
    Kind("sneaker", "sneaker", ("Giày sneaker", "Sneaker"), "sport"),
    Kind("the-thao", "giày thể thao", ("Giày thể thao", "Giầy thể thao"), "sport"),
    Kind("chay-bo", "giày chạy bộ", ("Giày chạy bộ", "Giày chạy"), "sport"),
    Kind("cau-long", "giày cầu lông", ("Giày cầu lông", "Giày đánh cầu lông"), "court"),
    Kind("da-bong", "giày đá bóng", ("Giày đá bóng", "Giày đá banh"), "court"),
    Kind("leo-nui", "giày leo núi", ("Giày leo núi", "Giày trekking"), "trail"),
    Kind("vai", "giày vải", ("Giày vải", "Giày canvas"), "canvas"),
    Kind("sandal", "sandal", ("Sandal", "Dép sandal"), "sandal"),
    Kind("kep", "dép xỏ ngón", ("Dép xỏ ngón", "Dép kẹp"), "sandal"),
    Kind("quai-ngang", "dép quai ngang", ("Dép quai ngang", "Dép lê"), "sport"),
    Kind("boot", "giày boot", ("Giày boot", "Boots"), "boot"),
    Kind("luoi", "giày lười", ("Giày lười", "Giày loafer"), "leather"),
    Kind("cao-got", "giày cao gót", ("Giày cao gót", "Giày cao gót"), "women", True),
    Kind("bup-be", "giày búp bê", ("Giày búp bê", "Giầy búp bê"), "women", True),
    Kind("tay", "giày tây", ("Giày tây", "Giày âu"), "leather", True),
)
WOMENS = ("cao-got", "bup-be")

BRANDS = {
    "sport": ("nike", "adidas", "puma", "reebok", "new-balance", "fila", "asics", "anta"),
    "court": ("mizuno", "asics", "lining", "nike", "adidas", "kamito"),
    "trail": ("merrell", "salomon", "columbia", "keen"),
    "canvas": ("converse", "vans", "ananas", "bitis"),
    "sandal": ("teva", "ipanema", "havaianas", "bitis", "crocs"),
    "boot": ("timberland", "dr-martens", "caterpillar", "red-wing"),
    "leather": ("clarks", "ecco", "pierre-cardin", "laforce"),
    "women": ("juno", "vascara", "sablanca", "aldo"),
}

COLOURS = {
    "den": ("đen", "Đen"),
    "trang": ("trắng", "Trắng"),
    "xam": ("xám", "Xám"),
    "nau": ("nâu", "Nâu"),
    "do": ("đỏ", "Đỏ"),
    "hong": ("hồng", "Hồng"),
    "vang": ("vàng", "Vàng"),
    "cam": ("cam", "Cam"),
    "tim": ("tím", "Tím"),
    "bac": ("bạc", "Bạc"),
    "be": ("be", "Be"),
    "kem": ("kem", "Kem"),
    "bo": ("vàng bò", "Vàng bò"),
    "do-do": ("đỏ đô", "Đỏ đô"),
    "xanh-duong": ("xanh dương", "Xanh dương"),
    "xanh-la": ("xanh lá", "Xanh lá"),
    "xanh-den": ("xanh navy", "Xanh navy"),
    "reu": ("xanh rêu", "Xanh rêu"),
}
"""How a query says a colour, and how a title does."""

NEAR_COLOURS = (
    {"be", "kem", "nude", "trang", "bac"}, {"nau", "bo", "be", "cam", "vang"}, {"bac", "xam"}, {"den", "xam"},
    {"den", "xanh-den"}, {"xanh-den", "xanh-duong"}, {"xanh-la", "reu"}, {"xanh-la", "xanh-duong"}, {"reu", "nau"},
    {"do", "do-do"}, {"do", "cam"}, {"do", "hong"}, {"do-do", "nau"}, {"do-do", "hong"}, {"do-do", "tim"},
    {"hong", "tim"}, {"hong", "cam"}, {"vang", "cam"}, {"hong", "be"}, {"tim", "xanh-den"},
)  # fmt: skip
"""Shades that a shopper might take for one another, more of them than the lexicon has: no pair rests on them."""

GENDERS = {"nam": ("nam", "cho nam"), "nu": ("nữ", "cho nữ")}
GENDER_TITLES = (("Nam", "Nữ"), ("cho nam", "cho nữ"), ("nam giới", "phụ nữ"), ("Men", "Women"), ("mens", "womens"))
"""How titles say the genders, the same way for both."""

SIZE_QUERIES = ("size {}", "sz {}", "cỡ {}", "size {}")
SIZE_RANGES = (
    "size {a}-{b}",
    "{a} đến {b}",
    "(size {a} - {b})",
    "từ size {a} đến {b}",
    "sz {a}-{b}",
    "Size: {a} -> {b}",
)
SIZE_LISTS = ("sz {all}", "size {all}", "Size: {all}")
SIZE_SINGLES = ("size {a}", "sz {a}", "cỡ {a}", "- Size {a}")

SPAM = (
    "DEAL NGON", "Ưu Đãi Hôm Nay", "[MIỄN PHÍ VẬN CHUYỂN]", "Hàng Tuyển", "Bán Lẻ Giá Kho", "(Hình Tự Chụp)",
    "Săn Sale", "Vừa Về Kho", "Cam Kết Như Hình",
)  # fmt: skip
EXTRAS = ("form chuẩn", "đường may tỉ mỉ", "dễ vệ sinh", "đi cả ngày", "phom ôm vừa chân", "hoàn thiện kỹ")
"""What titles say besides; neither queries nor pairs are about it, and no generated title has it (tested)."""
