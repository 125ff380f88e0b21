"""What was known as of a day, as relations: last versions of facts, who is who, terms, and the cohort.

Relations made here: `aliases(told, student)`, for each table `<name>_last` (the last version of every key, retracted or
not) and `<name>` (the facts that hold), `terms`, `teaching(academic_year, term, day)`, `closed(day)`, `cohort` (one row a
student: class group, level, study mode, registration, own term and the one before) and `people(told, student)`, the
numbers by which students of the cohort were called.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone

import duckdb

from records.codes import NEXT_PROGRAMME_LEVELS, ONE_TERM_LEVELS, TERMINAL_LEVELS
from records.log import EventLog
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS, RULES, SAME_PERSON, Table
from tests.features.twin.words import day, fill, position, positions, sql_type

_BANGKOK = timezone(timedelta(hours=7))
_LEAVINGS = ("LEFT", "DISMISSED", "TRANSFER_CONFIRMED", "DECEASED")
# (recorded_at, batch, line) in one number, so that versions are compared at the speed of numbers.
_READ = f"epoch_ms(recorded_at)::HUGEINT * {2**64} + {{batch}}::HUGEINT * {2**32} + line"


class Known:
    """A DuckDB database in memory that reads a log's files up to a day. Raises ValueError for a compacted log."""

    def __init__(self, log: EventLog, as_of: date, threads: int | None) -> None:
        self.as_of = as_of
        self._log = log
        self._made: set[str] = set()
        self.first_day: date | None = None
        self.has_totals = False
        self.database = duckdb.connect(config={} if threads is None else {"threads": threads})
        self.run("SET preserve_insertion_order = false")

    def run(self, statement: str, **parts: object) -> duckdb.DuckDBPyConnection:
        return self.database.execute(fill(statement, as_of=day(self.as_of), **parts))

    def once(self, name: str, statement: str, **parts: object) -> None:
        """Make a relation unless it was made before."""
        if name not in self._made:
            self._made.add(name)
            self.run(statement, **parts)

    def lived_days(self) -> str:
        """The condition that a record happened on a day that a window may reach."""
        first = "TRUE" if self.first_day is None else f"happened_on >= {day(self.first_day)}"
        return f"{first} AND happened_on < {day(self.as_of)}"

    def told(self, table: Table, columns: tuple[str, ...], where: str = "TRUE") -> str:
        """The records of a table known by the day, with `read`, their place in reading order, and `retracted`."""
        limit = datetime.combine(self.as_of, time.min, tzinfo=_BANGKOK)
        files: dict[int, list[str]] = defaultdict(list)
        for file in self._log.files:
            if file.position is not None:
                raise ValueError("the twin reads the files of single batches; this log was compacted")
            if file.table == table.name and file.first_recorded_at < limit:
                files[file.batch].append(f"'{self._log.folder / file.path}'")
        names = ("student", *columns) if table.per_student else columns
        if not files:
            return self._nothing(table, names)
        return " UNION ALL ".join(
            fill(
                "SELECT {names}, retracted, {read} AS read FROM read_parquet([{paths}])"
                " WHERE recorded_at < TIMESTAMPTZ '{limit}' AND {where}",
                names=", ".join(names), read=_READ.format(batch=batch), paths=", ".join(paths),
                limit=f"{limit.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00", where=where,
            )
            for batch, paths in files.items()
        )  # fmt: skip

    def _nothing(self, table: Table, names: tuple[str, ...]) -> str:
        kinds = {"student": "INTEGER", "happened_on": "DATE", **{c.name: sql_type(c) for c in table.columns}}
        empty = ", ".join(f"NULL::{kinds[name]} AS {name}" for name in names)
        return f"SELECT {empty}, NULL::BOOLEAN AS retracted, NULL::HUGEINT AS read WHERE FALSE"

    def facts(self, table: Table) -> None:
        """Make the relations of a table, once; of the cohort alone where the cohort is known."""
        if table.name in self._made:
            return
        self._made.add(table.name)
        columns = ("happened_on", *(column.name for column in table.columns))
        student = "coalesce(p.student, t.student) AS student, " if table.per_student else ""
        whole = "LEFT JOIN aliases" if "cohort" not in self._made else "JOIN people"
        self.run(
            """
            CREATE TEMP TABLE {name}_last AS
            SELECT {student} t.* {without} FROM ({told}) t {joined}
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY read DESC) = 1
            """,
            name=table.name,
            student=student,
            without="EXCLUDE (student)" if student else "",
            told=self.told(table, columns),
            joined=f"{whole} p ON p.told = t.student" if student else "",
            key=", ".join([*(["coalesce(p.student, t.student)"] if student else []), *table.key]) or "1",
        )
        self.run("CREATE TEMP VIEW {name} AS FROM {name}_last WHERE NOT retracted", name=table.name)

    def cohort_is_known(self) -> None:
        self._made.add("cohort")

    def rule(self, name: str) -> float | None:
        """What the institution has set for all its students; None when it has not."""
        self.facts(RULES)
        found = self.run(
            """SELECT max(value) FROM rules
            WHERE rule = {rule} AND stage IS NULL AND after_terms IS NULL AND happened_on < {as_of}""",
            rule=position(RULES, "rule", name),
        ).fetchone()
        return None if found is None or found[0] is None else float(found[0])


def know(log: EventLog, as_of: date, threads: int | None) -> Known:
    """The relations that every question needs. The cohort may be empty."""
    known = Known(log, as_of, threads)
    _find_aliases(known)
    for table in (CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS):
        known.facts(table)
    _make_terms(known)
    _make_moves(known)
    _make_since(known)
    _make_rosters(known)
    _make_here(known)
    _make_cohort(known)
    _make_people(known)
    return known


def _find_aliases(known: Known) -> None:
    """Which number goes on for which: the last word on each number, followed to its end.

    Of links in a circle the one that was read last is left out.
    """
    known.run(
        """
        CREATE TEMP TABLE told_links AS
        SELECT student, same_as, read FROM
            (SELECT * FROM ({told}) QUALIFY row_number() OVER (PARTITION BY student ORDER BY read DESC) = 1)
        WHERE NOT retracted AND student <> same_as
        """,
        told=known.told(SAME_PERSON, ("same_as",)),
    )
    known.run(
        """
        CREATE TEMP TABLE links AS
        WITH RECURSIVE reached(told, student) AS (
            SELECT student, same_as FROM told_links
            UNION SELECT r.told, l.same_as FROM reached r JOIN told_links l ON l.student = r.student
        ),
        circles AS (
            SELECT r.told, l.read AS own, max(l.read) OVER (PARTITION BY r.told) AS last, r.student
            FROM reached r JOIN told_links l ON l.student = r.student
            WHERE r.told IN (SELECT told FROM reached WHERE told = student)
        )
        SELECT student, same_as FROM told_links
        WHERE student NOT IN (SELECT told FROM circles WHERE told = student AND own = last)
        """
    )
    known.run(
        """
        CREATE TEMP TABLE aliases AS
        WITH RECURSIVE goes_on(told, student) AS (
            FROM links UNION SELECT g.told, l.same_as FROM goes_on g JOIN links l ON l.student = g.student
        )
        SELECT told, student FROM goes_on WHERE student NOT IN (SELECT student FROM links)
        """
    )


def _make_terms(known: Known) -> None:
    known.run(
        """
        CREATE TEMP TABLE terms AS
        SELECT *, row_number() OVER (ORDER BY opens, academic_year, term) AS place FROM (
            SELECT academic_year, term, min(happened_on) AS opens, max(happened_on) AS closes FROM calendar GROUP BY ALL
        )
        """
    )
    known.run(
        """CREATE TEMP TABLE teaching AS
        SELECT DISTINCT academic_year, term, happened_on AS day FROM calendar WHERE kind IN {held}""",
        held=positions(CALENDAR, "kind", "TEACH", "EXAM", "WFH"),
    )
    known.run(
        """CREATE TEMP TABLE closed AS SELECT DISTINCT happened_on AS day FROM calendar
        WHERE kind IN {closed} AND happened_on NOT IN (SELECT day FROM teaching)""",
        closed=positions(CALENDAR, "kind", "HOLIDAY", "CLOSED"),
    )


def _make_moves(known: Known) -> None:
    known.run(
        """
        CREATE TEMP TABLE moves AS
        SELECT student, max(happened_on) FILTER (WHERE event IN {leavings}) AS left_on,
            max(happened_on) FILTER (WHERE event = {graduated}) AS graduated_on,
            max(happened_on) FILTER (WHERE event = {returned}) AS back_on
        FROM outcomes WHERE happened_on < {as_of} GROUP BY student
        """,
        leavings=positions(OUTCOMES, "event", *_LEAVINGS),
        graduated=position(OUTCOMES, "event", "GRADUATED"),
        returned=position(OUTCOMES, "event", "RETURNED"),
    )


def _make_since(known: Known) -> None:
    """`since` has the first day of the last versions of each row that tell the same of being here and coming back."""
    known.run(
        """
        CREATE TEMP TABLE since AS
        WITH versions AS (
            SELECT coalesce(p.student, t.student) AS student, academic_year, term, happened_on, read, CASE WHEN NOT retracted
                THEN coalesce(status = {enrolled}, TRUE)::INT + 2 * coalesce(entry_route = {came_back}, FALSE)::INT END AS says
            FROM ({told}) t LEFT JOIN aliases p ON p.told = t.student
        ),
        last AS (SELECT student, academic_year, term, arg_max(says, read) AS says FROM versions GROUP BY ALL),
        others AS (
            SELECT v.student, v.academic_year, v.term, max(read) AS read FROM versions v
            JOIN last l USING (student, academic_year, term) WHERE v.says IS DISTINCT FROM l.says GROUP BY ALL
        )
        SELECT v.student, v.academic_year, v.term, min(happened_on) AS told_since
        FROM versions v LEFT JOIN others o USING (student, academic_year, term)
        WHERE o.read IS NULL OR v.read > o.read GROUP BY ALL
        """,
        told=known.told(ENROLMENTS, ("academic_year", "term", "happened_on", "status", "entry_route")),
        enrolled=position(ENROLMENTS, "status", "ENROLLED"),
        came_back=position(ENROLMENTS, "entry_route", "RETURNED"),
    )


def _make_rosters(known: Known) -> None:
    """`rosters` has a row for each student and term of the calendar; `waiting` whom no roster of an open term speaks for.

    A roster speaks for its class groups of the academic year; for a group of which half or more are on one; for all when it
    was complete, or of a summer term (3) alone. Nobody waits for the roster of a programme that is over.
    """
    known.run(
        """
        CREATE TEMP TABLE rosters AS
        SELECT e.*, s.told_since, t.place, t.opens, {as_of} BETWEEN t.opens AND t.closes AS is_open
        FROM enrolments e JOIN terms t USING (academic_year, term) JOIN since s USING (student, academic_year, term)
        """
    )
    known.run(
        """
        CREATE TEMP TABLE waiting AS
        WITH open_terms AS (FROM terms WHERE {as_of} BETWEEN opens AND closes),
        of_open AS (FROM rosters WHERE is_open),
        past AS (FROM rosters WHERE opens < {as_of} AND NOT is_open AND EXISTS (FROM open_terms)),
        before AS (
            FROM past WHERE place >= coalesce((SELECT max(place) FROM past WHERE term <> 3), 0)
            QUALIFY row_number() OVER (PARTITION BY student ORDER BY place DESC) = 1
        ),
        of_groups AS (
            SELECT academic_year, class_group, bool_or(named) OR 2 * count(*) FILTER (WHERE there) >= count(*) AS told FROM (
                SELECT academic_year, class_group, student IN (SELECT student FROM of_open) AS there,
                    (academic_year, class_group) IN (SELECT (academic_year, class_group) FROM of_open) AS named FROM before
            ) GROUP BY ALL
        )
        SELECT b.* FROM before b JOIN of_groups g USING (academic_year, class_group)
        WHERE NOT coalesce(level IN {one_term}, FALSE) AND NOT (
            coalesce(level IN {terminal}, FALSE) AND academic_year < (SELECT arg_max(academic_year, place) FROM open_terms)
        ) AND (NOT EXISTS (FROM of_open) OR NOT (
            g.told OR EXISTS (FROM roster_counts SEMI JOIN open_terms USING (academic_year, term))
            OR NOT EXISTS (FROM open_terms WHERE term <> 3)
        ))
        """,
        one_term=positions(ENROLMENTS, "level", *ONE_TERM_LEVELS),
        terminal=positions(ENROLMENTS, "level", *TERMINAL_LEVELS),
    )


def _make_here(known: Known) -> None:
    """`here` has the rows of whom the rosters of the open terms name, and of who waits for one.

    Of a student's rows that of the newest of these terms alone is asked whether they are here.
    """
    known.run(
        """
        CREATE TEMP TABLE here AS
        WITH newest AS (
            FROM (FROM rosters WHERE is_open UNION ALL FROM waiting)
            QUALIFY row_number() OVER (PARTITION BY student ORDER BY is_open DESC, place DESC) = 1
        ),
        moved AS (
            SELECT r.*, greatest(m.left_on, CASE WHEN level IN {next_programme} THEN NULL ELSE m.graduated_on END) AS ended_on,
                greatest(m.back_on, CASE WHEN entry_route = {came_back} THEN r.told_since END) AS back_on
            FROM newest r LEFT JOIN moves m USING (student)
        )
        FROM moved WHERE (status IS NULL OR status = {enrolled})
            AND NOT coalesce(ended_on >= least(opens, told_since) AND (back_on IS NULL OR ended_on > back_on), FALSE)
        """,
        enrolled=position(ENROLMENTS, "status", "ENROLLED"),
        next_programme=positions(ENROLMENTS, "level", *NEXT_PROGRAMME_LEVELS),
        came_back=position(ENROLMENTS, "entry_route", "RETURNED"),
    )


def _make_cohort(known: Known) -> None:
    """Each of them in the term that is open now, with what the row and that of the term before tell of the study mode.

    Who is dual by one of the two and untold by the other is dual in both terms; who waits is no intern of the new one.
    """
    known.run(
        """
        CREATE TEMP TABLE cohort AS
        SELECT h.student, h.class_group, h.level, h.registered_on, own.*,
            coalesce(h.study_mode IN {own_days}, FALSE) AS keeps_own_days,
            CASE WHEN h.study_mode = {intern} AND NOT h.is_open THEN NULL ELSE h.study_mode END AS told_now,
            CASE WHEN told_now IS NULL AND earlier.study_mode = {dual} THEN {dual} ELSE told_now END AS mode_now,
            greatest(own.opens, h.registered_on) AS begins,
            before.academic_year AS before_year, before.term AS before_term,
            before.opens AS before_opens, before.closes AS before_closes,
            earlier.study_mode AS told_before,
            CASE WHEN told_before IS NULL AND told_now = {dual} THEN {dual} ELSE told_before END AS mode_before
        FROM here h
        JOIN terms own ON own.place = CASE
            WHEN h.is_open THEN h.place ELSE (SELECT max(place) FROM terms WHERE {as_of} BETWEEN opens AND closes) END
        LEFT JOIN terms before ON before.opens < own.opens AND (before.academic_year, before.term) = CASE own.term
            WHEN 1 THEN (own.academic_year - 1, 2) ELSE (own.academic_year, own.term - 1) END
        LEFT JOIN enrolments earlier ON earlier.student = h.student
            AND earlier.academic_year = before.academic_year AND earlier.term = before.term
        """,
        dual=position(ENROLMENTS, "study_mode", "DUAL"),
        intern=position(ENROLMENTS, "study_mode", "INTERNSHIP"),
        own_days=positions(ENROLMENTS, "study_mode", "EVENING", "SHORT", "FLEX"),
    )


def _make_people(known: Known) -> None:
    """Who the students of the cohort were called."""
    known.run(
        """CREATE TEMP TABLE people AS
        SELECT student AS told, student FROM cohort UNION ALL SELECT told, student FROM aliases SEMI JOIN cohort USING (student)"""
    )
    known.cohort_is_known()
