"""What no export carries and people must enter: institution, terms, holidays, staff, class groups, capacity, rules.

`zerodrop init` reads it from one workbook with a sheet each, or asks for it; `write_workbook` makes the template.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import xlsxwriter

from records.clock import buddhist
from records.codes import RULES, STAGES
from records.text import Text

Day = TypeVar("Day", int, date)
RuleKey = tuple[str, str, int | None]


@dataclass(frozen=True, kw_only=True)
class Institution:
    code: str
    name_th: str
    name_en: str
    agency: str = ""
    province: str = ""


@dataclass(frozen=True, kw_only=True)
class TermDates:
    """`academic_year` is CE inside (2568 is 2025); on paper and in the workbook it is the Buddhist year."""

    academic_year: int
    term: int
    opens_on: date
    closes_on: date

    @property
    def label(self) -> str:
        return f"{self.term}/{self.academic_year + 543}"

    def has(self, day: date) -> bool:
        return self.opens_on <= day <= self.closes_on


def replaced_terms(
    known: Iterable[tuple[int, int, Day]], told: Mapping[tuple[int, int], tuple[Day, Day]]
) -> set[tuple[int, int]]:
    """Which terms of these days (academic year, term, day) those that are told, each with its first and last day, replace.

    The same terms, and one that lies mostly in the time of one that is told: it was told under a wrong number. A summer
    term whose last week lies in the time of the next one is another term.
    """
    days, inside = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for year, term, day in known:
        days[year, term] += 1
        inside[year, term] += any(first <= day <= last for first, last in told.values())
    return {term for term in days if term in told or 2 * inside[term] > days[term]}


@dataclass(frozen=True, kw_only=True)
class Holiday:
    day: date
    name: str
    kind: str = "HOLIDAY"


@dataclass(frozen=True, kw_only=True)
class StaffMember:
    login: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class GroupAdvisor:
    class_group: str
    advisor: str
    """The advisor's login."""
    head: str = ""
    """The login of the head of the department; empty: none sees the group as head."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How many rows people can act on: home visits a week for the institution, rows for each advisor."""

    valid_from: date
    visits_per_week: int
    rows_per_advisor: int = 5


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the college that no model may overrule, for example `attendance_share` 0.8 (codes.RULES lists the names).

    `stage` (a code of codes.STAGES) and `after_terms` narrow it; without them it holds for everybody, always.
    """

    name: str
    value: float
    stage: str = ""
    after_terms: int | None = None

    @property
    def key(self) -> RuleKey:
        """What makes two rules versions of one."""
        return self.name, self.stage, self.after_terms

    @property
    def told(self) -> Text:
        """Which rule, for whom, and its value: `gpa_minimum (vocational certificate, after 2 terms) = 1.5`."""
        label = RULES.codes[RULES.position(self.name)].label
        narrowed = []
        if self.stage:
            narrowed.append(STAGES.codes[STAGES.position(self.stage)].label)
        if self.after_terms is not None:
            narrowed.append(Text(th=f"เมื่อเรียนครบ {self.after_terms} ภาคเรียน", en=f"after {self.after_terms} terms"))
        of_whom_th = f" ({' '.join(one.th for one in narrowed)})" if narrowed else ""
        of_whom = f" ({', '.join(one.en for one in narrowed)})" if narrowed else ""
        return Text(
            th=f"{label.th}{of_whom_th}: {self.shown_value.th}", en=f"{self.name}{of_whom} = {self.shown_value.en}"
        )

    @property
    def shown_value(self) -> Text:
        if self.name != "attendance_share":
            return Text(th=f"{self.value:g}", en=f"{self.value:g}")
        return Text(th=f"ร้อยละ {self.value * 100:g}", en=f"{self.value * 100:g} %")


@dataclass(frozen=True, kw_only=True)
class RuleLimits:
    """What values a rule may have, and the one that switches it off: that nobody reaches, or that counts nothing."""

    least: float
    most: float
    off: float
    whole: bool

    def allow(self, value: float) -> bool:
        return self.least <= value <= self.most and (not self.whole or value == int(value))


_DAYS_RUNNING = RuleLimits(least=1, most=100, off=100, whole=True)
_TIMES = RuleLimits(least=0, most=100, off=0, whole=True)
RULE_LIMITS: dict[str, RuleLimits] = {
    "attendance_share": RuleLimits(least=0, most=1, off=0, whole=False),
    "absent_run_notice": _DAYS_RUNNING,
    "absent_run_dismissal": _DAYS_RUNNING,
    "gpa_minimum": RuleLimits(least=0, most=4, off=0, whole=False),
    "lates_per_absence": _TIMES,
    "leaves_per_absence": _TIMES,
}


def wrong_value(rule: Rule) -> Text | None:
    """Why a rule cannot have its value, and what to write; None when it can."""
    limits = RULE_LIMITS[rule.name]
    if limits.allow(rule.value):
        return None
    label, span_th = RULES.codes[RULES.position(rule.name)].label, f"{limits.least:g} ถึง {limits.most:g}"
    must, must_th = ("be a whole number", "เป็นจำนวนเต็ม") if limits.whole else ("lie", "อยู่ระหว่าง")
    share, share_th = ("Write 80 % as 0.8. ", " ร้อยละ 80 ให้ใส่ 0.8") if rule.name == "attendance_share" else ("", "")
    return Text(
        th=f"ค่าของ '{label.th}' ({rule.name}) ต้อง{must_th} {span_th}{share_th} ถ้าไม่ใช้ระเบียบนี้ ให้ใส่ {limits.off:g}",
        en=f"the value of '{rule.name}' must {must} between {limits.least:g} and {limits.most:g}. {share}"
        f"To switch the rule off, write {limits.off:g}",
    )


@dataclass(frozen=True, kw_only=True)
class College:
    institution: Institution
    terms: tuple[TermDates, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    staff: tuple[StaffMember, ...] = ()
    groups: tuple[GroupAdvisor, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    rules: tuple[Rule, ...] = ()


# The rules that may differ by stage and by terms completed; all others hold for the whole institution.
RULES_BY_STAGE = ("gpa_minimum",)


@dataclass(frozen=True, kw_only=True)
class SetupColumn:
    name: str
    label: Text
    example: str
    optional: bool = False
    """Whether a workbook may do without it."""


@dataclass(frozen=True, kw_only=True)
class SetupSheet:
    name: str
    label: Text
    columns: tuple[SetupColumn, ...]
    without: Text
    """What is lost while this sheet is empty; `zerodrop check` prints it."""


def _column(name: str, th: str, en: str, example: str, *, optional: bool = False) -> SetupColumn:
    return SetupColumn(name=name, label=Text(th=th, en=en), example=example, optional=optional)


SETUP_SHEETS: tuple[SetupSheet, ...] = (
    SetupSheet(
        name="institution", label=Text(th="สถานศึกษา", en="institution"),
        columns=(
            _column("code", "รหัสสถานศึกษา", "code", "1320026101"),
            _column("name_th", "ชื่อสถานศึกษา", "name in Thai", "วิทยาลัยตัวอย่าง"),
            _column("name_en", "ชื่อภาษาอังกฤษ", "name in English", "Example College"),
            _column("agency", "สังกัด", "agency", "สอศ."),
            _column("province", "จังหวัด", "province", "ลำปาง"),
        ),
        without=Text(th="ยังนำเข้าข้อมูลไม่ได้", en="nothing can be imported"),
    ),
    SetupSheet(
        name="terms", label=Text(th="ภาคเรียน", en="terms"),
        columns=(
            _column("academic_year", "ปีการศึกษา", "academic year (BE)", "2569"),
            _column("term", "ภาคเรียน", "term", "1"),
            _column("opens_on", "วันเปิดภาคเรียน", "opens on", "18/05/2569"),
            _column("closes_on", "วันปิดภาคเรียน", "closes on", "09/10/2569"),
        ),
        without=Text(th="ไม่มีรายชื่อรายสัปดาห์ เพราะไม่รู้ว่าวันใดอยู่ในภาคเรียน", en="no weekly list: which days belong to a term is not known"),
    ),
    SetupSheet(
        name="holidays", label=Text(th="วันหยุด", en="holidays"),
        columns=(
            _column("day", "วันที่", "date", "13/04/2569"),
            _column("name", "ชื่อวันหยุด", "name", "สงกรานต์"),
            _column("kind", "ประเภทวัน", "kind of day", "หยุด"),
        ),
        without=Text(th="วันหยุดจะถูกนับเป็นวันที่ไม่มีใครบันทึก", en="holidays count as days that nobody recorded"),
    ),
    SetupSheet(
        name="staff", label=Text(th="บุคลากร", en="staff"),
        columns=(
            _column("login", "ชื่อผู้ใช้", "login", "kru.malee"),
            _column("name", "ชื่อ-สกุล", "name", "ครูมาลี ตัวอย่าง"),
            _column("role", "บทบาท", "role", "advisor"),
        ),
        without=Text(th="ยังไม่มีใครเข้าดูรายชื่อได้", en="nobody can see a list"),
    ),
    SetupSheet(
        name="class_groups", label=Text(th="กลุ่มเรียนและครูที่ปรึกษา", en="class groups and advisors"),
        columns=(
            _column("class_group", "กลุ่มเรียน", "class group", "ปวช.1/1"),
            _column("advisor", "ครูที่ปรึกษา (ชื่อผู้ใช้)", "advisor (login)", "kru.malee"),
            _column("head", "หัวหน้าแผนกวิชา (ชื่อผู้ใช้)", "head of department (login)", "", optional=True),
        ),
        without=Text(th="ครูที่ปรึกษาจะไม่เห็นนักเรียนของตน", en="advisors see no student"),
    ),
    SetupSheet(
        name="capacity", label=Text(th="กำลังคนต่อสัปดาห์", en="capacity"),
        columns=(
            _column("valid_from", "ตั้งแต่วันที่", "valid from", "18/05/2569"),
            _column("visits_per_week", "เยี่ยมบ้านได้กี่คนต่อสัปดาห์", "home visits a week", "10"),
            _column("rows_per_advisor", "รายชื่อต่อครูที่ปรึกษา", "rows for each advisor", "5"),
        ),
        without=Text(th="ไม่มีใครอยู่ในกลุ่มเยี่ยมบ้าน ครูที่ปรึกษาคนละ 5 รายชื่อตามค่าเริ่มต้น", en="no home visits are proposed; advisors get the default of 5 rows"),
    ),
    SetupSheet(
        name="rules", label=Text(th="ระเบียบของสถานศึกษา", en="college rules"),
        columns=(
            _column("rule", "ระเบียบ", "rule", "attendance_share"),
            _column("value", "ค่า", "value", "0.8"),
            _column("stage", "ระดับการศึกษา", "stage of education", "", optional=True),
            _column("after_terms", "เมื่อเรียนครบกี่ภาคเรียน", "after how many terms", "", optional=True),
        ),
        without=Text(th="ไม่มีรายชื่อ 'ต้องพบ' ตามระเบียบ", en="no 'must see' list by the rules"),
    ),
)  # fmt: skip


def _rows_of(college: College) -> dict[str, list[tuple[str, ...]]]:
    one = college.institution
    return {
        "institution": [(one.code, one.name_th, one.name_en, one.agency, one.province)],
        "terms": [(str(t.academic_year + 543), str(t.term), buddhist(t.opens_on), buddhist(t.closes_on)) for t in college.terms],
        "holidays": [(buddhist(h.day), h.name, h.kind) for h in college.holidays],
        "staff": [(s.login, s.name, s.role) for s in college.staff],
        "class_groups": [(g.class_group, g.advisor, g.head) for g in college.groups],
        "capacity": [(buddhist(c.valid_from), str(c.visits_per_week), str(c.rows_per_advisor)) for c in college.capacity],
        "rules": [(r.name, f"{r.value:g}", _stage_word(r.stage), str(r.after_terms or "")) for r in college.rules],
    }  # fmt: skip


def _stage_word(stage: str) -> str:
    return STAGES.codes[STAGES.position(stage)].label.th if stage else ""


def write_workbook(path: Path, college: College | None = None) -> None:
    """Write the template of `zerodrop init`: filled with `college`, else with one example row a sheet, as text cells."""
    filled = _rows_of(college) if college else {}
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4"})
        text = book.add_format({"num_format": "@"})  # else 1/2 typed for a class group becomes a date
        for sheet in SETUP_SHEETS:
            page = book.add_worksheet(sheet.label.th)
            page.set_column(0, len(sheet.columns) - 1, 28, text)
            for index, column in enumerate(sheet.columns):
                page.write_string(0, index, f"{column.label.th} ({column.name})", bold)
            examples = [tuple(column.example for column in sheet.columns)]
            for line, row in enumerate(filled.get(sheet.name, [] if college else examples), start=1):
                for index, cell in enumerate(row):
                    page.write_string(line, index, cell, text)
