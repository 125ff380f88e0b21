"""What the oracle knows of an institution on a day: the facts that hold, the terms, who is enrolled, the rules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from features.vocabulary import Ever, InTerm, Last, Term, Window
from records.codes import DAY_KINDS, NEXT_PROGRAMME_LEVELS, ONE_TERM_LEVELS, TERMINAL_LEVELS
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS, RULES, SAME_PERSON, Table, Where
from tests.features.small_log import Record, known, reading_order

Number = Fraction | float
DAY = timedelta(days=1)
SUMMER = 3
ENDINGS = ("LEFT", "DISMISSED", "TRANSFER_CONFIRMED", "GRADUATED", "DECEASED")


@dataclass(frozen=True)
class Span:
    """A term as the calendar tells it; both days belong to it."""

    year: int
    term: int
    opens: date
    closes: date


@dataclass(frozen=True)
class Place:
    """Where a student is on a day; `row` is the row of the roster that says so."""

    span: Span
    before: Span | None
    group: str
    row: Record


class Told:
    """What was known as of a day: the last version read of each fact, unless it was retracted."""

    def __init__(self, records: Sequence[Record], as_of: date) -> None:
        self.as_of = as_of
        told = sorted(known(records, as_of), key=reading_order)
        links = _last_versions([record for record in told if record.table is SAME_PERSON], {})
        now_called = _numbers_now(links.values())
        self._since = _told_since([record for record in told if record.table is ENROLMENTS], now_called)
        self._facts: dict[tuple[object, object], list[Record]] = defaultdict(list)
        for (table, student, *_), fact in _last_versions(told, now_called).items():
            self._facts[table, student].append(fact)
        rows = [fact for (table, _), facts in self._facts.items() if table == ENROLMENTS.name for fact in facts]
        self._rosters = {term_of(row) for row in rows}
        self._spans = self._terms()
        self.places = self._enrolled()

    def facts(self, table: Table, student: int = 0) -> list[Record]:
        """In the order in which they were read."""
        return self._facts[table.name, student]

    def past(self, table: Table, student: int = 0) -> list[Record]:
        """Those that happened before the day, in the order in which they were read."""
        return [fact for fact in self.facts(table, student) if fact.happened_on < self.as_of]

    # The institution

    def _terms(self) -> list[Span]:
        days: dict[tuple[int, int], list[date]] = defaultdict(list)
        for day in self.facts(CALENDAR):
            days[term_of(day)].append(day.happened_on)
        spans = [Span(year, term, min(found), max(found)) for (year, term), found in days.items()]
        return sorted(spans, key=lambda span: (span.opens, span.year, span.term))

    def no_teaching(self) -> set[date]:
        """Days that the calendar calls holidays or closed, and on which no term teaches."""
        kinds = {
            kind: {day.happened_on for day in self.facts(CALENDAR) if day.values["kind"] == kind}
            for kind in DAY_KINDS.values
        }
        return (kinds["HOLIDAY"] | kinds["CLOSED"]) - kinds["TEACH"] - kinds["EXAM"] - kinds["WFH"]

    def teaching_days(self, span: Span) -> list[date]:
        """The days of a term on which there is teaching, those to come as well."""
        kinds = ("TEACH", "EXAM", "WFH")
        own = [day for day in self.facts(CALENDAR) if term_of(day) == (span.year, span.term)]
        return sorted({day.happened_on for day in own if day.values["kind"] in kinds})

    def rules(self, rule: str) -> Iterator[tuple[object, object, Fraction]]:
        """(stage, after how many terms, value) of each row of one rule; None where a row does not tell them."""
        for row in self.past(RULES):
            if row.values["rule"] == rule:
                yield row.values.get("stage"), row.values.get("after_terms"), exact(row.values["value"])

    # Who is enrolled

    def _enrolled(self) -> dict[int, Place]:
        """Whom the rosters of the open terms say, and whom they do not speak of yet."""
        now = [span for span in self._spans if span.opens <= self.as_of <= span.closes]
        if not now:
            return {}
        rows: dict[int, dict[tuple[int, int], Record]] = {}
        for (table, student), facts in list(self._facts.items()):
            if table == ENROLMENTS.name and isinstance(student, int):
                rows[student] = {term_of(fact): fact for fact in facts}
        waiting = self._waiting(rows, now)
        places: dict[int, Place] = {}
        for student, row_of in rows.items():
            spans = [span for span in now if (span.year, span.term) in row_of]
            row = row_of[spans[-1].year, spans[-1].term] if spans else waiting.get(student)
            place = row and self._place(student, row, spans[-1] if spans else now[-1])
            places |= {student: place} if place else {}
        return dict(sorted(places.items()))

    def _place(self, student: int, row: Record, own: Span) -> Place | None:
        """Where a row puts a student; nowhere when it says that they are gone."""
        [opens] = [span.opens for span in self._spans if (span.year, span.term) == term_of(row)]
        told_since = self._since[student, term_of(row)]
        ended = self._has_ended(student, row, min(opens, told_since), told_since)
        if row.values.get("status") not in (None, "ENROLLED") or ended:
            return None
        return Place(own, self._term_before(own), str(row.values["class_group"]), row)

    def _term_before(self, own: Span) -> Span | None:
        """The term before it in its year; before the first the second of the year before, whatever the summer had."""
        wanted = (own.year - 1, 2) if own.term == 1 else (own.year, own.term - 1)
        return next((one for one in self._spans if (one.year, one.term) == wanted and one.opens < own.opens), None)

    def _waiting(self, rows: dict[int, dict[tuple[int, int], Record]], now: list[Span]) -> dict[int, Record]:
        """The rows of the term before of students for whom no roster of an open term speaks."""
        open_now = {(span.year, span.term) for span in now}
        before = self._rows_before(rows)
        goes_on = {student: row for student, row in before.items() if not _is_over(row, now[-1].year)}
        here = {student: own[term] for student, own in rows.items() for term in own if term in open_now}
        if not here:
            return goes_on
        counted = any(term_of(count) in open_now for count in self.facts(ROSTER_COUNTS))
        if counted or all(span.term == SUMMER for span in now):
            return {}
        told = {_group_of(own[term]) for own in rows.values() for term in own if term in open_now}
        for group in {_group_of(row) for row in before.values()}:
            students = [student for student, row in before.items() if _group_of(row) == group]
            told |= {group} if 2 * sum(student in here for student in students) >= len(students) else set()
        return {student: row for student, row in goes_on.items() if _group_of(row) not in told}

    def _rows_before(self, rows: dict[int, dict[tuple[int, int], Record]]) -> dict[int, Record]:
        """Each student's row of the newest past term with a roster, or of a summer term after it."""
        past = [span for span in self._spans if span.closes < self.as_of and (span.year, span.term) in self._rosters]
        regular = [place for place, span in enumerate(past) if span.term != SUMMER]
        past = past[regular[-1] :] if regular else past
        terms = [(span.year, span.term) for span in past]
        newest = {student: [own[term] for term in terms if term in own] for student, own in rows.items()}
        return {student: found[-1] for student, found in newest.items() if found}

    def _has_ended(self, student: int, row: Record, since: date, told_since: date) -> bool:
        """Whether they left, moved, finished or died since that day and did not come back after that."""
        past = self.past(OUTCOMES, student)
        went_on = row.values.get("level") in NEXT_PROGRAMME_LEVELS
        endings = [event for event in ENDINGS if not (went_on and event == "GRADUATED")]
        ends = [fact.happened_on for fact in past if fact.values["event"] in endings and fact.happened_on >= since]
        returns = [fact.happened_on for fact in past if fact.values["event"] == "RETURNED"]
        returns += [told_since] if row.values.get("entry_route") == "RETURNED" else []
        return bool(ends) and not any(day >= max(ends) for day in returns)

    # Windows

    def window(self, window: Window, place: Place) -> tuple[date, date]:
        """First day and end (not included): never later than the day before `as_of`."""
        match window:
            case Last(days=days):
                return self.as_of - days * DAY, self.as_of
            case InTerm(term=Term.THIS):
                return place.span.opens, self.as_of
            case InTerm():
                before = place.before
                return (before.opens, min(before.closes + DAY, self.as_of)) if before else (self.as_of, self.as_of)
            case Ever():
                return date.min, self.as_of


def _numbers_now(links: Iterable[Record]) -> dict[int, int]:
    """The number under which each old number goes on, from links in reading order.

    Of links in a circle the one that was read last joins nothing new: it is left out.
    """
    followed: dict[int, int] = {}
    for link in links:
        new = link.values["same_as"]
        assert isinstance(new, int)
        if _followed_to_the_end(new, followed) != link.student:
            followed[link.student] = new
    return {old: _followed_to_the_end(old, followed) for old in followed}


def _followed_to_the_end(number: int, links: dict[int, int]) -> int:
    while number in links:
        number = links[number]
    return number


def _last_versions(told: Iterable[Record], now_called: dict[int, int]) -> dict[tuple[object, ...], Record]:
    """The last version of each key in reading order, of facts that hold; one person's numbers are one."""
    last: dict[tuple[object, ...], Record] = {}
    for record in told:
        student = now_called.get(record.student, record.student) if record.table.per_student else 0
        parts = (record.happened_on if name == "happened_on" else record.values.get(name) for name in record.table.key)
        key = (record.table.name, student, *parts)
        last.pop(key, None)
        last[key] = record
    return {key: record for key, record in last.items() if not record.retracted}


def _told_since(rows: Iterable[Record], now_called: dict[int, int]) -> dict[tuple[int, tuple[int, int]], date]:
    """By student and term the first day of the last rows of a roster that tell the same of being here and coming back."""
    found: dict[tuple[int, tuple[int, int]], tuple[object, date]] = {}
    for row in rows:
        key = now_called.get(row.student, row.student), term_of(row)
        here, came_back = row.values.get("status") in (None, "ENROLLED"), row.values.get("entry_route") == "RETURNED"
        says = None if row.retracted else (here, came_back)
        said, since = found.get(key, (None, row.happened_on))
        found[key] = says, min(since, row.happened_on) if says == said else row.happened_on
    return {key: since for key, (_, since) in found.items()}


def term_of(record: Record) -> tuple[int, int]:
    year, term = record.values["academic_year"], record.values["term"]
    assert isinstance(year, int)
    assert isinstance(term, int)
    return year, term


def _group_of(row: Record) -> tuple[object, object]:
    """A class group has its name for an academic year."""
    return row.values["academic_year"], row.values["class_group"]


def _is_over(row: Record, year_now: int) -> bool:
    """Whether the programme has ended with the row's term."""
    level = row.values.get("level")
    return level in ONE_TERM_LEVELS or (level in TERMINAL_LEVELS and term_of(row)[0] < year_now)


def matches(row: Record, where: Where | None) -> bool:
    return where is None or row.values.get(where.column) in where.values


def exact(cell: object) -> Fraction:
    assert isinstance(cell, int | float)
    return Fraction(cell)


def number(row: Record, column: str) -> Fraction | None:
    """What a code is worth, a flag as 0 or 1, a number as it is; None where nothing is told."""
    cell, codes = row.values.get(column), row.table[column].codes
    if codes is not None and cell is not None:
        cell = codes.codes[codes.position(str(cell))].worth
    return None if cell is None else exact(cell)
