"""The rules of an institution as records known on a day: what it has entered, and what holds where it has entered nothing."""

from dataclasses import dataclass

import numpy as np

from features.state import State
from records.codes import RULES, STAGES

# What holds while an institution has entered nothing of its own; a rule that is not here is off.
DEFAULTS: dict[str, float] = {
    "attendance_share": 0.8,  # domain 2.5: below 80 % of the class hours there is no right to the examination
    "absent_run_dismissal": 15.0,  # domain 2.5: absent more than 15 days in a row without good reason
    "leaves_per_absence": 1.0,  # domain 2.5 has "2 leaves = 1" and "leave attends" as local rules; none is usual: a day missed is missed
    "lates_per_absence": 0.0,  # domain 2.5: "3 lates = 1 absence" is a local rule; 0 = lateness is not counted
}


_NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, kw_only=True)
class Entered:
    """One rule as an institution entered it; `stage` is a code of records.codes.STAGES, empty for all of them."""

    name: str
    value: float
    stage: str
    after_terms: int | None


def entered(state: State, institution: int = 0, *, before: int = _NEVER) -> list[Entered]:
    """The rules that hold in the state, the last version of each; `institution` counts where a state holds several.

    With `before` (days since 1970) only rules that are valid from an earlier day.
    """
    held = state.rows["rules"]
    columns = held.columns
    # Of a table that is not about students, `student` is the position of the institution.
    holds = columns["alive"] & (held.student == institution) & (columns["happened_on"] < before)
    return [
        Entered(
            name=RULES.values[columns["rule"][row]],
            value=float(columns["value"][row]),
            stage="" if columns["stage"][row] < 0 else STAGES.values[columns["stage"][row]],
            after_terms=None if np.isnan(columns["after_terms"][row]) else int(columns["after_terms"][row]),
        )
        for row in np.flatnonzero(holds)
    ]


def rules_of(state: State, institution: int = 0) -> dict[str, float]:
    """What the institution has entered for everybody: rules without a stage and a number of terms; no default is among them."""
    return {
        rule.name: rule.value for rule in entered(state, institution) if not rule.stage and rule.after_terms is None
    }
