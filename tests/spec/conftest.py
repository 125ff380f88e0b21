"""Every picture is asked of two engines: the state that the application folds, and the slow oracle."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from features.declaration import Feature
from features.snapshot import replay
from features.vocabulary import InTerm, WeekOfTerm
from records.tables import ENROLMENTS
from tests.features.oracle import oracle
from tests.features.pictures import TERMS, ask, calendar, records_of, roster
from tests.features.small_log import Record, write_log
from tests.spec.asking import ONE_TERM, Enrolled, Spec, TermKey

Answers = dict[int, float | None]
Engine = Callable[[Sequence[Record], date, Sequence[Feature]], Answers]


@pytest.fixture(params=["state", "oracle"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """From records to the answers to the last feature, None where it is missing."""

    def by_state(records: Sequence[Record], as_of: date, catalogue: Sequence[Feature]) -> Answers:
        [snapshot] = replay(write_log(tmp_path, records), [as_of], catalogue)
        values = snapshot.values[:, -1].astype(float).tolist()
        assert not [value for value in values if str(value) == "-0.0"]
        return dict(zip(snapshot.cohort.student.tolist(), map(_told, values), strict=True))

    def by_oracle(records: Sequence[Record], as_of: date, catalogue: Sequence[Feature]) -> Answers:
        answers = oracle(records, as_of, catalogue)
        return {student: told[catalogue[-1].name].value for student, told in answers.items()}

    return by_state if request.param == "state" else by_oracle


@pytest.fixture
def spec(engine: Engine) -> Spec:
    def check(
        picture: str,
        feature: Feature,
        *,
        as_of: str,
        expect: Mapping[int, float | None],
        terms: Sequence[TermKey] = ONE_TERM,
        after: Sequence[Feature] = (),
        on_roster: bool = True,
    ) -> None:
        day = date.fromisoformat(as_of)
        records = [*calendar(terms), *records_of(picture, feature.table)]
        if on_roster:
            records += roster(list(expect), _term_on(day))
        assert engine(records, day, [*after, feature]) == dict(expect)

    return check


@pytest.fixture
def enrolled(engine: Engine) -> Enrolled:
    week = ask(ENROLMENTS, WeekOfTerm(), InTerm())

    def check(picture: str, *, as_of: str, expect: set[int], terms: Sequence[TermKey] = ONE_TERM) -> None:
        found = engine([*calendar(terms), *records_of(picture, ENROLMENTS)], date.fromisoformat(as_of), [week])
        assert set(found) == expect

    return check


def _told(value: float) -> float | None:
    """A float32 as the decimal number that it was rounded from."""
    return None if value != value else float(f"{value:.6g}")


def _term_on(day: date) -> TermKey:
    return next(term for term, (opens, closes) in TERMS.items() if opens <= day <= closes)
