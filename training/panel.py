"""The panel: one row for every enrolled student at every weekly as-of, by replay; never stored, always replayed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE
from features.cohort import Cohort, NobodyEnrolled, teaching_days, term_spans
from features.declaration import Feature
from features.snapshot import Snapshot, features
from features.state import Replay
from models.horizon import Horizon
from records.access import open_log
from records.home import DataHome
from records.ledger import student_ids
from records.log import EventLog
from training.outcome import Outcomes, labels, outcomes

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Week:
    """The rows of one institution on one day; arrays have one entry a student (values: one row)."""

    institution: str
    as_of: date
    cohort: Cohort
    """Everybody enrolled on the day, also when the rows were narrowed to some of them."""
    student: Ints
    person: Ints
    term: list[tuple[int, int]]
    group: Ints
    values: Floats
    left: Flags
    strict: Flags
    gone: Flags
    mature: bool

    def rows(self, chosen: Flags) -> "Week":
        picked = np.flatnonzero(chosen)
        return Week(
            institution=self.institution,
            as_of=self.as_of,
            cohort=self.cohort,
            student=self.student[picked],
            person=self.person[picked],
            term=[self.term[index] for index in picked],
            group=self.group[picked],
            values=self.values[picked],
            left=self.left[picked],
            strict=self.strict[picked],
            gone=self.gone[picked],
            mature=self.mature,
        )


@dataclass(frozen=True, kw_only=True)
class Panel:
    features: tuple[Feature, ...]
    weeks: tuple[Week, ...]

    def matrix(self, *, with_gone: bool = False) -> tuple[Floats, Flags, Ints]:
        """Values, labels and persons of all rows together; rows of students who were gone already do not train."""
        kept = [week if with_gone else week.rows(~week.gone) for week in self.weeks]
        if not kept:
            return np.zeros((0, len(self.features)), np.float32), np.zeros(0, bool), np.zeros(0, np.int64)
        return (
            np.concatenate([week.values for week in kept]),
            np.concatenate([week.left for week in kept]),
            np.concatenate([week.person for week in kept]),
        )

    def of(self, chosen: Callable[[Week], bool]) -> "Panel":
        return Panel(features=self.features, weeks=tuple(week for week in self.weeks if chosen(week)))

    @property
    def rows(self) -> int:
        return sum(len(week.student) for week in self.weeks)


def mondays(log: EventLog, until: date, terms: Iterable[tuple[int, int]] | None = None) -> list[date]:
    """The as-of days of the teaching weeks before `until`: Mondays whose week has a teaching day, term by term."""
    state = Replay(log).advance(until)
    wanted = None if terms is None else set(terms)
    held = teaching_days(state).astype("datetime64[D]")
    found: set[date] = set()
    for span in term_spans(state):
        if wanted is not None and (span.academic_year, span.term) not in wanted:
            continue
        inside = held[(held >= np.datetime64(span.opens, "D")) & (held <= np.datetime64(span.closes, "D"))]
        days: list[date] = inside.tolist()
        found |= {day - timedelta(days=day.weekday()) for day in days}
    return sorted(day for day in found if day < until)


def build_panel(
    home: DataHome,
    institutions: Sequence[str],
    *,
    horizon: Horizon,
    known_until: date,
    actor: str,
    as_ofs: Sequence[date] | None = None,
    catalogue: Sequence[Feature] = CATALOGUE,
    progress: Callable[[str, int], None] = lambda step, rows: None,
) -> Panel:
    """Replay each institution's log over its teaching weeks (or `as_ofs`) and label the rows as known on `known_until`."""
    weeks: list[Week] = []
    persons: dict[UUID, int] = {}
    for institution in institutions:
        log = open_log(home, institution, actor=actor, purpose="training panel")
        days = mondays(log, known_until) if as_ofs is None else sorted(as_ofs)
        found = outcomes(log, known_until)
        numbered = _person_numbers(student_ids(home.database, institution), persons)
        forward = Replay(log)
        for day in days:
            state = forward.advance(day)
            try:
                snapshot = features(state, day, catalogue, institution=institution)
            except NobodyEnrolled:  # weeks before the first roster
                continue
            weeks.append(_week(snapshot, found, horizon, numbered))
            progress("panel", len(weeks[-1].student))
    return Panel(features=tuple(catalogue), weeks=tuple(weeks))


def _person_numbers(ids: dict[int, UUID], persons: dict[UUID, int]) -> Ints:
    """Student number → a number for the person, the same in every institution of this panel."""
    numbered = np.full(max(ids, default=-1) + 1, -1, np.int64)
    for number, student_id in ids.items():
        numbered[number] = persons.setdefault(student_id, len(persons))
    return numbered


def _week(snapshot: Snapshot, found: Outcomes, horizon: Horizon, persons: Ints) -> Week:
    who = snapshot.cohort
    said = labels(found, who, horizon)
    spans = [(span.academic_year, span.term) for span in who.terms]
    return Week(
        institution=snapshot.institution,
        as_of=snapshot.as_of,
        cohort=who,
        student=who.student,
        person=persons[who.student],
        term=[spans[position] for position in who.term],
        group=who.group,
        values=snapshot.values,
        left=said.left,
        strict=said.strict,
        gone=said.gone,
        mature=said.mature,
    )


def relabelled(home: DataHome, panel: Panel, *, horizon: Horizon, known_until: date, actor: str) -> Panel:
    """The same rows with the labels that were known on another day: what an analyst could have trained on then."""
    found = {
        institution: outcomes(open_log(home, institution, actor=actor, purpose="labels as known then"), known_until)
        for institution in {week.institution for week in panel.weeks}
    }
    weeks = []
    for week in panel.weeks:
        said = labels(found[week.institution], week.cohort, horizon)
        weeks.append(replace(week, left=said.left, strict=said.strict, gone=said.gone, mature=said.mature))
    return Panel(features=panel.features, weeks=tuple(weeks))
