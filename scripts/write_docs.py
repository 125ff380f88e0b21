"""Writes what docs/ says of the declarations: the data dictionary, a page a source with its picture, problems and checks.

`python scripts/write_docs.py` writes them; with `--check` nothing is written, and a page that is not current exits 1.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from features.catalogue import CATALOGUE, FINGERPRINT
from features.declaration import Feature
from features.sensitive import FEATURES as SENSITIVE
from features.vocabulary import Domain
from features.wording import both
from records.codes import CodeList
from records.tables import TABLES, Column, Kind, Table, Use
from records.text import Text
from scripts.check_pages import PAGE as CHECKS_PAGE
from scripts.check_pages import checks_page
from scripts.feature_pages import feature_page
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

_SENSITIVE_HEADING = "ตัวบ่งชี้อ่อนไหว ปิดไว้ · Sensitive features, off by default"
_ABOUT_SENSITIVE = """\
มาจากข้อมูลที่เก็บปิดผนึก แบบจำลองไม่ใช้ เว้นแต่สถานศึกษาเปิดใช้เอง และไม่แสดงเป็นเหตุผลแก่ครูที่ปรึกษา

From sealed records: no model uses them unless a deployment switches them on (`WITH_SENSITIVE`), and no advisor is told
them as a reason."""

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


def data_dictionary(
    tables: Sequence[Table] = TABLES,
    features: Sequence[Feature] = CATALOGUE,
    sensitive: Sequence[Feature] = SENSITIVE,
) -> str:
    """The whole page; the same declarations give the same text."""
    parts = [_INTRODUCTION, _contents(tables, features, sensitive), "## ตารางข้อมูล · Event tables"]
    parts += [_table(table) for table in tables]
    parts.append(
        f"## ตัวบ่งชี้ · Features\n\n{len(features)} ตัว · {len(features)} features; fingerprint `{FINGERPRINT[:16]}`."
    )
    for domain in Domain:
        asked = [feature for feature in features if feature.domain is domain]
        if asked:
            parts.append(f"### {both(domain.label)}")
            parts += [feature_page(feature) for feature in asked]
    parts.append(f"## {_SENSITIVE_HEADING}\n\n{_ABOUT_SENSITIVE}")
    parts += [feature_page(feature) for feature in sensitive]
    return "\n\n".join(parts) + "\n"


def _contents(tables: Sequence[Table], features: Sequence[Feature], sensitive: Sequence[Feature]) -> str:
    lines = ["**ตาราง · Tables**", ""]
    lines += [f"- [{table.name}](#{table.name}): {both(table.label)}" for table in tables]
    for domain in Domain:
        lines += ["", f"**{both(domain.label)}**", "", *_links(f for f in features if f.domain is domain)]
    lines += ["", f"**{_SENSITIVE_HEADING}**", "", *_links(sensitive)]
    return "\n".join(lines)


def _links(features: Iterable[Feature]) -> list[str]:
    return [f"- [{feature.name}](#{feature.name}): {both(feature.label)}" for feature in features]


def _table(table: Table) -> str:
    keys = ", ".join(f"`{name}`" for name in table.key_columns)
    lines = [f"### {table.name}", "", f"**{both(table.label)}**", "", table.about.th, "", table.about.en, ""]
    lines.append(f"- รายการเดียวกันเมื่อตรงกันที่ · one fact is: {keys or '—'}")
    if table.happened_on_aliases:
        lines.append(f"- หัวตารางของ · headers for `happened_on`: {_words(table.happened_on_aliases)}")
    lines += ["", "| ช่อง · column | ความหมาย · meaning | ชนิด · kind | ต้องมี · required |", "|---|---|---|---|"]
    lines += [_column_row(column) for column in table.columns]
    details = [_column_details(table, column) for column in table.columns]
    return "\n".join(lines) + "\n\n" + "\n\n".join(details)


def _column_row(column: Column) -> str:
    required = "ใช่ · yes" if column.required else ""
    return f"| `{column.name}` | {_cell(both(column.label))} | {both(_KINDS[column.kind])} | {required} |"


def _column_details(table: Table, column: Column) -> str:
    lines = [
        f"#### {table.name}.{column.name}",
        "",
        both(column.label),
        "",
        f"- การใช้ · use: {both(_USES[column.use])}",
    ]
    if column.constraint is not None:
        lines.append(f"- ค่าที่รับ · accepted: {both(column.constraint.describes)}")
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


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"“{' '.join(word.split())}”" for word in words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def pages() -> dict[str, str]:
    """Every generated page by its place below docs/."""
    return {
        "data-dictionary.md": data_dictionary(),
        PROBLEMS_PAGE: problems_page(),
        CHECKS_PAGE: checks_page(),
        **source_pages(),
    }


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
