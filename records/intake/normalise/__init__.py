"""Cells as files have them, each read as what it says: a value, the fix that was needed, or the problem."""

from records.intake.normalise.dates import (
    parse_day,
    parse_instant,
    read_day,
    read_instant,
    read_term,
    read_year,
    year_ce,
)
from records.intake.normalise.identifiers import (
    IdentifierKind,
    check_digit_ok,
    national_id,
    read_identifier,
    read_national,
    read_student_code,
    student_code,
)
from records.intake.normalise.labels import read_class_group, read_code, read_level, split_level_room
from records.intake.normalise.names import NameParts, read_name, split_name
from records.intake.normalise.numbers import (
    parse_flag,
    parse_number,
    parse_whole,
    read_credits,
    read_flag,
    read_money,
    read_number,
    read_whole,
)
from records.intake.normalise.reading import Reading
from records.intake.normalise.text import clean, digits, is_nothing, read_text

__all__ = [
    "IdentifierKind",
    "NameParts",
    "Reading",
    "check_digit_ok",
    "clean",
    "digits",
    "is_nothing",
    "national_id",
    "parse_day",
    "parse_flag",
    "parse_instant",
    "parse_number",
    "parse_whole",
    "read_class_group",
    "read_code",
    "read_credits",
    "read_day",
    "read_flag",
    "read_identifier",
    "read_instant",
    "read_level",
    "read_money",
    "read_name",
    "read_national",
    "read_number",
    "read_student_code",
    "read_term",
    "read_text",
    "read_whole",
    "read_year",
    "split_level_room",
    "split_name",
    "student_code",
    "year_ce",
]
