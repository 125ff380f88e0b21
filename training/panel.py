"""The panel: one row for every enrolled student at every weekly as-of, by replay; never stored, always replayed.

In memory a row is four bytes a feature. Above MOST_HELD rows those of older terms are thinned while they are made
(`Week.thinned`), down to LEAST_OLDER: what is held grows with the newest terms alone. Many rows can be made in a process
for each core: a stretch of an institution's days in each, begun by reading its log up to the first of them at once.
Single marks that no question of the usual catalogue looks at are not kept while rows are made (features.saved.kept_from).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE
from features.cohort import Cohort, NobodyEnrolled, teaching_days, term_spans
from features.declaration import Feature, fingerprint
from features.saved import kept_from, reaches
from features.snapshot import Snapshot, features
from features.state import Replay, State, calendar_of
from models.horizon import Horizon
from records.access import open_log
from records.codes import SUMMER_TERM
from records.home import DataHome
from records.ledger import student_ids
from records.log import EventLog
from training.lots import lots
from training.outcome import Outcomes, labels, outcomes_of
from training.side_by_side import in_processes

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
TermKey = tuple[int, int]

MOST_HELD = 4_000_000
"""Rows held before older terms are thinned: 1.5 GB of answers at a hundred features."""
LEAST_OLDER = 1_000_000
"""Rows of older terms that are held however many the newest terms have: what is trained rests on them."""
WHOLE_TERMS = 5
"""The newest opened terms keep every row: one still runs, two are the tests, and on two before them the opponent is chosen."""
OPENINGS = 8
"""Of so many newest terms it is kept what was known when they opened: of the tests and of what they rest on."""
_LEAST_CHANCE = 1 / 128
MOST_ALONE = 400_000
"""Days times students ever enrolled that this process replays alone: starting others takes as long as half of these."""
STRETCH_DAYS = 60
"""As-of days of a stretch: reading the log up to its first takes as long as about twenty."""


@dataclass(frozen=True, kw_only=True)
class Week:
    """The rows of one institution on one day; arrays have one entry a student (values: one row)."""

    institution: str
    as_of: date
    cohort: Cohort
    """Everybody enrolled on the day, also when the rows were narrowed to some of them."""
    student: Ints
    person: Ints
    term: list[TermKey]
    group: Ints
    values: Floats
    left: Flags
    strict: Flags
    gone: Flags
    mature: bool
    weight: Weights | None = None
    """How many rows each stands for; None: only itself."""

    @property
    def weights(self) -> Weights:
        return np.ones(len(self.student)) if self.weight is None else self.weight

    def rows(self, chosen: Flags) -> "Week":
        picked = np.flatnonzero(chosen)
        return replace(
            self,
            student=self.student[picked],
            person=self.person[picked],
            term=[self.term[index] for index in picked],
            group=self.group[picked],
            values=self.values[picked],
            left=self.left[picked],
            strict=self.strict[picked],
            gone=self.gone[picked],
            weight=None if self.weight is None else self.weight[picked],
        )

    def thinned(self, chance: float) -> "Week":
        """Of the rows of students who stay each is kept with this chance, and stands for as many as were left out.

        Thinned again with a smaller chance, the rows are those that this chance alone would have kept.
        """
        stays = ~self.left & ~self.gone
        chances = np.where(stays, np.minimum(1 / self.weights, chance), 1 / self.weights)
        kept = lots(self.institution, self.as_of, self.student) < chances
        return replace(self.rows(kept), weight=1 / chances[kept])


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Weeks in order of institution and day; `fingerprint` says of which records, days and questions it was made.

    `known` holds who had left as far as was known when each of the newest terms opened, and at the end, by that day
    and institution.
    """

    features: tuple[Feature, ...]
    weeks: tuple[Week, ...]
    fingerprint: str = ""
    known: Mapping[date, Mapping[str, Outcomes]] = field(default_factory=dict)

    def matrix(self, *, with_gone: bool = False) -> tuple[Floats, Flags, Ints]:
        """Values, labels and persons of all rows together; rows of students who were gone already do not train.

        The values are filled in week by week: beside the weeks themselves they are held once.
        """
        kept = [np.ones(len(week.gone), bool) if with_gone else ~week.gone for week in self.weeks]
        values = np.empty((sum(int(own.sum()) for own in kept), len(self.features)), np.float32)
        place = 0
        for week, own in zip(self.weeks, kept, strict=True):
            np.compress(own, week.values, axis=0, out=values[place : place + int(own.sum())])
            place += int(own.sum())
        left = [week.left[own] for week, own in zip(self.weeks, kept, strict=True)]
        person = [week.person[own] for week, own in zip(self.weeks, kept, strict=True)]
        return values, np.concatenate([np.zeros(0, bool), *left]), np.concatenate([np.zeros(0, np.int64), *person])

    def of(self, chosen: Callable[[Week], bool]) -> "Panel":
        return replace(self, weeks=tuple(week for week in self.weeks if chosen(week)))

    def known_on(self, day: date, horizon: Horizon) -> "Panel":
        """The weeks before a day with the labels that were known then: what an analyst could have trained on.

        Raises KeyError unless one of the newest terms opened on that day.
        """
        known = self.known[day]
        earlier = (week for week in self.weeks if week.as_of < day)
        return replace(self, weeks=tuple(_labelled(week, known[week.institution], horizon) for week in earlier))

    @property
    def rows(self) -> int:
        return sum(len(week.student) for week in self.weeks)


def mondays(log: EventLog, until: date) -> list[date]:
    """The as-of days of the teaching weeks before `until`: Mondays whose week has a teaching day, in order."""
    return sorted(term_of_mondays(calendar_of(log, until), until))


def term_of_mondays(state: State, until: date) -> dict[date, TermKey]:
    """The same days, unordered, with the term of each."""
    held = teaching_days(state).astype("datetime64[D]")
    found: dict[date, TermKey] = {}
    for span in term_spans(state):
        inside: list[date] = held[
            (held >= np.datetime64(span.opens, "D")) & (held <= np.datetime64(span.closes, "D"))
        ].tolist()
        for day in inside:
            found.setdefault(day - timedelta(days=day.weekday()), (span.academic_year, span.term))
    return {day: term for day, term in found.items() if day < until}


# Building


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Asked:
    """One institution's log, the days it is asked about, and their terms (none where the days were given)."""

    log: EventLog
    days: list[date]
    term: dict[date, TermKey]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Look:
    """What was read of one institution before its rows are made: who left as far as was known when, and what is kept.

    No question of the usual catalogue looks on `as_of` or later at marks of days before `marks_from[as_of]` (since 1970),
    as the calendar is known now.
    """

    asked: _Asked
    known: dict[date, Outcomes]
    found: Outcomes
    persons: Ints
    marks_from: dict[date, int]


def build_panel(
    home: DataHome,
    institutions: Sequence[str],
    *,
    horizon: Horizon,
    known_until: date,
    actor: str,
    as_ofs: Sequence[date] | None = None,
    catalogue: Sequence[Feature] = CATALOGUE,
    processes: bool = False,
    progress: Callable[[str, int], None] = lambda step, rows: None,
) -> Panel:
    """Replay each institution's log over its teaching weeks (or `as_ofs`) and label the rows as known on `known_until`.

    Of the newest terms (of all, when fewer than MOST_HELD rows are held) every row is there; see `Week.thinned`. With
    `processes` many rows are made in several, the same ones; see training.side_by_side.
    """
    asked = [_asked(home, one, known_until, actor, as_ofs) for one in dict.fromkeys(institutions)]
    openings = _openings(asked)[-OPENINGS:]
    persons: dict[UUID, int] = {}
    looks = [_look(home, one, openings, known_until, persons) for one in asked]
    held = _Held(whole_since=openings[-WHOLE_TERMS] if len(openings) >= WHOLE_TERMS else date.min)
    for week in _made(looks, tuple(catalogue), horizon, processes):
        progress("panel", len(week.student))
        held.add(week)
    known = {day: {look.asked.log.institution: look.known[day] for look in looks} for day in openings}
    known[known_until] = {look.asked.log.institution: look.found for look in looks}
    return Panel(
        features=tuple(catalogue), weeks=tuple(held.weeks), known=known,
        fingerprint=_fingerprint(asked, catalogue, horizon, known_until),
    )  # fmt: skip


class _Held:
    """Weeks, of which the older are thinned by half whenever there are more than MOST_HELD rows (see LEAST_OLDER)."""

    def __init__(self, *, whole_since: date) -> None:
        self.weeks: list[Week] = []
        self._whole_since = whole_since
        self._chance = 1.0
        self._whole = self._older = 0

    def add(self, week: Week) -> None:
        self.weeks.append(self._fewer(week) if self._chance < 1 else week)
        rows = len(self.weeks[-1].student)
        if week.as_of >= self._whole_since:
            self._whole += rows
        else:
            self._older += rows
        if self._older > max(MOST_HELD - self._whole, LEAST_OLDER) and self._chance > _LEAST_CHANCE:
            self._chance /= 2
            for place, one in enumerate(self.weeks):  # in place: never all of them twice
                self.weeks[place] = self._fewer(one)
            self._older = sum(len(one.student) for one in self.weeks) - self._whole

    def _fewer(self, week: Week) -> Week:
        if week.as_of >= self._whole_since:
            return week
        fewer = week.thinned(self._chance)
        own = np.searchsorted(week.cohort.student, fewer.student)
        return replace(fewer, cohort=week.cohort.among(own), values=np.ascontiguousarray(fewer.values))


def _asked(home: DataHome, institution: str, known_until: date, actor: str, as_ofs: Sequence[date] | None) -> _Asked:
    log = open_log(home, institution, actor=actor, purpose="training panel")
    term = term_of_mondays(calendar_of(log, known_until), known_until) if as_ofs is None else {}
    return _Asked(log=log, days=sorted(term if as_ofs is None else as_ofs), term=term)


def _openings(asked: Sequence[_Asked]) -> list[date]:
    """The first as-of day of each regular term over all institutions, in order: a summer term is no test (splits.py)."""
    first: dict[TermKey, date] = {}
    for one in asked:
        for day, term in one.term.items():
            if term[1] != SUMMER_TERM:
                first[term] = min(first.get(term, day), day)
    return sorted(first.values())


def _look(
    home: DataHome, asked: _Asked, openings: Sequence[date], known_until: date, persons: dict[UUID, int]
) -> _Look:
    log, forward = asked.log, Replay(asked.log)
    known = {day: outcomes_of(forward.advance(day), log, day) for day in openings}
    state = forward.advance(known_until)
    return _Look(
        asked=asked,
        known=known,
        found=outcomes_of(state, log, known_until),
        persons=_person_numbers(student_ids(home.database, log.institution), persons),
        marks_from={day: kept_from(state, day) for day in asked.days},
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Stretch:
    """Successive days of one institution, with what is asked on each.

    `catalogue` is None for the usual one, which every process has itself: its tables are known by who they are.
    """

    log: EventLog
    days: Sequence[date]
    marks_from: Mapping[date, int]
    found: Outcomes
    persons: Ints
    catalogue: tuple[Feature, ...] | None
    horizon: Horizon


def _made(looks: Sequence[_Look], catalogue: tuple[Feature, ...], horizon: Horizon, processes: bool) -> Iterator[Week]:
    """The rows of every day of each institution, in order; an analyst's own questions stay in this process."""
    own = None if catalogue == CATALOGUE else catalogue
    few = sum(len(look.persons) * len(look.asked.days) for look in looks) <= MOST_ALONE
    alone = few or own is not None or not processes
    stretches = [
        _Stretch(
            log=look.asked.log, days=days, marks_from=look.marks_from, found=look.found, persons=look.persons,
            catalogue=own, horizon=horizon,
        )
        for look in looks
        for days in _stretched(look.asked.days, None if alone else STRETCH_DAYS)
    ]  # fmt: skip
    if alone:
        yield from (week for one in stretches for week in _replayed(one))
    else:
        yield from (week for weeks in in_processes(_whole, stretches) for week in weeks)


def _stretched(days: Sequence[date], most: int | None) -> list[Sequence[date]]:
    most = most or max(len(days), 1)
    return [days[start : start + most] for start in range(0, len(days), most)]


def _whole(stretch: _Stretch) -> list[Week]:
    return list(_replayed(stretch))


def _replayed(stretch: _Stretch) -> Iterator[Week]:
    forward = Replay(stretch.log)
    for day in stretch.days:
        if stretch.catalogue is None:  # an analyst's own questions may look back further
            needed_then = kept_from(forward.state, day)  # by the calendar as it was known
            forward.state.attendance.forget_before(min(stretch.marks_from[day], needed_then))
        if not reaches(forward.advance(day), day):  # as was known then, a term began earlier than is known now
            forward = Replay(stretch.log)
        state = forward.advance(day)
        if (week := _rows_of(state, day, stretch)) is not None:
            yield week


def _rows_of(state: State, day: date, stretch: _Stretch) -> Week | None:
    """None in weeks before the first roster."""
    try:
        snapshot = features(state, day, stretch.catalogue or CATALOGUE, institution=stretch.log.institution)
    except NobodyEnrolled:
        return None
    return _week(snapshot, stretch.found, stretch.horizon, stretch.persons)


def _fingerprint(asked: Sequence[_Asked], catalogue: Sequence[Feature], horizon: Horizon, known_until: date) -> str:
    told = {
        "logs": [
            [one.log.institution, one.log.ledger_number, one.log.epoch, [day.isoformat() for day in one.days]]
            for one in asked
        ],
        "catalogue": fingerprint(catalogue),
        "horizon": horizon.name,
        "known_until": known_until.isoformat(),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


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


def _labelled(week: Week, known: Outcomes, horizon: Horizon) -> Week:
    said = labels(known, week.cohort, horizon)
    own = np.searchsorted(week.cohort.student, week.student)
    return replace(week, left=said.left[own], strict=said.strict[own], gone=said.gone[own], mature=said.mature)
