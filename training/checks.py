"""All checks of a trained model, run on its evidence: what blocks, what is advice, what passed, what could not be asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from records.text import Text
from training import (
    check_calibration,
    check_data,
    check_fairness,
    check_leakage,
    check_skill,
    check_stability,
)
from training.check_declaration import Check, NotApplicable, Severity
from training.evidence import Evidence


@dataclass(frozen=True, kw_only=True)
class Group:
    """The checks of one kind; their codes share the first three letters."""

    prefix: str
    title: Text
    checks: tuple[Check, ...]


GROUPS = (
    Group(prefix="TR1", title=Text(th="ข้อมูล", en="Data"), checks=check_data.CHECKS),
    Group(prefix="TR2", title=Text(th="ข้อมูลรั่ว", en="Leakage"), checks=check_leakage.CHECKS),
    Group(prefix="TR3", title=Text(th="ความแม่น", en="Skill"), checks=check_skill.CHECKS),
    Group(prefix="TR4", title=Text(th="การปรับเทียบ", en="Calibration"), checks=check_calibration.CHECKS),
    Group(prefix="TR5", title=Text(th="ความเป็นธรรม", en="Fairness"), checks=check_fairness.CHECKS),
    Group(prefix="TR6", title=Text(th="ความคงเส้นคงวา", en="Stability"), checks=check_stability.CHECKS),
)
CHECKS: tuple[Check, ...] = tuple(check for group in GROUPS for check in group.checks)


class Section(Enum):
    """Where a result stands in a report, in this order."""

    BLOCKING = "blocking"
    ADVICE = "advice"
    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"

    @property
    def title(self) -> Text:
        return _SECTIONS[self]


_SECTIONS = {
    Section.BLOCKING: Text(th="ไม่ผ่าน ใช้งานไม่ได้", en="Failed, and blocking"),
    Section.ADVICE: Text(th="ควรพิจารณาก่อนลงนาม", en="To be weighed before signing"),
    Section.PASSED: Text(th="ผ่าน", en="Passed"),
    Section.NOT_APPLICABLE: Text(th="ตรวจไม่ได้", en="Could not be asked"),
}


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """`said` is what a failed check saw, or why one could not be asked; None of one that passed."""

    check: Check
    section: Section
    said: Text | None


def run_checks(evidence: Evidence, checks: Sequence[Check] = CHECKS) -> tuple[CheckResult, ...]:
    """Every check's result, section by section, by code within."""
    results = [_result(check, evidence) for check in checks]
    order = list(Section)
    return tuple(sorted(results, key=lambda one: (order.index(one.section), one.check.code)))


def _result(check: Check, evidence: Evidence) -> CheckResult:
    try:
        found = check.run(evidence)
    except NotApplicable as not_asked:
        return CheckResult(check=check, section=Section.NOT_APPLICABLE, said=not_asked.reason)
    if found is None:
        return CheckResult(check=check, section=Section.PASSED, said=None)
    section = Section.BLOCKING if check.severity is Severity.BLOCKING else Section.ADVICE
    return CheckResult(check=check, section=section, said=found.said)


def blocking(results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The failed checks that forbid promotion; empty where a person may sign."""
    return tuple(one for one in results if one.section is Section.BLOCKING)


def as_json(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """For the card: all that is needed to show the results, or to refuse a promotion, without these declarations."""
    return [
        {
            "code": one.check.code,
            "severity": one.check.severity.value,
            "section": one.section.value,
            "title": _both(one.check.title),
            "said": None if one.said is None else _both(one.said),
            "why": _both(one.check.why),
            "what_to_do": _both(one.check.what_to_do),
        }
        for one in results
    ]


def _both(text: Text) -> dict[str, str]:
    return {"th": text.th, "en": text.en}


def lines(results: Sequence[CheckResult], language: str) -> list[str]:
    """The results in words ('th' or 'en'), section by section: failed ones with why and what to do, passed ones in a line."""
    return [line for section in Section for line in _section_lines(section, results, language)]


def _section_lines(section: Section, results: Sequence[CheckResult], language: str) -> Iterator[str]:
    mine = [one for one in results if one.section is section]
    if not mine:
        return
    yield f"{section.title.in_language(language)} ({len(mine)})"
    for one in mine:
        yield from _result_lines(one, language)


_WHY = Text(th="เพราะ", en="Why")
_WHAT_TO_DO = Text(th="ทำอย่างไร", en="What to do")


def _result_lines(result: CheckResult, language: str) -> Iterator[str]:
    code, title = result.check.code, result.check.title.in_language(language)
    said = result.said.in_language(language) if result.said else ""
    if result.section not in (Section.BLOCKING, Section.ADVICE):
        yield f"  {code} {title}" + (f" ({said})" if said else "")
        return
    yield f"  {code} {said}"  # not the title, which says what is so when the check passes
    yield f"    {_WHY.in_language(language)}: {result.check.why.in_language(language)}"
    yield f"    {_WHAT_TO_DO.in_language(language)}: {result.check.what_to_do.in_language(language)}"
