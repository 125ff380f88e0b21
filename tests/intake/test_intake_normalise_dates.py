"""Dates, times, years and terms: what each shape is read as, and what is refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.intake import normalise
from records.intake.normalise import read_day, read_instant, read_term, read_year

MAY_19 = date(2025, 5, 19)
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
SERIAL_MAY_19 = (MAY_19 - date(1899, 12, 30)).days
BUDDHIST_SERIAL_MAY_19 = (date(2568, 5, 19) - date(1899, 12, 30)).days


@pytest.mark.parametrize(
    "cell",
    [
        "19/05/2568", "19/5/2568", "19-05-2568", "19.05.2568", "19 05 2568", "19 / 5 / 2568", "๑๙/๐๕/๒๕๖๘", " 19/05/2568 ",
        "19/05/2025", "19/05/68", "19/5/68", "19-5-68", "2025-05-19", "2025/05/19", "2025-05-19 08:30:00", "2025-05-19 00:00",
        "19/05/2568 08:30", "19/05/2568 16.30 น.", "19 พ.ค. 2568", "19 พ.ค. 68", "19พ.ค.68", "19 พฤษภาคม 2568", "19 พค 68",
        "๑๙ พฤษภาคม ๒๕๖๘", "19 พ.ค 2568", "19\u00a0พ.ค.\u00a02568", "2025-05-19 00:00:00.123", "19-พ.ค.-68",
        "19 พ. ค. 2568", "วันที่ 19 พฤษภาคม พ.ศ. 2568", "วันจันทร์ที่ 19 พฤษภาคม พ.ศ. 2568", "19 พฤษภาคม ค.ศ. 2025",
        "19 เดือนพฤษภาคม พ.ศ.2568", "19 May 2025", "19-May-2025", "May 19, 2025", "19 may 2568", "19. 05.68",
    ],
)  # fmt: skip
def test_the_nineteenth_of_may_in_every_ordinary_shape(cell: str) -> None:
    assert read_day(cell) == normalise.Reading(MAY_19)


@pytest.mark.parametrize(
    ("cell", "fix"),
    [
        ("2568-05-19", "EXCEL_DATE_YEAR"),  # a true date of a spreadsheet
        ("2568-05-19 00:00:00", "EXCEL_DATE_YEAR"),
        ("2568-5-19", "EXCEL_DATE_YEAR"),
        (str(SERIAL_MAY_19), "EXCEL_SERIAL"),
        (f"{SERIAL_MAY_19}.0", "EXCEL_SERIAL"),
        (str(BUDDHIST_SERIAL_MAY_19), "EXCEL_SERIAL"),
        ("05/19/2568", "DATE_SHAPE"),  # nothing has nineteen months
        ("5/19/2025 8:30:00 AM", "DATE_SHAPE"),
        ("\ufeff19/05/2568", "INVISIBLE_CHARACTERS"),
        ("19\u200b/05/2568", "INVISIBLE_CHARACTERS"),
        ("１９/０５/２５６８", "FULL_WIDTH"),
    ],
)
def test_the_nineteenth_of_may_when_it_was_damaged(cell: str, fix: str) -> None:
    assert read_day(cell) == normalise.Reading(MAY_19, fix)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("05/06/2568", date(2025, 6, 5)),  # the day is first wherever it can be
        ("29/02/2567", date(2024, 2, 29)),  # a leap year in the Common Era
        ("31/12/2742", date(2199, 12, 31)),
        ("01/01/2443", date(1900, 1, 1)),
        ("31/12/2200", date(2200, 12, 31)),
        ("1 ม.ค. 69", date(2026, 1, 1)),
        ("1 ก.ย. 69", date(2026, 9, 1)),
        ("31 ธันวาคม 2568", date(2025, 12, 31)),
        ("36526", date(2000, 1, 1)),
        ("73415", date(2100, 12, 31)),
    ],
)
def test_years_and_months_at_the_edges(cell: str, day: date) -> None:
    assert read_day(cell).value == day


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("31/09/2568", "BAD_DATE"), ("29/02/2568", "BAD_DATE"), ("00/05/2568", "BAD_DATE"), ("32 พ.ค. 2568", "BAD_DATE"),
        ("13/13/2568", "BAD_DATE"), ("2025-13-01", "BAD_DATE"), ("2568-02-29", "BAD_DATE"), ("1/2568", "BAD_DATE"),
        ("พ.ค.-68", "BAD_DATE"), ("20250519", "BAD_DATE"), ("36525", "BAD_DATE"), ("73416", "BAD_DATE"), ("150000", "BAD_DATE"),
        ("19/05", "BAD_DATE"), ("19/05/568", "BAD_DATE"), ("19//05/2568", "BAD_DATE"), ("19 Mai 2568", "BAD_DATE"),
        ("ไม่ทราบ", "BAD_DATE"), ("08:30", "BAD_DATE"), ("31/12/2400", "BAD_DATE"), ("01/01/2401", "BAD_DATE"),
        ("31/12/2442", "BAD_DATE"), ("01/01/1899", "BAD_DATE"), ("01/01/2201", "BAD_DATE"), ("01/01/2744", "BAD_DATE"),
        ("5/19/25", "AMBIGUOUS_DATE"),  # month first, and a year of either era
        ("19-May-25", "AMBIGUOUS_DATE"), ("19 พ.ค. ค.ศ. 25", "AMBIGUOUS_DATE"),
        ("240568", "AMBIGUOUS_DATE"),  # 24/05/68, or a day number
    ],
)  # fmt: skip
def test_what_is_no_date(cell: str, problem: str) -> None:
    assert read_day(cell) == normalise.Reading(problem=problem)
    assert normalise.parse_day(cell) is None


@pytest.mark.parametrize("cell", ["", "-", " ", "ไม่ระบุ", "#N/A"])
def test_an_empty_cell_is_no_problem(cell: str) -> None:
    for read in (read_day, read_instant, read_year, read_term):
        assert read(cell) == normalise.Reading()


MONTHS = (
    "ม.ค. มกราคม Jan January", "ก.พ. กุมภาพันธ์ Feb February", "มี.ค. มีนาคม Mar March", "เม.ย. เมษายน Apr April",
    "พ.ค. พฤษภาคม May พค", "มิ.ย. มิถุนายน Jun June", "ก.ค. กรกฎาคม Jul July", "ส.ค. สิงหาคม Aug August",
    "ก.ย. กันยายน Sep September", "ต.ค. ตุลาคม Oct October", "พ.ย. พฤศจิกายน Nov November", "ธ.ค. ธันวาคม Dec December",
)  # fmt: skip


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_by_its_names(month: int) -> None:
    for name in MONTHS[month - 1].split():
        for written in (name, name.replace(".", ""), name.rstrip(".")):
            assert read_day(f"7 {written} 2568").value == date(2025, month, 7)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_a_day_is_the_same_in_both_eras_and_all_digits(day: date) -> None:
    written = f"{day.day:02d}/{day.month:02d}/{day.year + 543}"
    assert normalise.parse_day(written) == normalise.parse_day(written.translate(THAI)) == day
    assert normalise.parse_day(day.isoformat()) == day


@pytest.mark.parametrize(("year", "common"), [(2400, 2400), (2401, 1858), (2568, 2025), (2025, 2025)])
def test_a_year_above_2400_is_buddhist(year: int, common: int) -> None:
    assert normalise.year_ce(year) == common


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2025-05-19 08:41", datetime(2025, 5, 19, 1, 41, tzinfo=UTC)),
        ("2568-05-19T08:41:00", datetime(2025, 5, 19, 1, 41, tzinfo=UTC)),
        ("19/05/2568 8:41:07", datetime(2025, 5, 19, 1, 41, 7, tzinfo=UTC)),
        ("19/05/2568 16.30 น.", datetime(2025, 5, 19, 9, 30, tzinfo=UTC)),
        ("19 พ.ค. 2568 เวลา 16:30 น.", datetime(2025, 5, 19, 9, 30, tzinfo=UTC)),
        ("๑๙ พ.ค. ๒๕๖๘, ๑๖.๓๐ น.", datetime(2025, 5, 19, 9, 30, tzinfo=UTC)),
        ("5/19/2025 4:30:00 PM", datetime(2025, 5, 19, 9, 30, tzinfo=UTC)),
        ("5/19/2025 12:05 AM", datetime(2025, 5, 18, 17, 5, tzinfo=UTC)),
        (f"{SERIAL_MAY_19}.5", datetime(2025, 5, 19, 5, 0, tzinfo=UTC)),
        ("19/05/2568", datetime(2025, 5, 19, 11, 0, tzinfo=UTC)),  # a date alone is the end of that working day
        ("2025-05-19 00:00:00", datetime(2025, 5, 19, 11, 0, tzinfo=UTC)),  # and so is a date that a spreadsheet wrote
        ("19. 05.68", datetime(2025, 5, 19, 11, 0, tzinfo=UTC)),  # no time of day
        ("19/05/2568 00:30", datetime(2025, 5, 18, 17, 30, tzinfo=UTC)),
        ("19/05/2568 25:00", None),
        ("19/05/2568 13:00 PM", None),
        ("31/09/2568 10:00", None),
        ("เมื่อวาน", None),
    ],
)
def test_times_of_entry_are_bangkok_time(cell: str, instant: datetime | None) -> None:
    reading = read_instant(cell)
    assert (reading.value, reading.problem) == (instant, "" if instant else "BAD_DATE")
    assert normalise.parse_instant(cell) == instant


@pytest.mark.parametrize(
    ("cell", "year", "fix", "problem"),
    [
        ("2568", 2025, "", ""), ("๒๕๖๘", 2025, "", ""), ("2025", 2025, "", ""), ("68", 2025, "", ""), ("2568.0", 2025, "EXCEL_NUMBER", ""),
        ("พ.ศ. 2568", 2025, "", ""), ("ปีการศึกษา 2568", 2025, "", ""), ("2400", 2400, "", ""), ("1568", 1568, "", ""), ("256", None, "", "BAD_NUMBER"),
        ("2568/1", None, "", "BAD_NUMBER"), ("ปีนี้", None, "", "BAD_NUMBER"),
    ],
)  # fmt: skip
def test_years(cell: str, year: int | None, fix: str, problem: str) -> None:
    assert read_year(cell) == normalise.Reading(year, fix, problem)


@pytest.mark.parametrize(
    ("cell", "term", "fix"),
    [
        ("1/2568", (2025, 1), ""), ("2568/1", (2025, 1), ""), ("2-2568", (2025, 2), ""), ("1/68", (2025, 1), ""), ("๑/๒๕๖๘", (2025, 1), ""),
        ("ภาคเรียนที่ 1/2568", (2025, 1), ""), ("ภาคเรียนที่ 2 ปีการศึกษา 2568", (2025, 2), ""), ("เทอม 2", (None, 2), ""), ("1", (None, 1), ""),
        ("S/2568", (2025, 3), ""), ("ภาคฤดูร้อน 2568", (2025, 3), ""), ("ฤดูร้อน", (None, 3), ""), ("3/2025", (2025, 3), ""),
        ("1.0", (None, 1), "EXCEL_NUMBER"),
        ("ม.ค.-68", (2025, 1), "TERM_AS_DATE"), ("ก.พ. 68", (2025, 2), "TERM_AS_DATE"), ("Jan-68", (2025, 1), "TERM_AS_DATE"),
        ("2025-01-01 00:00", (2025, 1), "TERM_AS_DATE"), ("2568-01-01", (2025, 1), "TERM_AS_DATE"),
        ("2568-02-01 00:00:00", (2025, 2), "TERM_AS_DATE"), ("01/01/2568", (2025, 1), "TERM_AS_DATE"),
        ("45658", (2025, 1), "TERM_AS_DATE"), ("มกราคม 2568", (2025, 1), "TERM_AS_DATE"),
    ],
)  # fmt: skip
def test_terms(cell: str, term: tuple[int | None, int], fix: str) -> None:
    assert read_term(cell) == normalise.Reading(term, fix)


@pytest.mark.parametrize(
    "cell", ["0", "4", "4/2568", "เม.ย.-68", "2025-01-02", "2025-05-01", "1/2568/2", "1/3000", "ต้น"]
)
def test_what_is_no_term(cell: str) -> None:
    assert read_term(cell) == normalise.Reading(problem="UNKNOWN_CODE")
