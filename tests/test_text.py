"""`text_cases.json` holds the labelled cases; here are the laws that hold for every text."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xephang import text as module
from xephang.text import fold, normalise, repair

CASES = json.loads(Path(__file__).with_name("text_cases.json").read_text(encoding="utf-8"))

TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
VOWELS = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in TONES]
LETTERS = [*VOWELS, "đ", *map(str.upper, VOWELS), "Đ"]
LOST = "ềỏọờÁÍỐÝĐ"


def cp1252(text: str) -> str:
    """Decode UTF-8 as cp1252, as browsers do: its five unassigned bytes become C1 controls."""
    return "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in text.encode())


def latin1(text: str) -> str:
    return text.encode().decode("latin-1")


def lossy(text: str) -> str:
    """Decode UTF-8 as cp1252 and drop the bytes it has no character for, as `errors="ignore"` does."""
    return text.encode().decode("cp1252", errors="ignore")


def left_of(character: str) -> str:
    """Return what the best possible repair of a lossy character is: itself, or its remains."""
    remains = lossy(character)
    return character if len(remains) == len(character.encode()) else remains


CODECS = {"cp1252": cp1252, "latin1": latin1}
WORDS = re.findall(
    r"\w+",
    "giày dép nữ nam thể thao đá bóng trắng đỏ xám vàng đế êm nhẹ bền mã số giá rẻ chạy bộ cỡ lê quai hậu búp bê "
    "mũi nhọn da thật hàng Việt chống trượt thoáng khí ngã đã bã chân sân cô bà mà ở sỉ lẻ sale size Nike",
)
vietnamese = st.lists(st.text(st.sampled_from(LETTERS + list("bcghklmnpqrstvx")), min_size=1, max_size=6), max_size=5)
any_text = st.text(st.characters(exclude_categories=()))
high_text = st.text(st.sampled_from([*map(chr, range(0x80, 0x100)), *cp1252("".join(LETTERS)), *"aG \u201d\u0111"]))


def cases(*groups: str) -> list[object]:
    return [
        pytest.param(case, id=f"{group}, {case['function']}: {case['label']}")
        for group in groups
        for case in CASES[group]
    ]


@pytest.mark.parametrize("case", cases("positive", "negative"))
def test_case(case: dict) -> None:
    result = getattr(module, case["function"])(case["original"])
    if case["function"] == "repair":
        assert list(result.lost) == case["lost"]
        result = result.text
    assert result == case["expected"]


@pytest.mark.parametrize("case", cases("negative"))
def test_a_negative_case_expects_what_came(case: dict) -> None:
    assert case["expected"] == case["original"]


@pytest.mark.parametrize("case", cases("known-failure"))
def test_a_known_failure_still_fails(case: dict) -> None:
    """One that no longer does belongs among the positive cases."""
    result = getattr(module, case["function"])(case["original"])
    assert (result.text if case["function"] == "repair" else result) != case["expected"]
    assert case["reason"]


def test_cases_have_labels_of_their_own() -> None:
    labels = [(case["function"], case["label"]) for group in CASES.values() for case in group]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize("codec", CODECS)
def test_repair_brings_back_every_letter(codec: str, rounds: int, form: str) -> None:
    for letter in LETTERS:
        sound = unicodedata.normalize(form, letter)
        broken = sound
        for _ in range(rounds):
            broken = CODECS[codec](broken)
        result = repair(broken)
        assert (result.text, result.lost) == (sound, ())
        assert (result.repaired > 0) == (broken != sound)


def test_the_letters_that_cp1252_loses() -> None:
    assert {letter for letter in LETTERS if left_of(letter) != letter} == set(LOST)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_that_lost_a_byte_is_named_and_never_guessed(letter: str) -> None:
    result = repair(lossy(f"tốt {letter} giày"))
    assert result.text == f"tốt {left_of(letter)} giày"
    assert result.lost == ((left_of(letter),) if left_of(letter) != letter else ())


def test_repair_counts_the_characters_it_brought_back() -> None:
    assert repair(cp1252("giày đế")).repaired == 3
    assert repair("giày đế").repaired == 0


@given(words=vietnamese, codec=st.sampled_from(sorted(CODECS)), rounds=st.integers(1, 3))
def test_repair_undoes_every_lossless_wrong_decoding(words: list[str], codec: str, rounds: int) -> None:
    text = broken = " ".join(words)
    for _ in range(rounds):
        broken = CODECS[codec](broken)
    assert repair(broken).text == text


@given(words=st.lists(st.sampled_from(WORDS), max_size=8), change=st.sampled_from([str.lower, str.upper]))
def test_what_a_lossy_decoding_left_is_all_that_is_lost(words: list[str], change) -> None:
    text = change(" ".join(["tốt", *words]))
    result = repair(lossy(text))
    assert result.text == "".join(map(left_of, text))
    assert result.lost == tuple(left_of(character) for character in text if left_of(character) != character)


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8),
    between=st.lists(st.sampled_from([" ", "\u00a0", "… ", "”, “", "’ ‘", " – ", "–", "—", "® ", "\n", "!», «", "/"])),
    change=st.sampled_from([str.lower, str.title, str.upper]),
)
def test_genuine_text_stays_untouched(words: list[str], between: list[str], change) -> None:
    pieces = [word + mark for word, mark in zip(words, [*between, *" " * len(words)], strict=False)]
    text = change("“Đẹp” " + "".join(pieces))
    assert repair(text) == module.Repair(text)


@given(sound=st.lists(st.sampled_from(WORDS), min_size=1), broken=st.lists(st.sampled_from(WORDS), min_size=1))
def test_sound_and_broken_words_mix(sound: list[str], broken: list[str]) -> None:
    text = " ".join([*sound, *broken])
    assert repair(" ".join([*sound, *map(cp1252, broken)])).text == text


@given(text=st.one_of(any_text, high_text, any_text.map(lambda text: latin1(re.sub("[\ud800-\udfff]", "", text)))))
@example("Ã\x83\x83\x83\x83\x83\x83")
@example("MÃ” Ã\xa0 Đ")
def test_repair_takes_any_text_and_is_idempotent(text: str) -> None:
    once = repair(text)
    assert repair(once.text).text == once.text
    assert (once.text == text) == (once.repaired == 0)


@given(text=high_text)
def test_repair_keeps_the_plain_characters(text: str) -> None:
    """Only characters that a wrong decoding makes can go, and what stands between words stays."""
    assert re.findall(r"[\x00-\x7f]", repair(text).text) == re.findall(r"[\x00-\x7f]", text)


def test_hostile_text_stays_as_it_came() -> None:
    """Each round uncovers one more: without a bound this costs quadratic time."""
    text = "Ã" + "\x83" * 20_000
    assert repair(text) == module.Repair(text, 0, (text,))


@given(text=any_text)
@example("oạ\u0300")
@example("a\u200b\u0300 \x00\u0301")
def test_normalise_takes_any_text_and_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == " ".join(once.split())
    assert once.encode().decode() == once, "no lone surrogate is left"


def test_normalise_is_idempotent_on_every_character() -> None:
    for character in map(chr, range(0x110000)):
        assert normalise(normalise(character)) == normalise(character)


@given(words=vietnamese)
def test_composed_and_decomposed_text_are_one(words: list[str]) -> None:
    text = " ".join(words)
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("letter", LETTERS)
def test_normalise_keeps_every_letter(letter: str) -> None:
    assert normalise(letter) == letter


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (older, newer)
        for first, second in ("oa", "oe", "uy")
        for tone in TONES[1:]
        for older, newer in [
            tuple(unicodedata.normalize("NFC", "th" + word) for word in (first + tone + second, first + second + tone))
        ]
    ],
)
def test_both_places_of_the_tone_are_one(older: str, newer: str) -> None:
    assert normalise(newer) == normalise(older) == older
    assert normalise(newer.upper()) == older.upper()
    assert normalise(newer + "n") == newer + "n", "in a closed syllable the tone is where it belongs"


@pytest.mark.parametrize("tone", TONES[1:])
def test_after_q_the_tone_stays(tone: str) -> None:
    for word in ("quy", "Quy", "QUY"):
        assert normalise(word + tone) == unicodedata.normalize("NFC", word + tone)


def test_titles_of_ten_thousand_characters() -> None:
    title = "giày thể thao " * 1000
    decomposed = unicodedata.normalize("NFD", title).replace(" ", " \u200b\u00a0")
    assert len(title) > 10_000
    assert normalise(decomposed) == title.strip()
    assert fold(normalise(title)) == ("giay the thao " * 1000).strip()
    assert repair(cp1252(title)).text == title


def test_fold_takes_every_vietnamese_letter_to_ascii() -> None:
    bare = [*(vowel for vowel in "aaaeeiooouuy" for _ in TONES), "d"]
    assert fold("".join(LETTERS)) == "".join([*bare, *map(str.upper, bare)])


def test_fold_gives_one_character_for_one() -> None:
    emoji = "".join(map(chr, range(0x1F300, 0x1FB00)))
    for character in [*map(chr, range(0x10000)), *emoji]:
        folded = fold(character)
        assert len(folded) == 1
        assert fold(folded) == folded
        assert folded == character or folded.isascii()
        assert character.isupper() == folded.isupper(), "case is kept"


@given(before=any_text, after=any_text)
def test_offsets_in_folded_text_are_offsets_in_the_text(before: str, after: str) -> None:
    text = before + "Đế" + after
    folded = fold(text)
    assert len(folded) == len(text)
    assert folded[len(before) : len(before) + 2] == "De"
    assert fold(before) + "De" + fold(after) == folded


@pytest.mark.parametrize(
    "typed", ["giayf theer thao nuwx", "gia2y the63 thao nu74", "ddes meemf", "ko bt j dc hk", "sz 8p", "hoaf thuyr"]
)
def test_typed_input_passes_through(typed: str) -> None:
    assert repair(typed) == module.Repair(typed)
    assert normalise(typed) == typed
    assert fold(typed) == typed
