"""Cells as files have them: what each shape of a date, number or identifier is read as."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.intake import normalise

MAY_19 = date(2025, 5, 19)


@pytest.mark.parametrize(
    "cell",
    [
        "19/05/2568", "19/5/2568", "19-05-2568", "19.05.2568", "๑๙/๐๕/๒๕๖๘", " 19/05/2568 ", "\ufeff19/05/2568",
        "19/05/2025", "19/05/68", "19/5/68", "2025-05-19", "2568-05-19", "2568-5-19", "2025-05-19 08:30:00",
        "2568-05-19T08:30", "19/05/2568 08:30", "19 พ.ค. 2568", "19 พ.ค. 68", "19พ.ค.68", "19 พฤษภาคม 2568",
        "๑๙ พฤษภาคม ๒๕๖๘", "19 พ.ค 2568", "19\u00a0พ.ค.\u00a02568", "19\u200b/05/2568", "2025-05-19 00:00:00.123",
    ],
)  # fmt: skip
def test_the_nineteenth_of_may_in_every_shape(cell: str) -> None:
    assert normalise.parse_day(cell) == MAY_19


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("29/02/2567", date(2024, 2, 29)),  # a leap year in the Common Era
        ("31/12/2400", date(2400, 12, 31)),  # not yet Buddhist
        ("01/01/2401", date(1858, 1, 1)),
        ("1 ม.ค. 69", date(2026, 1, 1)),
        ("1 ก.ย. 69", date(2026, 9, 1)),
        ("31 ธันวาคม 2568", date(2025, 12, 31)),
    ],
)
def test_years_and_months_at_the_edges(cell: str, day: date) -> None:
    assert normalise.parse_day(cell) == day


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_by_both_its_names(month: int) -> None:
    names = [name for name, number in normalise._MONTHS.items() if number == month]
    assert len(names) == 3
    assert {normalise.parse_day(f"7 {name} 2568") for name in names} == {date(2025, month, 7)}


@pytest.mark.parametrize(
    "cell",
    [
        "", "-", "31/09/2568", "29/02/2568", "00/05/2568", "05/13/2568", "1/2568", "พ.ค.-68", "45000", "20250519",
        "19/05", "19/05/568", "ไม่ทราบ", "19 Mai 2568", "2025-13-01", "19//05/2568", "32 พ.ค. 2568",
    ],
)  # fmt: skip
def test_what_is_no_date(cell: str) -> None:
    assert normalise.parse_day(cell) is None


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_a_day_is_the_same_in_both_eras_and_all_digits(day: date) -> None:
    thai = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
    written = f"{day.day:02d}/{day.month:02d}/{day.year + 543}"
    assert normalise.parse_day(written) == normalise.parse_day(written.translate(thai)) == day
    assert normalise.parse_day(day.isoformat()) == day


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2025-05-19 08:41", datetime(2025, 5, 19, 1, 41, tzinfo=UTC)),
        ("19/05/2568 8:41:07", datetime(2025, 5, 19, 1, 41, 7, tzinfo=UTC)),
        ("19/05/2568", datetime(2025, 5, 19, 11, 0, tzinfo=UTC)),  # a date alone is the end of that working day
        ("19/05/2568 00:30", datetime(2025, 5, 18, 17, 30, tzinfo=UTC)),
        ("19/05/2568 25:00", None),
        ("เมื่อวาน", None),
    ],
)
def test_times_of_entry_are_bangkok_time(cell: str, instant: datetime | None) -> None:
    assert normalise.parse_instant(cell) == instant


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1819900000014", "1819900000014"),
        ("1-8199-00000-01-4", "1819900000014"),
        ("๑๘๑๙๙๐๐๐๐๐๐๑๔", "1819900000014"),
        (" 1819900000014 ", "1819900000014"),
        ("1819900000014.0", "1819900000014"),
        ("0819900000014", "0819900000014"),  # people without status have a first digit of 0
        ("G123456789012", "G123456789012"),
        ("g 1234 5678 9012", "G123456789012"),
        ("1.8199E+12", None),  # a spreadsheet lost the digits
        ("1.8199e+12", None),
        ("1819900000014.5", None),
        ("181990000001", None),
        ("18199000000145", None),
        ("0000000000000", None),
        ("1111111111119", None),  # its check digit is right, and it is a dummy
        ("9999999999999", None),
        ("G12345678901", None),
        ("AB1234567", None),
        ("-", None),
        ("ไม่มี", None),
        ("", None),
    ],
)
def test_national_numbers(cell: str, number: str | None) -> None:
    assert normalise.national_id(cell) == number


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("69201010025", "69201010025"),
        ("๖๙๒๐๑๐๑๐๐๒๕", "69201010025"),
        ("1234.0", "1234"),
        ("00123", "00123"),  # leading noughts are part of the code
        ("a1234", "A1234"),
        ("66/1234", "66/1234"),
        (" 1234 ", "1234"),
        ("1.8199E+12", None),
        ("6.9201E+10", None),
        ("1234.5", None),
        ("12", None),
        ("ไม่มี", None),
        ("-", None),
        ("รวม", None),
    ],
)
def test_student_codes(cell: str, code: str | None) -> None:
    assert normalise.student_code(cell) == code


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12,470", 12470.0), ("๒.๕", 2.5), ("-3", -3.0), ("+4", 4.0), (" 7 ", 7.0), ("1 000", 1000.0), ("5,000-10,000", None),
        ("ไม่แน่นอน", None), ("1e3", None), ("nan", None), ("inf", None), ("1.", None), ("", None), ("4,0.5.1", None),
    ],
)  # fmt: skip
def test_numbers(cell: str, number: float | None) -> None:
    assert normalise.parse_number(cell) == number


@pytest.mark.parametrize(("cell", "number"), [("3", 3), ("3.0", 3), ("3.5", None), ("๓", 3), ("สาม", None)])
def test_whole_numbers(cell: str, number: int | None) -> None:
    assert normalise.parse_whole(cell) == number


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("ใช่", True), ("ไม่ใช่", False), ("มี", True), ("ไม่มี", False), ("1", True), ("0", False), ("Yes", True), ("?", None)],
)
def test_flags(cell: str, flag: bool | None) -> None:
    assert normalise.parse_flag(cell) is flag


def test_damaged_vowels_are_mended_and_am_stays_whole() -> None:
    assert normalise.clean("เเก้ว") == "แก้ว"
    assert normalise.clean("จ\u0e4d\u0e32ปี") == "จำปี"
    assert normalise.clean("ลำไย") == "ลำไย"  # never taken apart
    assert normalise.clean(" สม \u200b มติ\ufeff ") == "สม มติ"


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once_and_no_cell_raises(cell: str) -> None:
    assert normalise.clean(normalise.clean(cell)) == normalise.clean(cell)
    for read in (
        normalise.parse_day, normalise.parse_instant, normalise.parse_number, normalise.parse_whole,
        normalise.parse_flag, normalise.national_id, normalise.student_code,
    ):  # fmt: skip
        read(cell)
