"""Every measure of the tables that are read as rows: results, surveys, screening, enrolments, people."""

from features.declaration import Feature
from features.vocabulary import (
    Age,
    Count,
    CountNewest,
    DaysSince,
    Highest,
    InTerm,
    Latest,
    LeadDays,
    Matches,
    Mean,
    NoRecord,
    Share,
    StepChange,
    Sum,
    Term,
    WeeksSame,
    Window,
)
from records.tables import GRADES, Table, Where
from tests.features.twin.known import Known
from tests.features.twin.passes import Pass, Passes
from tests.features.twin.words import NOT_KNOWN, day, fill, matches, number, span

# The day it happened, or the term where there is one record a term, then the place in reading order, in one number.
_NEWNESS = f"({{day}})::HUGEINT * {2**105} + read"
_BY_DAY, _BY_TERM = "happened_on - DATE '1900-01-01'", "t.academic_year * 10 + t.term"


class Rows:
    """Writes the expression that answers a feature of such a table, and gathers what it needs in the passes."""

    def __init__(self, known: Known, passes: Passes) -> None:
        self.known, self.passes, self._today = known, passes, day(known.as_of)

    def answer(self, feature: Feature) -> str:
        """NULL without a record becomes what the declaration says of absence; 'not known' stays."""
        self.known.facts(feature.table)
        if isinstance(feature.measure, NoRecord):
            found = self.over(feature).ask(f"count(*) FILTER (WHERE {matches(feature.table, feature.measure.where)})")
            return f"(coalesce({found}, 0) = 0)::INT"
        told = self._told(feature)
        return told if feature.absent_means is None else f"coalesce({told}, {feature.absent_means})"

    def _told(self, feature: Feature) -> str:
        table, rows = feature.table, self.over(feature)
        match feature.measure:
            case Count() | Share():
                return rows.ask(_counted(table, feature.measure))
            case CountNewest(where=where, by=by, besides=besides):
                newest = self._newest_of_each(feature, by, besides)
                return newest.ask(f"count(*) FILTER (WHERE {matches(table, where)})")
            case Sum(column=column, where=where):
                value = number(table[column])
                return rows.ask(f"CASE WHEN count({value}) > 0 THEN {_total(value, matches(table, where))} END")
            case Highest(column=column, where=where):
                return rows.ask(f"max({number(table[column])}) FILTER (WHERE {matches(table, where)})")
            case Mean(column=column, weight=weight, where=where):
                return rows.ask(_mean(table, column, weight, where))
            case Latest(column=column, where=where, telling=telling):
                told = f"{column} IS NOT NULL" if telling else "TRUE"
                return self.newest(feature, number(table[column]), f"{matches(table, where)} AND {told}")
            case DaysSince(where=where):
                newest = f"arg_max(happened_on, newness) FILTER (WHERE {matches(table, where)})"
                return f"({self._today} - {rows.ask(newest)})"
            case Matches(where=where):
                return self.newest(feature, f"({matches(table, where)})::INT", f"{where.column} IS NOT NULL")
            case StepChange(column=column, where=where):
                return self._step(rows, number(table[column]), matches(table, where))
            case WeeksSame(column=column, where=where):
                return self._weeks_same(feature, number(table[column]), matches(table, where))
            case LeadDays(column=column):
                return self.newest(feature, f"(opens - {column})", "TRUE")
            case Age(column=column):
                return self.newest(feature, f"({self._today} - {column}) / 365.25", "TRUE")
            case _:
                raise TypeError(f"{feature.measure} is not asked of {table.name}")

    def newest(self, feature: Feature, value: str, chosen: str) -> str:
        """The value of the newest chosen row; not known where it does not tell."""
        told = f"coalesce(({value})::DOUBLE, {NOT_KNOWN})"
        return self.over(feature).ask(f"arg_max({told}, newness) FILTER (WHERE {chosen})")

    def _newest_of_each(self, feature: Feature, by: str, besides: Where | None) -> Pass:
        left_out = "FALSE" if besides is None else matches(feature.table, besides)
        source = """
            SELECT * FROM ({rows}) WHERE {by} IS NOT NULL AND NOT coalesce({left_out}, FALSE)
            QUALIFY row_number() OVER (PARTITION BY student, {by} ORDER BY {order}) = 1
            """
        rows, by_term = self._source(feature.table, feature.window), "academic_year" in feature.table.key
        order = "academic_year DESC, term DESC, newness DESC" if by_term else "newness DESC"
        return self.passes.over(fill(source, rows=rows, by=by, left_out=left_out, order=order))

    @staticmethod
    def _step(rows: Pass, value: str, chosen: str) -> str:
        """NULL without any; not known with one alone."""
        last = f"arg_max({value}, newness, 2) FILTER (WHERE {chosen} AND {value} IS NOT NULL)"
        two = rows.ask(last)
        return f"CASE len({two}) WHEN 2 THEN {two}[1] - {two}[2] WHEN 1 THEN {NOT_KNOWN} END"

    def _weeks_same(self, feature: Feature, value: str, chosen: str) -> str:
        """The newest rows in a row with the newest value: those with no other value among them or after them."""
        source = fill(
            """
            SELECT student, happened_on, newness, count(*) FILTER (WHERE value <> latest) OVER (
                PARTITION BY student ORDER BY newness DESC ROWS UNBOUNDED PRECEDING) AS others
            FROM (
                SELECT student, happened_on, newness, {value} AS value, first_value({value}) OVER (
                    PARTITION BY student ORDER BY newness DESC) AS latest
                FROM ({rows}) WHERE {chosen} AND {value} IS NOT NULL
            )
            """,
            rows=self._source(feature.table, feature.window),
            value=value,
            chosen=chosen,
        )
        first = self.passes.over(source).ask("arg_min(happened_on, newness) FILTER (WHERE others = 0)")
        return f"(({self._today} - {first}) // 7)"

    def over(self, feature: Feature) -> Pass:
        return self.passes.over(self._source(feature.table, feature.window))

    def _source(self, table: Table, window: Window) -> str:
        """The rows of the cohort in a window; in terms by the term that a row names, where it names one."""
        if isinstance(window, InTerm) and "academic_year" in table.key:
            which = {Term.THIS: ("academic_year", "term"), Term.PREVIOUS: ("before_year", "before_term")}
            inside = "t.academic_year = c.{} AND t.term = c.{}".format(*which[window.term])
        else:
            inside = "t.happened_on >= {} AND t.happened_on < {}".format(*span(window, self.known.as_of))
        return fill(
            """
            SELECT t.*, c.opens, {newness} AS newness FROM {table} t JOIN cohort c USING (student)
            WHERE t.happened_on < {today} AND {inside}
            """,
            newness=_NEWNESS.format(day=_BY_TERM if table.key == ("academic_year", "term") else _BY_DAY),
            table=self._speaking(table),
            today=self._today,
            inside=inside,
        )

    def _speaking(self, table: Table) -> str:
        """The relation of a table; of grades the last attempt of each piece of work or course that had happened."""
        if table is not GRADES:
            return table.name
        self.known.once(
            "last_attempts",
            """
            CREATE TEMP TABLE last_attempts AS SELECT * FROM grades WHERE happened_on < {as_of}
            QUALIFY row_number() OVER (PARTITION BY student, academic_year, term, course_code, item
                ORDER BY coalesce(attempt, 1) DESC, read DESC) = 1
            """,
        )
        return "last_attempts"


def _counted(table: Table, measure: Count | Share) -> str:
    """Matching rows of those asked about, or the part that they are of these; NULL where there is none to ask about."""
    asked = matches(table, measure.among)
    both = f"{asked} AND {matches(table, measure.where)}"
    if isinstance(measure, Share) and measure.weight is not None:
        value = number(table[measure.weight])
        return f"{_total(value, both)} / nullif(sum({value}) FILTER (WHERE {asked}), 0)"
    counted, seen = (f"count(*) FILTER (WHERE {rows})" for rows in (both, asked))
    return (
        f"{counted} / nullif({seen}, 0)" if isinstance(measure, Share) else f"CASE WHEN {seen} > 0 THEN {counted} END"
    )


def _total(value: str, chosen: str) -> str:
    """The sum over the chosen rows: 0 without one, NULL where none of them tells it."""
    return f"CASE WHEN count(*) FILTER (WHERE {chosen}) = 0 THEN 0 ELSE sum({value}) FILTER (WHERE {chosen}) END"


def _mean(table: Table, column: str, weight: str | None, where: Where | None) -> str:
    """A row without a weight weighs 1."""
    value = number(table[column])
    heavy = f"coalesce({number(table[weight])}, 1)" if weight else "1"
    chosen = f"FILTER (WHERE {matches(table, where)} AND {value} IS NOT NULL)"
    return f"sum({value} * {heavy}) {chosen} / nullif(sum({heavy}) {chosen}, 0)"
