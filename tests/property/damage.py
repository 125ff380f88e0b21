"""Small clean files at random, what each of their rows says, and the damage that real files have."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import xlsxwriter

from records.tables import ATTENDANCE, ENROLMENTS, GRADES, Table

STUDENTS = {f"6820101000{n}": n - 1 for n in range(1, 7)}  # code → number, in the order of the roster
NATIONAL = ("1819900009011", "1819900009020", "1819900009038", "1819900009046", "1819900009054", "1819900009062")
_MONTHS = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_FIRST_DAY = date(2025, 5, 16)
_JUNK = (
    "???",
    "ไม่รู้ว่าอะไร",
    "99/99/9999",
    "=1+1",
    "9" * 30,
    "½",
    "\u0e48\u0e49\u0e4a",
    "#REF!",
    "'",
    '"',
    "\u200b",
    "ส,ข",
    "1.2E+12",
)
_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
Record = tuple[object, ...]


@dataclass(kw_only=True)
class Sheet:
    """A file on its way to being damaged: cells, and for every row which clean row it was (-1 for none)."""

    source: str
    table: Table
    columns: tuple[str, ...]
    """The columns of the table that `says` is about."""
    header: list[str]
    rows: list[list[str]]
    says: list[Record]
    kinds: list[str]
    """What stands under each header: date, id, number, code or text."""
    above: list[list[str]] = field(default_factory=list)
    below: list[list[str]] = field(default_factory=list)
    origin: list[int] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    name: str = "file"

    def __post_init__(self) -> None:
        self.origin = self.origin or list(range(len(self.rows)))

    @property
    def filled(self) -> int:
        return sum(any(cell.strip("\u200b\u00a0 ") for cell in row) for row in self.rows)

    def line_of(self) -> dict[int, int]:
        """Line of the file → the clean row that stands there."""
        first = len(self.above) + 2
        return {first + place: origin for place, origin in enumerate(self.origin) if origin >= 0}

    @property
    def grid(self) -> list[list[str]]:
        return [*self.above, self.header, *self.rows, *self.below]


# Clean files


def attendance(random: Random) -> Sheet:
    words = {"P": ("มา", "✓"), "L": ("สาย",), "A": ("ขาด", "ข"), "S": ("ลาป่วย",), "B": ("ลากิจ",)}
    days = random.sample(range(60), 3)
    keys = random.sample([(code, day) for code in STUDENTS for day in days], random.randint(3, 15))
    rows, says = [], []
    for code, offset in keys:
        day, status = _FIRST_DAY + timedelta(days=offset), random.choice(list(words))
        rows.append([code, _thai(day), random.choice(words[status])])
        says.append((STUDENTS[code], day.isoformat(), status))
    return Sheet(
        source="attendance", table=ATTENDANCE, columns=("student", "happened_on", "status"), rows=rows, says=says,
        header=["รหัสนักศึกษา", "วันที่", "สถานะ"], kinds=["id", "date", "code"],
    )  # fmt: skip


def grades(random: Random) -> Sheet:
    keys = random.sample([(code, f"2010{n}-100{n}") for code in STUDENTS for n in range(1, 5)], random.randint(3, 12))
    rows, says = [], []
    for code, course in keys:
        grade, credits = random.choice(("4", "3.5", "2", "0")), random.randint(1, 4)
        rows.append([code, course, str(credits), grade, "2568", "1", "13/10/2568"])
        says.append((STUDENTS[code], course, float(credits), grade, 2025, "2025-10-13"))
    return Sheet(
        source="plain", table=GRADES, columns=("student", "course_code", "credits", "grade", "academic_year", "happened_on"),
        header=["รหัสนักศึกษา", "รหัสวิชา", "หน่วยกิต", "เกรด", "ปีการศึกษา", "ภาคเรียน", "วันที่ประกาศผล"], rows=rows, says=says,
        kinds=["id", "text", "number", "code", "number", "number", "date"],
    )  # fmt: skip


def roster(random: Random) -> Sheet:
    rows, says = [], []
    for place, code in enumerate(random.sample(list(STUDENTS), random.randint(3, 6))):
        level, group = random.choice(("V1", "V2", "D1")), random.choice(("ชย.1/1", "ชำนาญ 1/1", "ก้าวหน้า 2"))
        word = {"V1": "ปวช.1", "V2": "ปวช.2", "D1": "ปวส.1"}[level]
        rows.append([code, NATIONAL[place], f"คนที่{'กขคงจฉ'[place]}", "ทดสอบ", "2568", "1", word, group, "10/06/2568"])
        says.append((level, group, 2025, 1, "2025-06-10"))
    return Sheet(
        source="roster", table=ENROLMENTS, columns=("level", "class_group", "academic_year", "term", "happened_on"),
        header=["รหัสนักศึกษา", "เลขประจำตัวประชาชน", "ชื่อ", "นามสกุล", "ปีการศึกษา", "ภาคเรียน", "ระดับชั้น", "กลุ่มเรียน", "วันที่ข้อมูล"],
        rows=rows, says=says, kinds=["id", "id", "text", "text", "number", "number", "code", "text", "date"],
    )  # fmt: skip


def dmc(random: Random) -> Sheet:
    rows, says = [], []
    for place in range(random.randint(3, 6)):
        level, room, gone = random.randint(1, 3), str(random.randint(1, 3)), random.random() < 0.2
        told = "ขาดเรียนนาน" if gone else "-"
        rows.append(
            [NATIONAL[place], f"ม.{level}", room, f"012{place}0", f"คนที่{'กขคงจฉ'[place]}", "ทดสอบ", "13/05/2555", told]
        )
        says.append((f"M{level}", f"ม.{level}/{room}", 2025, "GONE_ON_ROLL" if gone else "ENROLLED", "2025-06-10"))
    return Sheet(
        source="dmc", table=ENROLMENTS, columns=("level", "class_group", "academic_year", "status", "happened_on"), name="2568-1-student",
        header=["เลขประจำตัวนักเรียน", "ชั้น", "ห้อง", "เลขประจำตัวนักเรียน", "ชื่อ", "นามสกุล", "วันเกิด", "ยังไม่สามารถจำหน่ายได้ (3.1.8)"],
        rows=rows, says=says, kinds=["id", "level", "text", "id", "text", "text", "date", "flag"],
        above=[["วันและเวลาที่สร้างรายงาน 2025-06-10 04:10:12.244315"]],
    )  # fmt: skip


CLEAN: dict[str, Callable[[Random], Sheet]] = {"attendance": attendance, "grades": grades, "roster": roster, "dmc": dmc}


def _thai(day: date) -> str:
    return f"{day:%d/%m}/{day.year + 543}"


# Damage that no row may suffer from


def junk_above(sheet: Sheet, random: Random) -> None:
    sheet.above[:0] = [[word] for word in random.sample(("พิมพ์จากระบบ", "วิทยาลัยแห่งหนึ่ง", "หน้า 1"), random.randint(1, 3))]


def totals_below(sheet: Sheet, random: Random) -> None:
    ends = (["รวม", str(len(sheet.rows))], ["ลงชื่อ ....................", ""], ["", "ครูที่ปรึกษา"])
    sheet.below += [[*random.choice(ends), *[""] * (len(sheet.header) - 2)] for _ in range(random.randint(1, 2))]


def blank_rows(sheet: Sheet, random: Random) -> None:
    place = random.randint(0, len(sheet.rows))
    sheet.rows.insert(place, [random.choice(("", " ", "\u200b"))] * len(sheet.header))
    sheet.origin.insert(place, -1)


def other_order(sheet: Sheet, random: Random) -> None:
    order = random.sample(range(len(sheet.header)), len(sheet.header))
    sheet.header = [sheet.header[place] for place in order]
    sheet.kinds = [sheet.kinds[place] for place in order]
    sheet.rows = [[row[place] for place in order] for row in sheet.rows]
    sheet.below = []


def unknown_column(sheet: Sheet, random: Random) -> None:
    place = random.randint(0, len(sheet.header))
    sheet.header.insert(place, "คอลัมน์อื่น")
    sheet.kinds.insert(place, "unknown")
    for origin, row in zip(sheet.origin, sheet.rows, strict=True):
        row.insert(place, random.choice(("", "x")) if origin >= 0 else "")
    for row in sheet.below:
        row.insert(place, "")


def odd_headers(sheet: Sheet, random: Random) -> None:
    ways: Sequence[Callable[[str], str]] = (
        lambda word: f" {word}  ", lambda word: f"{word}*", lambda word: f"{word}\n", lambda word: f"{word}\u200b",
    )  # fmt: skip
    sheet.header = [random.choice(ways)(word) if random.random() < 0.5 else word for word in sheet.header]


def thai_digits(sheet: Sheet, random: Random) -> None:
    _change(sheet, random, ("id", "date", "number"), lambda cell: cell.translate(_THAI))


def hidden_letters(sheet: Sheet, random: Random) -> None:
    ways: Sequence[Callable[[str], str]] = (
        lambda cell: f"{cell}\u200b",
        lambda cell: f"\u00a0{cell} ",
        lambda cell: f"\ufeff{cell}",
    )
    way = random.choice(ways)
    _change(sheet, random, ("id", "date", "number", "code", "text", "level"), way)


def open_am(sheet: Sheet, random: Random) -> None:
    _change(sheet, random, ("text",), lambda cell: cell.replace("\u0e33", "\u0e4d\u0e32"))


def float_ids(sheet: Sheet, random: Random) -> None:
    _change(sheet, random, ("id",), lambda cell: f"{cell}.0" if cell.isdigit() and cell.isascii() else cell)


def other_dates(sheet: Sheet, random: Random) -> None:
    def told(cell: str) -> str:
        try:
            day, month, year = map(int, cell.split("/"))
        except ValueError:
            return cell  # another damage came first
        if year < 2400:
            return cell
        ways = (
            f"{year - 543}-{month:02}-{day:02}", f"{day}/{month}/{year - 2500}", f"{day} {_MONTHS[month - 1]} {year}",
            f"{day}-{month}-{year - 543}", f"{year - 543}-{month:02}-{day:02} 00:00:00",
        )  # fmt: skip
        return random.choice(ways)

    _change(sheet, random, ("date",), told)


def _change(sheet: Sheet, random: Random, kinds: Sequence[str], change: Callable[[str], str]) -> None:
    for origin, row in zip(sheet.origin, sheet.rows, strict=True):
        for place, kind in enumerate(sheet.kinds):
            if origin >= 0 and kind in kinds and place < len(row) and random.random() < 0.4:
                row[place] = change(row[place])


HARMLESS = (
    junk_above, totals_below, blank_rows, other_order, unknown_column, odd_headers, thai_digits, hidden_letters, open_am,
    float_ids, other_dates,
)  # fmt: skip


# Damage that some rows suffer from; those are named as touched


def _a_row(sheet: Sheet, random: Random) -> int:
    return random.choice([place for place, origin in enumerate(sheet.origin) if origin >= 0])


def junk_cell(sheet: Sheet, random: Random) -> None:
    place = _a_row(sheet, random)
    row = sheet.rows[place]
    row[random.randrange(len(row))] = random.choice(_JUNK)
    sheet.touched.add(sheet.origin[place])


def cut_row(sheet: Sheet, random: Random) -> None:
    place = _a_row(sheet, random)
    del sheet.rows[place][random.randint(1, len(sheet.rows[place])) :]
    sheet.touched.add(sheet.origin[place])


def same_row_twice(sheet: Sheet, random: Random) -> None:
    place, again = _a_row(sheet, random), random.randint(0, len(sheet.rows))
    row, origin = list(sheet.rows[place]), sheet.origin[place]
    sheet.rows.insert(again, row)
    sheet.origin.insert(again, origin)


def empty_column(sheet: Sheet, random: Random) -> None:
    place = random.randrange(len(sheet.header))
    for row in sheet.rows:
        if place < len(row):
            row[place] = ""
    sheet.touched |= set(sheet.origin)


HARMFUL = (junk_cell, cut_row, same_row_twice, empty_column)


# Files


def write(sheet: Sheet, folder: Path, random: Random) -> Path:
    """As a workbook, or as text in one of the code pages and with one of the separators that programs use."""
    if random.random() < 0.4:
        path = folder / f"{sheet.name}.xlsx"
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet("Sheet1")
            for line, row in enumerate(sheet.grid):
                for column, cell in enumerate(row):
                    page.write_string(line, column, cell)
        return path
    text = io.StringIO()
    csv.writer(text, delimiter=random.choice(",;\t|"), lineterminator=random.choice(("\n", "\r\n"))).writerows(
        sheet.grid
    )
    encoding = random.choice(("utf-8", "utf-8-sig", "utf-16", "cp874"))
    path = folder / f"{sheet.name}.csv"
    try:
        path.write_bytes(text.getvalue().encode(encoding))
    except UnicodeEncodeError:  # the Thai code page has no invisible letters
        path.write_bytes(text.getvalue().encode("utf-8"))
    return path


def damaged(clean: Sheet, damages: Sequence[Callable[[Sheet, Random], None]], random: Random) -> Sheet:
    sheet = replace(clean, header=list(clean.header), rows=[list(row) for row in clean.rows], touched=set())
    for damage in damages:
        damage(sheet, random)
    return sheet
