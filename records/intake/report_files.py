"""The import report as a page to print and as a workbook; never a cell of a student."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from records.intake.fixes import FIX_OF
from records.intake.mending import mending_of
from records.intake.parsing import LEFT_OUT
from records.intake.problems import PROBLEM_OF
from records.intake.report import ImportReport
from records.intake.sources import source_label
from records.text import Text

_TITLE = Text(th="รายงานการนำเข้าข้อมูล", en="Import report")
_CODE, _ROWS, _LINES = Text(th="รหัส", en="code"), Text(th="แถว", en="rows"), Text(th="บรรทัด", en="lines")
_COLUMN, _CELLS = Text(th="คอลัมน์", en="column"), Text(th="ช่อง", en="cells")
_LEFT_OUT = Text(
    th="ระบบรู้จักคอลัมน์เหล่านี้และไม่นำเข้าโดยตั้งใจ เพราะเป็นข้อมูลอ่อนไหวหรือไม่จำเป็นต่อการดูแลนักเรียน (คุ้มครองข้อมูลส่วนบุคคล)",
    en="known columns that are left out on purpose: they are sensitive, or nothing here needs them (personal data protection)",
)
_UNKNOWN = Text(
    th="ระบบไม่รู้จักหัวตารางเหล่านี้ จึงไม่ได้อ่าน ถ้าเป็นข้อมูลที่ต้องใช้ ให้ใช้ชื่อหัวตารางที่รู้จัก",
    en="headers that nothing here knows, so they were not read; if they matter, use a known header",
)
_KIND_OF = {_CODE: "code", _ROWS: "number", _CELLS: "number", _LINES: "lines"}  # how the page sets a column
_LONG = 600  # letters of a list of lines that may go on over the next page
_OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
_PAPER = 9  # A4


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table of the report; `has_total` when its last row adds the others up."""

    name: Text
    headers: Sequence[Text]
    rows: Sequence[Sequence[str | int]]
    about: Text | None = None
    has_total: bool = False

    @property
    def is_list(self) -> bool:
        """Whether a page can say it in one sentence: the rows are names and nothing else."""
        return len(self.headers) == 1

    @property
    def kinds(self) -> list[str]:
        """How a page sets each column: only `words` may be broken inside."""
        return [_KIND_OF.get(header, "words") for header in self.headers]


def write_reports(report: ImportReport, folder: Path) -> list[Path]:
    """Write both files of a report into a folder, named by its batch, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    page, workbook = (folder / f"import-report-{report.ledger_number}.{ending}" for ending in ("html", "xlsx"))
    write_report_html(report, page)
    write_report_xlsx(report, workbook)
    return [page, workbook]


def write_report_html(report: ImportReport, path: Path) -> None:
    """One page that needs nothing beside it: no script, no picture, no other file."""
    folder = Path(__file__).parent / "pages"
    pages = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = pages.get_template("report.html")
    told = page.render(title=_title(report), head=_head(report), parts=parts_of(report), long=_LONG, zip=zip)
    path.write_text(told, encoding="utf-8")


def write_report_xlsx(report: ImportReport, path: Path) -> None:
    """The counts on the first sheet, a sheet for every kind of finding."""
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        header = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#EEF2F6"})
        text = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"})
        number = book.add_format({"valign": "top", "border": 1, "num_format": "#,##0"})
        for part in parts_of(report):
            page = book.add_worksheet(f"{part.name.th} {part.name.en}"[:31])
            page.set_landscape()
            page.set_paper(_PAPER)
            page.fit_to_pages(1, 0)
            above = [_title(report), *(f"{thai} · {english}" for thai, english in _head(report))]
            above += [f"{part.about.th} · {part.about.en}"] if part.about else []
            for line, words in enumerate(above):
                page.write_string(line, 0, words, bold)
            start = len(above) + 1
            page.repeat_rows(start)
            for column, header_text in enumerate(part.headers):
                page.set_column(column, column, 14 if column and len(part.headers) > 2 and column < 2 else 44)
                page.write_string(start, column, _both(header_text), header)
            for line, row in enumerate(part.rows, start=start + 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        page.write_number(line, column, cell, number)
                    else:
                        page.write_string(line, column, cell, text)


def _title(report: ImportReport) -> str:
    return f"{_TITLE.th} · {_TITLE.en} {report.ledger_number}"


def _head(report: ImportReport) -> list[tuple[str, str]]:
    """What the report is about, in Thai and in English."""
    source = source_label(report.source)
    head = [
        (f"ไฟล์ {report.file} จาก {source.th} ของสถานศึกษา {report.institution}", f"file {report.file} from {source.en}, institution {report.institution}"),
        (f"ชุดนำเข้าที่ {report.ledger_number}", f"batch {report.ledger_number}"),
    ]  # fmt: skip
    if report.newest_day is not None:
        day = report.newest_day
        head.append((f"ข้อมูลถึงวันที่ {day:%d/%m}/{day.year + 543}", f"data up to {day.isoformat()}"))
    return head


def parts_of(report: ImportReport) -> list[Part]:
    """The tables of a report: the counts always, the others where there is something to tell."""
    told = [
        _reasons(report),
        _warnings(report),
        _left_out(report),
        _fixes(report),
        _columns(report.dropped, Text(th="คอลัมน์ที่ไม่นำเข้า", en="left out"), _LEFT_OUT),
        _columns(report.unmapped, Text(th="คอลัมน์ที่ไม่รู้จัก", en="unknown"), _UNKNOWN),
        _notes(report),
    ]
    return [_counts(report), *(part for part in told if part.rows)]


def _counts(report: ImportReport) -> Part:
    verdicts = (
        (Text(th="รับเข้า", en="accepted"), report.accepted),
        (Text(th="ทราบอยู่แล้ว", en="known already"), report.known),
        (Text(th="กักไว้รอแก้", en="in quarantine"), report.quarantined),
        (Text(th="ไม่ใช่ข้อมูล (ยอดรวม ลายเซ็น หัวซ้ำ)", en="layout (totals, signatures, repeated headers)"), report.layout),
        (Text(th="รวมทุกแถวของไฟล์", en="all rows of the file"), report.rows),
    )
    about = Text(
        th=f"รับเข้า {report.accepted:,} + ทราบอยู่แล้ว {report.known:,} + กักไว้ {report.quarantined:,} + ไม่ใช่ข้อมูล {report.layout:,} "
        f"= {report.rows:,} แถว · มีช่องที่แก้ให้ {report.fixed:,} แถว · ถอนคืน {report.retracted:,} รายการ",
        en=f"{report.accepted:,} accepted + {report.known:,} known + {report.quarantined:,} in quarantine + {report.layout:,} layout "
        f"= {report.rows:,} rows; {report.fixed:,} rows with fixes, {report.retracted:,} facts retracted",
    )  # fmt: skip
    headers = [Text(th="ผล", en="verdict"), _ROWS]
    rows = [(_both(name), count) for name, count in verdicts]
    return Part(name=Text(th="สรุป", en="summary"), headers=headers, rows=rows, about=about, has_total=True)


def _reasons(report: ImportReport) -> Part:
    about = Text(
        th="แถวเหล่านี้ยังไม่ได้นำเข้า แถวหนึ่งอาจมีหลายเหตุผล แก้แล้วนำเข้าด้วย zerodrop quarantine export และ retry",
        en="these rows are not taken yet, and one row may have several reasons; mend them by zerodrop quarantine export and retry",
    )
    rows = [
        (
            code,
            report.reasons[code],
            _why(report, code),
            _both(mending_of(code)),
            _ranges(report, lines, report.reasons[code]),
        )
        for code, lines in report.lines.items()
    ]
    headers = [_CODE, _ROWS, Text(th="เหตุผล", en="reason"), Text(th="วิธีแก้", en="what to do"), _LINES]
    return Part(name=Text(th="แถวที่กักไว้", en="quarantine"), headers=headers, rows=rows, about=about)


def _warnings(report: ImportReport) -> Part:
    about = Text(th="แถวเหล่านี้นำเข้าแล้ว แต่ควรตรวจ", en="these rows were taken, but are worth a look")
    rows = [
        (code, len(lines), _why(report, code), _ranges(report, lines, len(lines)))
        for code, lines in report.warnings.items()
    ]
    headers = [_CODE, _ROWS, Text(th="คำเตือน", en="warning"), _LINES]
    return Part(name=Text(th="คำเตือน", en="warnings"), headers=headers, rows=rows, about=about)


def _why(report: ImportReport, code: str) -> str:
    """The rule that was broken, and in which columns."""
    columns = ", ".join(report.columns.get(code, ()))
    return _both(PROBLEM_OF[code].text) + (f" ({_both(_COLUMN)}: {columns})" if columns else "")


def _left_out(report: ImportReport) -> Part:
    rows = [
        (LEFT_OUT, report.left_out[header], header, _ranges(report, lines, report.left_out[header]))
        for header, lines in report.left_out_lines.items()
    ]
    name = Text(th="ช่องที่ไม่นำเข้า", en="cells left out")
    return Part(name=name, headers=[_CODE, _ROWS, _COLUMN, _LINES], rows=rows, about=FIX_OF[LEFT_OUT].text)


def _fixes(report: ImportReport) -> Part:
    about = Text(
        th="ช่องที่ระบบแก้ให้ก่อนอ่าน เก็บค่าเดิมไว้แล้ว", en="cells that were mended before they were read; the originals are kept"
    )
    rows = [(code, count, _both(FIX_OF[code].text)) for code, count in report.fixes.items() if code != LEFT_OUT]
    headers = [_CODE, _CELLS, Text(th="สิ่งที่แก้", en="what was done")]
    return Part(name=Text(th="แก้ให้แล้ว", en="fixes"), headers=headers, rows=rows, about=about)


def _columns(names: Iterable[str], name: Text, about: Text) -> Part:
    return Part(name=name, headers=[_COLUMN], rows=[(header,) for header in names], about=about)


def _notes(report: ImportReport) -> Part:
    headers = [Text(th="หมายเหตุ", en="in Thai"), Text(th="ภาษาอังกฤษ", en="in English")]
    return Part(
        name=Text(th="หมายเหตุ", en="notes"), headers=headers, rows=[(note.th, note.en) for note in report.notes]
    )


def _both(text: Text) -> str:
    return f"{text.th} · {text.en}"


def _ranges(report: ImportReport, lines: Sequence[int], count: int) -> str:
    """Lines as a person finds them, neighbours together: 2-5, 9; `count` of them there are."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    told = ", ".join(
        report.place(first) if first == last else f"{report.place(first)}-{report.place(last)}" for first, last in runs
    )
    more = count - len(lines)
    return f"{told} … (+{more:,})" if more > 0 else told
