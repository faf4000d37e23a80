"""Telex and VNI against words typed by hand, and back again by a small input method of the tests' own."""

import re
import unicodedata

import pytest

from xephang.judgments.keystrokes import TELEX, VNI, keys
from xephang.lexicon import Lexicon

TYPED = """
giày    giayf     giafy     giay2    gia2y
đế      ddees     ddees     d9e61    d9e61
xuồng   xuoongf   xuoofng   xuo6ng2  xuo62ng
trượt   truwowtj  truwowjt  tru7o7t5 tru7o75t
dép     deps      desp      dep1     de1p
nữ      nuwx      nuwx      nu74     nu74
nam     nam       nam       nam      nam
gót     gots      gost      got1     go1t
cỡ      cowx      cowx      co74     co74
đỏ      ddor      ddor      d9o3     d9o3
trắng   trawngs   trawsng   tra8ng1  tra81ng
đen     dden      dden      d9en     d9en
xám     xams      xasm      xam1     xa1m
hồng    hoongf    hoofng    ho6ng2   ho62ng
tím     tims      tism      tim1     ti1m
vàng    vangf     vafng     vang2    va2ng
nâu     naau      naau      na6u     na6u
rêu     reeu      reeu      re6u     re6u
thể     theer     theer     the63    the63
thao    thao      thao      thao     thao
chạy    chayj     chajy     chay5    cha5y
bộ      booj      booj      bo65     bo65
bóng    bongs     bosng     bong1    bo1ng
lưới    luwowis   luwowsi   lu7o7i1  lu7o71i
lười    luwowif   luwowfi   lu7o7i2  lu7o72i
dưỡng   duwowngx  duwowxng  du7o7ng4 du7o74ng
người   nguwowif  nguwowfi  ngu7o7i2 ngu7o72i
rượu    ruwowuj   ruwowju   ru7o7u5  ru7o75u
xỏ      xor       xor       xo3      xo3
ngón    ngons     ngosn     ngon1    ngo1n
tổ      toor      toor      to63     to63
ong     ong       ong       ong      ong
sục     sucj      sujc      suc5     su5c
búp     bups      busp      bup1     bu1p
bê      bee       bee       be6      be6
chống   choongs   choosng   cho6ng1  cho61ng
nước    nuwowcs   nuwowsc   nu7o7c1  nu7o71c
quai    quai      quai      quai     quai
quý     quys      quys      quy1     quy1
thủy    thuyr     thury     thuy3    thu3y
hòa     hoaf      hofa      hoa2     ho2a
khuyến  khuyeens  khuyeesn  khuye6n1 khuye61n
xịt     xitj      xijt      xit5     xi5t
mũi     muix      muxi      mui4     mu4i
khử     khuwr     khuwr     khu73    khu73
mùi     muif      mufi      mui2     mu2i
tất     taats     taast     ta6t1    ta61t
bệt     beetj     beejt     be6t5    be65t
vải     vair      vari      vai3     va3i
bảo     baor      baro      bao3     ba3o
hộ      hooj      hooj      ho65     ho65
gì      gif       gif       gi2      gi2
giữ     giuwx     giuwx     giu74    giu74
thuở    thuowr    thuowr    thuo73   thuo73
"""
ROWS = [line.split() for line in TYPED.split("\n") if line]


@pytest.mark.parametrize(("word", "end", "after", "vni_end", "vni_after"), ROWS)
def test_a_word_as_it_was_typed_by_hand(word, end, after, vni_end, vni_after):
    assert keys(word, TELEX, at_end=True, together=False) == end
    assert keys(word, TELEX, at_end=False, together=False) == after
    assert keys(word, VNI, at_end=True, together=False) == vni_end
    assert keys(word, VNI, at_end=False, together=False) == vni_after


@pytest.mark.parametrize(
    ("word", "telex", "vni"),
    [
        ("trượt", "truowtj", "truo7t5"),
        ("lười", "luowif", "luo7i2"),
        ("nước", "nuowcs", "nuo7c1"),
        ("rượu", "ruowuj", "ruo7u5"),
        ("ướt", "uowts", "uo7t1"),
        ("cửa", "cuwar", "cu7a3"),
        ("đứng", "dduwngs", "d9u7ng1"),
    ],
)
def test_both_horns_may_have_one_key(word, telex, vni):
    assert keys(word, TELEX, at_end=True, together=True) == telex
    assert keys(word, VNI, at_end=True, together=True) == vni


@pytest.mark.parametrize(
    ("text", "telex", "vni"),
    [
        pytest.param("GIÀY ĐẾ", "GIAYF DDEES", "GIAY2 D9E61", id="capitals"),
        pytest.param("TRƯỢT", "TRUOWTJ", "TRUO7T5", id="capital horns"),
        pytest.param("Đế Xuồng", "Ddees Xuoongf", "D9e61 Xuo6ng2", id="a capital first"),
        pytest.param("Ở đây", "Owr ddaay", "O73 d9a6y", id="a capital alone"),
        pytest.param("xăng-đan, nữ!", "xawng-ddan, nuwx!", "xa8ng-d9an, nu74!", id="signs"),
        pytest.param("sneaker 38", "sneaker 38", "sneaker 38", id="nothing to type"),
        pytest.param("cỡ39 cỡ 39", "cỡ39 cowx 39", "cỡ39 co74 39", id="a number that is glued on stays one"),
        pytest.param("búpbê", "bupbees", "bupbe61", id="two syllables, one tone"),
        pytest.param("hộpđựng", "hoojpdduwjng", "ho65pd9u75ng", id="two tones stay beside their vowels"),
        pytest.param("ñ ç ü 鞋 ё 🥿", "ñ ç ü 鞋 ё 🥿", "ñ ç ü 鞋 ё 🥿", id="letters that Vietnamese has not"),
        pytest.param("", "", "", id="nothing"),
    ],
)
def test_texts(text, telex, vni):
    assert keys(text, TELEX, at_end=True, together=True) == telex
    assert keys(text, VNI, at_end=True, together=True) == vni


def names() -> list[str]:
    """Every syllable that the lexicon's values are named with, but for two brands' own spelling."""
    values = [value for facet in Lexicon.load("footwear").facets.values() for value in facet.values.values()]
    found = {word for value in values for word in re.findall(r"[^\W\d_]+", value.name.lower())}
    return sorted(word for word in found if not word.isascii() and word not in ("hermès", "idép"))


def decoded(word: str, telex: bool) -> str:
    """Type a syllable with the input method switched on, its tone set where Vietnamese spelling has it."""
    marks = {"a": "â", "e": "ê", "o": "ô"}
    tones = dict(zip("sfrxj" if telex else "12345", "\u0301\u0300\u0309\u0303\u0323", strict=True))
    first = re.search("[aeiouy]", word)
    start = first.start() if first else len(word)
    tone = next((tones[key] for key in word[start:] if key in tones), "")
    word = word[:start] + "".join(key for key in word[start:] if key not in tones)
    word = re.sub("dd" if telex else "d9", "đ", word)
    word = re.sub("uow(?=.)" if telex else "uo7(?=.)", "ươ", word)
    for vowel, marked in marks.items():
        word = word.replace(vowel * 2 if telex else vowel + "6", marked)
    for plain, marked in (("a", "ă"), ("o", "ơ"), ("u", "ư")):
        word = word.replace(plain + ("w" if telex else "8" if plain == "a" else "7"), marked)
    return _toned(word, tone)


def _toned(word: str, tone: str) -> str:
    vowel = "[aeiouyâêôăơư]"
    onset, vowels, coda = re.fullmatch(rf"(gi(?={vowel})|qu|(?:(?!{vowel}).)*)({vowel}*)(.*)", word).groups()
    marked = [place for place, vowel in enumerate(vowels) if vowel in "âêôăơư"]
    if not vowels:
        return word
    place = marked[-1] if marked else 1 if len(vowels) == 3 or (len(vowels) == 2 and coda) else 0
    return unicodedata.normalize("NFC", onset + vowels[: place + 1] + tone + vowels[place + 1 :] + coda)


@pytest.mark.parametrize("word", sorted({*names(), *(row[0] for row in ROWS)}))
def test_an_input_method_makes_the_word_of_its_keys_again(word):
    for at_end in (True, False):
        for together in (True, False):
            assert decoded(keys(word, TELEX, at_end=at_end, together=together), telex=True) == word
            assert decoded(keys(word, VNI, at_end=at_end, together=together), telex=False) == word
