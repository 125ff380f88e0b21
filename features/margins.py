"""How far a student is from a rule of the institution: absences left, days left in a row, points above the least GPA."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numba
import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.course_walk import AbsenceRule, Counts, begins_of
from features.day_totals import came_before
from features.declaration import Feature
from features.remembered import remembered
from features.row_walk import RowsAsked
from features.rules import DEFAULTS, Entered, entered
from features.versioned_rows import taken
from features.vocabulary import Sessions
from records.codes import LEVELS, STAGE_OF_LEVEL, STAGES
from records.tables import ENROLMENTS, RULES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_STAGES = {"": -1, **{stage: at for at, stage in enumerate(STAGES.values)}}
_STAGE = np.array([_STAGES[STAGE_OF_LEVEL.get(level, "")] for level in (*LEVELS.values, "")])
"""The stage of each level, -1 where it has none; the last: no level is told."""


def rule_of(asked: Asked, name: str) -> Floats:
    """What a rule that holds for everybody is at each student's institution: its own value, or the default."""
    of_institution = remembered(
        asked.state, f"rule {name}", _entered_until(asked), lambda: _of_institutions(asked, name)
    )
    first = of_institution[0]
    if (of_institution == first).all():  # mostly: then nobody's institution need be looked up
        return np.full(asked.size, first)
    return np.asarray(of_institution[asked.institution])


def _of_institutions(asked: Asked, name: str) -> Floats:
    found = np.full(len(asked.state.offsets), DEFAULTS.get(name, np.nan))
    for where, rules in _entered(asked).items():
        for rule in rules:
            if rule.name == name and not rule.stage and rule.after_terms is None:
                found[where] = rule.value
    return found


def _entered(asked: Asked) -> dict[int, list[Entered]]:
    """What each institution has entered for days before today."""
    today, institutions = asked.cohort.today, np.unique(asked.state.rows[RULES.name].student).tolist()
    return remembered(
        asked.state, "rules", _entered_until(asked),
        lambda: {where: entered(asked.state, where, before=today) for where in institutions},
    )  # fmt: skip


def _entered_until(asked: Asked) -> tuple[int, int | None]:
    """What has to be the same for the same rules to hold: today only while a rule is entered ahead."""
    rows, today = asked.state.rows[RULES.name], asked.cohort.today
    return rows.version, today if rows.newest_day >= today else None


def absence_rule(asked: Asked) -> AbsenceRule:
    """The rule on absences of each student's institution."""
    return AbsenceRule(
        share=rule_of(asked, "attendance_share"),
        leaves_per_absence=rule_of(asked, "leaves_per_absence"),
        lates_per_absence=rule_of(asked, "lates_per_absence"),
    )


def absences_allowed(asked: Asked, share: Floats, held: Floats | Counts, in_company: Counts) -> Floats:
    """How many absences a student may have in the whole term, of its teaching days since the student is in it.

    Of who has teaching days of their own, and of a dual student: of as many days as there will be at the college if it
    goes on as it did, by the days of the term that were `held` there, and the teaching days there were or those that were
    a day `in_company`.
    """
    cohort, calendars = asked.cohort, asked.calendars
    opens, closes = np.array([(span.opens, span.closes) for span in cohort.terms], np.int64).T
    days = calendars.taught_between(np.arange(len(opens)), opens, closes + 1).astype(np.float64)[cohort.term]
    begins = begins_of(asked, asked.state.attendance.marks(Sessions.DAY))
    begins = np.where(came_before(asked, begins), cohort.opens, begins)
    late = np.flatnonzero(begins > cohort.opens)
    days[late] = calendars.taught_between(cohort.term[late], begins[late], closes[cohort.term[late]] + 1)
    gone_by = np.where(asked.outside.dual & (in_company > 0), held + in_company, 0)
    own = np.flatnonzero(asked.keeps_own_days)
    gone_by[own] = calendars.taught_between(cohort.term[own], begins[own], cohort.today)
    some = np.flatnonzero(gone_by > 0)
    days[some] = np.floor(days[some] * held[some] / gone_by[some] + 1e-6)
    return np.asarray(_allowed(days, share))


@numba.njit(cache=True, nogil=True)
def _allowed(days, share):  # type: ignore[no-untyped-def]
    found = np.empty(len(days))
    for i in range(len(days)):
        found[i] = np.floor(days[i] * (1 - share[i]) + 1e-6)
    return found


def above_bars(asked: Asked, feature: Feature, gpax: Floats) -> Floats:
    """The newest GPAX less the bar; of a term before the student's stage it says nothing of the bar of the stage."""
    above, began = gpax - _gpa_bars(asked), _stage_began(asked)
    moved = np.flatnonzero(began)
    if len(moved):
        rows = RowsAsked(replace(asked, cohort=asked.cohort.among(moved)), asked.state.rows[feature.table.name])
        term = rows.picked(rows.rows.terms(), rows.newest(feature, None), 0)
        above[moved[term < began[moved]]] = np.nan
    return above


def _gpa_bars(asked: Asked) -> Floats:
    """The least GPAX that each student must have: of several, the next to come after the terms completed, else the last."""
    cohort = asked.cohort
    bars = remembered(asked.state, "bars", _entered_until(asked), lambda: _bars(asked))
    term = np.array([min(span.term, 3) for span in cohort.terms], np.int64)[cohort.term]
    return np.asarray(bars[asked.institution, cohort.level, term])


def _stage_began(asked: Asked) -> Ints:
    """The first term of each student on a roster of their stage, as VersionedRows.terms has it; 0 where none came before."""
    rows, began = asked.state.rows[ENROLMENTS.name], np.empty(asked.size, np.int64)
    starts, stage = rows.starts(asked.state.students), taken(_STAGE, rows.columns["level"])
    now = asked.cohort.student, taken(_STAGE, asked.cohort.level)
    _put_stage_began(*now, starts, stage, rows.terms(), rows.columns["alive"], began)
    return began


@numba.njit(cache=True, nogil=True)
def _put_stage_began(student, own, starts, stage, term, alive, began):  # type: ignore[no-untyped-def]
    for i in range(len(student)):
        first = earliest = 1 << 32  # later than every term
        for row in range(starts[student[i]], starts[student[i] + 1]):
            if alive[row]:
                earliest = min(earliest, term[row])
                if stage[row] == own[i]:
                    first = min(first, term[row])
        began[i] = first if earliest < first and own[i] >= 0 else 0


def _bars(asked: Asked) -> Floats:
    """The least GPAX by institution, level (the last: no level is told) and term of the year."""
    bars = np.full((len(asked.state.offsets), len(LEVELS.codes) + 1, 4), np.nan)
    alike: dict[tuple[Entered, ...], Floats] = {}  # most institutions have entered the same
    for institution, rules in _entered(asked).items():
        of_gpa = tuple(rule for rule in rules if rule.name == "gpa_minimum")
        if of_gpa not in alike:
            alike[of_gpa] = _bars_of(of_gpa)
        bars[institution] = alike[of_gpa]
    return bars


def _bars_of(rules: Sequence[Entered]) -> Floats:
    """What these rules ask at each level and term of the year."""
    bars = np.full((len(LEVELS.codes) + 1, 4), np.nan)
    for level in range(-1, len(LEVELS.codes)):
        stage, year = _stage_and_year(level)
        completed = [None if year is None else (year - 1) * 2 + term - 1 for term in range(4)]
        bars[level] = list(map(_bar_of(rules, stage), completed))
    return bars


def _stage_and_year(level: int) -> tuple[str, int | None]:
    """The stage of a level and its year, None where it has no year: then nobody can count the terms completed."""
    if level < 0:
        return "", None
    code = LEVELS.codes[level]
    return STAGE_OF_LEVEL.get(code.value, ""), None if code.worth is None else int(code.worth)


def _bar_of(rules: Sequence[Entered], stage: str) -> Callable[[int | None], float]:
    """The bar by terms completed: the rules of the stage, or those of no stage where it has none of its own."""
    held = [rule for rule in rules if rule.stage == stage and stage] or [rule for rule in rules if not rule.stage]
    steps = sorted((rule.after_terms, rule.value) for rule in held if rule.after_terms is not None)
    always = [rule.value for rule in held if rule.after_terms is None]

    def bar(completed: int | None) -> float:
        if steps:
            reached = float("nan") if completed is None else completed
            coming = [value for after, value in steps if after > reached]
            return coming[0] if coming else steps[-1][1] if completed is not None else float("nan")
        return always[0] if always else float("nan")

    return bar
