"""What each domain adds and what constraints cost: the domain that tells is missed, the others are not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.vocabulary import Domain
from records.home import DataHome
from records.tables import RULES
from tests.features.small_log import Record, in_the_evening
from tests.training.drawn_contest import draw_panel, draw_week
from tests.training.drawn_home import make_home
from training.evidence import SourceValue
from training.fit import Form
from training.panel import Week
from training.sources import COLD_START, CONSTRAINTS, cold_start, sources
from training.splits import Split

STUDENTS = 400
FORM, TODAY = Form(trees=60), date(2026, 6, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataHome]:
    rule = Record(
        table=RULES, student=1, happened_on=date(2024, 1, 1), recorded_at=in_the_evening(date(2024, 1, 1)), batch=1,
        line=1, values={"rule": "attendance_share", "value": 0.8},
    )  # fmt: skip
    made = make_home(tmp_path_factory.mktemp("home"), [rule])
    yield made
    made.close()


def drawn(number: int, institution: str, *, other: bool = False) -> Week:
    """Who leaves has missed more; at the `other` kind of place they have failed more courses instead."""
    random = np.random.default_rng([number, int(institution[-1])])
    missed, failed = random.random(STUDENTS), random.random(STUDENTS)
    left = random.random(STUDENTS) < 0.5 * (failed if other else missed) ** 3
    return draw_week(
        number, left, values={"missed_share_28d": missed, "failed_courses_previous_term": 5 * failed},
        institution=institution, person=np.arange(STUDENTS) + 100_000 * int(institution[-1]),
    )  # fmt: skip


def split(*places: tuple[str, bool]) -> Split:
    weeks = [drawn(number, code, other=other) for code, other in places for number in range(6)]
    return Split(
        term=(2025, 2), opens=date(2025, 10, 27),
        training=draw_panel(*(week for week in weeks if week.as_of < date(2025, 6, 30))),
        test=draw_panel(*(week for week in weeks if week.as_of >= date(2025, 6, 30))),
    )  # fmt: skip


def test_the_domain_that_tells_is_missed_and_no_other(home: DataHome) -> None:
    lost, _ = sources(home, split(("1", False)), FORM, today=TODAY)
    by_name = {one.name: one for one in lost}
    assert set(by_name) == {feature.domain.value for feature in CATALOGUE}
    told = by_name.pop(Domain.ATTENDANCE.value)
    assert told.auc_lost.low > 0.1
    assert told.reached_lost_per_week.low > 0
    for one in by_name.values():
        assert abs(one.auc_lost.value) < 0.05


def test_constraints_in_the_direction_of_the_truth_cost_nothing(home: DataHome) -> None:
    _, constraints = sources(home, split(("1", False)), FORM, today=TODAY)
    assert constraints.name == CONSTRAINTS
    assert abs(constraints.auc_lost.value) < 0.04
    assert constraints.auc_lost.low <= constraints.auc_lost.value <= constraints.auc_lost.high


def test_a_place_unlike_the_others_loses_most_without_a_past(home: DataHome) -> None:
    alike = cold_start(home, split(("1", False), ("2", False), ("3", False)), FORM, today=TODAY)
    unlike = cold_start(home, split(("1", False), ("2", False), ("3", True)), FORM, today=TODAY)
    assert isinstance(alike, SourceValue)
    assert isinstance(unlike, SourceValue)
    assert alike.name == unlike.name == COLD_START
    assert abs(alike.auc_lost.value) < 0.03
    assert unlike.auc_lost.low > 0.05


def test_a_place_where_more_leave_loses_nothing_by_its_level(home: DataHome) -> None:
    """Missing tells the same everywhere: a model that has not seen the level of a place orders it as well."""
    random = np.random.default_rng(3)

    def weeks(first: int, count: int, place: int, share: float) -> list[Week]:
        return [
            draw_week(
                first + number, random.random(STUDENTS) < 2 * share * missed, institution=f"{place}",
                values={"missed_share_28d": missed}, person=np.arange(STUDENTS) + 100_000 * place + 1_000 * number,
            )
            for number in range(count)
            for missed in [random.random(STUDENTS)]
        ]  # fmt: skip

    shares = ((1, 0.02), (2, 0.12))
    training = draw_panel(*(week for place, share in shares for week in weeks(0, 8, place, share)))
    test = draw_panel(*(week for place, share in shares for week in weeks(20, 6, place, share)))
    opened = Split(term=(2025, 2), opens=date(2025, 10, 27), training=training, test=test)
    found = cold_start(home, opened, FORM, today=TODAY)
    assert found is not None
    assert abs(found.auc_lost.value) < 0.04


def test_a_place_whose_others_lost_hardly_anybody_is_left_out(home: DataHome) -> None:
    """Of two places one lost nobody: nothing can be learned there for the other."""

    def where_left(*places: str) -> Split:
        both = split(("1", False), ("2", False))
        weeks = tuple(replace(week, left=week.left & (week.institution in places)) for week in both.training.weeks)
        return replace(both, training=replace(both.training, weeks=weeks))

    assert cold_start(home, where_left("1"), FORM, today=TODAY) is not None
    assert cold_start(home, where_left(), FORM, today=TODAY) is None


def test_one_institution_alone_has_no_cold_start(home: DataHome) -> None:
    assert cold_start(home, split(("1", False)), FORM, today=TODAY) is None
