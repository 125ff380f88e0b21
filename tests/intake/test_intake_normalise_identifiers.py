"""Identifiers: which damage still leaves the whole number, and which does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.th import pin

from records.intake import normalise
from records.intake.normalise import Reading, check_digit_ok, read_identifier, read_national, read_student_code

BAD = Reading(problem="BAD_IDENTIFIER")
LOST = Reading(problem="LOST_DIGITS")
NUMBER, WRONG = "1101700203450", "1101700203451"  # the first has the check digit that fits


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        (NUMBER, Reading(NUMBER)),
        ("1-1017-00203-45-0", Reading(NUMBER)),  # as it is printed
        ("1 1017 00203 45 0", Reading(NUMBER)),
        (f" {NUMBER} ", Reading(NUMBER)),
        ("๑๑๐๑๗๐๐๒๐๓๔๕๐", Reading(NUMBER, "THAI_DIGITS")),
        ("１１０１７００２０３４５０", Reading(NUMBER, "FULL_WIDTH")),
        (f"\u200b{NUMBER}", Reading(NUMBER, "INVISIBLE_CHARACTERS")),
        (f"{NUMBER}.0", Reading(NUMBER, "EXCEL_NUMBER")),
        (f"'{NUMBER}", Reading(NUMBER, "QUOTE_MARK")),
        (f"`{NUMBER}", Reading(NUMBER, "QUOTE_MARK")),
        ("1.101700203450E+12", Reading(NUMBER, "EXPONENT")),  # every digit is there
        (WRONG, Reading(WRONG, warning="CHECK_DIGIT")),
        ("G123456789012", Reading("G123456789012")),
        ("G102938475601", Reading("G102938475601")),
        ("g 1029 3847 5601", Reading("G102938475601")),
        ("Ｇ102938475601", Reading("G102938475601", "FULL_WIDTH")),
        ("1.8199E+12", LOST), ("1.8199e+12", LOST), ("1.10E+12", LOST), ("1E+12", LOST),
        ("1819900000000", LOST),  # 1.8199E+12 written out again
        (f"{NUMBER}.5", BAD), (NUMBER[:-1], BAD), (f"{NUMBER}5", BAD),
        ("9101700203450", Reading("9101700203450", warning="CHECK_DIGIT")),
        ("9101700203455", Reading("9101700203455", warning="FIRST_DIGIT")),  # no class of persons begins with 9
        ("0101700203451", Reading("0101700203451", warning="FIRST_DIGIT")),  # a person without status
        ("0000000000000", BAD), ("1111111111119", BAD), ("9999999999999", BAD), ("1234567890121", BAD), ("1234567890123", BAD),
        ("G12345678901", BAD), ("G000000000000", BAD), ("AB1234567", BAD), ("12345", BAD),
        ("-", Reading()), ("ไม่มี", Reading()), ("ไม่มีเลข", Reading()), ("", Reading()),
    ],
)  # fmt: skip
def test_national_numbers(cell: str, reading: Reading[str]) -> None:
    assert read_national(cell) == reading
    assert normalise.national_id(cell) == reading.value


def test_people_without_status_have_a_number_that_begins_with_nought() -> None:
    assert read_national("0101700203450").value == "0101700203450"


def _with_check_digit(twelve: str) -> str:
    return next(twelve + last for last in "0123456789" if check_digit_ok(twelve + last))


@given(st.from_regex(r"[1-8][0-9]{12}", fullmatch=True))
def test_the_check_digit_agrees_with_stdnum(number: str) -> None:
    assert check_digit_ok(number) == pin.is_valid(number)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_exactly_one_check_digit_fits(twelve: str) -> None:
    assert sum(check_digit_ok(twelve + last) for last in "0123456789") == 1


@given(st.from_regex(r"[1-8][0-9]{11}", fullmatch=True), st.sampled_from("0123456789"))
def test_a_wrong_third_digit_is_never_seen(twelve: str, third: str) -> None:
    number = _with_check_digit(twelve)
    assert check_digit_ok(number[:2] + third + number[3:])


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("69201010025", Reading("69201010025")),
        ("๖๙๒๐๑๐๑๐๐๒๕", Reading("69201010025", "THAI_DIGITS")),
        ("１２３４", Reading("1234", "FULL_WIDTH")),
        ("1234.0", Reading("1234", "EXCEL_NUMBER")),
        ("'00123", Reading("00123", "QUOTE_MARK")),
        ("00123", Reading("00123")),  # leading noughts are part of the code
        ("a1234", Reading("A1234")),
        ("66/1234", Reading("66/1234")),
        (" 1234 ", Reading("1234")),
        ("12E5", Reading("12E5")),  # a code of its own, not a power of ten
        ("1.8199E+12", LOST), ("6.9201E+10", LOST), ("7E+10", LOST),
        ("1234.5", BAD), ("12", BAD), ("12345678901234567", BAD), ("รวม", BAD), ("00000", BAD), ("1234 5678", BAD),
        ("ไม่มี", Reading()), ("-", Reading()), ("", Reading()),
    ],
)  # fmt: skip
def test_student_codes(cell: str, reading: Reading[str]) -> None:
    assert read_student_code(cell) == reading
    assert normalise.student_code(cell) == reading.value


@pytest.mark.parametrize(
    ("cell", "kind", "reading"),
    [
        (NUMBER, "NATIONAL", Reading(NUMBER)),
        (WRONG, "NATIONAL", Reading(WRONG, warning="CHECK_DIGIT")),
        ("1-1017-00203-45-0", "NATIONAL", Reading(NUMBER)),
        (NUMBER[:-1], "NATIONAL", BAD),
        (f"{NUMBER}1", "NATIONAL", BAD),
        ("1.8199E+12", "NATIONAL", LOST),
        ("g-102938475601", "G_CODE", Reading("G102938475601")),
        ("AA1234567", "PASSPORT", Reading("AA1234567")),
        ("n 1234567", "PASSPORT", Reading("N1234567")),
        ("00123", "CODE", Reading("00123")),
        ("1234.0", "CODE", Reading("1234", "EXCEL_NUMBER")),
        ("A123456", "CODE", Reading("A123456")),
        ("69201010025", "CODE", Reading("69201010025")),
        ("6.9201E+10", "CODE", LOST),
        ("รวม", None, BAD),
        ("ไม่มี", None, Reading()),
        ("", None, Reading()),
    ],
)
def test_identifiers_of_any_kind(cell: str, kind: str | None, reading: Reading[str]) -> None:
    assert read_identifier(cell) == (kind, reading)
