"""Train in one go: the panel, a forward backtest against the simple lists, the final model, its card and its bundle."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.catalogue import FINGERPRINT
from models.bands import ObservedRate
from models.baselines import absence_rule, fit_group_mean, fit_logistic
from models.bundle import write_bundle
from models.card import render
from models.horizon import LIST_HORIZON, Horizon
from models.risk_model import RiskModel
from records import ledger, lists
from records.errors import ModelRefused
from records.home import DataHome
from training.evaluate import (
    CalibrationBin,
    Figures,
    JudgedList,
    as_numbers,
    calibration_bins,
    figures,
    smallest_bonus,
)
from training.fit import TermKey, fit_bag, fit_risk_model, term_of, terms_of
from training.panel import Panel, Week, build_panel, relabelled
from training.rates import lists_of_term, tie_breaks
from training.stability import Stability, measure_stability, usual_weight

Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int], None]
_DEFAULT_PART = 10  # without an entered capacity the top tenth is judged


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The whole procedure one term earlier: trained on what was known when the test term opened, judged on that term."""

    test_term: TermKey
    model: RiskModel
    judged: Sequence[JudgedList]
    bins: Sequence[CalibrationBin]
    bonus: tuple[float, float, float]
    skipped_weeks: int
    rates: tuple[ObservedRate, ...]
    """Of the weekly lists of the test term, as they would have been made."""
    abstained: dict[str, int]
    """Student-weeks of that term of which too little was known (`rows`), of how many (`of`), and how many left."""
    example: tuple[npt.NDArray[np.bool_], Floats]
    """Labels and probabilities of all test weeks, for the figures."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    digest: str
    card: dict[str, object]
    card_text: str
    model: RiskModel
    backtest: Backtest | None
    sample: npt.NDArray[np.float32]
    run_id: str


def train(
    home: DataHome,
    institutions: Sequence[str],
    *,
    today: date,
    actor: str,
    horizon: Horizon = LIST_HORIZON,
    progress: Progress = lambda step, rows: None,
) -> Trained:
    """Train and judge a model for these institutions as of today, and log it with its bundle to MLflow.

    Raises ModelRefused when there are too few leavers to learn from.
    """
    from training import tracking

    panel = build_panel(home, institutions, horizon=horizon, known_until=today, actor=actor, progress=progress)
    mature = panel.of(lambda week: week.mature)
    if not mature.weeks:
        raise ModelRefused(
            "No past week has ended its horizon with a roster count after it, so nobody knows yet who left. "
            "Import past terms with --history, rosters included."
        )
    backtest = _backtest(home, panel, horizon, today, actor, progress)
    progress("fit", mature.rows)
    bag = fit_bag(mature, horizon)
    progress("stability", mature.rows)
    steady = measure_stability(bag, mature, _newest(panel), backtest.model if backtest else None)
    model = replace(bag.model, spread=steady.spread)
    card = _card(home, institutions, mature, model, backtest, steady)
    text = render(card)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        digest = write_bundle(bundle, model, card, text, bonus=backtest.bonus[0] if backtest else 0.0)
        sample = _sample(mature)
        progress("log", len(sample))
        run_id = tracking.log_run(home, institutions, digest, bundle, model, card, backtest, sample)
    return Trained(
        digest=digest, card=card, card_text=text, model=model, backtest=backtest, sample=sample, run_id=run_id
    )


# The forward backtest


def _backtest(
    home: DataHome, panel: Panel, horizon: Horizon, today: date, actor: str, progress: Progress
) -> Backtest | None:
    """The newest term with mature weeks is the test; None when no earlier term was mature when it opened."""
    mature = panel.of(lambda week: week.mature)
    for test_term in reversed(terms_of(mature)):
        test = Panel(features=panel.features, weeks=tuple(w for w in mature.weeks if term_of(w) == test_term))
        opens = min(week.as_of for week in test.weeks)
        earlier = Panel(features=panel.features, weeks=tuple(w for w in panel.weeks if w.as_of < opens))
        known_then = relabelled(home, earlier, horizon=horizon, known_until=opens, actor=actor)
        training = known_then.of(lambda week: week.mature)
        if not training.weeks:
            continue
        progress("backtest", training.rows)
        try:
            model = fit_risk_model(training, horizon)
        except ModelRefused:  # too little was known when that term opened: an older one cannot know more
            return None
        return _judge(home, test_term, training, test, model, today)
    return None


def _judge(home: DataHome, test_term: TermKey, training: Panel, test: Panel, model: RiskModel, today: date) -> Backtest:
    values, left, _ = training.matrix()
    logistic = fit_logistic(values, left, training.features)
    group_mean = fit_group_mean(_group_keys(training), left)
    scored: dict[str, Callable[[Week], tuple[Floats, Floats | None]]] = {
        "zerodrop": lambda week: (model.logits(week.values), model.probabilities(week.values)),
        "logistic": lambda week: (logistic.scores(week.values), logistic.probabilities(week.values)),
        "absence_rule": lambda week: (absence_rule(week.values, training.features), None),
        "group_mean": lambda week: (group_mean.probabilities(group_mean.past_shares(_week_keys(week))),) * 2,
    }
    weeks = [week.rows(~week.gone) for week in test.weeks]
    usable = [week for week in weeks if week.left.any() and not week.left.all()]
    if not usable:
        raise ModelRefused("No week of the test term has a leaver: the model cannot be judged on it.")
    judged = [JudgedList(name=name, by_day=_by_day(home, usable, score)) for name, score in scored.items()]
    everything = np.concatenate([week.values for week in usable])
    all_left = np.concatenate([week.left for week in usable])
    probabilities = model.probabilities(everything)
    bonus = _bonus(home, usable, model)
    weight = usual_weight(model, values)
    made = lists_of_term(home, test.weeks, model, weight=weight, bonus=bonus[0], today=today)
    return Backtest(
        test_term=test_term,
        model=model,
        judged=judged,
        bins=calibration_bins(all_left, probabilities),
        bonus=bonus,
        skipped_weeks=len(weeks) - len(usable),
        rates=made.rates,
        abstained=made.abstained,
        example=(all_left, probabilities),
    )


def _by_day(
    home: DataHome, weeks: Sequence[Week], score: Callable[[Week], tuple[Floats, Floats | None]]
) -> dict[date, Figures]:
    """The figures of each day, averaged over institutions where there are several."""
    by_day: dict[date, list[Figures]] = {}
    for week in weeks:
        ranking, probability = score(week)
        ties = tie_breaks(home, week).astype(np.float64)
        found = figures(week.left, ranking, probability, listed=_listed(home, week), ties=ties)
        by_day.setdefault(week.as_of, []).append(found)
    return {day: _mean(found) for day, found in sorted(by_day.items())}


def _mean(found: Sequence[Figures]) -> Figures:
    return JudgedList(name="", by_day=dict(enumerate(found))).mean if len(found) > 1 else found[0]  # type: ignore[arg-type]


def _listed(home: DataHome, week: Week) -> int:
    """As many rows as the institution can visit in a week; the top tenth where nothing was entered."""
    with home.database.read() as session:
        capacity, is_default = lists.capacity_on(session, week.institution, week.as_of)
    tenth = -(-len(week.left) // _DEFAULT_PART)
    return tenth if is_default or not capacity.visits_per_week else min(capacity.visits_per_week, len(week.left))


def _bonus(home: DataHome, weeks: Sequence[Week], model: RiskModel) -> tuple[float, float, float]:
    largest = max(
        {week.institution for week in weeks}, key=lambda code: sum(len(w.left) for w in weeks if w.institution == code)
    )
    own = [week for week in weeks if week.institution == largest]
    return smallest_bonus([(w.student, model.logits(w.values), w.left) for w in own], _listed(home, own[-1]))


def _group_keys(panel: Panel) -> list[tuple[str, int]]:
    return [key for week in panel.weeks for key in _week_keys(week.rows(~week.gone))]


def _week_keys(week: Week) -> list[tuple[str, int]]:
    return [(week.institution, int(group)) for group in week.group]


# The card


def _card(
    home: DataHome,
    institutions: Sequence[str],
    training: Panel,
    model: RiskModel,
    backtest: Backtest | None,
    steady: Stability,
) -> dict[str, object]:
    _, left, _ = training.matrix()
    bonus = backtest.bonus if backtest else (0.0, 1.0, 0.0)
    first = backtest.model.calibration if backtest else model.calibration
    return {
        "institutions": list(institutions),
        "training_terms": [_shown(key) for key in terms_of(training)],
        "test_term": _shown(backtest.test_term) if backtest else None,
        "horizon": model.horizon.name,
        "training_rows": len(left),
        "training_base_rate": float(left.mean()),
        "gone_rows": int(sum(week.gone.sum() for week in training.weeks)),
        "reconstructed_rows": sum(ledger.reconstructed_rows(home.database, code) for code in institutions),
        "catalogue_fingerprint": FINGERPRINT,
        "calibration": {"backtest": asdict(first), "final": asdict(model.calibration)},
        "bonus": {"value": bonus[0], "staying": bonus[1], "recall_lost": bonus[2]},
        "lists": {item.name: as_numbers(item.mean) for item in backtest.judged} if backtest else {},
        "calibration_bins": [asdict(one) for one in backtest.bins] if backtest else [],
        "bands": [asdict(one) for one in backtest.rates] if backtest else [],
        "abstained": backtest.abstained if backtest else None,
        "stability": steady.as_numbers(model.features),
    }


def _shown(key: TermKey) -> str:
    return f"{key[1]}/{key[0] + 543}"


def _newest(panel: Panel) -> npt.NDArray[np.float32]:
    """The rows of the newest term, whether anybody knows yet who leaves or not: those whose reasons are read next."""
    newest = terms_of(panel)[-1]
    return np.concatenate([week.values for week in panel.weeks if term_of(week) == newest])


def _sample(panel: Panel, most: int = 2000) -> npt.NDArray[np.float32]:
    """Evenly spaced rows for the SHAP figure."""
    values, _, _ = panel.matrix()
    return values[:: max(1, len(values) // most)][:most]
