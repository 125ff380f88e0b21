"""One row per student on a day: `features(state, as_of)`, and the replay of a log over many days.

Features are a pure function of (state, as_of); training replays the log and stops each week, the weekly run folds one
more week and calls the same function.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numba
import numpy as np
import numpy.typing as npt
import pandas as pd

from features.asked import Asked
from features.catalogue import CATALOGUE
from features.cohort import Cohort, cohort
from features.declaration import Feature
from features.measures import Answers
from features.state import Replay, State
from features.vocabulary import Domain, Last
from records.log import EventLog


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`values` is (students, features) in float32, in the order of `features`; NaN is not known.

    `completeness` says for each domain how much is known of each student (0–1): of attendance the teaching days of the
    last 28 that have a record, of the others the part of their features that could be answered.
    """

    institution: str
    cohort: Cohort
    features: tuple[Feature, ...]
    values: npt.NDArray[np.float32]
    ledger_number: int
    completeness: dict[Domain, npt.NDArray[np.float32]]

    @property
    def as_of(self) -> date:
        return self.cohort.as_of

    def column(self, name: str) -> npt.NDArray[np.float32]:
        for index, feature in enumerate(self.features):
            if feature.name == name:
                return self.values[:, index]
        raise KeyError(f"the snapshot has no feature '{name}'")

    def frame(self) -> pd.DataFrame:
        """As a table for people: student number, class group, then the features."""
        groups = np.array(self.cohort.groups, dtype=object)[self.cohort.group]
        head = {"student": self.cohort.student, "class_group": groups}
        told = {f.name: self.values[:, i] for i, f in enumerate(self.features)}
        return pd.DataFrame(
            {**head, **told, **{f"completeness_{domain.value}": one for domain, one in self.completeness.items()}}
        )


def features(
    state: State,
    as_of: date,
    catalogue: Sequence[Feature] = CATALOGUE,
    *,
    institution: str = "",
    ledger_number: int = 0,
) -> Snapshot:
    """The answers on a day for every student enrolled then. Raises NobodyEnrolled when there is none."""
    who = cohort(state, as_of)
    answers = Answers(Asked(state, who, catalogue))
    values = np.empty((len(who.student), len(catalogue)), np.float32, order="F")
    for place, feature in enumerate(catalogue):
        # Rounding is part of the definition: a float32 runtime must not disagree about near-ties.
        answers.values[feature.name] = rounded(answers.answer(feature), feature.decimals)
        values[:, place] = answers.values[feature.name]
    return Snapshot(
        institution=institution, cohort=who, features=tuple(catalogue), values=values, ledger_number=ledger_number,
        completeness=completeness(answers, catalogue),
    )  # fmt: skip


_OF_RECENT_DAYS = Last(days=28)


def completeness(answers: Answers, catalogue: Sequence[Feature]) -> dict[Domain, npt.NDArray[np.float32]]:
    """For each domain how much is known of each student (see Snapshot); a source that stopped shows here, not as presence."""
    known: dict[Domain, list[npt.NDArray[np.float64]]] = {}
    for feature in catalogue:
        known.setdefault(feature.domain, []).append(answers.values[feature.name])
    found = {domain: _known_part(columns) for domain, columns in known.items()}
    found[Domain.ATTENDANCE] = answers.recorded_part(_OF_RECENT_DAYS).astype(np.float32)
    return found


def _known_part(columns: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float32]:
    known = np.zeros(len(columns[0]), np.float32)
    for column in columns:
        known += column == column  # NaN is not itself
    return known / np.float32(len(columns))


@numba.njit(cache=True, nogil=True)
def rounded(values: npt.NDArray[np.float64], decimals: int) -> npt.NDArray[np.float64]:
    """As np.round does it, in one pass."""
    scale = 10.0**decimals
    found = np.empty(len(values))
    for i in range(len(values)):
        found[i] = np.rint(values[i] * scale) / scale
    return found


def replay(log: EventLog, as_ofs: Sequence[date], catalogue: Sequence[Feature] = CATALOGUE) -> Iterator[Snapshot]:
    """The snapshots of increasing days in one pass over the log; no later record has been read when one is given."""
    forward = Replay(log)
    for as_of in as_ofs:
        state = forward.advance(as_of)
        yield features(state, as_of, catalogue, institution=log.institution, ledger_number=log.ledger_number)
