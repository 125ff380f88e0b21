"""The weekly lists as they would have been in the test term, and how many of each band left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from models.bands import HIGH, UNKNOWN, ObservedRate, advisor_numbers, assign, observed_rates
from models.known import abstains
from models.risk_model import RiskModel
from records import staff
from records.home import DataHome
from records.suppression import suppressed
from training.contest import capacity_of
from training.panel import Week

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TermOfLists:
    """Every student-week of a term with the band it would have had; the arrays have one entry a student-week."""

    band: npt.NDArray[np.str_]
    left: Flags
    person: Ints
    gone_visited: int = 0
    """Visits beside these: places of students who had left already without anybody knowing."""

    @property
    def rates(self) -> tuple[ObservedRate, ...]:
        return observed_rates(self.band, self.left, self.person)

    @property
    def abstained(self) -> dict[str, int]:
        """How many student-weeks too little was known of, of how many, and how many of them left.

        The last is left out where it would tell of fewer than ten people who left, or who stayed.
        """
        unknown = self.band == UNKNOWN
        people = [len(np.unique(self.person[unknown & with_end])) for with_end in (self.left, ~self.left)]
        left = {} if any(suppressed(people)) else {"left": int(self.left[unknown].sum())}
        return {"rows": int(unknown.sum()), "of": len(unknown), **left}


def joined(parts: Sequence[TermOfLists]) -> TermOfLists:
    """Several terms as one."""
    return TermOfLists(
        band=np.concatenate([one.band for one in parts]),
        left=np.concatenate([one.left for one in parts]),
        person=np.concatenate([one.person for one in parts]),
        gone_visited=sum(one.gone_visited for one in parts),
    )


def lists_of_term(
    home: DataHome, weeks: Sequence[Week], model: RiskModel, *, weight: Floats, bonus: float, today: date
) -> TermOfLists:
    """Week after week the list that serving would have made: capacity, advisors, bonus and ties as they were.

    `weeks` hold everybody who was on the rosters. Those who had left without anybody knowing take places, as they
    would have, and are counted in no rate: whether they leave was settled. `weight` is how much the model looks at
    each feature (models/known.py). Where no capacity had been entered for a week, that of `today` holds; where no
    advisor had been, each class group counts as one advisor's.
    """
    band, left, person, gone_visited = [], [], [], 0
    high_before: dict[str, Ints] = {}
    for week in sorted(weeks, key=lambda week: week.as_of):
        own = _bands(home, week, model, weight, bonus, high_before.get(week.institution, np.zeros(0, np.int64)), today)
        high_before[week.institution] = week.student[own == HIGH]
        band.append(own[~week.gone])
        left.append(week.left[~week.gone])
        person.append(week.person[~week.gone])
        gone_visited += int((own[week.gone] == HIGH).sum())
    return TermOfLists(
        band=np.concatenate(band), left=np.concatenate(left), person=np.concatenate(person), gone_visited=gone_visited
    )


def _bands(
    home: DataHome, week: Week, model: RiskModel, weight: Floats, bonus: float, high_before: Ints, today: date
) -> npt.NDArray[np.str_]:
    capacity = capacity_of(home, week, today)
    return assign(
        model.logits(week.values),
        listed_last_week=np.isin(week.student, high_before),
        bonus=bonus,
        advisor=advisors(home, week),
        ties=home.vault.key.tie_breaks(week.student, week.as_of),
        visits_per_week=capacity.visits_per_week,
        rows_per_advisor=capacity.rows_per_advisor,
        abstained=abstains(week.values, weight),
    ).band


def advisors(home: DataHome, week: Week) -> Ints:
    """A number for each student's advisor that day, NO_ADVISOR without one; the class group's where none was entered."""
    with home.database.read() as session:
        entered = staff.advisors_by_group(session, week.institution, week.as_of)
    if not entered:
        return week.group
    return advisor_numbers(week.cohort.groups, entered)[week.group]
