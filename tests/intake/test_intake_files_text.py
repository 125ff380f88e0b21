"""CSV and its kin: code pages, separators, quotes, damaged letters, and the line of every row."""

import csv
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.errors import ImportRefused
from records.intake.files import Part, Sheet, open_sheets, sheet, text_file
from records.intake.files.quotes import QuoteScan

KNOWN = ["รหัสนักศึกษา", "วันที่", "สถานะ", "ชื่อ"]
HEADER = "รหัสนักศึกษา,วันที่,สถานะ\n"


def written(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def opened(folder: Path, content: str | bytes, name: str = "file.csv") -> Sheet:
    [found] = open_sheets(written(folder, content, name), KNOWN)
    return found


def told(found: Sheet) -> list[tuple[int, list[str]]]:
    """Every row with its line."""
    return [row for part in found.parts() for row in rows_of(part)]


def rows_of(part: Part) -> list[tuple[int, list[str]]]:
    assert part.lines.type == pa.int32()
    assert all(column.type == pa.string() and column.null_count == 0 for column in part.columns)
    cells = zip(*(column.to_pylist() for column in part.columns), strict=True)
    return [(line, list(row)) for line, row in zip(part.lines.to_pylist(), cells, strict=True)]


def ragged(found: Sheet) -> list[tuple[int, str]]:
    return [row for part in found.parts() for row in part.ragged]


def refusal(folder: Path, content: str | bytes, name: str = "file.csv") -> ImportRefused:
    with pytest.raises(ImportRefused) as refused:
        opened(folder, content, name)
    return refused.value


ROWS = [(2, ["1001", "19/05/2568", "มา"]), (3, ["1002", "19/05/2568", "ขาด"])]
TEXT = HEADER + "1001,19/05/2568,มา\n1002,19/05/2568,ขาด\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_code_page_and_separator_tells_the_same(
    tmp_path: Path, encoding: str, separator: str, line_end: str
) -> None:
    content = TEXT.replace(",", separator).replace("\n", line_end).encode(encoding)
    for name in ("file.csv", "file.txt", "file.tsv", "file.xls"):
        found = opened(tmp_path, content, name)
        assert found.headers == ["รหัสนักศึกษา", "วันที่", "สถานะ"]
        assert (found.file, found.name, found.known_headers, found.top_lines) == (name, "", 3, 1)
        assert not found.repaired
        assert told(found) == ROWS
        assert told(found) == ROWS  # afresh


def test_title_rows_have_no_separator_and_do_not_decide_it(tmp_path: Path) -> None:
    title = "วิทยาลัยตัวอย่าง\nรายงาน, ประจำวัน\n\n"
    found = opened(tmp_path, title + TEXT.replace(",", ";"))
    assert found.headers == ["รหัสนักศึกษา", "วันที่", "สถานะ"]
    assert found.above[0][0] == "วิทยาลัยตัวอย่าง"
    assert [line for line, _ in told(found)] == [5, 6]
    assert ragged(found) == []


def test_the_code_page_is_decided_by_the_whole_file(tmp_path: Path) -> None:
    many = "1001,19/05/2568,P\n" * 150_000
    found = opened(tmp_path, "student_id,วันที่,สถานะ\n".encode("cp874") + many.encode() + "1,2,มา\n".encode("cp874"))
    assert told(found)[-1] == (150_002, ["1", "2", "มา"])
    broken = HEADER.encode() + many.encode() + b"1,2,\xff\xfc\n"
    assert refusal(tmp_path, broken).code == "BAD_ENCODING"


def test_utf_16_without_a_mark_is_not_guessed(tmp_path: Path) -> None:
    assert refusal(tmp_path, TEXT.encode("utf-16-le")).code == "BAD_ENCODING"


def misread(text: str, page: str) -> str:
    """What a program shows that reads UTF-8 in another code page; bytes without a letter become control characters."""
    return "".join(bytes([byte]).decode(page, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("page", ["cp874", "cp1252"])
def test_letters_saved_in_the_wrong_code_page_are_put_right(tmp_path: Path, page: str) -> None:
    long = TEXT + "".join(f"{code},19/05/2568,ลากิจ\n" for code in range(2000, 60_000))
    found = opened(tmp_path, misread(long, page))
    assert found.repaired
    assert found.headers == ["รหัสนักศึกษา", "วันที่", "สถานะ"]
    assert told(found)[:2] == ROWS
    assert told(found)[-1] == (58_003, ["59999", "19/05/2568", "ลากิจ"])


def test_words_that_only_look_misread_stay_as_they_are(tmp_path: Path) -> None:
    found = opened(tmp_path, HEADER + "1001,เธอ,เนย\n1002,à¸,x\n")
    assert not found.repaired
    assert told(found)[0] == (2, ["1001", "เธอ", "เนย"])


def test_letters_that_are_lost_are_refused_in_words(tmp_path: Path) -> None:
    for content in (TEXT.replace("ขาด", "ข\ufffdด"), misread(TEXT, "cp874") * 3000 + "กข\n"):
        refused = refusal(tmp_path, content)
        assert refused.code == "LETTERS_LOST"
        assert "ตัวอักษรบางตัวหายไป" in refused.text.th


# Quotes


def test_line_ends_inside_quotes_do_not_count(tmp_path: Path) -> None:
    found = opened(tmp_path, HEADER + '1001,"บ้านเลขที่ 1\nถนนดี",มา\n\n,,\n1,2\n1002,"ก, ""ข""",ขาด\n')
    assert told(found) == [(2, ["1001", "บ้านเลขที่ 1\nถนนดี", "มา"]), (6, ["1002", 'ก, "ข"', "ขาด"])]
    assert ragged(found) == [(5, "1,2")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp874", "utf-16"])
@pytest.mark.parametrize(
    "broken",
    [
        '1003,"19/05/2568,มา',
        '1003,"19/05/2568","ม"า',
        '1003,19/05/2568,"มา',
        '"1003,19/05/2568,มา',
    ],
)
def test_an_unclosed_quote_breaks_its_own_row_alone(tmp_path: Path, broken: str, encoding: str) -> None:
    after = ['1004,"19/05/2568",มา', '1005,"ก, ข",ขาด', "", "1006,19/05/2568", '"1007","x","มา"']
    found = opened(tmp_path, (TEXT + "\n".join([broken, *after]) + "\n").encode(encoding))
    kept = [(5, ["1004", "19/05/2568", "มา"]), (6, ["1005", "ก, ข", "ขาด"]), (9, ["1007", "x", "มา"])]
    rows, left = told(found), ragged(found)
    if '"ม"า' in broken:  # no line end inside: a cell as any other
        assert [line for line, _ in rows] == [2, 3, 4, 5, 6, 9]
    else:
        assert rows == [*ROWS, *kept]
        assert left == [(4, broken), (8, "1006,19/05/2568")]


def test_two_unclosed_quotes_do_not_close_each_other(tmp_path: Path) -> None:
    found = opened(tmp_path, HEADER + '1001,"a,มา\n1002,b,มา\n1003,"c,มา\n1004,d,มา\n')
    assert told(found) == [(3, ["1002", "b", "มา"]), (5, ["1004", "d", "มา"])]
    assert [line for line, _ in ragged(found)] == [2, 4]


cell = st.text(st.sampled_from('ab"\n,; ก'), max_size=6)


@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_well_quoted_file_without_long_cells_is_never_called_broken(rows: list[list[str]]) -> None:
    lines = ["".join(character for character in _record(row)) for row in rows]
    content = "".join(lines).encode()
    scan = QuoteScan()
    for start in range(0, len(content), 7):
        scan.take(content[start : start + 7])
    longest = max(one.count("\n") for row in rows for one in row)
    if longest <= 3 and not any('"' in one for row in rows for one in row):
        assert not scan.finish()


def _record(row: Sequence[str]) -> str:
    import io

    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(row)
    return out.getvalue()


# Lines, across blocks, in the plain and in the damaged case


@settings(deadline=None, max_examples=60)
@given(
    kinds=st.lists(st.sampled_from(["row", "blank", "commas", "ragged", "quoted", "long"]), min_size=30, max_size=200),
    damaged=st.booleans(),
)
def test_every_row_keeps_its_line(tmp_path_factory: pytest.TempPathFactory, kinds: list[str], damaged: bool) -> None:
    made = {
        "row": "1,2,{}",
        "blank": "",
        "commas": ", ,",
        "ragged": "{},2",
        "quoted": '1,"a,b",{}' if damaged else '1,"a\nb",{}',
        "long": "1," + "x" * 40 + ",{}",
    }
    lines = [made[kind].format(f"n{number}") for number, kind in enumerate(kinds, start=3)]
    bad = ['1,"2,3'] if damaged else []
    path = written(tmp_path_factory.mktemp("lines"), "\n".join(["title", HEADER.strip(), *lines, "9,9,9", *bad]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_file, "_BLOCK", 512)
        patch.setattr(text_file, "_ROWS_AT_ONCE", 7)
        patch.setattr("records.intake.files.rows.PART_ROWS", 11)
        [found] = open_sheets(path, KNOWN)
        parts = list(found.parts())
    rows = [row for part in parts for row in rows_of(part)]
    wanted = [number for number, kind in enumerate(kinds, start=3) if kind in ("row", "quoted", "long")]
    assert [line for line, _ in rows] == [*wanted, len(kinds) + 3]
    assert all(cells[2] == f"n{line}" for line, cells in rows[:-1])
    assert all(len(part.lines) <= 11 for part in parts)
    short = [number for number, kind in enumerate(kinds, start=3) if kind == "ragged"]
    assert [line for part in parts for line, _ in part.ragged] == [*short, *([len(kinds) + 4] if damaged else [])]


def test_parts_hold_at_most_so_many_rows(tmp_path: Path) -> None:
    rows = sheet.PART_ROWS + 10
    found = opened(tmp_path, HEADER + "1001,19/05/2568,มา\n" * rows)
    assert [len(part.lines) for part in found.parts()] == [sheet.PART_ROWS, 10]
    assert [part.lines[-1].as_py() for part in found.parts()] == [sheet.PART_ROWS + 1, rows + 1]


def test_a_line_without_end_is_refused_in_words(tmp_path: Path) -> None:
    refused = refusal(tmp_path, HEADER + "1001,มา," + "x" * (20 * 1024 * 1024))
    assert refused.code == "CORRUPT"


def test_text_stays_as_it_was_written(tmp_path: Path) -> None:
    found = opened(tmp_path, HEADER + "00123,1.10,NULL\n1E+5,true, \n-,N/A,2025-01-01\n")
    assert told(found) == [(2, ["00123", "1.10", "NULL"]), (3, ["1E+5", "true", " "]), (4, ["-", "N/A", "2025-01-01"])]


@pytest.mark.parametrize("content", ["", "\n", "\n \n", HEADER, HEADER + ",,\n\n", HEADER + " ,\u00a0,\n"])
def test_a_file_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    refused = refusal(tmp_path, content)
    assert refused.code == "EMPTY"
    assert str(refused).startswith("file.csv has no rows. Export it again and look whether the filter was left on. · ")


def test_one_row_without_line_end_is_a_row(tmp_path: Path) -> None:
    assert told(opened(tmp_path, HEADER + "1001,19/05/2568,มา")) == ROWS[:1]


def test_a_first_row_of_a_student_is_not_shown_as_headers(tmp_path: Path) -> None:
    assert opened(tmp_path, "1001,ก,มา\n1002,ข,มา\n").shown_headers == []
    assert opened(tmp_path, TEXT).shown_headers == ["รหัสนักศึกษา", "วันที่", "สถานะ"]


@pytest.mark.parametrize("content", [HEADER, HEADER + "1,2568-11-17,มา\n"], ids=["refused", "read"])
def test_no_thread_of_the_reader_holds_the_file_when_it_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """Such a thread takes Python's lock to let go; where Python ends meanwhile, the process aborts."""
    let_go: list[bool] = []

    def reading_on(source: object, **options: Any) -> object:
        held = [source]

        def late() -> None:
            time.sleep(0.1)
            held.clear()
            let_go.append(True)

        threading.Thread(target=late).start()
        return open_csv(source, **options)

    open_csv = text_file.pacsv.open_csv
    monkeypatch.setattr(text_file.pacsv, "open_csv", reading_on)
    if content == HEADER:
        assert refusal(tmp_path, content).code == "EMPTY"
    else:
        assert len(told(opened(tmp_path, content))) == 1
    assert len(let_go) == (1 if content == HEADER else 2)


def test_separators_that_excel_leaves_out_are_no_lost_cells(tmp_path: Path) -> None:
    """Where the last columns are empty in a whole chunk of rows, Excel writes no separator for them."""
    rows = [
        f"10{line:02d},19/05/2568,มา,," if line <= 16 or line > 48 else f"10{line:02d},19/05/2568,มา"
        for line in range(2, 60)
    ]
    text = "\n".join(["รหัสนักศึกษา,วันที่,สถานะ,รายวิชา,หมายเหตุ", *rows])
    [found] = open_sheets(written(tmp_path, text.encode()), KNOWN)
    assert ragged(found) == []
    [part] = found.parts()
    assert part.lines.to_pylist() == list(range(2, 60))
    assert [cell.as_py() for cell in part.columns[0]] == [f"10{line:02d}" for line in range(2, 60)]
    assert set(part.columns[4].to_pylist()) == {""}


@pytest.mark.parametrize("first", [2, 30])
def test_short_rows_that_excel_did_not_write_stay_ragged(tmp_path: Path, first: int) -> None:
    """From the first row on, or a few alone: some cell of them is lost, and nobody can tell which."""
    short = range(first, 60 if first == 2 else first + 15)
    rows = [f"10{line},มา" if line in short else f"10{line},19/05/2568,มา" for line in range(2, 60)]
    [found] = open_sheets(written(tmp_path, "\n".join(["รหัสนักศึกษา,วันที่,สถานะ", *rows]).encode()), KNOWN)
    assert [line for line, _ in ragged(found)] == list(short)


def test_empty_cells_too_many_are_no_cells(tmp_path: Path) -> None:
    text = "รหัสนักศึกษา,วันที่,สถานะ\n1001,19/05/2568,มา,, \n1002,19/05/2568,มา,x\n1003,19/05/2568,ขาด\n"
    [found] = open_sheets(written(tmp_path, text.encode()), KNOWN)
    assert ragged(found) == [(3, "1002,19/05/2568,มา,x")]
    [part] = found.parts()
    assert (part.lines.to_pylist(), part.columns[2].to_pylist()) == ([2, 4], ["มา", "ขาด"])
