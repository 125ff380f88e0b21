"""One row per student on a day: `features(state, as_of)`, and the replay of a log over many days.

Features are a pure function of (state, as_of); training replays the log and stops each week, the weekly run folds one
more week and calls the same function.
"""

from collections import Counter
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

_RECENT = Last(days=28)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`values` is (students, features) in float32, in the order of `features`; NaN is not known.

    `completeness` says for each domain how much is known of each student (0–1): of attendance the teaching days of the
    last 28 that have a record (of who has teaching days of their own, whether one has), of the others the part of their
    features that could be answered.
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

    def row(self, student: int) -> npt.NDArray[np.float32]:
        """The answers about one student. Raises KeyError for a number that is not of the cohort."""
        place = int(np.searchsorted(self.cohort.student, student))
        if place == len(self.cohort.student) or self.cohort.student[place] != student:
            raise KeyError(
                f"no student of this number is enrolled on {self.as_of}; ask for one of `snapshot.cohort.student`"
            )
        return np.asarray(self.values[place])

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
    known = {feature.domain: np.zeros(len(who.student), np.float32) for feature in catalogue}
    for place, feature in enumerate(catalogue):
        answers.fill(feature, values[:, place])
        _count_known(values[:, place], known[feature.domain])
    return Snapshot(
        institution=institution, cohort=who, features=tuple(catalogue), values=values, ledger_number=ledger_number,
        completeness=_completeness(answers, catalogue, known),
    )  # fmt: skip


def _completeness(
    answers: Answers, catalogue: Sequence[Feature], known: dict[Domain, npt.NDArray[np.float32]]
) -> dict[Domain, npt.NDArray[np.float32]]:
    """For each domain how much is known of each student; a source that stopped shows here, not as presence."""
    of_domain = Counter(feature.domain for feature in catalogue)
    found = {domain: answered / np.float32(of_domain[domain]) for domain, answered in known.items()}
    found[Domain.ATTENDANCE] = answers.recorded_part(_RECENT).astype(np.float32)
    return found


@numba.njit(cache=True, nogil=True)
def _count_known(column, known):  # type: ignore[no-untyped-def]
    for i in range(len(column)):
        known[i] += column[i] == column[i]


def replay(log: EventLog, as_ofs: Sequence[date], catalogue: Sequence[Feature] = CATALOGUE) -> Iterator[Snapshot]:
    """The snapshots of increasing days in one pass over the log; no later record has been read when one is given."""
    forward = Replay(log)
    for as_of in as_ofs:
        state = forward.advance(as_of)
        yield features(state, as_of, catalogue, institution=log.institution, ledger_number=log.ledger_number)
