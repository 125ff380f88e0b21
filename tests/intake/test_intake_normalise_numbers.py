"""Numbers, money, credits and yes or no: what each way of writing is read as."""

import pytest

from records.intake import normalise
from records.intake.normalise import (
    Reading,
    read_credits,
    read_flag,
    read_money,
    read_number,
    read_whole,
)

BAD = Reading(problem="BAD_NUMBER")
BEYOND = Reading(problem="OUT_OF_RANGE")


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("12,470", Reading(12470.0)), ("1,234,567.5", Reading(1234567.5)), ("๒.๕", Reading(2.5)), ("-3", Reading(-3.0)), ("+4", Reading(4.0)),
        (" 7 ", Reading(7.0)), ("1 000", Reading(1000.0)), ("85%", Reading(85.0)), ("3,500 บาท", Reading(3500.0)), ("2.5 กม.", Reading(2.5)),
        ("4.00", Reading(4.0)), ("4,0", Reading(4.0, "DECIMAL_COMMA")), ("3,25", Reading(3.25, "DECIMAL_COMMA")),
        ("１２", Reading(12.0, "FULL_WIDTH")), ("7\u200b", Reading(7.0, "INVISIBLE_CHARACTERS")),
        ("-", Reading()), ("", Reading()), ("ไม่ระบุ", Reading()), ("#REF!", Reading()),
        ("5,000-10,000", BAD), ("ไม่แน่นอน", BAD), ("1e3", BAD), ("1.5E+05", BAD), ("nan", BAD), ("inf", BAD), ("1.", BAD), ("4,0.5.1", BAD),
        ("1,23,456", BAD), ("1,2345", BAD), ("9" * 400, BAD), ("บาท", BAD), ("½", BAD), ("٣", BAD),
    ],
)  # fmt: skip
def test_numbers(cell: str, reading: Reading[float]) -> None:
    assert read_number(cell) == reading
    assert normalise.parse_number(cell) == reading.value


@pytest.mark.parametrize(
    ("cell", "reading"),
    [("3", Reading(3)), ("3.0", Reading(3)), ("๓", Reading(3)), ("3,0", Reading(3, "DECIMAL_COMMA")), ("3.5", BAD), ("สาม", BAD), ("-", Reading()),
     ("2147483647", Reading(2**31 - 1)), ("-2147483648", Reading(-(2**31))), ("2147483648", BEYOND), ("1100201520688", BEYOND), ("-2147483649", BEYOND)],
)  # fmt: skip
def test_whole_numbers(cell: str, reading: Reading[int]) -> None:
    assert read_whole(cell) == reading
    assert normalise.parse_whole(cell) == reading.value


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("3000", Reading(3000.0)), ("3,000 บาท", Reading(3000.0)), ("เดือนละ 3,000 บาท", Reading(3000.0)), ("3000 บาท/เดือน", Reading(3000.0)),
        ("5,000-10,000", Reading(7500.0, "MONEY_RANGE")), ("5000 – 10000 บาท", Reading(7500.0, "MONEY_RANGE")),
        ("5,000 บาท ถึง 10,000 บาท", Reading(7500.0, "MONEY_RANGE")),
        ("วันละ 300", Reading(9000.0, "MONEY_PERIOD")), ("300/วัน", Reading(9000.0, "MONEY_PERIOD")), ("300 บาทต่อวัน", Reading(9000.0, "MONEY_PERIOD")),
        ("ปีละ 60,000 บาท", Reading(5000.0, "MONEY_PERIOD")), ("60,000 บาท/ปี", Reading(5000.0, "MONEY_PERIOD")),
        ("วันละ 300-400", Reading(10500.0, "MONEY_PERIOD")),
        ("ไม่มีรายได้", Reading(0.0)), ("ไม่แน่นอน", Reading()), ("ไม่ระบุ", Reading()), ("ไม่มี", Reading()), ("-", Reading()), ("", Reading()),
        ("10,000-5,000", BAD), ("5,000-", BAD), ("น้อยกว่า 5,000", BAD), ("วันละ", BAD), ("สัปดาห์ละ 500", BAD),
    ],
)  # fmt: skip
def test_money_by_the_month(cell: str, reading: Reading[float]) -> None:
    assert read_money(cell) == reading


@pytest.mark.parametrize(
    ("cell", "reading"),
    [("3-0-3", Reading(3.0)), ("2 - 2 - 3", Reading(3.0)), ("๓-๐-๓", Reading(3.0)), ("1.5", Reading(1.5)), ("-", Reading()), ("3-0", BAD), ("สาม", BAD)],
)  # fmt: skip
def test_credits(cell: str, reading: Reading[float]) -> None:
    assert read_credits(cell) == reading


@pytest.mark.parametrize(
    ("cells", "flag"),
    [
        ("ใช่ มี 1 ๑ TRUE true Yes y ✓ ✔ ☑ / ได้รับ", True),
        ("ไม่ใช่ ไม่มี ไม่ 0 FALSE no N ☐ ไม่ได้รับ", False),
    ],
)
def test_flags(cells: str, flag: bool) -> None:
    for cell in cells.split():
        assert read_flag(cell) == Reading(flag)
        assert normalise.parse_flag(cell) is flag


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("1.0", Reading(True, "EXCEL_NUMBER")), ("0.0", Reading(False, "EXCEL_NUMBER")), ("-", Reading()), ("", Reading()),
        ("x", Reading(problem="UNKNOWN_CODE")), ("✗", Reading(problem="UNKNOWN_CODE")), ("?", Reading(problem="UNKNOWN_CODE")), ("2", Reading(problem="UNKNOWN_CODE")),
    ],
)  # fmt: skip
def test_what_is_neither_yes_nor_no(cell: str, reading: Reading[bool]) -> None:
    assert read_flag(cell) == reading
