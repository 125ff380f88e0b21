"""Which group each row of a contest belongs to, as was known on its day: for judging whether the list treats groups alike.

This file alone reads the columns declared `Use.AUDIT`, and each run leaves one audit row an institution. No row of a
student leaves training/fairness.py, which counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.catalogue import FEATURE_OF
from features.snapshot import features
from features.state import State
from records.access import open_log
from records.clock import milliseconds, start_of
from records.codes import LEVELS, NATIONALITY_GROUPS, POVERTY_CLASSES, SEXES, STUDY_MODES, Code
from records.home import DataHome
from records.log import EventLog
from records.tables import CALENDAR, ENROLMENTS, HOUSEHOLD, OUTCOMES, SAME_PERSON, STUDENTS, Table
from records.text import Text
from training.contest import Contest, Round

Groups = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
NOT_KNOWN = -1
NOT_KNOWN_CODE = Code(value="NOT_KNOWN", label=Text(th="ไม่ทราบ", en="not known"))

# The ministry's size classes of secondary schools by number of students (สพม.: เล็ก กลาง ใหญ่ ใหญ่พิเศษ), used for
# colleges too [judgement]; below the first bound an institution leans on the pooled model by its offset.
SIZE_BOUNDS = (500, 1500, 2500)
_SIZES = (
    Code(value="SMALL", label=Text(th="น้อยกว่า 500 คน", en="fewer than 500 students")),
    Code(value="MEDIUM", label=Text(th="500–1,499 คน", en="500–1,499 students")),
    Code(value="LARGE", label=Text(th="1,500–2,499 คน", en="1,500–2,499 students")),
    Code(value="VERY_LARGE", label=Text(th="2,500 คนขึ้นไป", en="2,500 students or more")),
)
_DISABILITY = (
    Code(value="NO", label=Text(th="ไม่มีความพิการ", en="no disability")),
    Code(value="YES", label=Text(th="มีความพิการ", en="any disability")),
)
_SAID_AS_NOT_KNOWN = ("U", "UNKNOWN")
_POVERTY = FEATURE_OF["poverty_class"]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One way of dividing people into groups; a row's group is the position of its code, or NOT_KNOWN."""

    name: str
    label: Text
    groups: tuple[Code, ...]

    def code(self, position: int) -> Code:
        return NOT_KNOWN_CODE if position == NOT_KNOWN else self.groups[position]


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(name="sex", label=STUDENTS["sex"].label, groups=SEXES.codes),
    Attribute(
        name="nationality_group", label=STUDENTS["nationality_group"].label, groups=NATIONALITY_GROUPS.codes
    ),
    Attribute(name="poverty_class", label=HOUSEHOLD["poverty_class"].label, groups=POVERTY_CLASSES.codes),
    Attribute(name="disability_any", label=STUDENTS["disability_any"].label, groups=_DISABILITY),
    Attribute(name="level", label=ENROLMENTS["level"].label, groups=LEVELS.codes),
    Attribute(name="study_mode", label=ENROLMENTS["study_mode"].label, groups=STUDY_MODES.codes),
    Attribute(
        name="institution_size", label=Text(th="ขนาดสถานศึกษา", en="size of the institution"), groups=_SIZES
    ),
)  # fmt: skip
ATTRIBUTE_OF = {attribute.name: attribute for attribute in ATTRIBUTES}


def group_label(attribute: str, group: str) -> Text:
    """The words for a group as evidence names it. Raises KeyError for a name that no attribute has."""
    codes = (*ATTRIBUTE_OF[attribute].groups, NOT_KNOWN_CODE)
    return {code.value: code.label for code in codes}[group]


@dataclass(frozen=True, kw_only=True, repr=False)  # rows of students are not for printing
class AuditGroups:
    """By name of the attribute: for each round of the contest the group of each of its rows, (rows,)."""

    of: Mapping[str, tuple[Groups, ...]]


def audit_groups(home: DataHome, contest: Contest, *, actor: str) -> AuditGroups:
    """The groups of every row as known on the day of its round. Writes one audit row an institution."""
    newest = {one.institution: one.as_of for one in sorted(contest.rounds, key=lambda one: one.as_of)}
    told = {
        institution: _told(open_log(home, institution, actor=actor, purpose="fairness audit"), day)
        for institution, day in newest.items()
    }
    found = [_groups(told[one.institution], one) for one in contest.rounds]
    return AuditGroups(of={each.name: tuple(of_round[each.name] for of_round in found) for each in ATTRIBUTES})


_READ: tuple[Table, ...] = (SAME_PERSON, STUDENTS, CALENDAR, ENROLMENTS, HOUSEHOLD, OUTCOMES)


def _told(log: EventLog, newest: date) -> dict[str, pa.Table]:
    """The few small tables that groups rest on, in reading order, once for all days."""
    return {table.name: log.rows(table, start_of(newest)) for table in _READ}


def _before(rows: pa.Table, day: date) -> pa.Table:
    """What was recorded before a day: the beginning of the rows, since they come in reading order."""
    told_at = rows.column("recorded_at").cast(pa.int64()).to_numpy()
    return rows.slice(0, int(np.searchsorted(told_at, milliseconds(start_of(day)), side="left")))


def size_group(students: int) -> int:
    """The position of the size class of an institution with so many students enrolled."""
    return int(np.searchsorted(SIZE_BOUNDS, students, side="right"))


def _groups(told: dict[str, pa.Table], one: Round) -> dict[str, Groups]:
    """The groups of a round's rows by attribute; who is enrolled, and where, is asked as every snapshot asks it."""
    known = {table: _before(told[table.name], one.as_of) for table in _READ}
    state = State()
    for table, rows in known.items():  # links come first
        state.fold(table, rows)
    snapshot = features(state, one.as_of, (_POVERTY,), institution=one.institution)
    who = snapshot.cohort
    place = np.searchsorted(who.student, one.week.student)
    mode = state.rows[ENROLMENTS.name].columns["study_mode"][who.row]
    audited = _audited(known[STUDENTS], state.now_called)
    return {
        **{name: _coded(ATTRIBUTE_OF[name], of_all[one.week.student]) for name, of_all in audited.items()},
        "poverty_class": _poverty(snapshot.values[place, 0]),
        "level": _coded(ATTRIBUTE_OF["level"], who.level[place]),
        "study_mode": _coded(ATTRIBUTE_OF["study_mode"], mode[place]),
        "institution_size": np.full(len(place), size_group(len(who.student)), np.int64),
    }


def _audited(rows: pa.Table, now_called: Ints) -> dict[str, Groups]:
    """The audit columns by student number as they were told last; what was retracted or never told is not known."""
    last = np.full(len(now_called), -1, np.int64)
    last[now_called[rows.column("student").to_numpy()]] = np.arange(rows.num_rows)
    retracted = rows.column("retracted").to_numpy(zero_copy_only=False)
    last[last >= 0] = np.where(retracted[last[last >= 0]], -1, last[last >= 0])
    found = {}
    for name in ("sex", "nationality_group", "disability_any"):
        values = rows.column(name).cast(pa.int64()).fill_null(NOT_KNOWN).to_numpy()
        found[name] = np.append(values, NOT_KNOWN)[last]  # -1 is the value appended
    return found


def _coded(attribute: Attribute, position: npt.NDArray[np.integer]) -> Groups:
    """Positions of codes; a code that says "not known" is the same as nothing said."""
    unsaid = [place for place, code in enumerate(attribute.groups) if code.value in _SAID_AS_NOT_KNOWN]
    return np.where(np.isin(position, unsaid), NOT_KNOWN, position).astype(np.int64)


def _poverty(worth: npt.NDArray[np.float32]) -> Groups:
    """The class by the number that the feature gives for it."""
    found = np.full(len(worth), NOT_KNOWN, np.int64)
    for position, code in enumerate(POVERTY_CLASSES.codes):
        if code.worth is not None:
            found[worth == code.worth] = position
    return found
