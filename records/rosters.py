"""Two rosters compared: what became of every student of the earlier one, and who on the later one is new.

Only MISSING must be traced (ต้องติดตาม): neither on the later roster, nor finished, nor found or told of elsewhere.
"Missing" is here what it is where the training outcome is concluded, save that a kindergarten's last year counts as
finished. Other institutions of the deployment are looked at by pseudonym, for this report alone.
Source: domain T9, roster-diff algorithm; R9.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from uuid import UUID

from records import access, ledger
from records.codes import LEVELS, ONE_TERM_LEVELS, TERMINAL_LEVELS
from records.errors import ConfigurationGap, UserError
from records.home import DataHome
from records.roll import End, Enrolled, Fact, Roll, RosterCount, counts
from records.text import Text

__all__ = ["Arrival", "Comparison", "Fate", "Line", "RosterCount", "compare", "counts", "the_two"]

TRANSITION_LEVELS = ("K3", "P6", "M3")  # กลุ่มรอยต่อ: who finishes here should go on elsewhere
_TRANSITION = [LEVELS.position(value) for value in TRANSITION_LEVELS]
_TERMINAL = [LEVELS.position(value) for value in {*TERMINAL_LEVELS, *TRANSITION_LEVELS}]
_ONE_TERM = [LEVELS.position(value) for value in ONE_TERM_LEVELS]


class Fate(Enum):
    """What became of a student of the earlier roster; the order is that of the report."""

    STAYED = Text(th="อยู่ชั้นและกลุ่มเดิม", en="stayed")
    MOVED_GROUP = Text(th="ย้ายกลุ่มเรียน", en="moved to another class group")
    PROMOTED = Text(th="เลื่อนชั้น", en="promoted")
    LINKED_ID = Text(th="เป็นคนเดียวกับอีกเลขหนึ่ง", en="goes on under another number")
    FINISHED = Text(th="เรียนจบ", en="finished")
    TRANSFERRED = Text(th="ย้ายสถานศึกษา", en="transferred")
    RETURNED = Text(th="กลับเข้าเรียนแล้ว", en="missing then, back since")
    DECEASED = Text(th="เสียชีวิต", en="deceased")
    LEFT_CONFIRMED = Text(th="ออกกลางคัน มีการยืนยันแล้ว", en="left, confirmed")
    GONE_ON_ROLL = Text(th="ยังไม่สามารถจำหน่ายได้ (3.1.8)", en="gone, still on the roll (3.1.8)")
    MISSING = Text(th="ต้องติดตาม", en="must be traced")


class Arrival(Enum):
    """How a student came onto the later roster."""

    NEW = Text(th="เข้าใหม่", en="new")
    RETURNED = Text(th="กลับเข้าเรียน", en="returned")
    TRANSFERRED_IN = Text(th="ย้ายเข้า", en="transferred in")


_FATE_OF = {
    End.FINISHED: Fate.FINISHED,
    End.DECEASED: Fate.DECEASED,
    End.TRANSFERRED: Fate.TRANSFERRED,
    End.LEFT: Fate.LEFT_CONFIRMED,
    End.GONE_ON_ROLL: Fate.GONE_ON_ROLL,
    End.RETURNED: Fate.RETURNED,
}
# The first of these of which anything is known decides; among its facts the newest.
_WEIGHT = ({End.DECEASED}, {End.FINISHED, End.TRANSFERRED, End.LEFT, End.RETURNED}, {End.GONE_ON_ROLL})


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A roster of another institution on which the person stands; `number` is theirs there."""

    institution: str
    number: int
    count: RosterCount


@dataclass(frozen=True, kw_only=True)
class Line:
    """One student of the earlier roster; `before` and `after` are the rows of the two rosters.

    `last_seen` is, of who is gone, the row of the last roster that had them.
    """

    number: int
    student_id: UUID
    fate: Fate
    concluded_on: date
    concluded_at: datetime
    before: Enrolled
    after: Enrolled | None = None
    last_seen: Enrolled | None = None
    elsewhere: Elsewhere | None = None

    @property
    def has_no_onward_record(self) -> bool:
        """Finished a level after which children go on elsewhere, and no roster here tells where."""
        level = (self.last_seen or self.before).level
        return self.fate is Fate.FINISHED and level in _TRANSITION and self.elsewhere is None


@dataclass(frozen=True, kw_only=True)
class ArrivalLine:
    """One student of the later roster who was not on the earlier one."""

    number: int
    student_id: UUID
    arrival: Arrival
    row: Enrolled


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Every student of the earlier roster in exactly one class, as known before `known_until` (None: now)."""

    institution: str
    earlier: RosterCount
    later: RosterCount
    known_until: datetime | None
    ledger_number: int
    lines: tuple[Line, ...]
    arrivals: tuple[ArrivalLine, ...]

    def tally(self) -> dict[Fate, int]:
        found = Counter(line.fate for line in self.lines)
        return {fate: found[fate] for fate in Fate}

    def arrival_tally(self) -> dict[Arrival, int]:
        found = Counter(line.arrival for line in self.arrivals)
        return {arrival: found[arrival] for arrival in Arrival}

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if line.fate is Fate.MISSING]

    @property
    def no_onward_record(self) -> int:
        return sum(line.has_no_onward_record for line in self.lines)


def the_two(known: Sequence[RosterCount], earlier: date | None, later: date | None) -> tuple[RosterCount, RosterCount]:
    """The two counts to compare: those of the days, else the newest two. Raises UserError saying which there are."""
    if len(known) < 2:
        raise ConfigurationGap(
            f"A comparison needs two complete rosters and there is {'one' if known else 'none'}. "
            "Import the roster of another day; one with rows in quarantine does not count as complete. · "
            "ต้องมีทะเบียนนักเรียนครบทั้งสถานศึกษาอย่างน้อยสองรอบ โปรดนำเข้าทะเบียนอีกรอบหนึ่ง "
            "ทะเบียนที่มีแถวถูกกักไว้ยังไม่นับเป็นรอบ"
        )
    after = _of_day(known, later) if later else known[-1]
    earlier_ones = [count for count in known if count.key < after.key]
    if earlier:
        before = _of_day(known, earlier)
    elif earlier_ones:
        before = earlier_ones[-1]
    else:
        raise _none_such(known, f"There is no roster before {after.day}.", f"ไม่มีทะเบียนก่อนวันที่ {after.day}")
    if before.key >= after.key:
        raise _none_such(
            known,
            f"The earlier day {before.day} is not before the later day {after.day}.",
            f"วันแรก {before.day} ต้องมาก่อนวันหลัง {after.day}",
        )
    return before, after


def _of_day(known: Sequence[RosterCount], day: date) -> RosterCount:
    """The roster of a day; where one file told several terms, the newest of them."""
    found = [count for count in known if count.day == day]
    if not found:
        raise _none_such(known, f"No roster was counted on {day}.", f"ไม่มีทะเบียนของวันที่ {day}")
    return found[-1]


def _none_such(known: Sequence[RosterCount], en: str, th: str) -> UserError:
    days = ", ".join(f"{count.day} ({count.academic_year + 543}/{count.term})" for count in known)
    return UserError(f"{en} There are rosters of {days}. · {th} ทะเบียนที่มี: {days}")


def compare(
    home: DataHome,
    institution: str,
    earlier: RosterCount,
    later: RosterCount,
    *,
    actor: str,
    known_until: datetime | None = None,
) -> Comparison:
    """Compare two rosters as far as was known before `known_until`; each log that is opened leaves an audit row.

    Raises UserError when one of the counts was not known then.
    """
    own = open_roll(home, institution, actor=actor, known_until=known_until)
    codes = [row.code for row in ledger.institutions(home.database) if row.code != institution]
    others = [open_roll(home, code, actor=actor, known_until=known_until) for code in codes]
    for count in (earlier, later):
        if count.key not in {known.key for known in own.counts}:
            raise _none_such(
                own.counts,
                f"The roster of {count.day} was not known then.",
                f"ยังไม่ทราบทะเบียนของวันที่ {count.day} ในเวลานั้น",
            )
    lines, arrivals = compare_rolls(own, others, earlier, later)
    return Comparison(
        institution=institution,
        earlier=earlier,
        later=later,
        known_until=known_until,
        ledger_number=own.ledger_number,
        lines=lines,
        arrivals=arrivals,
    )


def open_roll(home: DataHome, institution: str, *, actor: str, known_until: datetime | None = None) -> Roll:
    log = access.open_log(home, institution, actor=actor, purpose="roster comparison")
    return Roll(log, known_until, ledger.student_ids(home.database, institution))


def compare_rolls(
    own: Roll, others: Sequence[Roll], earlier: RosterCount, later: RosterCount
) -> tuple[tuple[Line, ...], tuple[ArrivalLine, ...]]:
    """The lines of every student of the earlier roster, and those who are only on the later one."""
    pair = _Pair(own, others, earlier, later)
    before = own.roster(earlier)
    known = {own.person(number) for number in before}
    lines = tuple(pair.line(before[number]) for number in sorted(before))
    new = [row for number, row in sorted(own.roster(later).items()) if own.person(number) not in known]
    return lines, tuple(pair.arrival(row) for row in new)


class _Pair:
    """The two rosters, with the rolls in which students may be found."""

    def __init__(self, own: Roll, others: Sequence[Roll], earlier: RosterCount, later: RosterCount) -> None:
        self.own = own
        self.earlier = earlier
        self.later = later
        self.others = [(roll, _persons_by_id(roll)) for roll in others]
        self._between = [count for count in own.counts if earlier.key < count.key < later.key]
        self._carriers: dict[int, int] = {}  # of two numbers of one person on the earlier roster, one stands for them
        for number in sorted(own.roster(earlier), key=lambda number: (own.person(number) != number, number)):
            self._carriers.setdefault(own.person(number), number)

    def line(self, before: Enrolled) -> Line:
        person = self.own.person(before.number)
        after = self.own.roster(self.later).get(before.number)
        line = Line(
            number=before.number,
            student_id=self.own.student_ids[before.number],
            fate=Fate.MISSING,
            concluded_on=self.later.day,
            concluded_at=self.later.recorded_at,
            before=before,
            after=after or self.own.by_person(self.later).get(person),
        )
        under_another = line.after is not None and line.after.is_here
        if after is None and (under_another or self._carriers[person] != before.number):
            return replace(line, fate=Fate.LINKED_ID, concluded_at=self._linked_at(person, before.number))
        if after is not None and after.is_here:
            ended = self._ended_in_later_term(person)
            return _concluded(line, ended) if ended else replace(line, fate=_still_here(before, after))
        return self._gone(line, person)

    def arrival(self, row: Enrolled) -> ArrivalLine:
        person = self.own.person(row.number)
        if row.entry_route == "TRANSFER_IN":
            arrival = Arrival.TRANSFERRED_IN
        elif row.entry_route == "RETURNED" or self._was_here(person):
            arrival = Arrival.RETURNED
        else:
            arrival = Arrival.TRANSFERRED_IN if self._came_from_elsewhere(person) else Arrival.NEW
        return ArrivalLine(number=row.number, student_id=self.own.student_ids[row.number], arrival=arrival, row=row)

    def _linked_at(self, person: int, number: int) -> datetime:
        numbers = [number, *self.own.numbers_of(person)]
        known_at = next(self.own.linked_at[one] for one in numbers if one in self.own.linked_at)
        return max(known_at, self.later.recorded_at)

    def _ended_in_later_term(self, person: int) -> Fact | None:
        """An ending told of the later term that the roster does not know of yet; in its term it outweighs the roster."""
        opens = self.own.opens.get(self.later.term_key, self.later.day)
        told = [fact for fact in self.own.events(person) if opens <= fact.day <= self.later.day]
        newest = max(told, key=_by_day, default=None)
        return None if newest is None or newest.end is End.RETURNED else newest

    def _gone(self, line: Line, person: int) -> Line:
        """Who is not on the later roster, or is there as gone: the newest that is known of them decides."""
        last_seen, over = self._last_seen(person, line.before)
        line = replace(line, elsewhere=self._elsewhere(person), last_seen=last_seen)
        facts = self._told(person)
        finished = over or any(fact.end is End.FINISHED for fact in facts)
        if line.elsewhere is not None and not finished:
            facts.append(_found(line.elsewhere, self.later))
        back = self._back(person, last_seen, finished=finished)
        if back is not None:
            facts = [*(fact for fact in facts if fact.day <= back.day), back]
        for ends in _WEIGHT:
            if told := [fact for fact in facts if fact.end in ends]:
                return _concluded(line, max(told, key=_by_day))
        return replace(line, fate=Fate.FINISHED) if over else line

    def _told(self, person: int) -> list[Fact]:
        """What was told since the earlier term opened; a return before the later roster, which lacks them, settles nothing."""
        opens = self.own.opens.get(self.earlier.term_key, self.earlier.day)
        facts = [fact for fact in self.own.events(person) if fact.day >= opens]
        facts += self.own.statuses(person, self.earlier.term_key)
        returns = [fact.day for fact in facts if fact.end is End.RETURNED and fact.day < self.later.day]
        last = max(returns, default=date.min)
        return [fact for fact in facts if fact.day > last]

    def _last_seen(self, person: int, before: Enrolled) -> tuple[Enrolled, bool]:
        """The last row before they were gone, and whether they had finished then.

        Finished is: in a last year, and the roster that lacks them first is of a later year; for a course of one
        term, of a later term. Who vanished on a roster in between vanished, however long ago the year ended.
        """
        seen, row, lacks = self.earlier, before, self.later
        for count in self._between:
            if (found := self.own.here(person, count)) is not None:
                seen, row, lacks = count, found, self.later
            elif lacks is self.later:
                lacks = count
        year_is_over = lacks.academic_year > seen.academic_year
        term_is_over = lacks.term_key != seen.term_key
        return row, (row.level in _TERMINAL and year_is_over) or (row.level in _ONE_TERM and term_is_over)

    def _back(self, person: int, last_seen: Enrolled, *, finished: bool) -> Fact | None:
        """On a still later roster; who finished and comes for the next programme has not come back."""
        for count in self.own.counts:
            if count.key <= self.later.key:
                continue
            row = self.own.here(person, count)
            if row is not None:
                went_on = finished and row.level > last_seen.level
                return None if went_on else Fact(end=End.RETURNED, day=count.day, known_at=count.recorded_at)
        return None

    def _elsewhere(self, person: int) -> Elsewhere | None:
        """The first roster of another institution, counted with the later one or after it, on which the person stands."""
        found = [
            Elsewhere(institution=roll.institution, number=row.number, count=count)
            for roll, there in self._known_elsewhere(person)
            for count in roll.counts
            if self._speaks_for_later(count) and (row := roll.here(there, count)) is not None
        ]
        return min(found, key=lambda one: (one.count.key, one.institution), default=None)

    def _speaks_for_later(self, count: RosterCount) -> bool:
        """Institutions count a term on different days: a roster of the later term is as good as one of the later day."""
        same_round = count.day > self.earlier.day and self.earlier.term_key < self.later.term_key <= count.term_key
        return count.day >= self.later.day or same_round

    def _was_here(self, person: int) -> bool:
        older = [count for count in self.own.counts if count.key < self.earlier.key]
        back = any(fact.end is End.RETURNED and fact.day <= self.later.day for fact in self.own.events(person))
        return back or any(person in self.own.by_person(count) for count in older)

    def _came_from_elsewhere(self, person: int) -> bool:
        """On another institution's last roster before the later one, without having finished there."""
        for roll, there in self._known_elsewhere(person):
            rows = [
                (count.academic_year, row)
                for count in roll.counts
                if count.day < self.later.day and (row := roll.here(there, count)) is not None
            ]
            if rows and not (rows[-1][1].level in _TERMINAL and rows[-1][0] < self.later.academic_year):
                return True
        return False

    def _known_elsewhere(self, person: int) -> list[tuple[Roll, int]]:
        ids = self.own.ids_of(person)
        found = [(roll, persons[one]) for roll, persons in self.others for one in ids if one in persons]
        return list(dict.fromkeys(found))


def _persons_by_id(roll: Roll) -> dict[UUID, int]:
    return {student_id: roll.person(number) for number, student_id in roll.student_ids.items()}


def _still_here(before: Enrolled, after: Enrolled) -> Fate:
    if after.level > before.level:
        return Fate.PROMOTED
    same = (before.level, before.class_group) == (after.level, after.class_group)
    return Fate.STAYED if same else Fate.MOVED_GROUP


def _found(elsewhere: Elsewhere, later: RosterCount) -> Fact:
    known_at = max(elsewhere.count.recorded_at, later.recorded_at)
    return Fact(end=End.TRANSFERRED, day=elsewhere.count.day, known_at=known_at)


def _concluded(line: Line, fact: Fact) -> Line:
    return replace(line, fate=_FATE_OF[fact.end], concluded_on=fact.day, concluded_at=fact.known_at)


def _by_day(fact: Fact) -> tuple[date, datetime]:
    return fact.day, fact.known_at
