"""The simple lists, each on a class that shows what it looks at, and that none learns from who was gone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from features.catalogue import CATALOGUE
from records.errors import ModelRefused
from tests.features.small_log import INSTITUTION
from tests.training.drawn_contest import draw_panel, draw_week
from training import entrants
from training.contest import Entrant
from training.entrants import (
    FOREST,
    GROUP_MEAN,
    INSTITUTION_MEAN,
    LOGISTIC,
    LOTTERY,
    SIMPLE,
    SNAPSHOT_WEEK,
    drawn_lots,
    simple_entrants,
    snapshot_weeks,
)
from training.panel import Panel, Week

STUDENTS, WEEKS = 60, 6
NOT_ANSWERED = float("nan")


def term(year: int, *, weeks: int = WEEKS, students: int = STUDENTS) -> tuple[Week, ...]:
    """Who misses much leaves; of class group A many leave, of B few."""
    rng = np.random.default_rng(year)
    missed = rng.random(students)
    group = np.arange(students) // (students // 2)
    left = missed + 0.3 * rng.random(students) > np.where(group == 0, 0.7, 1.1)
    return tuple(
        draw_week(
            (year - 2025) * 52 + number, left, group=group.tolist(), term=(year, 1),
            values={"missed_share_28d": missed, "away_share_term": missed, "missed_run_now": 20 * (missed > 0.95)},
        )
        for number in range(weeks)
    )  # fmt: skip


@pytest.fixture(scope="module")
def training() -> Panel:
    return draw_panel(*term(2024), *term(2025))


@pytest.fixture(scope="module")
def lists(training: Panel) -> dict[str, Entrant]:
    return simple_entrants(training)


def asked(entrant: Entrant, **values: Sequence[float]) -> list[float]:
    """The scores of students of whom only this is known."""
    rows = len(next(iter(values.values())))
    return entrant(draw_week(60, [False] * rows, values=values)).score.tolist()


# All of them


def test_every_list_of_the_issue_is_there_and_gives_every_row_a_number(lists: dict[str, Entrant]) -> None:
    week = term(2026)[0]
    assert tuple(lists) == SIMPLE
    for name, entrant in lists.items():
        ranked = entrant(week)
        assert ranked.score.shape == (STUDENTS,), name
        assert np.isfinite(ranked.score).all(), name


def test_rules_know_no_probability_and_learned_lists_do(lists: dict[str, Entrant]) -> None:
    week = term(2026)[0]
    without = {name for name, entrant in lists.items() if entrant(week).probability is None}
    assert without == {"absences_28d", "abc_flags", "screening", "lottery"}


@pytest.mark.parametrize("name", ["group_mean", "absences_28d", "abc_flags", "logistic", "forest"])
def test_every_list_finds_who_it_should(lists: dict[str, Entrant], name: str) -> None:
    week = term(2026)[0]
    assert roc_auc_score(week.left, lists[name](week).score) > 0.65


def test_who_was_gone_teaches_nothing(training: Panel, lists: dict[str, Entrant]) -> None:
    """Thirty more rows a week of students who were gone, all marked as leavers of class group B, change no score."""
    gone = [False] * STUDENTS + [True] * 30
    with_gone = draw_panel(*(
        draw_week(
            number, [*week.left, *[True] * 30], gone=gone, group=[*week.group, *[1] * 30], term=week.term[0],
            values={name: [*column, *[0.0] * 30] for name, column in _drawn_values(week).items()},
        )
        for number, week in enumerate(training.weeks)
    ))  # fmt: skip
    week, taught = term(2026)[0], simple_entrants(with_gone)
    for name, entrant in lists.items():
        assert (taught[name](week).score == entrant(week).score).all(), name


def _drawn_values(week: Week) -> dict[str, list[float]]:
    return {
        feature.name: week.values[:, place].tolist()
        for place, feature in enumerate(CATALOGUE)
        if not np.isnan(week.values[:, place]).all()
    }


def test_a_catalogue_without_an_asked_feature_is_refused_with_a_sentence(training: Panel) -> None:
    place = [feature.name for feature in CATALOGUE].index("social_concern")
    fewer = Panel(
        features=tuple(feature for feature in CATALOGUE if feature.name != "social_concern"),
        weeks=tuple(replace(week, values=np.delete(week.values, place, axis=1)) for week in training.weeks),
    )
    with pytest.raises(ModelRefused, match="no feature social_concern, which the simple list abc_flags asks"):
        simple_entrants(fewer)


@pytest.mark.parametrize("left", [False, True])
def test_where_all_or_none_left_nothing_is_learned(left: bool) -> None:
    with pytest.raises(ModelRefused, match="all or none left"):
        simple_entrants(draw_panel(draw_week(0, [left] * 10), draw_week(1, [not left] * 10, gone=[True] * 10)))


# Means of the past


def test_a_class_group_is_known_by_its_name(lists: dict[str, Entrant]) -> None:
    """The groups of another year may stand in another order."""
    week = draw_week(60, [False] * 3, group=[0, 1, 2], groups=("B", "A", "new"))
    of_b, of_a, of_new = lists["group_mean"](week).score
    assert of_b < of_new < of_a


def test_all_of_an_institution_have_its_share(training: Panel) -> None:
    elsewhere = [replace(week, institution="Y", left=week.left | (np.arange(STUDENTS) < 50)) for week in training.weeks]
    both = draw_panel(*training.weeks, *elsewhere)
    mean, week = simple_entrants(both)["institution_mean"], term(2026)[0]
    here, there = (mean(replace(week, institution=code)) for code in (INSTITUTION, "Y"))
    assert len(set(there.score.tolist())) == 1
    assert there.score[0] > here.score[0]


# Rules


def test_flags_count_and_the_share_absent_orders_what_is_equal(lists: dict[str, Entrant]) -> None:
    found = asked(
        lists["abc_flags"],
        away_share_term=[0.30, 0.15, 0.05, 0.00, 0.00, 0.05, 0.00, NOT_ANSWERED],
        failed_courses_term=[0, 0, 0, 2, 0, 0, 0, 0],
        failed_courses_previous_term=[0, 0, 0, 1, 1, 0, 0, 0],
        social_concern=[0, 0, 0, 2, 1, 0, 0, NOT_ANSWERED],
    )  # fmt: skip
    assert [int(score) for score in found] == [2, 1, 0, 2, 2, 0, 0, 0]
    assert np.argsort(found, kind="stable")[::-1].tolist() == [0, 4, 3, 1, 5, 2, 7, 6]


def test_somebody_who_was_never_there_is_not_worth_another_flag(lists: dict[str, Entrant]) -> None:
    away, failing = asked(
        lists["abc_flags"], away_share_term=[1.0, 0.21], failed_courses_term=[0, 1], social_concern=[0, 0]
    )
    assert int(away) == 2 < int(failing) == 3
    assert away < failing


def test_never_screened_stands_last(lists: dict[str, Entrant]) -> None:
    found = asked(lists["screening"], screening_group=[NOT_ANSWERED, 0, 2, 1])
    assert np.argsort(found).tolist() == [0, 1, 3, 2]


def test_absences_are_those_of_the_last_four_weeks(lists: dict[str, Entrant]) -> None:
    found = asked(
        lists["absences_28d"],
        missed_share_28d=[0.5, 0.5, 0.1, NOT_ANSWERED], missed_run_now=[0, 4, 0, NOT_ANSWERED],
    )  # fmt: skip
    assert np.argsort(found)[::-1].tolist() == [1, 0, 2, 3]


# Lots


def test_lots_are_the_same_in_every_run_and_new_every_week(lists: dict[str, Entrant]) -> None:
    week, later = draw_week(0, [False] * 500), draw_week(1, [False] * 500)
    assert (drawn_lots(week) == drawn_lots(week)).all()
    assert (lists[LOTTERY](week).score == drawn_lots(week)).all()
    assert abs(np.corrcoef(drawn_lots(week), drawn_lots(later))[0, 1]) < 0.1


def test_a_student_keeps_the_lot_whoever_else_is_there() -> None:
    week = draw_week(0, [False] * 500)
    assert (drawn_lots(week.rows(np.arange(500) % 2 == 0)) == drawn_lots(week)[::2]).all()


def test_lots_are_even() -> None:
    found = drawn_lots(draw_week(0, [False] * 10_000))
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.histogram(found, bins=10, range=(0, 1))[0] == pytest.approx(1000, abs=120)


# Learned lists


def test_of_many_rows_the_regression_takes_some_at_random(training: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    values, left, weight = entrants._drawn_rows(training)
    assert weight is None
    assert len(values) == len(left) == training.rows
    monkeypatch.setattr(entrants, "MOST_ROWS", 300)
    fewer, of_fewer, _ = entrants._drawn_rows(training)
    assert len(fewer) == len(of_fewer) == 300
    assert of_fewer.mean() == pytest.approx(left.mean(), abs=0.06)


@pytest.mark.parametrize("name", [GROUP_MEAN, INSTITUTION_MEAN, LOGISTIC, FOREST])
def test_a_list_that_learns_from_thinned_weeks_tells_the_same_share(name: str) -> None:
    """Of the older weeks every tenth row of those who stay is held, and stands for ten: 2 % left then, 6 % later."""
    random = np.random.default_rng(0)

    def weeks(first: int, share: float, year: int, group: int) -> list[Week]:
        return [
            draw_week(
                first + number, random.random(400) < share, group=[group] * 400, term=(year, 1),
                values={"missed_share_28d": random.random(400).tolist()},
            )
            for number in range(20)
        ]  # fmt: skip

    older, newer = weeks(0, 0.02, 2024, 0), weeks(40, 0.06, 2025, 1)
    test = draw_week(
        90, [False] * 40, group=[0] * 20 + [1] * 20, values={"missed_share_28d": np.linspace(0, 1, 20).tolist() * 2}
    )
    told = []
    for held in (older, [week.thinned(0.1) for week in older]):
        probability = simple_entrants(draw_panel(*held, *newer), (name,))[name](test).probability
        assert probability is not None
        told.append([probability[:20].mean(), probability[20:].mean()])
    assert told[1] == pytest.approx(told[0], abs=0.015)


def test_the_forest_learns_from_one_week_of_each_term() -> None:
    short = term(2023, weeks=3)
    panel = draw_panel(*term(2025), *short, *(replace(week, institution="Y") for week in term(2025)))
    found = {(week.institution, week.term[0][0]): week.as_of for week in snapshot_weeks(panel)}
    assert found == {
        (INSTITUTION, 2025): term(2025)[SNAPSHOT_WEEK - 1].as_of,
        (INSTITUTION, 2023): short[-1].as_of,
        ("Y", 2025): term(2025)[SNAPSHOT_WEEK - 1].as_of,
    }


def test_other_weeks_teach_the_forest_nothing(training: Panel, lists: dict[str, Entrant]) -> None:
    snapshots = draw_panel(*snapshot_weeks(training))
    week = term(2026)[0]
    assert (simple_entrants(snapshots)[FOREST](week).score == lists[FOREST](week).score).all()


def test_the_forest_answers_as_scikit_learn_does(training: Panel, lists: dict[str, Entrant]) -> None:
    snapshots = snapshot_weeks(training)
    values, left = np.concatenate([one.values for one in snapshots]), np.concatenate([one.left for one in snapshots])
    imputer = SimpleImputer(strategy="mean", add_indicator=True, keep_empty_features=True)
    forest = RandomForestClassifier(**entrants._FOREST, random_state=entrants._SEED)
    week = term(2026)[0]
    expected = make_pipeline(imputer, forest).fit(values, left).predict_proba(week.values)[:, 1]
    assert np.ptp(expected) > 0.1
    assert np.abs(lists[FOREST](week).score - expected).max() < 1e-12


def test_a_forest_whose_snapshots_hold_no_leaver_is_a_lottery() -> None:
    """Some left, but not in the week that the forest looks at."""
    weeks = [draw_week(number, [number == 0] + [False] * 59) for number in range(WEEKS)]
    ranked = simple_entrants(draw_panel(*weeks))[FOREST](draw_week(60, [False] * 4))
    assert ranked.score.tolist() == [0.0] * 4
