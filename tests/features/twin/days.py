"""Every measure of attendance: counts and shares with totals, runs, slopes, days without a record, courses."""

from collections.abc import Container

from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    LongestRun,
    NoRecord,
    Sessions,
    Share,
    Slope,
    Unrecorded,
    Window,
    WorstCourse,
)
from records.tables import ATTENDANCE, Where
from tests.features.twin.known import Known
from tests.features.twin.marks import AWAY_IN_COMPANY, IN_COMPANY, RELATIONS
from tests.features.twin.passes import Pass, Passes
from tests.features.twin.words import NOT_KNOWN, day, fill, matches, span

_SAYS = f"status NOT IN ({IN_COMPANY}, {AWAY_IN_COMPANY})"
_RECORDED = f"({_SAYS} AND NOT is_closed)"
_OPEN = f"{_SAYS} AND m.day NOT IN (FROM closed)"
# By which total a status is known; what is not here is in no total.
_TOTALS = {"P": "present", "L": "late", "A": "absent", "K": "skipped", "S": "leave", "B": "leave"}


class Days:
    """Writes the expression that answers a feature of attendance, and gathers what it needs in the passes."""

    def __init__(self, known: Known, passes: Passes) -> None:
        self.known, self.passes, self._today = known, passes, day(known.as_of)

    def answer(self, feature: Feature) -> str:
        sessions, window = feature.sessions, feature.window
        match feature.measure:
            case Count(where=where):
                counted, held = self.counted(sessions, window, where)
                return f"CASE WHEN {held} > 0 THEN {counted} END"
            case Share(where=where, weekdays=weekdays):
                return self._share(sessions, window, where, weekdays)
            case Change(where=where, short_days=short):
                middle = f"greatest(since, until - {short})"
                late = _part(*self.counted(sessions, window, where, since=middle))
                return f"{late} - {_part(*self.counted(sessions, window, where, until=middle))}"
            case DaysSince(where=where, from_opening=from_opening):
                marks = self._marks(sessions, window)
                ago = f"({self._today} - {marks.ask(f'max(day) FILTER (WHERE {matches(ATTENDANCE, where)})')})"
                held = marks.ask(f"count(*) FILTER (WHERE {_SAYS})")
                begun = f"greatest({self._today} - greatest(c.opens, c.registered_on), 0)"
                return f"coalesce({ago}, CASE WHEN {held} > 0 THEN {begun} END)" if from_opening else ago
            case NoRecord(where=where):
                found = f"count(*) FILTER (WHERE {matches(ATTENDANCE, where)})"
                return f"(coalesce({self._marks(sessions, window).ask(found)}, 0) = 0)::INT"
            case Slope(where=where):
                match = matches(ATTENDANCE, where)
                slope = f"regr_slope(({match})::INT, day - {self._today}) FILTER (WHERE {_RECORDED})"
                return f"7 * {self._marks(sessions, window).ask(slope)}"
            case LongestRun(where=where, current=current):
                return self.run(sessions, window, where, current=current)
            case Unrecorded():
                return self._unrecorded(sessions, window)
            case WorstCourse(where=where, least=least):
                courses = self.courses(window, counted=where)
                return courses.ask(f"max(counted / held) FILTER (WHERE held >= {least})")
            case _:
                raise TypeError(f"{feature.measure} is not asked of attendance")

    def counted(
        self, sessions: Sessions, window: Window, where: Where, *, since: str = "since", until: str = "until"
    ) -> tuple[str, str]:
        """Matching and recorded days between two days, whole days with the totals of periods without single days."""
        marks = self._marks(sessions, window)
        inside = f"{_RECORDED} AND day >= {since} AND day < {until}"
        counted = marks.ask(f"count(*) FILTER (WHERE {matches(ATTENDANCE, where)} AND {inside})")
        held = marks.ask(f"count(*) FILTER (WHERE {inside})")
        if sessions is not Sessions.DAY or not self.known.has_totals:
            return f"coalesce({counted}, 0)", f"coalesce({held}, 0)"
        totals = self._totals(window)
        length = f"greatest(least(happened_on + 1, {until}) - greatest(from_day, {since}), 0)"
        part = f"{length} / (happened_on + 1 - from_day)"
        names = dict.fromkeys(_TOTALS[value] for value in where.values if value in _TOTALS)
        told = " + ".join(_total(name, names) for name in names) or "0"
        prorated = totals.ask(f"sum({part} * ({told})) FILTER (WHERE {length} > 0)")
        held_in_totals = totals.ask(f"sum({part} * held)")
        return (
            f"(coalesce({counted}, 0) + coalesce({prorated}, 0))",
            f"(coalesce({held}, 0) + coalesce({held_in_totals}, 0))",
        )

    def in_company(self, window: Window) -> str:
        """Days with a mark that says no more than that the student was not at the college."""
        return self._marks(Sessions.DAY, window).ask(
            f"count(*) FILTER (WHERE NOT {_SAYS} AND NOT is_closed AND day >= since AND day < until)"
        )

    def _share(self, sessions: Sessions, window: Window, where: Where, weekdays: tuple[int, ...]) -> str:
        if not weekdays:
            return _part(*self.counted(sessions, window, where))
        match = f"({matches(ATTENDANCE, where)})::INT"
        on_those = f"isodow(day) - 1 IN ({', '.join(map(str, weekdays))})"
        return self._marks(sessions, window).ask(f"avg({match}) FILTER (WHERE {_RECORDED} AND {on_those})")

    def run(self, sessions: Sessions, window: Window, where: Where, *, current: bool) -> str:
        """Runs are islands: recorded teaching days with the same number of days before that do not match."""
        first, end = span(window, self.known.as_of)
        source = fill(
            """
            SELECT student, breaks, count(*) FILTER (WHERE hit) AS length FROM (
                SELECT student, hit, count(*) FILTER (WHERE NOT hit) OVER (
                    PARTITION BY student ORDER BY day ROWS UNBOUNDED PRECEDING) AS breaks
                FROM (
                    SELECT m.student, m.day, {match} AS hit FROM {marks} m JOIN cohort c USING (student)
                    WHERE m.day >= {first} AND m.day < {end} AND {recorded}
                )
            ) GROUP BY student, breaks
            """,
            match=matches(ATTENDANCE, where), marks=RELATIONS[sessions], first=first, end=end, recorded=_OPEN,
        )  # fmt: skip
        return self.passes.over(source).ask("arg_max(length, breaks)" if current else "max(length)")

    def _unrecorded(self, sessions: Sessions, window: Window) -> str:
        """One less the part of the teaching days of the own term, since the student came, that have a mark or lie in a period of totals."""
        first, end = span(window, self.known.as_of)
        teaching = fill(
            """
            SELECT c.student, t.day FROM cohort c JOIN teaching t USING (academic_year, term)
            WHERE t.day >= {first} AND t.day >= c.begins AND t.day < {end}
            """,
            first=first,
            end=end,
        )
        told = "SELECT t.* FROM ({teaching}) t SEMI JOIN {marks} m ON m.student = t.student AND m.day = t.day"
        if sessions is Sessions.DAY and self.known.has_totals:
            told += """ UNION SELECT t.* FROM ({teaching}) t
                JOIN only_totals o ON o.student = t.student AND t.day BETWEEN o.from_day AND o.happened_on"""
        recorded = self.passes.over(fill(told, teaching=teaching, marks=RELATIONS[sessions]))
        part = f"1 - coalesce({recorded.ask('count(*)')}, 0) / {self.passes.over(teaching).ask('count(*)')}"
        return f"CASE WHEN NOT c.keeps_own_days THEN {part} END"

    def courses(self, window: Window, **counts: Where) -> Pass:
        """One row a student and course in the window, with `held` recorded periods and the counts asked for."""
        first, end = span(window, self.known.as_of)
        return self.passes.over(
            fill(
                """
                SELECT m.student, m.course, count(*) AS held, {counts} FROM periods m JOIN cohort c USING (student)
                WHERE m.day >= {first} AND m.day < {end} AND {recorded} AND m.course IS NOT NULL GROUP BY ALL
                """,
                first=first,
                end=end,
                recorded=_OPEN,
                counts=", ".join(
                    f"count(*) FILTER (WHERE {matches(ATTENDANCE, where)}) AS {name}" for name, where in counts.items()
                ),
            )
        )

    def _marks(self, sessions: Sessions, window: Window) -> Pass:
        first, end = span(window, self.known.as_of)
        return self.passes.over(
            fill(
                """
                SELECT m.student, m.day, m.status, m.day IN (FROM closed) AS is_closed, {first} AS since, {end} AS until
                FROM {marks} m JOIN cohort c USING (student) WHERE m.day >= {first} AND m.day < {end}
                """,
                marks=RELATIONS[sessions],
                first=first,
                end=end,
            )
        )

    def _totals(self, window: Window) -> Pass:
        first, end = span(window, self.known.as_of)
        return self.passes.over(
            fill(
                """
                SELECT t.*, {first} AS since, {end} AS until FROM only_totals t JOIN cohort c USING (student)
                WHERE t.happened_on >= {first} AND t.from_day < {end}
                """,
                first=first,
                end=end,
            )
        )


def _total(name: str, asked: Container[str]) -> str:
    """A total that is not told is not known; leaving class without a total of its own is counted as absence."""
    untold = "0" if name == "skipped" and "absent" in asked else NOT_KNOWN
    return f"coalesce({name}::DOUBLE, {untold})"


def _part(counted: str, held: str) -> str:
    """A share of the days held; missing without one."""
    return f"(CASE WHEN {held} > 0 THEN {counted} / {held} END)"
