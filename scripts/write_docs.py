"""Writes what docs/ says of the declarations: the data dictionary, a page a source with its picture, and all problems.

`python scripts/write_docs.py` writes them; with `--check` nothing is written, and a page that is not current exits 1.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import assert_never

from features.catalogue import CATALOGUE, FINGERPRINT
from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    Domain,
    Ever,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Mean,
    Measure,
    Personal,
    Relative,
    Risk,
    Share,
    Slope,
    Term,
    Unit,
    WeekOfTerm,
    Window,
)
from records.codes import CodeList
from records.tables import TABLES, Column, Kind, Table, Use, Where
from records.text import Text
from scripts.problem_pages import PAGE as PROBLEMS_PAGE
from scripts.problem_pages import problems_page
from scripts.source_pages import FOLDER as SOURCES_FOLDER
from scripts.source_pages import source_pages

DOCS = Path(__file__).resolve().parent.parent / "docs"

_INTRODUCTION = """\
# พจนานุกรมข้อมูล · Data dictionary

<!-- Written by scripts/write_docs.py from records/tables.py and features/catalogue.py. Change those, not this page. -->

หน้านี้บอกว่า zerodrop รับข้อมูลอะไร ช่องใดอ่านจากหัวตารางคำว่าอะไร รหัสแต่ละตัวหมายถึงอะไร และตัวบ่งชี้แต่ละตัวถามอะไร
ถ้าไฟล์ของท่านใช้คำอื่น ให้เปลี่ยนหัวตารางหรือคำในเซลล์เป็นคำใดคำหนึ่งในหน้านี้ แล้วนำเข้าใหม่

What zerodrop takes in, which headers it knows for each column, what the codes mean, and what each feature asks.
Headers and code words are compared without spaces, dots, brackets, hyphens and capitals.

Every record has the day it happened (`happened_on`) and the moment from which it could have been used (`recorded_at`).
A later record of the same key replaces the earlier one for whoever asks after it was recorded."""

_KINDS = {
    Kind.CODE: Text(th="รหัส", en="code"),
    Kind.DATE: Text(th="วันที่", en="date"),
    Kind.FLAG: Text(th="ใช่/ไม่ใช่", en="yes or no"),
    Kind.NUMBER: Text(th="จำนวน", en="number"),
    Kind.WHOLE: Text(th="จำนวนเต็ม", en="whole number"),
    Kind.TEXT: Text(th="ข้อความสั้น", en="short text"),
}
_USES = {
    Use.FEATURE: Text(th="ใช้เป็นตัวบ่งชี้ได้", en="may become a feature"),
    Use.STATE: Text(th="บอกว่าใครยังเรียนอยู่ ห้ามใช้เป็นตัวบ่งชี้", en="tells who is enrolled; never a feature"),
    Use.CARE: Text(th="การช่วยเหลือที่ทำไป ห้ามใช้เป็นตัวบ่งชี้", en="what people did about it; never a feature"),
    Use.AUDIT: Text(th="ใช้ตรวจความเป็นธรรมเท่านั้น", en="read only to see whether groups are treated alike"),
}
_RISKS = {
    Risk.RISES: Text(th="ค่ามากขึ้น ความเสี่ยงไม่ลดลง", en="more never lowers the risk"),
    Risk.FALLS: Text(th="ค่ามากขึ้น ความเสี่ยงไม่เพิ่มขึ้น", en="more never raises the risk"),
    Risk.EITHER: Text(th="ไม่กำหนดทิศทาง", en="either way"),
}
_UNITS = {
    Unit.DAYS: Text(th="วัน", en="days"),
    Unit.SHARE: Text(th="สัดส่วน 0–1", en="share 0–1"),
    Unit.SHARE_PER_WEEK: Text(th="สัดส่วนต่อสัปดาห์", en="share per week"),
    Unit.COURSES: Text(th="วิชา", en="courses"),
    Unit.POINTS: Text(th="เกรด 0–4", en="grade points 0–4"),
    Unit.SCORE: Text(th="คะแนนเต็ม 100", en="score of 100"),
    Unit.BAHT: Text(th="บาทต่อเดือน", en="baht a month"),
    Unit.KILOMETRES: Text(th="กิโลเมตร", en="km"),
    Unit.WEEKS: Text(th="สัปดาห์", en="weeks"),
    Unit.CREDITS: Text(th="หน่วยกิต", en="credits"),
    Unit.TIMES: Text(th="ครั้ง", en="times"),
    Unit.LEVEL: Text(th="ระดับ", en="level"),
    Unit.DEVIATIONS: Text(th="ส่วนเบี่ยงเบนมาตรฐาน", en="standard deviations"),
    Unit.YES: Text(th="1 = ใช่", en="1 = yes"),
}
_PERSONAL = {
    Personal.ORDINARY: Text(th="ทั่วไป", en="ordinary"),
    Personal.SENSITIVE: Text(th="อ่อนไหว แสดงชื่อเฉพาะผู้มีสิทธิ์", en="sensitive: named only to roles with that permission"),
}


def data_dictionary(tables: Sequence[Table] = TABLES, features: Sequence[Feature] = CATALOGUE) -> str:
    """The whole page; the same declarations give the same text."""
    parts = [_INTRODUCTION, _contents(tables, features), "## ตารางข้อมูล · Event tables"]
    parts += [_table(table) for table in tables]
    parts.append(f"## ตัวบ่งชี้ · Features\n\n{len(features)} features; fingerprint `{FINGERPRINT[:16]}`.")
    for domain in Domain:
        asked = [feature for feature in features if feature.domain is domain]
        if asked:
            parts.append(f"### {_both(domain.label)}")
            parts += [_feature(feature) for feature in asked]
    return "\n\n".join(parts) + "\n"


def _contents(tables: Sequence[Table], features: Sequence[Feature]) -> str:
    lines = ["**ตาราง · Tables**", ""]
    lines += [f"- [{table.name}](#{table.name}): {_both(table.label)}" for table in tables]
    for domain in Domain:
        lines += ["", f"**{_both(domain.label)}**", ""]
        lines += [f"- [{f.name}](#{f.name}): {_both(f.label)}" for f in features if f.domain is domain]
    return "\n".join(lines)


def _table(table: Table) -> str:
    keys = ", ".join(f"`{name}`" for name in table.key_columns)
    lines = [f"### {table.name}", "", f"**{_both(table.label)}**", "", table.about.th, "", table.about.en, ""]
    lines.append(f"- รายการเดียวกันเมื่อตรงกันที่ · one fact is: {keys or '—'}")
    if table.happened_on_aliases:
        lines.append(f"- หัวตารางของ · headers for `happened_on`: {_words(table.happened_on_aliases)}")
    lines += ["", "| ช่อง · column | ความหมาย · meaning | ชนิด · kind | ต้องมี · required |", "|---|---|---|---|"]
    lines += [_column_row(column) for column in table.columns]
    details = [_column_details(table, column) for column in table.columns]
    return "\n".join(lines) + "\n\n" + "\n\n".join(details)


def _column_row(column: Column) -> str:
    required = "ใช่ · yes" if column.required else ""
    return f"| `{column.name}` | {_cell(_both(column.label))} | {_both(_KINDS[column.kind])} | {required} |"


def _column_details(table: Table, column: Column) -> str:
    lines = [
        f"#### {table.name}.{column.name}",
        "",
        _both(column.label),
        "",
        f"- การใช้ · use: {_both(_USES[column.use])}",
    ]
    if column.constraint is not None:
        lines.append(f"- ค่าที่รับ · accepted: {_both(column.constraint.describes)}")
    if column.aliases:
        lines.append(f"- หัวตาราง · headers: {_words(column.aliases)}")
    if column.codes is not None:
        lines += ["", *_code_lines(column.codes)]
    return "\n".join(lines)


def _code_lines(codes: CodeList) -> Iterator[str]:
    worth = any(code.worth is not None for code in codes.codes)
    yield "| รหัส · code | ไทย | English | คำที่รับด้วย · also accepted |" + (" ค่า · worth |" if worth else "")
    yield "|---|---|---|---|" + ("---|" if worth else "")
    for code in codes.codes:
        row = f"| `{code.value}` | {_cell(code.label.th)} | {_cell(code.label.en)} | {_cell(_words(code.aliases))} |"
        number = "" if code.worth is None else f"{code.worth:g}"
        yield row + (f" {number} |" if worth else "")


def _feature(feature: Feature) -> str:
    return "\n".join(
        (
            f"#### {feature.name}",
            "",
            f"**{_both(feature.label)}**",
            "",
            f"- เหตุผลที่แสดง · shown as: “{feature.reason.th}” · “{feature.reason.en}”",
            f"- ควรถาม · ask: {_both(feature.asks)}",
            f"- คำนวณจาก · measure: {_both(_measure(feature.measure, feature.table))}",
            f"- ช่วงเวลา · window: {_both(_window(feature.window))}",
            f"- ตาราง · table: `{feature.table.name}`; หน่วย · unit: {_both(_UNITS[feature.unit])}, "
            f"ทศนิยม · decimals: {feature.decimals}",
            f"- ทิศทาง · direction: {_both(_RISKS[feature.risk])}",
            f"- เมื่อไม่มีข้อมูล · without a record: {_both(_absence(feature.absent_means))}",
            f"- เปลี่ยนได้ · can be changed: {'ได้ · yes' if feature.changeable else 'ไม่ได้ · no'}; "
            f"ชั้นความลับ · privacy: {_both(_PERSONAL[feature.personal])}",
            f"- ที่มา · source: {feature.source}",
        )
    )


def _absence(absent_means: float | None) -> Text:
    if absent_means is None:
        return Text(th="ไม่ทราบค่า (ไม่ใช่ศูนย์)", en="not known (not zero)")
    return Text(th=f"ถือว่าเป็น {absent_means:g}", en=f"counts as {absent_means:g}")


def _window(window: Window) -> Text:
    match window:
        case Last(days=days):
            return Text(th=f"{days} วันปฏิทินก่อนวันที่ถาม", en=f"the {days} calendar days before the day asked")
        case InTerm(term=Term.THIS):
            return Text(th="ภาคเรียนนี้จนถึงวันก่อนวันที่ถาม", en="this term up to the day before the day asked")
        case InTerm():
            return Text(th="ภาคเรียนก่อน", en="the previous term")
        case Ever():
            return Text(th="ทั้งหมดที่ทราบในสถานศึกษานี้", en="everything known at this institution")
        case _:
            assert_never(window)


def _measure(measure: Measure, table: Table) -> Text:
    match measure:
        case Count(where=where):
            return _about(where, table, th="จำนวนรายการที่", en="how many records where")
        case Share(where=where):
            return _about(where, table, th="สัดส่วนของรายการที่", en="the share of records where")
        case Slope(where=where):
            return _about(
                where, table, th="การเปลี่ยนต่อสัปดาห์ของสัดส่วนวันที่", en="the change per week of the share of days where"
            )
        case LongestRun(where=where, current=True):
            return _about(where, table, th="จำนวนวันติดต่อกันจนถึงล่าสุดที่", en="the run of days, up to now, where")
        case LongestRun(where=where):
            return _about(where, table, th="จำนวนวันติดต่อกันมากที่สุดที่", en="the longest run of days where")
        case Change(where=where, short_days=days):
            th, en = (
                f"สัดส่วนใน {days} วันหลังลบด้วยช่วงก่อนหน้า ของวันที่",
                f"the share in the last {days} days less the share before, of days where",
            )
            return _about(where, table, th=th, en=en)
        case DaysSince(where=where):
            return _about(where, table, th="จำนวนวันตั้งแต่รายการล่าสุดที่", en="days since the newest record where")
        case Mean() | Latest():
            return _value_of(measure, table)
        case Relative(of=of, least=least):
            return Text(
                th=f"`{of}` ต่างจากค่าเฉลี่ยของกลุ่มเรียนกี่ส่วนเบี่ยงเบนมาตรฐาน (กลุ่มละอย่างน้อย {least} คน)",
                en=f"standard deviations of `{of}` from the mean of the class group (of at least {least})",
            )
        case WeekOfTerm():
            return Text(th="สัปดาห์ที่เท่าไรของภาคเรียน", en="whole weeks since the term opened, from 1")
        case LeadDays(column=column):
            return Text(
                th=f"จำนวนวันจาก `{column}` ถึงวันเปิดภาคเรียน", en=f"days from `{column}` to the opening of the term"
            )
        case _:
            assert_never(measure)


def _value_of(measure: Mean | Latest, table: Table) -> Text:
    match measure:
        case Mean(column=column, weight=weight, where=where):
            said = Text(
                th=f"ค่าเฉลี่ยของ `{column}`" + (f" ถ่วงน้ำหนักด้วย `{weight}`" if weight else ""),
                en=f"the mean of `{column}`" + (f" weighted by `{weight}`" if weight else ""),
            )
        case Latest(column=column, where=where):
            said = Text(th=f"`{column}` ล่าสุด", en=f"the newest `{column}`")
        case _:
            assert_never(measure)
    return said if where is None else _about(where, table, th=f"{said.th} ที่", en=f"{said.en} where")


def _about(where: Where | None, table: Table, *, th: str, en: str) -> Text:
    """A measure with its condition in words, the codes named by their labels."""
    if where is None:
        return Text(th=th.removesuffix("ที่"), en=en.removesuffix(" where"))
    codes = table[where.column].codes
    labels = [code.label for code in codes.codes if code.value in where.values] if codes else []
    th_words, en_words = " หรือ ".join(label.th for label in labels), " or ".join(label.en for label in labels)
    return Text(th=f"{th} `{where.column}` เป็น {th_words}", en=f"{en} `{where.column}` is {en_words}")


def _both(text: Text) -> str:
    return text.th if text.th == text.en else f"{text.th} · {text.en}"


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"“{' '.join(word.split())}”" for word in words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def pages() -> dict[str, str]:
    """Every generated page by its place below docs/."""
    return {"data-dictionary.md": data_dictionary(), PROBLEMS_PAGE: problems_page(), **source_pages()}


def main(arguments: Sequence[str] | None = None, docs: Path = DOCS) -> int:
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/ from the declarations.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is not current")
    check = parser.parse_args(arguments).check
    wanted = pages()
    left_over = [path for path in _files_of_sources(docs) if path.relative_to(docs).as_posix() not in wanted]
    if check:
        old = [name for name, text in wanted.items() if not _is_current(docs / name, text)]
        for name in [*old, *(path.relative_to(docs).as_posix() for path in left_over)]:
            print(f"docs/{name} is not current. Run: python scripts/write_docs.py", file=sys.stderr)
        return 1 if old or left_over else 0
    for name, text in wanted.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, encoding="utf-8", newline="\n")
    for path in left_over:
        path.unlink()
    return 0


def _files_of_sources(docs: Path) -> list[Path]:
    return [path for path in (docs / SOURCES_FOLDER).rglob("*") if path.is_file()]


def _is_current(page: Path, text: str) -> bool:
    return page.exists() and page.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
