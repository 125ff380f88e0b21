"""How many leave: by week and horizon, in both readings, and who was not counted and why.

A base rate says little without what was censored: who moved, finished or died counts as staying, who had left without
anybody knowing is in no rate, and of a week that is not settled yet there is none. No model is asked, and no feature.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from features.cohort import Cohort, NobodyEnrolled, cohort
from features.state import Replay
from models.horizon import HORIZONS, Horizon
from records.access import open_log
from records.home import DataHome
from training.facts import shown
from training.outcome import Ending, Outcomes, are_back, endings, labels, outcomes_of
from training.panel import TermKey, term_of_mondays


@dataclass(frozen=True, kw_only=True)
class BaseRate:
    """One week, or one term (`as_of` None), of one institution; counts are of students, of a term of student-weeks.

    `students` are on the roster and not gone; of them `left` leave within the horizon (broad: also who went missing),
    `confirmed` for certain; `moved`, `finished` and `died` did so first, and stay in the count as staying. `gone` had
    left without anybody knowing that day. `returned` were there again after leaving, earlier in the term. Who leaves is
    None while it is not settled: before the horizon's end and the roster count after it are known.
    """

    institution: str
    term: TermKey
    as_of: date | None
    horizon: str
    mature: bool
    students: int
    left: int | None
    confirmed: int | None
    moved: int | None
    finished: int | None
    died: int | None
    gone: int
    returned: int

    @property
    def rate(self) -> float | None:
        """The broad base rate."""
        return None if self.left is None or not self.students else self.left / self.students

    @property
    def confirmed_rate(self) -> float | None:
        return None if self.confirmed is None or not self.students else self.confirmed / self.students


def base_rates(home: DataHome, institutions: Sequence[str], *, known_until: date, actor: str) -> list[BaseRate]:
    """Every teaching week before `known_until` at each of the horizons, as known that day, in order."""
    return [
        found
        for institution in dict.fromkeys(institutions)
        for found in _of_institution(home, institution, known_until=known_until, actor=actor)
    ]


def _of_institution(home: DataHome, institution: str, *, known_until: date, actor: str) -> Iterator[BaseRate]:
    log = open_log(home, institution, actor=actor, purpose="base rates")
    last = Replay(log).advance(known_until)
    found, term = outcomes_of(last, log, known_until), term_of_mondays(last, known_until)
    forward = Replay(log)
    for day in sorted(term):
        try:
            who = cohort(forward.advance(day), day)
        except NobodyEnrolled:  # weeks before the first roster
            continue
        for horizon in HORIZONS.values():
            yield _week(institution, term[day], who, found, horizon)


def _week(institution: str, term: TermKey, who: Cohort, found: Outcomes, horizon: Horizon) -> BaseRate:
    said, ended = labels(found, who, horizon), endings(found, who, horizon)
    here = ~said.gone

    def count(flags: npt.NDArray[np.bool_]) -> int | None:
        return int(flags[here].sum()) if said.mature else None

    return BaseRate(
        institution=institution,
        term=term,
        as_of=who.as_of,
        horizon=horizon.name,
        mature=said.mature,
        students=int(here.sum()),
        left=count(said.left),
        confirmed=count(said.strict),
        moved=count(ended == Ending.MOVED),
        finished=count(ended == Ending.FINISHED),
        died=count(ended == Ending.DIED),
        gone=int(said.gone.sum()),
        returned=int(are_back(found, who).sum()),
    )


def by_term(weeks: Sequence[BaseRate]) -> list[BaseRate]:
    """The weeks of each institution, term and horizon together; a term with a week that is not settled counts the others."""
    groups: dict[tuple[str, TermKey, str], list[BaseRate]] = {}
    for week in weeks:
        groups.setdefault((week.institution, week.term, week.horizon), []).append(week)
    return [_together(own) for own in groups.values()]


def _together(weeks: Sequence[BaseRate]) -> BaseRate:
    mature = [week for week in weeks if week.mature]
    counted = mature or weeks

    def count(name: str) -> int | None:
        return sum(getattr(week, name) for week in mature) if mature else None

    return replace(
        weeks[0],
        as_of=None,
        mature=len(mature) == len(weeks),
        students=sum(week.students for week in counted),
        gone=sum(week.gone for week in counted),
        returned=sum(week.returned for week in counted),
        left=count("left"),
        confirmed=count("confirmed"),
        moved=count("moved"),
        finished=count("finished"),
        died=count("died"),
    )


# Telling


def as_numbers(found: Sequence[BaseRate]) -> list[dict[str, Any]]:
    """For JSON, with the rates."""
    return [
        {
            **asdict(one),
            "term": shown(one.term),
            "as_of": one.as_of.isoformat() if one.as_of else None,
            "rate": one.rate,
            "confirmed_rate": one.confirmed_rate,
        }
        for one in found
    ]


_HEAD = (
    "วันที่ · week", "ระยะ · horizon", "นักเรียน · students", "ออก · left", "%", "ยืนยัน · confirmed", "%",
    "ย้าย · moved", "จบ · finished", "เสียชีวิต · died", "ออกแล้วไม่มีใครทราบ · gone", "กลับมา · returned",
)  # fmt: skip
_UNSETTLED = "–"


def told(weeks: Sequence[BaseRate]) -> str:
    """Terms and their weeks as a table for people, one institution and horizon after the other."""
    lines = [
        "อัตราการออกกลางคัน ย้าย จบ และเสียชีวิตนับว่าไม่ออก – คือยังไม่ทราบผล · "
        "Base rates: who moved, finished or died counts as staying; – is not settled yet",
        " | ".join(_HEAD),
    ]
    if not weeks:
        lines.append("ยังไม่มีสัปดาห์เรียนใดก่อนวันนั้นที่ทราบทะเบียน · no teaching week before that day has a known roster")
    for term in by_term(weeks):
        own = [one for one in weeks if _key(one) == _key(term)]
        lines += ["", f"{term.institution} {shown(term.term)}", _line(term), *(_line(one) for one in own)]
    return "\n".join(lines)


def _key(one: BaseRate) -> tuple[str, TermKey, str]:
    return one.institution, one.term, one.horizon


def _line(one: BaseRate) -> str:
    cells = [
        one.as_of.isoformat() if one.as_of else "รวม · all", one.horizon, one.students, one.left, _percent(one.rate),
        one.confirmed, _percent(one.confirmed_rate), one.moved, one.finished, one.died, one.gone, one.returned,
    ]  # fmt: skip
    return " | ".join(_UNSETTLED if cell is None else str(cell) for cell in cells)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.2f}"
