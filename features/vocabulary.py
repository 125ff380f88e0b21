"""The words in which features are declared: domains, units, windows, and the closed set of measures.

A question that the measures cannot express is a new measure with a spec test, never a string of SQL in a declaration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from records.tables import Where
from records.text import Text


class Domain(Enum):
    ATTENDANCE = "attendance"
    GRADES = "grades"
    HOUSEHOLD = "household"
    SCREENING = "screening"
    STANDING = "standing"

    @property
    def label(self) -> Text:
        return _DOMAIN_LABELS[self]


_DOMAIN_LABELS = {
    Domain.ATTENDANCE: Text(th="การมาเรียน", en="Attendance"),
    Domain.GRADES: Text(th="ผลการเรียน", en="Grades"),
    Domain.HOUSEHOLD: Text(th="ครอบครัวและรายได้", en="Household"),
    Domain.SCREENING: Text(th="ผลคัดกรอง", en="Screening"),
    Domain.STANDING: Text(th="สถานะการเรียน", en="Standing"),
}


class Risk(Enum):
    """How risk moves when the value rises: the model's monotone constraint."""

    RISES = 1
    FALLS = -1
    EITHER = 0


class Unit(Enum):
    DAYS = "days"
    PERIODS = "class periods"
    YEARS = "years"
    MINUTES = "minutes"
    SHARE = "share"  # 0–1
    SHARE_PER_WEEK = "share per week"
    COURSES = "courses"
    POINTS = "grade points"  # 0–4
    SCORE = "score of 100"
    MARKS = "marks"  # of several courses together
    BAHT = "baht a month"
    BAHT_A_DAY = "baht a day"
    PEOPLE = "people"
    SDQ_SCORE = "score of 40"
    KILOMETRES = "km"
    WEEKS = "weeks"
    CREDITS = "credits"
    TIMES = "times"
    LEVEL = "level"  # an ordered group: 0, 1, 2 …
    DEVIATIONS = "standard deviations"
    YES = "yes or no"


class Personal(Enum):
    """SENSITIVE features are named only to roles with that permission; to others they are their domain."""

    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"


class Sessions(Enum):
    """Which attendance a question is about; flagpole and homeroom are kept apart from class.

    DAY is the whole-day mark. A day without one is told by its class periods: P when any was attended (P, L, E, O), else
    I when any was in the company, else A when any was missed without leave (A, K), else S or B.
    """

    DAY = "day"
    FLAG = "flag"
    HOMEROOM = "homeroom"
    ACTIVITY = "activity"
    PERIODS = "periods"


class Term(Enum):
    THIS = "this_term"
    PREVIOUS = "previous_term"


@dataclass(frozen=True, kw_only=True)
class Last:
    """The calendar days before `as_of`: `days` of them, `as_of` itself not among them."""

    days: int

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError("a window needs at least one day")


@dataclass(frozen=True, kw_only=True)
class InTerm:
    """The student's own term to date, or the institution's term before it, which a summer term never is."""

    term: Term = Term.THIS


@dataclass(frozen=True, kw_only=True)
class Ever:
    """Everything known of the student at this institution."""


Window = Last | InTerm | Ever


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many records (attendance: days on which the college was not closed) match.

    Of other tables among the records that match `among`, where given: before there is one of its kind, none is not 0.
    """

    where: Where
    among: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Share:
    """The part of records (attendance: recorded days on which the college was not closed) that match, 0–1.

    Of attendance on some weekdays only (Monday = 0) where given; of other tables among the records that match `among`, and
    with `weight` by what that number column adds up to: records that do not tell it are left out, and the part is missing
    where records match and none of them tells it.
    """

    where: Where
    weekdays: tuple[int, ...] = ()
    among: Where | None = None
    weight: str | None = None


@dataclass(frozen=True, kw_only=True)
class CountNewest:
    """How many values of the column `by` have a newest record that matches; records that match `besides` are left out.

    `by` holds codes or texts. Of records that carry a term the newest are those of the newest term: of a course that was
    taken again the result of the term it was last taken in speaks, even when an earlier one is released again later.
    """

    where: Where
    by: str
    besides: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Sum:
    """The sum of a number column over matching records.

    Missing when no record of the window tells the column, and when records match and none of them does.
    """

    column: str
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of a number column, or of what a code is worth, weighted by another column where `weight` is given."""

    column: str
    weight: str | None = None
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Latest:
    """The value of the newest record; codes give what they are worth, flags 0 or 1.

    The newest is that of the latest day, in a table with one record a term that of the latest term; then as they were read.
    Of the records that match `where`, and `also` the second condition; with `telling`, of those that tell the column: what
    is once for all, as the grade at entry, a later record that leaves it out does not take back.
    """

    column: str
    where: Where | None = None
    also: Where | None = None
    telling: bool = False


@dataclass(frozen=True, kw_only=True)
class Highest:
    """The largest value of a number column, or of what a code is worth."""

    column: str
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class StepChange:
    """The newest value less the one before it, in the order that Latest knows; missing with fewer than two."""

    column: str
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class WeeksSame:
    """Whole weeks since the first of the newest records in a row that have the newest value."""

    column: str
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Whether the newest record that tells the column matches: 1 or 0."""

    where: Where


@dataclass(frozen=True, kw_only=True)
class NoRecord:
    """1 when no record of the window matches, else 0: what nobody told, asked as a question of its own.

    A mark of a day on which the college was closed is a record, too.
    """

    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class DaysSince:
    """Calendar days from the newest matching record to `as_of`, of attendance also one of a day that was closed afterwards.

    With `from_opening`, of attendance in this term: of who has recorded days and none that matches, the days since the term
    opened, or since the registration where it came later.
    """

    where: Where | None = None
    from_opening: bool = False


@dataclass(frozen=True, kw_only=True)
class LongestRun:
    """The longest run of matching days over recorded days that were not closed; `current` asks for the run that reaches today."""

    where: Where
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Slope:
    """The change per week of the share of matching days: least squares over recorded days that were not closed."""

    where: Where


@dataclass(frozen=True, kw_only=True)
class Change:
    """The share of matching days in the last `short_days`, less the share in the rest of the window; closed days left out.

    Missing while nothing was recorded in one of the two: also in a term that is no older than `short_days`.
    """

    where: Where
    short_days: int


@dataclass(frozen=True, kw_only=True)
class Unrecorded:
    """The part of the teaching days of the student's own term in the window on which nothing was recorded of them.

    A day in the company is recorded, and so is a day inside a period that is counted from its totals: in which no day has a
    mark. Days before a late
    registration are not asked. Not absence. NaN for who has teaching days of their own (`features.asked.Asked.keeps_own_days`).
    """


@dataclass(frozen=True, kw_only=True)
class WorstCourse:
    """The largest share of matching class periods over the courses with at least `least` recorded periods; closed days left out."""

    where: Where
    least: int = 5


@dataclass(frozen=True, kw_only=True)
class Margin:
    """How far the student is from a rule of the institution (records.codes.RULES); negative when past it.

    Marks of days on which the college was closed are left out.

    `attendance_share`: absences left in the term, ⌊N·(1 − share)⌋ less absences, N the teaching days of the whole term
    from the opening, or from the registration where it came later and neither a mark nor a total (of more days than were
    taught since) shows the student before; of a dual student ⌊N · days held / (days held + days in the company)⌋ of them,
    by the marks of the term; of who has teaching days of their own
    (`features.asked.Asked.keeps_own_days`) ⌊N · days held / teaching days of them before today⌋. An absence is a day missed without leave; so many leaves
    (`leaves_per_absence`: 1 unless told; 0: leave is no absence) or lates (`lates_per_absence`: not counted unless told)
    make one, each counted apart and fewer none yet: ⌊leave / leaves_per_absence⌋ and ⌊lates / lates_per_absence⌋. With `per_course` the same over the class periods of each course with at least `least` recorded ones, N being
    ⌊held · teaching days of the term / teaching days before today⌋, both from the registration where it came later than
    the opening and before every period; the course with the fewest left counts.
    `absent_run_dismissal`: the rule less the days now missed in a row. `gpa_minimum`: the newest GPAX less the bar of
    the student's stage; of several, the next to come after the terms completed, else the last. Missing where it is of a
    term before the first in which a roster has the student in the stage, and a roster before that in another.
    """

    rule: str
    per_course: bool = False
    least: int = 5


@dataclass(frozen=True, kw_only=True)
class Relative:
    """How many standard deviations another feature's value lies from the mean of the class group.

    Missing in groups with fewer than `least` values, or where all are equal.
    """

    of: str
    least: int = 8


@dataclass(frozen=True, kw_only=True)
class FromMedian:
    """Another feature's value less the median of the class group; missing in groups with fewer than `least` values."""

    of: str
    least: int = 8


@dataclass(frozen=True, kw_only=True)
class GroupMean:
    """The mean of another feature over the class group, the same for each of its students; missing in groups with fewer
    than `least` values. It tells the level of a place, from which a student's own value is then told apart.
    """

    of: str
    least: int = 8


@dataclass(frozen=True, kw_only=True)
class Age:
    """Years of 365.25 days from a date column of the newest record to `as_of`."""

    column: str


@dataclass(frozen=True, kw_only=True)
class Own:
    """An analyst's own question: a vector function of what is known of a cohort (docs/guides/new-feature.md).

    `answers` takes `features.asked.Asked` and gives one float64 a student of its cohort, NaN where not known; `reads`
    are the columns of the feature's table that it looks at. It must not look at the clock, at chance or outside.
    """

    answers: Callable[[Any], Any]
    reads: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WeekOfTerm:
    """Whole weeks since the student's term opened, from 1."""


@dataclass(frozen=True, kw_only=True)
class LeadDays:
    """Days from a date column of the newest record to the opening of the term; negative when it came after."""

    column: str


OfRecords = (
    Count
    | CountNewest
    | Share
    | Sum
    | Mean
    | Latest
    | Highest
    | StepChange
    | WeeksSame
    | Matches
    | NoRecord
    | DaysSince
)
OfDays = LongestRun | Slope | Change | Unrecorded | WorstCourse
OfOthers = Relative | FromMedian | GroupMean
Measure = OfRecords | OfDays | OfOthers | Margin | WeekOfTerm | LeadDays | Age | Own
