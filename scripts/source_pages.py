"""The pages of docs/sources: for every source its picture, its columns, and what becomes of its files."""

from collections.abc import Iterator, Mapping, Sequence

from records.codes import fold_label
from records.intake.contract import RULES
from records.intake.mapping import FileSource
from records.intake.places import PLACE_OF
from records.intake.problems import PROBLEMS, Problem
from records.intake.source import Covers, Field, Source
from records.intake.sources import SOURCES, plain
from records.intake.sources.google_form import GoogleForm
from records.intake.sources.screening_summary import ScreeningSummary
from records.intake.templates import allowed_words, column_of, example_of
from records.tables import TABLE_OF, Kind, Table
from records.text import Text
from scripts.source_pictures import BUNDLES, bundle_svg, picture_of, picture_svg

FOLDER = "sources"
_PICTURES = "pictures"
_FORM = Text(th="แบบของสถานศึกษาเอง บันทึกเป็น XLSX หรือ CSV", en="a form of the institution's own, saved as XLSX or CSV")
# Where such a file comes from and how often, as far as it is known (domain 2.2, 2.3, Part 3).
ORIGINS: Mapping[str, Text] = {
    "dmc": Text(th="ส่งออกจากระบบ DMC เป็น XLSX ตามรอบ 10 มิถุนายน (รอบ 1) 10 พฤศจิกายน (รอบ 2) และสิ้นปีการศึกษา (รอบ 3) ประมาณ 5 นาทีต่อภาคเรียน ห้ามเปลี่ยนชื่อไฟล์ เพราะปีและรอบอยู่ในชื่อไฟล์", en="exported from DMC as XLSX in the rounds of 10 June (1), 10 November (2) and the end of the year (3); about 5 minutes a term; keep the file's name, which tells year and round"),
    "oneroster": Text(th="ส่งออกจากระบบทะเบียนที่รองรับมาตรฐาน OneRoster เป็น zip ไม่ต้องแตกไฟล์", en="exported as a zip by a school system that speaks OneRoster; leave it packed"),
    "moe_term": Text(th="ไฟล์แลกเปลี่ยนข้อมูลรายบุคคลของกระทรวงศึกษาธิการ", en="the individual-data exchange of the Ministry of Education"),
    "moe_dropouts": Text(th="ไฟล์แลกเปลี่ยนข้อมูลรายบุคคลของกระทรวงศึกษาธิการ (exchange.moe.go.th)", en="the individual-data exchange of the Ministry of Education (exchange.moe.go.th)"),
    "vec_scores": Text(th="แบบบันทึกคะแนนรายวิชาจาก ศธ.02 ประมาณ 10 นาทีต่อภาคเรียน", en="the score sheets of ศธ.02, about 10 minutes a term"),
    "sdq": Text(th="แบบประเมินที่ครู นักเรียน หรือผู้ปกครองกรอก บันทึกเป็น XLSX หรือ CSV", en="the questionnaire as teachers, students or parents filled it in, saved as XLSX or CSV"),
    "google_form": Text(th="เปิดคำตอบใน Google ชีต แล้วดาวน์โหลดเป็น CSV หรือ XLSX คอลัมน์ที่มี * ด้านล่างต้องมีเฉพาะในแบบเรื่องนั้น", en="open the answers as a Google Sheet and download CSV or XLSX; a column with * below is needed only in a form about that subject"),
    "screening_summary": Text(th="แบบสรุปที่ครูที่ปรึกษาส่งหัวหน้าแผนก", en="the summary that advisors hand to the head of department"),
    "screening_ovec9": Text(th="กรอกจากแบบคัดกรองกระดาษ คนละ 9 ด้าน ประมาณ 30 นาทีต่อครูที่ปรึกษาต่อภาคเรียน", en="typed from the paper form, nine areas a student: about 30 minutes an advisor and term"),
    "screening_obec11": Text(th="กรอกจากแบบคัดกรองกระดาษ 11 ด้าน", en="typed from the paper form of eleven areas"),
    "home_visit": Text(th="แบบบันทึกการเยี่ยมบ้านของสถานศึกษา ประมาณ 3 นาทีต่อการเยี่ยมหนึ่งครั้ง", en="the institution's own visit form, about 3 minutes a visit"),
    "roster": _FORM,
    "household": Text(th="แบบ กสศ.01 หรือแบบสำรวจของสถานศึกษา เฉพาะผู้เข้าใหม่ก็พอ", en="the form กสศ.01 or a survey of the institution's own; new entrants are enough"),
    "attendance": Text(th="ส่งออกการเช็กชื่อจาก RMS หรือการเช็กชื่อหน้าเสาธง ทุกสัปดาห์ ประมาณ 5 นาที", en="the roll calls of RMS or of the flagpole, every week, about 5 minutes"),
    "attendance_wide": Text(th="บัญชีเรียกชื่อของครู ทุกสัปดาห์ ประมาณ 5 นาที", en="the teachers' registers, every week, about 5 minutes"),
    "attendance_totals": Text(th="สรุปเวลาเรียน สำหรับสถานศึกษาที่ไม่มีรายวัน", en="the summary of attendance, for who has no daily one"),
    "vec_roster": Text(th="ส่งออกจาก ศธ.02 ออนไลน์ (EDR) เป็น Excel ประมาณ 5 นาทีต่อภาคเรียน", en="exported from ศธ.02 online (EDR) as Excel, about 5 minutes a term"),
    "oulad": Text(th="ดาวน์โหลดจากผู้เผยแพร่ ไม่ใช่ไฟล์ของสถานศึกษา", en="downloaded from its publisher; no institution has it"),
    "plain": _FORM,
}  # fmt: skip
_PROVES: Mapping[str, Text] = {  # sources with a class of their own that do not say it themselves
    "oneroster": Text(th="ใช้วันที่ได้รับไฟล์", en="the day of receipt counts"),
    "oulad": Text(th="วันที่นับจากวันเปิดรุ่น", en="days are counted from the opening of a presentation"),
    "plain": Text(th="คอลัมน์ บันทึกเมื่อ (ถ้ามี) มิฉะนั้นใช้เวลาที่นำเข้า", en="the column บันทึกเมื่อ where there is one, else the moment of the import"),
}  # fmt: skip
COVERS: Mapping[Covers, Text] = {
    Covers.NOTHING: Text(th="เพิ่มหรือปรับปรุงเท่านั้น สิ่งที่ไม่มีในไฟล์ยังคงเดิม", en="adds and updates; what the file does not have stays as it was"),
    Covers.WHOLE_ROSTER: Text(th="เป็นทะเบียนครบทั้งสถานศึกษาของภาคเรียนนั้น ผู้ที่ไม่มีชื่อในไฟล์ครั้งถัดไปคือผู้ที่ต้องติดตาม", en="the whole roster of its term: who is missing from the next file must be traced"),
    Covers.ROSTER_OF_GROUPS: Text(th="เป็นทะเบียนครบเฉพาะกลุ่มเรียนในไฟล์ ผู้ที่ไม่มีชื่อแล้วคือผู้ที่ออกจากกลุ่มเรียนนั้น", en="the whole roster of the class groups in it: who is missing has left that class group"),
    Covers.WHOLE_TERMS: Text(th="ครบทั้งภาคเรียน วันของภาคเรียนนั้นที่ฉบับใหม่ไม่มีแล้วจะถูกถอนคืน", en="complete for its terms: a day of them that a newer one lacks is withdrawn"),
    Covers.DAYS_OF_GROUPS: Text(th="ครบสำหรับนักเรียนและวันที่อยู่ในไฟล์ รายการของวันนั้นที่ไฟล์ใหม่ไม่มีแล้วจะถูกถอนคืน", en="complete for its students and days: a record of such a day that a newer file lacks is withdrawn"),
}  # fmt: skip
PRIVACY = Text(
    th="คอลัมน์เหล่านี้ระบบรู้จักและตั้งใจไม่อ่าน เพราะเป็นข้อมูลอ่อนไหว หรือไม่จำเป็นต่อการดูแลนักเรียน ไม่ต้องลบออกจากไฟล์ก่อนนำเข้า",
    en="These columns are known and left out on purpose: they are sensitive, or nothing here needs them. They need not be removed before the import.",
)
# Problems that a source sees itself; those of rules and of cells are derived below.
_OWN: Mapping[str, tuple[str, ...]] = {
    "moe_term": ("OTHER_INSTITUTION",),
    "vec_scores": ("SCORES_DO_NOT_ADD_UP",),
    "attendance_totals": ("PERCENT_DOES_NOT_FIT",),
    "household": ("INCOME_PARTS_DO_NOT_ADD_UP", "SAME_AS_OTHERS"),
    "screening_ovec9": ("NOT_SCREENED", "OVERALL_CONTRADICTS_AREAS", "SAME_AS_OTHERS"),
    "screening_obec11": ("NOT_SCREENED", "OVERALL_CONTRADICTS_AREAS", "SAME_AS_OTHERS"),
    "sdq": ("SDQ_ITEMS_MISSING", "SDQ_BAND_MISMATCH", "SDQ_SCORES_DO_NOT_ADD_UP", "SDQ_SCALE_SHIFTED", "NOT_SCREENED"),
    "plain": ("SENSITIVE_AREA",),
    "google_form": ("NOT_SCREENED", "SAME_AS_OTHERS"),
}
_NAMED = ("person.first_name", "person.last_name", "person.full_name")


def source_pages() -> dict[str, str]:
    """Every page and picture by its place below docs/."""
    pages = {f"{FOLDER}/README.md": _index()}
    for source in SOURCES:
        pages[f"{FOLDER}/{source.name}.md"] = _page(source)
        for name, told in _sheets(source).items():
            pages[f"{FOLDER}/{_PICTURES}/{name}.svg"] = picture_svg(picture_of(told))
        if source.name in BUNDLES:
            title = _both(source.label)
            pages[f"{FOLDER}/{_PICTURES}/{source.name}.svg"] = bundle_svg(title, BUNDLES[source.name])
    return pages


def _sheets(source: Source) -> dict[str, Source]:
    """What is drawn as a sheet, by the name of its picture: the plain source has one a table."""
    if source.name in BUNDLES:
        return {}
    if source is plain.SOURCE:
        return {f"plain-{tells.table.name}": plain.source_of(tells.table) for tells in source.tells}
    return {source.name: source}


def _index() -> str:
    lines = [
        "# ไฟล์ที่รับได้ · Files that can come in",
        "",
        "<!-- Written by scripts/write_docs.py from records/intake/sources/. Change those, not these pages. -->",
        "",
        "ไม่ต้องบอกว่าเป็นไฟล์แบบใด ระบบดูจากหัวตาราง แต่ละหน้ามีภาพของไฟล์ ชื่อคอลัมน์ที่รู้จัก สิ่งที่เก็บ และสิ่งที่ตั้งใจไม่เก็บ",
        "วิธีทำงานทั้งหมดอยู่ใน[คู่มือเจ้าหน้าที่](../guides/clerk.md)",
        "",
        "Files are recognised by their headers. Each page shows what a file looks like, which headers are known, what is kept",
        "and what is left out on purpose. How to work with them: [guide for clerks](../guides/clerk.md).",
        "",
        "| ไฟล์ · file | ชื่อไฟล์ · its usual name | บอกอะไร · what it tells |",
        "|---|---|---|",
    ]
    for source in SOURCES:
        tables = ", ".join(_both(tells.table.label) for tells in source.tells) or "—"
        name = _file_name(source)
        lines.append(f"| [{_both(source.label)}]({source.name}.md) | {f'`{name}`' if name else ''} | {tables} |")
    return "\n".join(lines) + "\n"


def _page(source: Source) -> str:
    parts = [
        f"# {_both(source.label)}",
        f"<!-- Written by scripts/write_docs.py from records/intake/sources/{source.name}.py. Change that, not this page. -->",
        _sentence(source.about.th),
        _sentence(source.about.en),
        *([_picture(source.name, source.label)] if source is not plain.SOURCE else []),
        "\n".join(_file_lines(source)),
    ]
    if source.tells:
        parts.append("## ระบบทำอะไรกับไฟล์นี้ · What becomes of it\n\n" + "\n".join(_tells_lines(source)))
    if source is plain.SOURCE:
        parts += _table_sections(source)
    elif source.fields:
        parts.append("## คอลัมน์ · Columns\n\n" + "\n".join(_column_lines(source.fields)))
    parts += _left_out(source.fields)
    parts.append("## สิ่งที่มักผิด · What is usually wrong\n\n" + "\n".join(_problem_lines(source)))
    return "\n\n".join(parts) + "\n"


def _picture(name: str, label: Text) -> str:
    return f"![ภาพตัวอย่างไฟล์ · what the file looks like: {_both(label)}]({_PICTURES}/{name}.svg)"


def _file_lines(source: Source) -> Iterator[str]:
    origin, proves = ORIGINS[source.name], _proves(source)
    yield f"- **มาจากไหน · where from**: {_both(origin)}"
    if name := _file_name(source):
        yield f"- **ชื่อไฟล์ · usual name**: `{name}`"
    yield f"- **เวลาที่บันทึก · entry time**: {_both(proves)}"
    yield f"- **นำเข้า · take it in**: `zerodrop import {_file_name(source) or 'FILE'}`"
    if isinstance(source, FileSource):
        yield f"- **แบบเปล่า · an empty one**: `zerodrop template {source.name} --out {source.name}.xlsx`"
    elif source is plain.SOURCE:
        yield "- **แบบเปล่า · an empty one**: `zerodrop template grades --out grades.xlsx` (ชื่อตาราง · the table's name)"


def _file_name(source: Source) -> str:
    return source.file_name if isinstance(source, FileSource | GoogleForm | ScreeningSummary) else ""


def _proves(source: Source) -> Text:
    if isinstance(source, FileSource | GoogleForm | ScreeningSummary):
        return source.proves
    return _PROVES[source.name]


def _tells_lines(source: Source) -> Iterator[str]:
    yield "| ตาราง · table | ครบเพียงใด · how completely | ถ้าไม่มีคอลัมน์ ถือว่า · without a column | ข้อมูลย้อนหลังที่ไม่มีเวลาบันทึก ถือว่าบันทึก · history without an entry time |"
    yield "|---|---|---|---|"
    for tells in source.tells:
        usual = "<br>".join(_usual(tells.table, name, value) for name, value in tells.usually.items())
        table = f"[{_both(tells.table.label)}]({_dictionary(tells.table)})"
        yield f"| {table} | {_both(COVERS[tells.covers])} | {usual} | {_both(_lag(tells.lag_days))} |"


def _usual(table: Table, name: str, value: str) -> str:
    column = table[name]
    label = column.codes.codes[column.codes.position(value)].label if column.codes else Text(th=value, en=value)
    return f"{_both(column.label)}: {_both(label)}"


def _lag(days: int) -> Text:
    if days == 0:
        return Text(th="ในวันนั้น", en="the same day")
    plural = "day" if abs(days) == 1 else "days"
    if days > 0:
        return Text(th=f"หลังวันนั้น {days} วัน", en=f"{days} {plural} after")
    return Text(th=f"ก่อนวันนั้น {-days} วัน", en=f"{-days} {plural} before")


def _dictionary(table: Table) -> str:
    return f"../data-dictionary.md#{table.name}"


# Columns


def _column_lines(fields: Sequence[Field]) -> Iterator[str]:
    taken = [one for one in fields if one.to]
    yield "\\* ต้องมี · required"
    yield ""
    yield "| หัวตาราง · header | ตัวอย่าง · example | คืออะไร · what it is | เก็บที่ · fills |"
    yield "|---|---|---|---|"
    for one in taken:
        required = " \\*" if one.required else ""
        example = f"`{example_of(one)}`" if example_of(one) else ""
        places = ", ".join(f"`{place}`" for place in one.to)
        yield f"| **{_cell(one.header)}**{required} | {example} | {_cell(_what(one))} | {places} |"
    others = [(one, _others(one)) for one in taken]
    if any(aliases for _, aliases in others):
        yield ""
        yield "### หัวตารางอื่นที่รู้จัก · Other headers that are known"
        yield ""
        yield from (f"- **{one.header}**: {', '.join(aliases)}" for one, aliases in others if aliases)
    worded = [one for one in taken if column_of(one) and allowed_words(one)]
    if worded:
        yield ""
        yield "### คำที่ใช้ได้ในช่อง · Words for the cells"
        yield ""
        yield from (f"- **{one.header}**: {' / '.join(_words_of(one))}" for one in worded)


def _others(one: Field) -> list[str]:
    """Aliases that are not the header again in another spelling."""
    found = {fold_label(alias): " ".join(alias.split()) for alias in one.aliases}
    found.pop(fold_label(one.header), None)
    return list(found.values())


def _words_of(one: Field) -> list[str]:
    column = column_of(one)
    labels = [code.label.th for code in column.codes.codes] if column and column.codes else []
    own = [f"{theirs} (= {ours})" for theirs, ours in one.words.items()]
    return [*labels, *own]


def _what(one: Field) -> str:
    if one.about is not None:
        return _both(one.about)
    known = column_of(one) or next((PLACE_OF[place] for place in one.to if place in PLACE_OF), None)
    return _both(known.label) if known else ""


def _table_sections(source: Source) -> Iterator[str]:
    """One section a table of the plain source."""
    for tells in source.tells:
        told, name = plain.source_of(tells.table), tells.table.name
        own = [one for one in told.fields if one.to]
        lines = [
            f"## {_both(tells.table.label)}",
            _sentence(tells.table.about.th),
            _sentence(tells.table.about.en),
            _picture(f"plain-{name}", tells.table.label),
            f"`zerodrop import --table {name} FILE` · `zerodrop template {name} --out {name}.xlsx`",
            "\n".join(line.replace("### ", f"### {name}: ", 1) for line in _column_lines(own)),
        ]
        yield "\n\n".join(lines)


def _left_out(fields: Sequence[Field]) -> Iterator[str]:
    dropped = [one for one in fields if not one.to]
    if not dropped:
        return
    lines = ["## ไม่เก็บโดยตั้งใจ · Left out on purpose", "", PRIVACY.th, "", PRIVACY.en, ""]
    lines.append(", ".join(dict.fromkeys(one.header for one in dropped if one.about is None)))
    lines += ["", *(f"- **{one.header}**: {_both(one.about)}" for one in dropped if one.about is not None)]
    yield "\n".join(lines).rstrip()


# What is usually wrong


def _problem_lines(source: Source) -> Iterator[str]:
    yield "วิธีแก้ทุกรหัสอยู่ใน[รายการปัญหา](../problems.md) · what to do about each: [problems](../problems.md)"
    yield ""
    yield "| รหัส · code | ความหมาย · meaning | ผล · verdict |"
    yield "|---|---|---|"
    for problem in problems_of(source):
        verdict = "เตือน · warning" if problem.warning else "กักไว้ · quarantine"
        yield f"| [{problem.code}](../problems.md#{problem.code.lower()}) | {_both(problem.text)} | {verdict} |"


def problems_of(source: Source) -> list[Problem]:
    """The problems that rows of a source can have, in the order of their declaration."""
    places = {place for one in source.fields for place in one.to}
    tables = {tells.table for tells in source.tells}
    codes = {*_OWN.get(source.name, ()), *(rule.code for rule in RULES if rule.table in tables)}
    codes |= _of_people(source, places, tables) | _of_cells(source)
    if tables:
        codes |= {"CONFLICTING_ROWS", "NOT_HISTORY"} | ({"RAGGED_ROW"} if source.fields else set())
    if TABLE_OF["attendance_total"] in tables:
        codes |= {"OUTSIDE_TERM", "NEGATIVE_DIFFERENCE", "OLDER_TOTAL"}
    return [problem for problem in PROBLEMS if problem.code in codes]


def _of_people(source: Source, places: set[str], tables: set[Table]) -> set[str]:
    if not any(table.per_student for table in tables):
        return set()
    codes = {"NO_STUDENT_ID", "BAD_IDENTIFIER", "LOST_DIGITS", "CHECK_DIGIT", "FIRST_DIGIT"}
    if places & set(_NAMED):
        codes |= {"NATIONAL_TWO_NAMES", "CODE_TWO_NAMES"}
    if "students.nationality_group" in places:
        codes |= {"NUMBER_AND_NATIONALITY"}
    if TABLE_OF["enrolments"] in tables:
        return codes | {"NAME_CHANGED", "LINKED_ID", "POSSIBLE_SAME_PERSON", "TWO_INSTITUTIONS"}
    return codes | {"UNKNOWN_STUDENT"}


def _of_cells(source: Source) -> set[str]:
    """What can be wrong with a cell, by the kinds of the columns."""
    if not source.tells or not source.fields:
        return set()
    kinds = {column.kind for one in source.fields if (column := column_of(one)) is not None}
    codes = {"MISSING_VALUE"} if any(one.required for one in source.fields) else set()
    codes |= {"BAD_DATE", "AMBIGUOUS_DATE", "DATE_OUT_OF_RANGE", "DATE_IN_FUTURE"}
    if Kind.CODE in kinds:
        codes |= {"UNKNOWN_CODE", "TWO_CODES"}
    if kinds & {Kind.NUMBER, Kind.WHOLE}:
        codes |= {"BAD_NUMBER", "OUT_OF_RANGE"}
    if any("enrolments.class_group" in one.to for one in source.fields):
        codes |= {"GROUP_AS_DATE"}
    return codes


def _both(text: Text) -> str:
    return text.th if text.th == text.en else f"{text.th} · {text.en}"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] if words[0].isascii() else words


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
