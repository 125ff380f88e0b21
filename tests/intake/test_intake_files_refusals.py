"""A refusal of a whole file: a code and a sentence in both languages, each written once."""

import pytest

from records.errors import ImportRefused
from records.text import Text

REFUSALS = (
    ImportRefused.empty(file="a.csv"),
    ImportRefused.not_there(file="a.csv"),
    ImportRefused.wrong_file(file="a.csv", why="it is no zip archive"),
    ImportRefused.web_page(file="a.csv"),
    ImportRefused.password(file="a.csv"),
    ImportRefused.corrupt(file="a.csv", why="it is no workbook (ZipError)"),
    ImportRefused.zip_bomb(file="a.csv"),
    ImportRefused.too_large(file="a.csv"),
    ImportRefused.unknown_kind(file="a.csv", kind=Text(th="รูปภาพ", en="a picture")),
    ImportRefused.other_workbook(file="a.csv"),
    ImportRefused.archive(file="a.csv"),
    ImportRefused.letters_lost(file="a.csv"),
    ImportRefused.bad_encoding(file="a.csv"),
    ImportRefused.missing_columns(file="a.csv", missing=["สถานะ"], found=[]),
    ImportRefused.unknown_layout(file="a.csv", found=["x"]),
    ImportRefused.shrunken_roster(file="a.csv", before=10, now=2),
    ImportRefused.overtaken(institution="a.csv"),
)


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda refused: refused.code)
def test_every_refusal_says_what_to_do_in_both_languages(refused: ImportRefused) -> None:
    assert refused.exit_code == 3
    assert str(refused) == f"{refused.text.en} · {refused.text.th}"
    assert "a.csv" in refused.text.en
    assert "a.csv" in refused.text.th
    assert any("\u0e00" <= letter <= "\u0e7f" for letter in refused.text.th)


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda refused: refused.code)
def test_what_comes_after_is_told_after_what_comes_first(refused: ImportRefused) -> None:
    first, and_then, _ = refused.text.th.partition(" แล้ว")
    assert "ให้" in first or "ส่งออก" in first or not and_then or "บันทึกเป็น" in first


def test_nobody_is_told_to_open_a_bomb() -> None:
    said = ImportRefused.zip_bomb(file="a.xlsx").text
    assert "Save" not in said.en
    assert "ask for a new one" in said.en
    assert "ขอไฟล์ใหม่จากผู้ส่ง" in said.th


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [refused.code for refused in REFUSALS]
    assert len(set(codes)) == len(codes)


def test_a_plain_sentence_is_a_refusal_too() -> None:
    refused = ImportRefused("Import one file.")
    assert (str(refused), refused.code) == ("Import one file.", "REFUSED")
    assert refused.text == Text(th="Import one file.", en="Import one file.")
