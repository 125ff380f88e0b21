"""Text and names as files have them: what is damage and what is only unusual, and that mending changes nothing else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from records.intake import normalise
from records.intake.fixes import FIX_OF, FIXES
from records.intake.normalise import NameParts, read_name, read_text, split_name

AM, CIRCLE, AA = "\u0e33", "\u0e4d", "\u0e32"
EK, THO = "\u0e48", "\u0e49"
MENDED, HIDDEN = "THAI_TEXT_MENDED", "INVISIBLE_CHARACTERS"


@pytest.mark.parametrize(
    ("cell", "value", "fix"),
    [
        ("ลำไย", "ลำไย", ""),  # never taken apart
        ("น้ำ ค่ำ ที่ ขึ้น", "น้ำ ค่ำ ที่ ขึ้น", ""),
        ("  สม   มติ \n", "สม มติ", ""),  # spaces are no damage
        ("สม\u00a0มติ", "สม มติ", ""),
        ("สม\u200bมติ", "สมมติ", HIDDEN),
        ("\ufeffสมมติ", "สมมติ", HIDDEN),
        ("Anna\u200b", "Anna", HIDDEN),
        ("เเก้ว", "แก้ว", MENDED),
        ("เ\u200bเก้ว", "แก้ว", MENDED),
        (f"จ{CIRCLE}{AA}ปี", "จำปี", MENDED),
        (f"น{CIRCLE}{THO}{AA}", "น้ำ", MENDED),
        (f"น{THO}{CIRCLE}{AA}", "น้ำ", MENDED),
        (f"น{AM}{THO}", "น้ำ", MENDED),
        (f"ก{THO}{THO}ว", "ก้ว", MENDED),
        ("ที\u0e35\u0e48", "ที่", MENDED),
        ("ท\u0e48\u0e35", "ที่", MENDED),  # the tone before its vowel
        ("ก\u0e34\u0e48\u0e34", "กิ่", MENDED),
        ("สิทธ\u0e4c\u0e34", "สิทธิ์", MENDED),
        ("ส\u0ea1ชาย", "สมชาย", MENDED),  # a Lao letter among Thai ones
        ("ສົມ", "ສົມ", ""),  # a Lao name
        ("นาย ສົມ", "นาย ສົມ", ""),
        ("ป\uf70aา", "ป่า", MENDED),
        ("\uf700าน ปัญ\uf70fา", "ฐาน ปัญญา", MENDED),
        ("ฝ\uf710น", "ฝัน", MENDED),
        ("ส านัก", "สำนัก", MENDED),
        ("น้ าเงิน", "น้ำเงิน", MENDED),
        ("ก า ร เรียน", "ก า ร เรียน", ""),  # letters set apart, not a lost circle
        ("กำร", "กำร", ""),  # may be การ, and may be กำร
        ("ศ.๑๒", "ศ.๑๒", ""),  # digits in text stay as written
        ("ｆｕｌｌ", "ｆｕｌｌ", ""),
        ("-", None, ""), ("", None, ""), (" – ", None, ""), ("ไม่ระบุ", None, ""), ("#REF!", None, ""), ("#N/A", None, ""),
        ("\u200b", None, ""),
    ],
)  # fmt: skip
def test_text(cell: str, value: str | None, fix: str) -> None:
    reading = read_text(cell)
    assert (reading.value, reading.fix, reading.problem) == (value, fix, "")


@pytest.mark.parametrize(
    ("glyphs", "letters"),
    [
        ("\uf701\uf702\uf703\uf704", "\u0e34\u0e35\u0e36\u0e37"),
        ("\uf705\uf706\uf707\uf708\uf709", "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"),
        ("\uf70a\uf70b\uf70c\uf70d\uf70e", "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"),
        ("\uf711\uf712", "\u0e4d\u0e47"),
        ("\uf713\uf714\uf715\uf716\uf717", "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"),
        ("\uf718\uf719\uf71a", "\u0e38\u0e39\u0e3a"),
    ],
)
def test_every_glyph_of_old_fonts_is_its_letter(glyphs: str, letters: str) -> None:
    for glyph, letter in zip(glyphs, letters, strict=True):
        assert normalise.clean(f"ก{glyph}ง") == f"ก{letter}ง"


SYLLABLES = st.builds(
    lambda lead, letter, mark, tone, after: lead + letter + mark + tone + after,
    st.sampled_from(["", "", "เ", "แ", "โ", "ใ", "ไ"]),
    st.sampled_from("กขคฆงจฉชซญฐณดตถทธนบปผฝพฟภมยรฤลวศษสหฬอฮ"),
    st.sampled_from(["", "", *"\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e47"]),
    st.sampled_from(["", "", *"\u0e48\u0e49\u0e4a\u0e4b\u0e4c"]),
    st.sampled_from(["", "", AA, AM, "ะ", "น", "ๆ", "ฯ"]),
).filter(lambda syllable: "\u0e4c" + AM not in syllable)
LATIN = st.text("abcdefghijklmnopqrstuvwxyzABCDEÉéüñ.-'()0123456789๐๑๒๓๙", min_size=1, max_size=8)
SOUND = st.lists(st.lists(SYLLABLES, min_size=1, max_size=4).map("".join) | LATIN, max_size=5).map(" ".join)


@given(SOUND)
def test_text_without_damage_is_never_changed(cell: str) -> None:
    assert normalise.clean(cell) == cell
    assert read_text(cell).fix == ""


ANYTHING = st.text(max_size=30) | st.text(
    "กสเแ าํำ่้๊์ิีัุ ็ๆ๑\u0e81\u0ea1\u0eb2\u0ec0\u0ec8\u0ecd\uf700\uf701\uf70a\uf711\u200b\ufeff\u00a0-G1./:E+", max_size=16
)


@given(ANYTHING)
@example("ำำ่")
@example("ํ่ํา้า")
@example("ເเ")
def test_mending_twice_is_mending_once(cell: str) -> None:
    once = normalise.clean(cell)
    assert normalise.clean(once) == once
    assert read_text(once).fix == ""


@given(ANYTHING)
def test_no_cell_raises_and_every_reading_keeps_its_promise(cell: str) -> None:
    readings = [
        read(cell)
        for name, read in vars(normalise).items()
        if name.startswith("read_") and name not in ("read_code", "read_name", "read_identifier")
    ]
    readings += [
        normalise.read_identifier(cell)[1],
        read_name(cell)[0],
        split_name(cell),
        *normalise.split_level_room(cell),
    ]
    for reading in readings:
        assert not (reading.problem and (reading.value is not None or reading.fix))
        assert not reading.fix or reading.fix in FIX_OF


def test_fixes_are_told_in_both_languages_and_once() -> None:
    assert len(FIX_OF) == len(FIXES)
    for fix in FIXES:
        assert any("\u0e01" <= letter <= "\u0e5b" for letter in fix.text.th)
        assert not any("\u0e01" <= letter <= "\u0e5b" for letter in fix.text.en)


@pytest.mark.parametrize(
    ("cell", "parts", "fix"),
    [
        ("นาย สมมติ ใจดี", NameParts("นาย", "สมมติ", "ใจดี"), ""),
        ("นายสมมติ  ใจดี", NameParts("นาย", "สมมติ", "ใจดี"), "TITLE_SPLIT"),
        ("นางสาวสมมติ ใจดี", NameParts("นางสาว", "สมมติ", "ใจดี"), "TITLE_SPLIT"),
        ("น.ส.สมมติ ใจดี", NameParts("น.ส.", "สมมติ", "ใจดี"), "TITLE_SPLIT"),
        ("น.ส. สมมติ ใจดี", NameParts("น.ส.", "สมมติ", "ใจดี"), ""),
        ("ด.ช.เอก ใจดี", NameParts("ด.ช.", "เอก", "ใจดี"), "TITLE_SPLIT"),
        ("เด็กหญิงสมมติ ใจดี", NameParts("เด็กหญิง", "สมมติ", "ใจดี"), "TITLE_SPLIT"),
        ("ว่าที่ ร.ต.สมมติ ใจดี", NameParts("ว่าที่ ร.ต.", "สมมติ", "ใจดี"), "TITLE_SPLIT"),
        ("ม.ร.ว.สมมติ ใจดี", NameParts("ม.ร.ว.", "สมมติ", "ใจดี"), "TITLE_SPLIT"),
        ("สามเณร สมมติ ใจดี", NameParts("สามเณร", "สมมติ", "ใจดี"), ""),
        ("Mr.Sample Name", NameParts("Mr.", "Sample", "Name"), "TITLE_SPLIT"),
        ("Miss Sample Name", NameParts("Miss", "Sample", "Name"), ""),
        ("Missa Name", NameParts("", "Missa", "Name"), ""),
        ("นายาว ใจดี", NameParts("", "นายาว", "ใจดี"), ""),  # names that begin like titles
        ("นางาม ใจดี", NameParts("", "นางาม", "ใจดี"), ""),
        ("พระแก้ว ใจดี", NameParts("", "พระแก้ว", "ใจดี"), ""),
        ("พระ แก้ว ใจดี", NameParts("พระ", "แก้ว", "ใจดี"), ""),
        ("นายสมมติ", NameParts("", "นายสมมติ", ""), ""),  # nothing says that this is no name
        ("นาย สมมติ", NameParts("นาย", "สมมติ", ""), ""),
        ("นายอาซา -", NameParts("นาย", "อาซา", ""), "TITLE_SPLIT"),  # people without a surname
        ("สมมติ ใจดี ณ อยุธยา", NameParts("", "สมมติ", "ใจดี ณ อยุธยา"), ""),
        ("นาย สมมติ ใจดี (ลาออก)", NameParts("นาย", "สมมติ", "ใจดี", "ลาออก"), "STATUS_IN_NAME"),
        ("สมมติ(เอ) ใจดี (ย้าย)", NameParts("", "สมมติ", "ใจดี", "เอ ย้าย"), "STATUS_IN_NAME"),
        ("เเก้ว ใจดี", NameParts("", "แก้ว", "ใจดี"), MENDED),
    ],
)
def test_a_whole_name_in_one_cell(cell: str, parts: NameParts, fix: str) -> None:
    assert (split_name(cell).value, split_name(cell).fix) == (parts, fix)


@pytest.mark.parametrize(
    ("cell", "problem"), [("-", ""), ("", ""), ("นาย", "MISSING_VALUE"), ("(ลาออก)", "MISSING_VALUE")]
)
def test_a_cell_without_a_name(cell: str, problem: str) -> None:
    assert (split_name(cell).value, split_name(cell).problem) == (None, problem)


@pytest.mark.parametrize(
    ("cell", "name", "fix", "note"),
    [
        ("ใจดี (ย้าย)", "ใจดี", "STATUS_IN_NAME", "ย้าย"),
        ("ใจดี", "ใจดี", "", ""),
        ("- (ลาออก)", None, "", "ลาออก"),
        ("สม\u200bมติ", "สมมติ", HIDDEN, ""),
    ],
)
def test_a_name_with_words_in_brackets(cell: str, name: str | None, fix: str, note: str) -> None:
    reading, words = read_name(cell)
    assert (reading.value, reading.fix, words) == (name, fix, note)
