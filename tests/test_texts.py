"""Every text that people read is there in both languages, clean, and can be filled in."""

import ast
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

import pytest

from features.catalogue import WITH_SENSITIVE
from features.declaration import Feature
from features.vocabulary import Domain, Unit
from models.reasons import missing_sentence
from records import codes, errors
from records.codes import CodeList
from records.college import SETUP_SHEETS
from records.roles import ROLES
from records.tables import TABLES
from records.text import Text

DECLARED: dict[str, object] = {
    "tables": TABLES,
    "constraints": tuple(column.constraint.describes for table in TABLES for column in table.columns if column.constraint),
    "codes": tuple(value for value in vars(codes).values() if isinstance(value, CodeList)),
    "catalogue": WITH_SENSITIVE,
    "domains": tuple(domain.label for domain in Domain),
    "setup sheets": SETUP_SHEETS,
    "roles": ROLES,
}  # fmt: skip


def texts_in(declared: object, place: str) -> Iterator[tuple[str, Text]]:
    """Every text within a declaration, with the way to it."""
    if isinstance(declared, Text):
        yield place, declared
    elif isinstance(declared, Enum):
        return
    elif is_dataclass(declared):
        name = getattr(declared, "name", None) or getattr(declared, "value", None) or type(declared).__name__
        for field in fields(declared):
            yield from texts_in(getattr(declared, field.name), f"{place}/{name}.{field.name}")
    elif isinstance(declared, Mapping):
        for key, value in declared.items():
            yield from texts_in(value, f"{place}/{key}")
    elif isinstance(declared, tuple | list):
        for value in declared:
            yield from texts_in(value, place)


def faults_of(text: Text) -> Iterator[str]:
    for language, said in (("th", text.th), ("en", text.en)):
        if unicodedata.normalize("NFC", said) != said:
            yield f"{language} is not NFC: {said!r}"
        if said != said.strip():
            yield f"{language} begins or ends with a space: {said!r}"
    if any(letter.isalpha() for letter in text.th) and not any("\u0e01" <= letter <= "\u0e5b" for letter in text.th):
        yield f"th has letters and none of them is Thai: {text.th!r}"
    if any("\u0e01" <= letter <= "\u0e5b" for letter in text.en):
        yield f"en has Thai letters: {text.en!r}"


FOUND = [pair for name, declared in DECLARED.items() for pair in texts_in(declared, name)]


def test_every_declared_text_is_clean_in_both_languages() -> None:
    faults = [f"{place}: {fault}" for place, text in FOUND for fault in faults_of(text)]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("name", DECLARED)
def test_texts_are_found_in_every_declaration(name: str) -> None:
    assert any(place.split("/")[0] == name for place, _ in FOUND)


@pytest.mark.parametrize("feature", WITH_SENSITIVE, ids=lambda feature: feature.name)
def test_the_reason_of_a_feature_can_be_filled_in(feature: Feature) -> None:
    for said in (feature.reason.th, feature.reason.en):
        filled = said.format(value=1.234, percent=123.4)
        assert filled != said or feature.unit is Unit.YES  # a yes needs no number
        assert "{" not in filled
        assert "}" not in filled


@pytest.mark.parametrize("feature", WITH_SENSITIVE, ids=lambda feature: feature.name)
def test_a_missing_value_is_said_in_words(feature: Feature) -> None:
    said = missing_sentence(feature.label)
    assert list(faults_of(said)) == []
    assert feature.label.th in said.th
    assert feature.label.en in said.en
    assert "{" not in said.th + said.en


@pytest.mark.parametrize(
    "text",
    [
        Text(th="กา\u0e4d\u0e32ลัง ", en="strength"),
        Text(th="ภาคเรียน", en=" term"),
        Text(th="term", en="term"),
        Text(th="ภาคเรียน", en="ภาคเรียน"),
        Text(th="é ก".replace("é", "e\u0301"), en="accent"),
    ],
)
def test_a_bad_text_is_found(text: Text) -> None:
    assert list(faults_of(text))


def test_a_grade_without_letters_is_allowed() -> None:
    assert list(faults_of(Text(th="3.5", en="3.5"))) == []


# What people are told when something is refused

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("records", "features", "models", "training", "serving", "simulation", "benchmarks", "zerodrop.py")
USER_ERRORS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.UserError)
}


def english_alone(code: str) -> Iterator[int]:
    """The lines on which a refusal is made whose own words have no Thai after the English; one that only passes on a
    text has no words."""
    tree = ast.parse(code)
    refusing = USER_ERRORS | {one.name for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and _is_error(one)}
    for made in ast.walk(tree):
        if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
            continue
        if made.func.id in refusing and not any(one.arg == "th" for one in made.keywords):
            words = _words(made.args)
        elif made.func.id == "refuse":  # records.access.refuse raises NotAllowed with its fourth argument
            words = _words(made.args[3:])
        else:
            continue
        thai = words.partition(" · ")[2]
        if any(letter.isalpha() for letter in words) and not any("\u0e01" <= letter <= "\u0e5b" for letter in thai):
            yield made.lineno


def _is_error(kind: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id in USER_ERRORS for base in kind.bases)


def _words(said: Sequence[ast.expr]) -> str:
    """The words that stand in the code, in their order."""
    parts = [one for each in said for one in ast.walk(each) if isinstance(one, ast.Constant)]
    in_order = sorted(parts, key=lambda one: (one.lineno, one.col_offset))
    return "".join(one.value for one in in_order if isinstance(one.value, str))


@pytest.mark.parametrize("room", ROOMS)
def test_every_refusal_is_said_in_thai_too(room: str) -> None:
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    found = [
        f"{file.relative_to(ROOT)}:{line}" for file in files for line in english_alone(file.read_text(encoding="utf-8"))
    ]
    assert files
    assert not found


def test_a_refusal_in_english_alone_is_found() -> None:
    code = """raise ModelRefused(f"No {name}.")
raise ModelRefused(f"{name}. {refused}")
raise ModelRefused("No model. · ไม่มีแบบจำลอง")
raise ValueError("wrong shape")
raise CannotServe("No port.")
raise ImportRefused("No file.", th="ไม่มีไฟล์")
refuse(home, principal, "refused look", "Not yours.")
raise ConfigurationGap("The sheet 'สถานศึกษา' is empty.")
raise UserError("ไม่มีชุดนำเข้า · There is no batch.")
class TooNew(UserError): ...
raise TooNew("A newer one stands.")
refuse(request, 409, errors=[{"at": error.at, "why": error.why}])
"""
    assert list(english_alone(code)) == [1, 5, 7, 8, 9, 11]
