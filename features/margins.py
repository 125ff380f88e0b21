"""How far a student is from a rule of the institution: absences left, days left in a row, points above the least GPA."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.cohort import distinct
from features.course_walk import AbsenceRule
from features.remembered import remembered
from features.rules import DEFAULTS, Entered, entered
from features.state import NO_DAY
from records.codes import LEVELS, STAGE_OF_LEVEL
from records.tables import ENROLMENTS, RULES

Floats = npt.NDArray[np.float64]


def rule_of(asked: Asked, name: str) -> Floats:
    """What a rule that holds for everybody is at each student's institution: its own value, or the default."""
    of_institution = np.full(len(asked.state.offsets), DEFAULTS.get(name, np.nan))
    for where, rules in _entered(asked).items():
        for rule in rules:
            if rule.name == name and not rule.stage and rule.after_terms is None:
                of_institution[where] = rule.value
    return np.asarray(of_institution[asked.institution])


def _entered(asked: Asked) -> dict[int, list[Entered]]:
    """What each institution has entered for days before today."""
    rows, today = asked.state.rows[RULES.name], asked.cohort.today
    same = rows.version, today if rows.newest_day >= today else None
    return remembered(
        asked.state, "rules", same,
        lambda: {where: entered(asked.state, where, before=today) for where in np.unique(rows.student).tolist()},
    )  # fmt: skip


def absence_rule(asked: Asked) -> AbsenceRule:
    """The rule on absences of each student's institution."""
    return AbsenceRule(
        share=rule_of(asked, "attendance_share"),
        leaves_per_absence=rule_of(asked, "leaves_per_absence"),
        lates_per_absence=rule_of(asked, "lates_per_absence"),
    )


def absences_allowed(asked: Asked, share: Floats) -> Floats:
    """How many absences a student may have in the whole term: of its teaching days from the opening or registration."""
    cohort = asked.cohort
    registered = asked.state.rows[ENROLMENTS.name].columns["registered_on"][cohort.row].astype(np.int64)
    since = np.where(registered == NO_DAY, cohort.opens, np.maximum(cohort.opens, registered))
    closes = np.array([span.closes for span in cohort.terms], np.int64)[cohort.term]
    days = asked.calendars.taught_between(cohort.term, since, closes + 1)
    return np.floor(days * (1 - share) + 1e-6)


def gpa_bars(asked: Asked) -> Floats:
    """The least GPAX that each student must have: of several, the next to come after the terms completed, else the last."""
    cohort = asked.cohort
    term = np.array([min(span.term, 3) for span in cohort.terms], np.int64)[cohort.term]
    where = asked.institution
    levels = len(LEVELS.codes) + 1
    told, place = distinct((where * levels + cohort.level + 1) * 4 + term)
    bars = np.full(len(told), np.nan)
    for at, one in enumerate(told.tolist()):
        institution, level = divmod(one // 4, levels)
        rules = _gpa_rules(asked, institution)
        if rules:
            stage, year = _stage_and_year(level - 1)
            bars[at] = _bar_of(rules, stage)(None if year is None else (year - 1) * 2 + one % 4 - 1)
    return np.asarray(bars[place])


def _gpa_rules(asked: Asked, institution: int) -> list[Entered]:
    return [rule for rule in _entered(asked).get(institution, []) if rule.name == "gpa_minimum"]


def _stage_and_year(level: int) -> tuple[str, int | None]:
    """The stage of a level and its year, None where it has no year: then nobody can count the terms completed."""
    if level < 0:
        return "", None
    code = LEVELS.codes[level]
    return STAGE_OF_LEVEL.get(code.value, ""), None if code.worth is None else int(code.worth)


def _bar_of(rules: list[Entered], stage: str) -> Callable[[int | None], float]:
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
