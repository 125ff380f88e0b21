"""`zerodrop init`: what people enter, read from one workbook and put where it belongs."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import ledger
from records.clock import buddhist, local_day
from records.codes import DAY_KINDS, RULES, STAGES
from records.college import (
    RULES_BY_STAGE,
    SETUP_SHEETS,
    Capacity,
    College,
    GroupAdvisor,
    Holiday,
    Institution,
    Rule,
    RuleKey,
    SetupSheet,
    StaffMember,
    TermDates,
    wrong_value,
)
from records.errors import ConfigurationGap, ImportRefused
from records.home import DataHome
from records.intake import normalise
from records.intake.files import read_grid
from records.lists import CapacityRow
from records.roles import ROLE_OF
from records.staff import (
    DEPARTMENT_HEAD,
    AccountRow,
    account_by_login,
    assign_department,
    assign_group,
    assigned_groups,
)

Row = dict[str, str]
T = TypeVar("T")
_LABELS = {column.name: column.label.th for sheet in SETUP_SHEETS for column in sheet.columns}
_RULES_SHEET = next(sheet.label.th for sheet in SETUP_SHEETS if sheet.name == "rules")


class _Mistake(Exception):
    """What is wrong with a row, in both languages."""

    def __init__(self, en: str, th: str) -> None:
        super().__init__(en)
        self.th = th


def read_college(path: Path) -> College:
    """The set-up workbook as a College. Raises ConfigurationGap naming sheet, line and what to mend."""
    sheets = _sheets(path)
    one = sheets["institution"]
    if len(one) != 1:
        raise ConfigurationGap(
            f"{path.name}, sheet 'สถานศึกษา': it needs exactly one row and has {len(one)}. · "
            f"ไฟล์ {path.name} แผ่นงาน 'สถานศึกษา': ต้องมีแถวเดียว แต่มี {len(one)} แถว"
        )
    return College(
        institution=Institution(
            **{column: one[0][1][column] for column in ("code", "name_th", "name_en", "agency", "province")}
        ),
        terms=tuple(_each(path, "terms", sheets, _term, lambda one: f"{one.term}/{one.academic_year + 543}")),
        holidays=tuple(_each(path, "holidays", sheets, _holiday)),
        staff=tuple(_each(path, "staff", sheets, _staff_member, lambda one: one.login)),
        groups=tuple(_each(path, "class_groups", sheets, _group, lambda one: one.class_group)),
        capacity=tuple(_each(path, "capacity", sheets, _capacity, lambda one: buddhist(one.valid_from))),
        rules=_each_once(path, _each(path, "rules", sheets, _rule)),
    )


def _sheets(path: Path) -> dict[str, list[tuple[int, Row]]]:
    found = read_grid(path)
    rows: dict[str, list[tuple[int, Row]]] = {}
    for sheet in SETUP_SHEETS:
        rows[sheet.name] = _rows_of(path, sheet, found.get(sheet.label.th, []))
    return rows


def _rows_of(path: Path, sheet: SetupSheet, cells: Sequence[Sequence[str]]) -> list[tuple[int, Row]]:
    if not cells:
        return []
    places: dict[str, int] = {}
    for index, header in enumerate(cells[0]):
        for column in sheet.columns:
            if f"({column.name})" in header:
                places[column.name] = index
    missing = [
        f"{column.label.th} ({column.name})"
        for column in sheet.columns
        if column.name not in places and not column.optional
    ]
    if missing:
        raise ImportRefused.missing_columns(
            file=f"{path.name}, sheet '{sheet.label.th}'", missing=missing, found=list(cells[0])
        )
    return [
        (
            line,
            {column.name: "" for column in sheet.columns} | {n: normalise.clean(row[at]) for n, at in places.items()},
        )
        for line, row in enumerate(cells[1:], start=2)
        if any(cell.strip() for cell in row)
    ]


def _each(
    path: Path,
    sheet: str,
    sheets: dict[str, list[tuple[int, Row]]],
    read: Callable[[Row], T],
    told_once: Callable[[T], str] | None = None,
) -> list[T]:
    """The rows of a sheet; what `told_once` says of a row must not be in two: nobody could say which holds."""
    label = next(one.label.th for one in SETUP_SHEETS if one.name == sheet)
    found: list[T] = []
    lines: dict[str, int] = {}
    for line, row in sheets[sheet]:
        try:
            found.append(read(row))
            if told_once is not None:
                _require_first(lines, told_once(found[-1]), line)
        except _Mistake as mistake:
            raise ConfigurationGap(
                f"{path.name}, sheet '{label}', line {line}: {mistake} · "
                f"ไฟล์ {path.name} แผ่นงาน '{label}' แถวที่ {line}: {mistake.th}"
            ) from None
    return found


def _require_first(lines: dict[str, int], what: str, line: int) -> None:
    first = lines.setdefault(what, line)
    if first != line:
        raise _Mistake(
            f"'{what}' is in line {first} already. Keep one row.", f"'{what}' มีอยู่แล้วในแถวที่ {first} ให้เหลือแถวเดียว"
        )


def _day(row: Row, column: str) -> date:
    day = normalise.parse_day(row[column])
    if day is None:
        raise _Mistake(
            f"'{column}' is no date; write day/month/year, for example 18/05/2569",
            f"ช่อง '{_LABELS[column]}' ไม่ใช่วันที่ ให้เขียน วัน/เดือน/ปี เช่น 18/05/2569",
        )
    return day


def _whole(row: Row, column: str) -> int:
    number = normalise.parse_whole(row[column])
    if number is None:
        raise _Mistake(f"'{column}' is no whole number", f"ช่อง '{_LABELS[column]}' ต้องเป็นจำนวนเต็ม")
    return number


def _term(row: Row) -> TermDates:
    opens, closes = _day(row, "opens_on"), _day(row, "closes_on")
    if closes <= opens:
        raise _Mistake("the term closes before it opens", "วันปิดภาคเรียนต้องอยู่หลังวันเปิดภาคเรียน")
    year = normalise.year_ce(_whole(row, "academic_year"))
    return TermDates(academic_year=year, term=_whole(row, "term"), opens_on=opens, closes_on=closes)


def _holiday(row: Row) -> Holiday:
    kind = DAY_KINDS.parse(row["kind"] or "HOLIDAY")
    if kind is None:
        known = ", ".join(code.label.th for code in DAY_KINDS.codes)
        raise _Mistake(
            f"'{row['kind']}' is no kind of day; known: {known}", f"ไม่รู้จักประเภทวัน '{row['kind']}' ที่ใช้ได้คือ {known}"
        )
    return Holiday(day=_day(row, "day"), name=row["name"], kind=DAY_KINDS.values[kind])


def _staff_member(row: Row) -> StaffMember:
    if row["role"] not in ROLE_OF:
        known = ", ".join(ROLE_OF)
        raise _Mistake(f"there is no role '{row['role']}'; roles: {known}", f"ไม่มีบทบาท '{row['role']}' ที่ใช้ได้คือ {known}")
    if not row["login"]:
        raise _Mistake("a login is missing", "ยังไม่ได้ใส่ชื่อผู้ใช้")
    if not row["name"]:
        raise _Mistake("the name of the person is missing", "ยังไม่ได้ใส่ชื่อ-สกุล")
    return StaffMember(login=_login(row["login"]), name=row["name"], role=row["role"])


def _group(row: Row) -> GroupAdvisor:
    if not row["class_group"]:  # else the advisor would see all students of whom no class group is known
        raise _Mistake("a class group is missing", "ยังไม่ได้ใส่กลุ่มเรียน")
    group = normalise.read_class_group(row["class_group"])  # as rosters are read, else it would be another group
    if group.value is None:
        raise _Mistake(
            f"'{row['class_group']}' is no name of a class group; if a spreadsheet made a date of it, make the cell text and "
            "type the name again",
            f"'{row['class_group']}' ไม่ใช่ชื่อกลุ่มเรียน ถ้าโปรแกรมตารางเปลี่ยนเป็นวันที่ ให้ตั้งช่องเป็นข้อความแล้วพิมพ์ชื่อใหม่",
        )
    return GroupAdvisor(class_group=group.value, advisor=_login(row["advisor"]), head=_login(row["head"]))


def _login(cell: str) -> str:
    """Logins are kept and compared in lower case."""
    return unicodedata.normalize("NFC", cell).strip().lower()


def _capacity(row: Row) -> Capacity:
    visits, rows = _whole(row, "visits_per_week"), _whole(row, "rows_per_advisor")
    if visits < 0 or rows < 0:
        raise _Mistake("capacity cannot be negative", "กำลังคนต้องไม่ติดลบ")
    return Capacity(valid_from=_day(row, "valid_from"), visits_per_week=visits, rows_per_advisor=rows)


def _rule(row: Row) -> Rule:
    position = RULES.parse(row["rule"])
    if position is None:
        known = ", ".join(RULES.values)
        raise _Mistake(
            f"there is no rule '{row['rule']}'; rules: {known}", f"ไม่มีระเบียบชื่อ '{row['rule']}' ชื่อที่ใช้ได้คือ {known}"
        )
    name, value = RULES.values[position], normalise.parse_number(row["value"])
    if value is None:
        label = RULES.codes[position].label.th
        raise _Mistake(f"the value of '{name}' is no number", f"ค่าของ '{label}' ({name}) ไม่ใช่ตัวเลข ให้ใส่เป็นตัวเลข")
    rule = Rule(name=name, value=value, stage=_stage(row), after_terms=_after_terms(row))
    if (wrong := wrong_value(rule)) is not None:
        raise _Mistake(wrong.en, wrong.th)
    if (rule.stage or rule.after_terms is not None) and name not in RULES_BY_STAGE:
        raise _Mistake(
            f"'{name}' holds for the whole institution; leave 'stage' and 'after_terms' empty",
            f"ระเบียบ '{name}' ใช้กับทั้งสถานศึกษา ให้เว้นช่อง 'ระดับการศึกษา' และ 'เมื่อเรียนครบกี่ภาคเรียน' ว่างไว้",
        )
    return rule


def _after_terms(row: Row) -> int | None:
    if not row["after_terms"]:
        return None
    terms = normalise.parse_whole(row["after_terms"])
    if terms is None or not 1 <= terms <= 12:
        raise _Mistake(
            "'after_terms' must be a whole number between 1 and 12", "'เมื่อเรียนครบกี่ภาคเรียน' ต้องเป็นจำนวนเต็ม 1 ถึง 12"
        )
    return terms


def _stage(row: Row) -> str:
    position = STAGES.parse(row["stage"]) if row["stage"] else None
    if row["stage"] and position is None:
        known = ", ".join(code.label.th for code in STAGES.codes)
        raise _Mistake(
            f"'{row['stage']}' is no stage of education; known: {known}",
            f"ไม่รู้จักระดับการศึกษา '{row['stage']}' ที่ใช้ได้คือ {known}",
        )
    return "" if position is None else STAGES.values[position]


def _each_once(path: Path, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, none of them twice: of two values nobody could say which holds. Raises ConfigurationGap."""
    first: dict[RuleKey, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.key, rule)
        if other is not rule:
            raise ConfigurationGap(
                f"{path.name}, sheet '{_RULES_SHEET}': {other.told.en} is there twice, the second time with "
                f"{rule.shown_value.en}. Keep one row. · ไฟล์ {path.name} แผ่นงาน '{_RULES_SHEET}': "
                f"'{other.told.th}' มีสองแถว อีกแถวใส่ {rule.shown_value.th} ให้เหลือแถวเดียว"
            )
    return tuple(rules)


# Into the data home


def apply_college(home: DataHome, college: College, today: date | None = None) -> list[StaffMember]:
    """Enter or correct everything but calendar and rules (which are records); returns staff whose account is new.

    A class group that never had an advisor gets its first one from the first term on; any later one counts from `today`
    (default: in Bangkok), so that earlier lists keep their advisors. Raises ConfigurationGap when a class group names an
    advisor who is nobody's account or a head who is none, or a rule has a value that it cannot have.
    """
    code, today = college.institution.code, today or local_day(datetime.now(UTC))
    _require_usable_code(code)
    _require_usable_rules(college)
    _require_known_advisors(home, college)
    ledger.add_institution(home.database, college.institution)
    with home.database.write() as session:
        new = [member for member in college.staff if account_by_login(session, member.login) is None]
        for member in new:
            session.add(AccountRow(login=member.login, name=member.name, role=member.role, institution=code))
        session.flush()
        first = min((term.opens_on for term in college.terms), default=date(2000, 1, 1))
        _assign_groups(session, college, first, today)
        for capacity in college.capacity:
            session.merge(
                CapacityRow(
                    institution=code,
                    valid_from=capacity.valid_from,
                    visits_per_week=capacity.visits_per_week,
                    rows_per_advisor=capacity.rows_per_advisor,
                )
            )
    return new


def _assign_groups(session: Session, college: College, first: date, today: date) -> None:
    code = college.institution.code
    advised, headed = assigned_groups(session, code), assigned_groups(session, code, DEPARTMENT_HEAD)
    for group in college.groups:
        advisor = account_by_login(session, group.advisor)
        if advisor is None or advisor.institution != code:
            raise ConfigurationGap(
                f"Class group '{group.class_group}' names the advisor '{group.advisor}', whose account belongs to "
                "another institution. Give this institution's advisor a login of their own. · "
                f"กลุ่มเรียน '{group.class_group}' ระบุครูที่ปรึกษา '{group.advisor}' ซึ่งเป็นบัญชีของสถานศึกษาอื่น "
                "ให้ตั้งชื่อผู้ใช้ของครูที่ปรึกษาในสถานศึกษานี้เอง"
            )
        since = today if group.class_group in advised else first
        assign_group(session, account=advisor, class_group=group.class_group, valid_from=since)
        if group.head:
            since = today if group.class_group in headed else first
            head = _head_of(session, group, code)
            assign_department(session, account=head, class_group=group.class_group, valid_from=since)


def _head_of(session: Session, group: GroupAdvisor, code: str) -> AccountRow:
    head = account_by_login(session, group.head)
    if head is None or head.institution != code or head.role != DEPARTMENT_HEAD:
        raise ConfigurationGap(
            f"Class group '{group.class_group}' names the head of department '{group.head}', and no account of this "
            f"institution with the role '{DEPARTMENT_HEAD}' has that login. Add it to the sheet 'บุคลากร', or correct the "
            f"login. · กลุ่มเรียน '{group.class_group}' ระบุหัวหน้าแผนกวิชา '{group.head}' แต่ไม่มีบัญชีของสถานศึกษานี้ที่ใช้ชื่อนี้ "
            f"และมีบทบาท '{DEPARTMENT_HEAD}' เพิ่มในแผ่นงาน 'บุคลากร' หรือแก้ชื่อผู้ใช้"
        )
    return head


def _require_usable_code(code: str) -> None:
    """The code names a folder of the log and stands in addresses: no slash may lead out of either."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}", code):
        raise ConfigurationGap(
            f"'{code}' is no institution code. Give the code that the ministry uses: digits and Latin letters, "
            "in the sheet 'สถานศึกษา', column 'code'. · "
            f"'{code}' ใช้เป็นรหัสสถานศึกษาไม่ได้ ใส่รหัสของกระทรวงที่เป็นตัวเลขและอักษรโรมัน ในแผ่นงาน 'สถานศึกษา' ช่อง 'code'"
        )


def _require_usable_rules(college: College) -> None:
    """Rules that were typed come without a line of a workbook."""
    for rule in college.rules:
        if (wrong := wrong_value(rule)) is not None:
            raise ConfigurationGap(f"{wrong.en[0].upper()}{wrong.en[1:]}. · {wrong.th}")


def _require_known_advisors(home: DataHome, college: College) -> None:
    with home.database.read() as session:
        known = set(session.scalars(select(AccountRow.login))) | {member.login for member in college.staff}
    for group in college.groups:
        if group.advisor not in known:
            raise ConfigurationGap(
                f"Class group '{group.class_group}' names the advisor '{group.advisor}', who has no account. "
                "Add a row for that login to the sheet 'บุคลากร', or correct the login. · "
                f"กลุ่มเรียน '{group.class_group}' ระบุครูที่ปรึกษา '{group.advisor}' ซึ่งยังไม่มีบัญชี "
                "เพิ่มในแผ่นงาน 'บุคลากร' หรือแก้ชื่อผู้ใช้"
            )
