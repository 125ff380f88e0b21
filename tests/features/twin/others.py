"""Margins: how far a student is from the rules of the institution, and relations to the class group."""

from features.declaration import Feature
from features.vocabulary import FromMedian, GroupMean, InTerm, Margin, Relative, Sessions
from records.codes import STAGE_OF_LEVEL
from records.tables import ENROLMENTS, RULES, Where
from tests.features.twin.days import Days
from tests.features.twin.known import Known
from tests.features.twin.rows import Rows
from tests.features.twin.words import fill, number, position

_MISSED = Where(column="status", values=("A", "K"))
_LEAVE = Where(column="status", values=("S", "B"))
_LATE = Where(column="status", values=("L",))


class Margins:
    """Writes the expression of a margin: what the rule allows, less what was used up."""

    def __init__(self, known: Known, days: Days, rows: Rows) -> None:
        self.known, self.days, self.rows = known, days, rows

    def answer(self, feature: Feature) -> str:
        match feature.measure:
            case Margin(rule="attendance_share", per_course=True, least=least):
                return self._of_courses(least)
            case Margin(rule="attendance_share"):
                return self._of_the_term()
            case Margin(rule="absent_run_dismissal"):
                most = self._rule("absent_run_dismissal", 15)
                return f"{most} - {self.days.run(feature.sessions, feature.window, _MISSED, current=True)}"
            case Margin(rule="gpa_minimum"):
                self.known.facts(feature.table)
                _make_bars(self.known)
                _make_stages_begun(self.known)
                newest, of_term = (
                    self.rows.newest(feature, told, "TRUE") for told in ("gpax", "academic_year * 10 + term")
                )
                bar = "(SELECT bar FROM bars b WHERE b.place = c.place AND b.level = c.level)"
                began = "coalesce((SELECT began FROM stages_begun s WHERE s.student = c.student), 0)"
                return f"CASE WHEN {of_term} >= {began} THEN {newest} - {bar} END"
            case _:
                raise TypeError(f"{feature.measure} is not a rule that the twin knows")

    def _rule(self, name: str, default: float) -> float:
        told = self.known.rule(name)
        return default if told is None else told

    def _absences(self, missed: str, leave: str, late: str) -> str:
        """Of leave and lateness those count that make up whole absences; where the rule says 0, they are none."""
        each = {leave: self._rule("leaves_per_absence", 1), late: self._rule("lates_per_absence", 0)}
        made = [f"floor({counted} / {number} + 1e-6)" for counted, number in each.items() if number]
        return f"({' + '.join([missed, *made])})"

    def _of_the_term(self) -> str:
        counts = [self.days.counted(Sessions.DAY, InTerm(), where) for where in (_MISSED, _LEAVE, _LATE)]
        held = counts[0][1]
        absences = self._absences(*(counted for counted, _ in counts))
        _make_days_of_term(self.known)
        number_of_days = "(SELECT days FROM days_of_term n WHERE n.student = c.student)"
        in_company = f"coalesce({self.days.in_company(InTerm())}, 0)"
        dual = position(ENROLMENTS, "study_mode", "DUAL")
        so_far = number_of_days.replace("days", "so_far", 1)
        number_of_days = f"""CASE
            WHEN c.mode_now = {dual} AND {in_company} > 0 THEN floor({number_of_days} * {held} / ({held} + {in_company}) + 1e-6)
            WHEN c.keeps_own_days AND {so_far} > 0 THEN floor({number_of_days} * {held} / {so_far} + 1e-6)
            ELSE {number_of_days} END"""
        allowed = f"floor({number_of_days} * (1 - {self._rule('attendance_share', 0.8)}) + 1e-6)"
        return f"CASE WHEN {held} > 0 THEN {allowed} - {absences} END"

    def _of_courses(self, least: int) -> str:
        """What is held of a course is carried on to the end of the term as the teaching days go, from a late registration on."""
        self.known.once(
            "teaching_so_far",
            """
            CREATE TEMP TABLE teaching_so_far AS
            WITH early AS (SELECT student, min(day) AS first FROM periods JOIN cohort USING (student) WHERE day >= opens AND day NOT IN (FROM closed) GROUP BY student)
            SELECT c.student, count(*) AS days, nullif(count(*) FILTER (WHERE day < {as_of}), 0) AS so_far
            FROM cohort c JOIN teaching t USING (academic_year, term) LEFT JOIN early e USING (student)
            WHERE t.day >= CASE WHEN e.first < c.registered_on THEN c.opens ELSE greatest(c.opens, c.registered_on) END
            GROUP BY c.student
            """,
        )
        courses = self.days.courses(InTerm(), missed=_MISSED, leave=_LEAVE, late=_LATE)
        whole = "floor(held * days / so_far + 1e-6)"
        allowed = f"floor({whole} * (1 - {self._rule('attendance_share', 0.8)}) + 1e-6)"
        with_term = fill(
            "SELECT o.*, n.days, n.so_far FROM ({courses}) o JOIN teaching_so_far n USING (student)",
            courses=courses.source,
        )
        left = f"{allowed} - {self._absences('missed', 'leave', 'late')}"
        return self.days.passes.over(with_term).ask(f"min({left}) FILTER (WHERE held >= {least})")


def _make_days_of_term(known: Known) -> None:
    """`days_of_term(student, days, so_far)`: the teaching days of the own term, all and those before today.

    They count from a registration that came after the opening, before every mark and before what totals hold.
    """
    known.once(
        "early",
        """
        CREATE TEMP TABLE early AS
        WITH told AS (
            SELECT student, day FROM days JOIN cohort USING (student) WHERE day >= opens AND day NOT IN (FROM closed)
            UNION ALL
            SELECT c.student, greatest(from_day, opens)
            FROM totals o JOIN cohort c USING (student) LEFT JOIN teaching t
                ON t.academic_year = c.academic_year AND t.term = c.term AND t.day BETWEEN registered_on AND o.happened_on
            WHERE o.happened_on >= opens
            GROUP BY c.student, opens, from_day, o.happened_on, held HAVING held > count(t.day)
        )
        SELECT student, min(day) AS first FROM told GROUP BY student
        """,
    )
    known.once(
        "days_of_term",
        """
        CREATE TEMP TABLE days_of_term AS
        WITH since AS (
            SELECT student, academic_year, term,
                CASE WHEN first < registered_on THEN opens ELSE greatest(opens, registered_on) END AS since
            FROM cohort LEFT JOIN early USING (student)
        ),
        counted AS (
            SELECT s.*, count(t.day) AS days, count(t.day) FILTER (WHERE t.day < {as_of}) AS so_far FROM (SELECT DISTINCT academic_year, term, since FROM since) s
            LEFT JOIN teaching t ON t.academic_year = s.academic_year AND t.term = s.term AND t.day >= since GROUP BY ALL
        )
        SELECT student, days, so_far FROM since JOIN counted USING (academic_year, term, since)
        """,
    )


def _make_bars(known: Known) -> None:
    """`bars(place, level, bar)`: the least GPAX for each term and level of the cohort.

    Of a level that has no year of its own nobody can count the terms completed.
    """
    known.facts(RULES)
    known.once(
        "bars",
        """
        CREATE TEMP TABLE bars AS
        WITH asked AS (
            SELECT DISTINCT place, level, {stage} AS stage,
                2 * ({year} - 1) + least(term, 3) - 1 AS completed FROM cohort
        ),
        rows AS (SELECT stage, after_terms, value FROM rules WHERE rule = {gpa_minimum} AND happened_on < {as_of}),
        candidates AS (
            SELECT a.place, a.level, a.completed, r.after_terms, r.value
            FROM asked a, rows r
            WHERE r.stage = a.stage OR r.stage IS NULL AND NOT EXISTS (FROM rows own WHERE own.stage = a.stage)
        )
        SELECT place, level, CASE
            WHEN count(after_terms) = 0 THEN max(value)
            WHEN any_value(completed) IS NOT NULL THEN coalesce(
                arg_min(value, after_terms) FILTER (WHERE after_terms > completed), arg_max(value, after_terms)
            )
        END AS bar FROM candidates GROUP BY place, level
        """,
        stage=_stage("level"),
        year=number(ENROLMENTS["level"]),
        gpa_minimum=position(RULES, "rule", "gpa_minimum"),
    )


def _make_stages_begun(known: Known) -> None:
    """`stages_begun(student, began)`: the first term on a roster of the stage of now, of whom one before it has in another."""
    known.once(
        "stages_begun",
        """
        CREATE TEMP TABLE stages_begun AS
        SELECT c.student, min(e.academic_year * 10 + e.term) FILTER (WHERE {then} = {now}) AS began
        FROM cohort c JOIN enrolments e USING (student) GROUP BY c.student HAVING min(e.academic_year * 10 + e.term) < began
        """,
        then=_stage("e.level"),
        now=_stage("c.level"),
    )


def _stage(level: str) -> str:
    """The stage of a level, NULL of one that has none."""
    stages = " ".join(
        f"WHEN {position(ENROLMENTS, 'level', value)} THEN {position(RULES, 'stage', stage)}"
        for value, stage in STAGE_OF_LEVEL.items()
    )
    return f"CASE {level} {stages} END"


def relation(feature: Feature) -> str:
    """Against the rounded values of the class group, over the window `peers` of one group."""
    match feature.measure:
        case Relative(of=of, least=least):
            usable = f'count("{of}") OVER peers >= {least} AND stddev_samp("{of}") OVER peers > 1e-9'
            return f'CASE WHEN {usable} THEN ("{of}" - avg("{of}") OVER peers) / stddev_samp("{of}") OVER peers END'
        case FromMedian(of=of, least=least):
            return f'CASE WHEN count("{of}") OVER peers >= {least} THEN "{of}" - median("{of}") OVER peers END'
        case GroupMean(of=of, least=least):
            return f'CASE WHEN count("{of}") OVER peers >= {least} THEN avg("{of}") OVER peers END'
        case _:
            raise TypeError(f"{feature.measure} is no relation to the class group")
