"""The simple lists that stand beside the model in every contest: each as good as its own idea allows, none a straw man.

Those that learn are fitted on the rows that the model learns from, and all see the same features.
"""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from models.baselines import absence_rule, fit_group_mean, fit_logistic
from records.errors import ModelRefused
from training.contest import Entrant, Ranked
from training.lots import lots
from training.panel import Panel, TermKey, Week
from training.splits import term_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Key = tuple[str, int]

GROUP_MEAN, INSTITUTION_MEAN, ABSENCES, ABC_FLAGS = "group_mean", "institution_mean", "absences_28d", "abc_flags"
SCREENING, LOGISTIC, FOREST, LOTTERY = "screening", "logistic", "forest", "lottery"
SIMPLE = (GROUP_MEAN, INSTITUTION_MEAN, ABSENCES, ABC_FLAGS, SCREENING, LOGISTIC, FOREST, LOTTERY)

_NEVER_SCREENED = -1.0


def simple_entrants(training: Panel, only: Collection[str] = SIMPLE) -> dict[str, Entrant]:
    """Every simple list by name, those that learn fitted on `training` (its gone rows left out).

    Raises ModelRefused when the catalogue lacks a feature that a list asks, or when of these rows all or none left.
    """
    _refuse_without_both(training)
    made: dict[str, Callable[[], Entrant]] = {
        GROUP_MEAN: lambda: _mean_of(training, _groups),
        INSTITUTION_MEAN: lambda: _mean_of(training, _institutions),
        ABSENCES: lambda: _absences(training.features),
        ABC_FLAGS: lambda: _abc_flags(training.features),
        SCREENING: lambda: _screening(training.features),
        LOGISTIC: lambda: _logistic(training),
        FOREST: lambda: _forest(training),
        LOTTERY: lambda: lambda week: Ranked(score=drawn_lots(week), probability=None),
    }
    return {name: make() for name, make in made.items() if name in only}


def _refuse_without_both(training: Panel) -> None:
    left = [week.left[~week.gone] for week in training.weeks]
    if not any(one.any() for one in left) or all(one.all() for one in left):
        raise ModelRefused(
            "Of the students in these weeks all or none left, so no list can learn who leaves. "
            "Train on terms in which some left and some stayed. · "
            "ในสัปดาห์เหล่านี้นักเรียนออกทุกคนหรือไม่มีใครออกเลย จึงเรียนรู้ไม่ได้ว่าใครจะออก ฝึกด้วยภาคเรียนที่มีทั้งผู้ออกและผู้เรียนต่อ"
        )


def _columns(features: Sequence[Feature], names: Sequence[str], list_name: str) -> Ints:
    """Where the named features are in the catalogue."""
    places = {feature.name: place for place, feature in enumerate(features)}
    missing = [name for name in names if name not in places]
    if missing:
        raise ModelRefused(
            f"The catalogue has no feature {', '.join(missing)}, which the simple list {list_name} asks. "
            "Keep the feature, or change the list in training/entrants.py. · "
            f"ชุดตัวบ่งชี้ไม่มี {', '.join(missing)} ที่รายชื่ออย่างง่าย {list_name} ใช้ คงตัวบ่งชี้นี้ไว้ หรือแก้รายชื่อใน training/entrants.py"
        )
    return np.array([places[name] for name in names], np.int64)


# Means of the past


def _groups(week: Week) -> list[Key]:
    """The class group of each row by its name: a later year's class of the same name takes the share of this one."""
    named = [(f"{week.institution} {name}", 0) for name in week.cohort.groups]
    return [named[one] for one in week.group.tolist()]


def _institutions(week: Week) -> list[Key]:
    return [(week.institution, 0)] * len(week.group)


def _mean_of(training: Panel, keys: Callable[[Week], list[Key]]) -> Entrant:
    """Everybody gets the past share of leavers of those with the same key, drawn to the overall share."""
    kept = [week.rows(~week.gone) for week in training.weeks]
    left = np.concatenate([week.left for week in kept])
    weights = np.concatenate([week.weights for week in kept])
    mean = fit_group_mean([key for week in kept for key in keys(week)], left, _weight(weights))

    def ranked(week: Week) -> Ranked:
        shares = mean.past_shares(keys(week))
        return Ranked(score=mean.scores(shares), probability=mean.probabilities(shares))

    return ranked


def _weight(weights: Floats) -> Floats | None:
    """How many rows each stands for (see Week.thinned); None where each stands for itself."""
    return None if (weights == 1).all() else weights


# Rules


def _absences(features: Sequence[Feature]) -> Entrant:
    """Absences of the last four weeks: the list that serves while there is no model."""
    _columns(features, ("missed_share_28d", "missed_run_now"), ABSENCES)
    return lambda week: Ranked(score=absence_rule(week.values, features), probability=None)


def _abc_flags(features: Sequence[Feature]) -> Entrant:
    """How many flags of attendance, behaviour and course performance stand, ties by the share absent.

    Attendance below 90 % and below 80 % of the term so far are a flag each (`away_share_term`: days away for whatever
    reason, leave too, as the ABC count them). Failing: a course failed this term or in the previous one (results come
    at the end of a term, so in most weeks the previous one speaks). Behaviour: the catalogue holds no conduct points;
    the social area of the advisors' nine-area form is where cut conduct points are written down (`social_concern`).
    What is not known raises no flag. Source: Balfanz, Herzog and Mac Iver 2007 (attendance, failing, behaviour);
    thresholds: 80 % there and the Thai rule for examinations, 90 % chronic absence.
    """
    asked = ("away_share_term", "failed_courses_term", "failed_courses_previous_term", "social_concern")
    columns = _columns(features, asked, ABC_FLAGS)

    def ranked(week: Week) -> Ranked:
        away, failed, failed_before, conduct = np.nan_to_num(week.values[:, columns].astype(np.float64)).T
        flags = (away > 0.1) * 1.0 + (away > 0.2) + ((failed > 0) | (failed_before > 0)) + (conduct > 0)
        return Ranked(score=flags + away / 2, probability=None)  # half of a share is never worth a flag

    return ranked


def _screening(features: Sequence[Feature]) -> Entrant:
    """The advisor's own last screening (0 trust, 1 concern, 2 close), never screened last; ties by lot."""
    column = _columns(features, ("screening_group",), SCREENING)[0]

    def ranked(week: Week) -> Ranked:
        group = week.values[:, column].astype(np.float64)
        return Ranked(score=np.where(np.isnan(group), _NEVER_SCREENED, group), probability=None)

    return ranked


def drawn_lots(week: Week) -> Floats:
    """(rows,): lots from 0 to 1, from student and day alone: the same in every run, new every week."""
    return lots(week.institution, week.as_of, week.student)


# Learned lists

# Weeks of the same student say much the same: more rows move the coefficients of a regression no further, and all
# rows of a nation would fill the memory several times over.
MOST_ROWS = 50_000
_SEED = 20_251


def _logistic(training: Panel) -> Entrant:
    """A logistic regression on all features (models/baselines.py), on at most MOST_ROWS rows drawn at random."""
    values, left, weight = _drawn_rows(training)
    logistic = fit_logistic(values, left, training.features, weight)
    return lambda week: Ranked(score=logistic.scores(week.values), probability=logistic.probabilities(week.values))


def _drawn_rows(training: Panel) -> tuple[npt.NDArray[np.float32], Flags, Floats | None]:
    """Values, labels and weights of rows that count, each as likely as any other, so that probabilities stay right."""
    counted = [np.flatnonzero(~week.gone) for week in training.weeks]
    rows = sum(len(one) for one in counted)
    kept = np.ones(rows, bool)
    if rows > MOST_ROWS:
        kept[np.random.default_rng(_SEED).permutation(rows)[MOST_ROWS:]] = False
    parts = np.split(kept, np.cumsum([len(one) for one in counted])[:-1])
    picked = [(week, one[part]) for week, one, part in zip(training.weeks, counted, parts, strict=True)]
    values = np.concatenate([week.values[one] for week, one in picked])
    weights = np.concatenate([week.weights[one] for week, one in picked])
    return values, np.concatenate([week.left[one] for week, one in picked]), _weight(weights)


# The forest

# By the fifth Monday a term has four weeks of attendance behind it, as much as the catalogue's usual window asks.
SNAPSHOT_WEEK = 5
# A forest of dssg/triage's `medium` grid (model_grid_presets.yaml), its defaults apart; of its 100 and 1,000 trees
# something between: on a simulated college 300 and 1,000 trees differed by less than two seeds of either.
_FOREST = {
    "n_estimators": 300,
    "max_depth": 10,
    "max_features": "log2",
    "min_samples_split": 25,
    "criterion": "entropy",
}


def _forest(training: Panel) -> Entrant:
    """A random forest on one row a student and term, in the manner of dssg/triage.

    Triage takes a snapshot of everybody at fixed as-of dates, here one a term (`training_as_of_date_frequencies` and
    `model_update_frequency` of a term), labels it with what happened in the time after it (`label_timespan`: the
    horizon), fills what is missing with the mean and flags it (its imputation `mean`), and fits a forest of its grid on
    these rows, without calibration; the list is the newest values scored by the newest forest. So it is here: the
    snapshot is each institution's week SNAPSHOT_WEEK of each term (the last there is, where there are fewer), and
    every week is scored with that week's values.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer

    snapshots = [week.rows(~week.gone) for week in snapshot_weeks(training)]
    imputer = SimpleImputer(strategy="mean", add_indicator=True, keep_empty_features=True)
    forest = RandomForestClassifier(**_FOREST, random_state=_SEED)
    left = np.concatenate([week.left for week in snapshots])
    values = imputer.fit_transform(np.concatenate([week.values for week in snapshots]))
    forest.fit(values, left, sample_weight=_weight(np.concatenate([week.weights for week in snapshots])))
    trees = [one.tree_ for one in forest.estimators_]
    column = list(forest.classes_).index(True) if left.any() else None

    def ranked(week: Week) -> Ranked:
        leaving = np.zeros(len(week.values))
        if column is not None:
            filled = np.asarray(imputer.transform(week.values), np.float32)
            for tree in trees:  # as predict_proba does, whose checks of 300 trees a week take longer than the trees
                leaving += tree.predict(filled)[:, column]
        return Ranked(score=leaving / len(trees), probability=leaving / len(trees))

    return ranked


def snapshot_weeks(training: Panel) -> tuple[Week, ...]:
    """Of each institution and term the week whose rows the forest learns from."""
    of_term: dict[tuple[str, TermKey], list[Week]] = {}
    for week in sorted(training.weeks, key=lambda week: week.as_of):
        of_term.setdefault((week.institution, term_of(week)), []).append(week)
    return tuple(weeks[min(SNAPSHOT_WEEK, len(weeks)) - 1] for weeks in of_term.values())
