"""What was told of attendance, as relations of the cohort's students alone.

`marks(student, day, session, status)` are the marks that hold (never "not recorded" or "holiday"), `days` one a day,
`flag`, `homeroom` and `periods` (with `course`) those of a session, `totals` the periods known by totals, `only_totals`
those of them without a single day that lie in no longer one. Absence in the company is AWAY_IN_COMPANY in all of them.
"""

from features.declaration import Feature
from features.vocabulary import Last, Margin, Sessions, WorstCourse
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, ENROLMENTS
from tests.features.twin.known import Known
from tests.features.twin.words import fill, position, positions

IN_COMPANY = position(ATTENDANCE, "status", "I")
AWAY_IN_COMPANY = 100  # no status that could be told
SEEN = positions(ATTENDANCE, "status", "P", "L", "E", "O")
MISSED = positions(ATTENDANCE, "status", "A", "K")
_AWAY = positions(ATTENDANCE, "status", "A", "K", "S", "B")
_NOT_RECORDED = positions(ATTENDANCE, "status", "N", "H")
_PERIODS = positions(ATTENDANCE, "session", *(f"P{number}" for number in range(1, 11)))
_DUAL = position(ENROLMENTS, "study_mode", "DUAL")
_RETRACTED = 128  # beside the status in one number: the last version of both is one maximum
RELATIONS = {
    Sessions.DAY: "days",
    Sessions.FLAG: "flag",
    Sessions.HOMEROOM: "homeroom",
    Sessions.PERIODS: "periods",
}


def make_marks(known: Known, catalogue: list[Feature]) -> None:
    asked = [feature for feature in catalogue if feature.table is ATTENDANCE]
    if not asked:
        return
    known.facts(ATTENDANCE_TOTAL)
    known.run(
        """CREATE TEMP TABLE totals AS SELECT * FROM attendance_total SEMI JOIN cohort USING (student)
        WHERE happened_on < {as_of} AND from_day <= happened_on"""
    )
    known.has_totals = known.run("SELECT count(*) FROM totals").fetchone() != (0,)
    _make_marks(known, max((f.window.days for f in asked if isinstance(f.window, Last)), default=0))
    _put_in_company(known)
    _make_days(known)
    _make_only_totals(known)
    for session in (Sessions.FLAG, Sessions.HOMEROOM):
        known.run(
            "CREATE TEMP VIEW {relation} AS SELECT student, day, status FROM marks WHERE session = {session}",
            relation=RELATIONS[session],
            session=position(ATTENDANCE, "session", session.name),
        )
    _make_periods(known, by_course=any(_asks_of_courses(feature) for feature in asked))


def _asks_of_courses(feature: Feature) -> bool:
    return isinstance(feature.measure, WorstCourse) or (
        isinstance(feature.measure, Margin) and feature.measure.per_course
    )


def _make_marks(known: Known, days: int) -> None:
    """The last version of every mark since the Monday of the first day that a window or a total reaches."""
    found = known.run(
        """SELECT CAST(date_trunc('week', least({as_of} - {days}, min(opens), min(before_opens),
            (SELECT min(from_day) FROM totals))) AS DATE) FROM cohort""",
        days=days,
    ).fetchone()
    assert found is not None
    known.first_day = found[0]
    known.run(
        """
        CREATE TEMP TABLE marks AS
        WITH versions AS (
            SELECT p.student, t.happened_on AS day, t.session,
                arg_max(t.status + CASE WHEN t.retracted THEN {retracted} ELSE 0 END, t.read) AS status
            FROM ({told}) t JOIN people p ON p.told = t.student GROUP BY ALL
        )
        SELECT student, day, session, status::UTINYINT AS status FROM versions
        WHERE status < {retracted} AND status NOT IN {nothing}
        """,
        told=known.told(ATTENDANCE, ("happened_on", "session", "status"), known.lived_days()),
        retracted=_RETRACTED,
        nothing=_NOT_RECORDED,
    )


def _put_in_company(known: Known) -> None:
    """Absence of students in the company is none: interns on every day, dual students in weeks when none of three or more came.

    On days before the term opened by what the roster of the term before says.
    """
    for when in ("now", "before"):
        mode = f"mode_{when}"
        known.run(
            """
            CREATE TEMP TABLE weeks_at_college_{when} AS
            SELECT DISTINCT c.class_group, date_trunc('week', m.day) AS week FROM marks m JOIN cohort c USING (student)
            WHERE c.{mode} = {dual} AND m.status IN {seen} AND m.day NOT IN (FROM closed) AND (
                c.told_{when} = {dual} OR c.class_group NOT IN (
                    SELECT class_group FROM cohort WHERE told_{when} = {dual} GROUP BY class_group HAVING count(*) >= 3))
            """,
            when=when,
            mode=mode,
            dual=_DUAL,
            seen=SEEN,
        )
        known.run(
            """
            UPDATE marks SET status = {away_in_company} FROM cohort c
            WHERE c.student = marks.student AND marks.status IN {away} AND (marks.day < c.opens) = {earlier} AND (
                c.{mode} = {intern} OR c.{mode} = {dual} AND (c.class_group, date_trunc('week', marks.day))
                    NOT IN (SELECT (class_group, week) FROM weeks_at_college_{when})
                AND c.class_group IN (
                    SELECT class_group FROM cohort WHERE {mode} = {dual} GROUP BY class_group HAVING count(*) >= 3)
            )
            """,
            away_in_company=AWAY_IN_COMPANY,
            earlier=when == "before",
            when=when,
            mode=mode,
            away=_AWAY,
            intern=position(ENROLMENTS, "study_mode", "INTERNSHIP"),
            dual=_DUAL,
        )


def _make_days(known: Known) -> None:
    known.run(
        """
        CREATE TEMP TABLE days AS
        WITH whole AS (SELECT student, day, status FROM marks WHERE session = {whole_day}),
        by_periods AS (
            SELECT student, day, CASE
                WHEN bool_or(status IN {seen}) THEN {present}
                WHEN bool_or(status = {in_company}) THEN {in_company}
                WHEN bool_or(status = {away_in_company}) THEN {away_in_company}
                WHEN bool_or(status IN {missed}) THEN {absent}
                WHEN bool_or(status = {sick}) THEN {sick} ELSE {leave} END AS status
            FROM (SELECT * FROM marks WHERE session IN {periods}) ANTI JOIN whole USING (student, day)
            GROUP BY student, day
        )
        FROM whole UNION ALL SELECT student, day, status::UTINYINT FROM by_periods
        """,
        whole_day=position(ATTENDANCE, "session", "DAY"),
        periods=_PERIODS,
        seen=SEEN,
        missed=MISSED,
        in_company=IN_COMPANY,
        away_in_company=AWAY_IN_COMPANY,
        **{
            word: position(ATTENDANCE, "status", code)
            for word, code in (("present", "P"), ("absent", "A"), ("sick", "S"), ("leave", "B"))
        },
    )


def _make_only_totals(known: Known) -> None:
    known.run(
        """
        CREATE TEMP TABLE only_totals AS
        WITH alone AS (
            SELECT t.* FROM totals t WHERE NOT EXISTS (
                FROM days d WHERE d.student = t.student AND d.day BETWEEN t.from_day AND t.happened_on
                    AND d.day NOT IN (FROM closed)
            )
        )
        SELECT t.* FROM alone t WHERE NOT EXISTS (
            FROM alone o WHERE o.student = t.student AND o.from_day <= t.from_day AND o.happened_on >= t.happened_on
                AND (o.from_day < t.from_day OR o.happened_on > t.happened_on)
        )
        """
    )


def _make_periods(known: Known, *, by_course: bool) -> None:
    """The marks of class periods; their courses are read apart, since whole days have none."""
    courses = "SELECT NULL::INTEGER AS student, NULL::DATE AS day, NULL::UTINYINT AS session, NULL AS course LIMIT 0"
    if by_course:
        of_periods = f"session IN {_PERIODS} AND {known.lived_days()}"
        courses = fill(
            """
            SELECT p.student, t.happened_on AS day, t.session, arg_max_null(t.course_code, t.read) AS course
            FROM ({told}) t JOIN people p ON p.told = t.student GROUP BY ALL
            """,
            told=known.told(ATTENDANCE, ("happened_on", "session", "course_code"), of_periods),
        )
    known.run(
        """
        CREATE TEMP TABLE periods AS
        SELECT student, day, status, course
        FROM (SELECT * FROM marks WHERE session IN {periods}) LEFT JOIN ({courses}) USING (student, day, session)
        """,
        periods=_PERIODS,
        courses=courses,
    )
