"""A model trained on a small simulated college: forward in time, tracked, promoted, and true to the known hazards."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import mlflow
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import CATALOGUE, FINGERPRINT
from features.snapshot import Snapshot, replay
from models.baselines import absence_rule
from models.bundle import digest_of, read_bundle
from models.horizon import LIST_HORIZON
from models.risk_model import PARAMETERS
from records import lists
from records.access import open_log
from records.errors import ConfigurationGap, ModelRefused
from records.home import DataHome
from records.lists import RULE_LIST
from records.people import Identity, IdKind
from simulation.college import LAST_MONDAY
from tests.training.conftest import TrainedCollege
from training.fit import fit_risk_model
from training.panel import build_panel, mondays, relabelled
from training.promote import promote_model
from training.tracking import bundle_folder
from training.train import train

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]
SIGNED = {"signed_by": "ครูมาลี ตัวอย่าง", "reason": "เทียบกับรายชื่ออย่างง่ายแล้ว"}


# The panel


def test_weeks_are_mondays_with_teaching_in_order(college: TrainedCollege) -> None:
    days = mondays(open_log(college.home, college.code, actor="test", purpose="test"), LAST_MONDAY)
    assert days == sorted(set(days))
    assert {day.weekday() for day in days} == {0}
    assert days[-1] == LAST_MONDAY - timedelta(days=7)


def test_relabelled_rows_say_what_was_known_then(college: TrainedCollege) -> None:
    asked = [date(2025, 8, 4), date(2025, 8, 18)]
    now = build_panel(
        college.home, [college.code], horizon=LIST_HORIZON, known_until=LAST_MONDAY, actor="t", as_ofs=asked
    )
    then = relabelled(college.home, now, horizon=LIST_HORIZON, known_until=date(2025, 10, 6), actor="t")
    fresh = build_panel(
        college.home, [college.code], horizon=LIST_HORIZON, known_until=date(2025, 10, 6), actor="t", as_ofs=asked
    )
    for before, after, anew in zip(now.weeks, then.weeks, fresh.weeks, strict=True):
        assert before.values is after.values
        assert before.mature
        assert not after.mature
        assert after.left.tolist() == anew.left.tolist()
        assert after.gone.tolist() == anew.gone.tolist()
    assert sum(week.left.sum() for week in then.weeks) < sum(week.left.sum() for week in now.weeks)


# The forward backtest


def test_the_backtest_trains_on_nothing_of_the_test_term_or_after(college: TrainedCollege) -> None:
    backtest = college.trained.backtest
    assert backtest is not None
    tested = min(day for one in backtest.judged for day in one.by_day)
    first = college.fitted[0]
    assert first.weeks
    assert max(week.as_of for week in first.weeks) + timedelta(days=56) < tested
    assert backtest.test_term not in {term for week in first.weeks for term in week.term}


def test_it_trains_with_the_labels_known_when_the_test_term_opened(college: TrainedCollege) -> None:
    backtest = college.trained.backtest
    assert backtest is not None
    opened = min(day for one in backtest.judged for day in one.by_day)
    first = college.fitted[0]
    then = relabelled(college.home, first, horizon=LIST_HORIZON, known_until=opened, actor="t")
    assert all(week.mature for week in then.weeks)
    assert [week.left.tolist() for week in first.weeks] == [week.left.tolist() for week in then.weeks]


def test_the_final_model_trains_on_every_mature_week(college: TrainedCollege) -> None:
    assert len(college.fitted) == 2
    final = college.fitted[1]
    assert all(week.mature for week in final.weeks)
    assert len(final.weeks) > len(college.fitted[0].weeks)
    assert college.trained.card["training_rows"] == len(final.matrix()[0])


def test_every_list_is_judged_on_the_same_days(college: TrainedCollege) -> None:
    backtest = college.trained.backtest
    assert backtest is not None
    days = {one.name: set(one.by_day) for one in backtest.judged}
    assert set(days) == {"zerodrop", "logistic", "absence_rule", "group_mean"}
    assert len({frozenset(one) for one in days.values()}) == 1
    assert len(days["zerodrop"]) >= 10


def test_training_before_any_term_is_mature_is_refused(college: TrainedCollege) -> None:
    with pytest.raises(ModelRefused) as refused:
        train(college.home, [college.code], today=date(2024, 7, 1), actor="test")
    assert str(refused.value) == (
        "No past week has ended its horizon with a roster count after it, so nobody knows yet who left. "
        "Import past terms with --history, rosters included."
    )


def test_one_week_of_a_small_college_is_too_little(college: TrainedCollege) -> None:
    panel = build_panel(
        college.home,
        [college.code],
        horizon=LIST_HORIZON,
        known_until=LAST_MONDAY,
        actor="t",
        as_ofs=[date(2025, 1, 27)],
    )
    assert 0 < panel.matrix()[1].sum() < 30
    with pytest.raises(ModelRefused, match=r"have \d+ student-weeks before leaving; a model needs 30"):
        fit_risk_model(panel, LIST_HORIZON)


# The card and the run


def test_the_card_says_on_what_the_model_rests(college: TrainedCollege) -> None:
    card, text = college.trained.card, college.trained.card_text
    assert card["training_terms"] == ["1/2567", "2/2567", "1/2568", "2/2568"]
    assert card["test_term"] == "2/2568"
    assert card["horizon"] == "days_56"
    assert card["catalogue_fingerprint"] == FINGERPRINT
    assert f"{card['training_rows']:,}" in text
    assert "บัตรแบบจำลอง" in text


def test_a_run_holds_parameters_figures_card_and_the_bundle_itself(college: TrainedCollege) -> None:
    backtest, trained = college.trained.backtest, college.trained
    assert backtest is not None
    folder, digest = bundle_folder(college.home, None)  # also points MLflow at this data home
    assert digest == trained.digest == digest_of(folder)
    run = mlflow.get_run(trained.run_id)
    assert run.data.params["horizon"] == "days_56"
    assert run.data.params["max_depth"] == str(PARAMETERS["max_depth"])
    assert run.data.params["training_rows"] == str(trained.card["training_rows"])
    assert run.data.tags["digest"] == trained.digest
    assert sorted(path.name for path in folder.iterdir()) == [
        "calibration.json", "card.json", "card.md", "manifest.json", "model.txt", "tables.npz",
    ]  # fmt: skip
    assert (folder / "card.md").read_text(encoding="utf-8") == trained.card_text


def test_a_run_holds_the_figures_of_every_day(college: TrainedCollege) -> None:
    bundle_folder(college.home, None)
    backtest = college.trained.backtest
    assert backtest is not None
    client = mlflow.MlflowClient()
    for judged in backtest.judged:
        history = client.get_metric_history(college.trained.run_id, f"{judged.name}/auc")
        told = [one.value for one in sorted(history, key=lambda one: one.step)]
        assert told == pytest.approx([found.auc for _, found in sorted(judged.by_day.items())])
        mean = client.get_run(college.trained.run_id).data.metrics[f"mean/{judged.name}/auc"]
        assert mean == pytest.approx(judged.mean.auc)
    assert "absence_rule/brier" not in client.get_run(college.trained.run_id).data.metrics


def test_a_run_holds_its_drawings(college: TrainedCollege, tmp_path: Path) -> None:
    bundle_folder(college.home, None)
    drawn = Path(
        mlflow.artifacts.download_artifacts(
            run_id=college.trained.run_id, artifact_path="figures", dst_path=str(tmp_path)
        )
    )
    contents = {path.name: path.read_bytes() for path in drawn.iterdir()}
    assert set(contents) == {"calibration.png", "precision_recall.png", "shap_summary.png"}
    for content in contents.values():
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5_000


# Promotion


def champion(home: DataHome, institution: str) -> str:
    with home.database.read() as session:
        return lists.champion(session, institution)


@pytest.fixture
def promoting(college: TrainedCollege) -> DataHome:
    """The college's home with the rule list in charge."""
    promote_model(college.home, institution=college.code, digest=RULE_LIST, **SIGNED)
    return college.home


def test_a_promotion_puts_the_very_bytes_of_the_run_in_charge(college: TrainedCollege, promoting: DataHome) -> None:
    chosen = promote_model(promoting, institution=college.code, digest=college.trained.digest[:10], **SIGNED)
    assert chosen == college.trained.digest == champion(promoting, college.code)
    folder, _ = bundle_folder(promoting, chosen)
    for path in folder.iterdir():
        assert (promoting.models / chosen / path.name).read_bytes() == path.read_bytes()
    model = read_bundle(promoting.models, chosen).model
    sample = college.trained.sample
    assert (model.logits(sample) == college.trained.model.logits(sample)).all()


def test_the_newest_run_is_meant_when_none_is_named(college: TrainedCollege, promoting: DataHome) -> None:
    assert promote_model(promoting, institution=college.code, digest=None, **SIGNED) == college.trained.digest


@pytest.mark.parametrize(
    ("signed_by", "reason"), [("", "a reason"), ("  ", "a reason"), ("ครูมาลี", ""), ("ครูมาลี", " \n")]
)
def test_nothing_is_promoted_without_a_name_and_a_reason(
    college: TrainedCollege, promoting: DataHome, signed_by: str, reason: str
) -> None:
    with pytest.raises(ModelRefused) as refused:
        promote_model(promoting, institution=college.code, digest=None, signed_by=signed_by, reason=reason)
    assert str(refused.value) == "A promotion needs the name of who signs (--signed-by) and a reason (--reason)."
    assert champion(promoting, college.code) == RULE_LIST


def test_an_unknown_digest_is_refused(college: TrainedCollege, promoting: DataHome) -> None:
    with pytest.raises(ModelRefused) as refused:
        promote_model(promoting, institution=college.code, digest="not-a-digest", **SIGNED)
    assert str(refused.value) == (
        "There is no trained model to promote (none that begins with not-a-digest). Train one with `zerodrop train`."
    )
    assert champion(promoting, college.code) == RULE_LIST


def test_an_unknown_institution_is_refused(promoting: DataHome) -> None:
    with pytest.raises(ConfigurationGap, match="There is no institution '404'"):
        promote_model(promoting, institution="404", digest=None, **SIGNED)


def test_going_back_to_the_absence_rule_is_a_promotion_too(college: TrainedCollege, promoting: DataHome) -> None:
    promote_model(promoting, institution=college.code, digest=None, **SIGNED)
    assert promote_model(promoting, institution=college.code, digest=RULE_LIST, **SIGNED) == RULE_LIST
    assert champion(promoting, college.code) == RULE_LIST


@pytest.mark.parametrize("name", ["model.txt", "manifest.json"])
def test_a_run_whose_files_were_changed_is_not_promoted(
    college: TrainedCollege, promoting: DataHome, name: str
) -> None:
    """Not even when they fit together again: the run names the digest that was trained."""
    [path] = (promoting.settings.home / "mlflow").rglob(f"bundle/{name}")
    held = path.read_bytes()
    try:
        path.write_bytes(held.replace(b"1", b"2", 1))
        with pytest.raises(ModelRefused, match="was changed after signing"):
            promote_model(promoting, institution=college.code, digest=None, **SIGNED)
    finally:
        path.write_bytes(held)
    assert champion(promoting, college.code) == RULE_LIST


# True to the known hazards


class Truth:
    """What nobody at a college can know, for the students of some newest Mondays."""

    def __init__(self, college: TrainedCollege, asked: list[date]) -> None:
        log = open_log(college.home, college.code, actor="test", purpose="test")
        known = {(row["student_code"], row["as_of"]): row for row in _hazards(college, asked)}
        codes = sorted({code for code, _ in known})
        found = college.home.vault.find(
            college.code, [Identity(identifiers={IdKind.CODE: code}, name=None) for code in codes]
        )
        number = {one.number: code for one, code in zip(found, codes, strict=True) if one is not None}
        self.weeks = [_week(snapshot, number, known) for snapshot in replay(log, asked)]


def _hazards(college: TrainedCollege, asked: list[date]) -> list[dict[str, object]]:
    rows = pq.read_table(college.files / "truth" / "hazards.parquet").to_pylist()
    return [row for row in rows if row["as_of"] in asked]


def _week(
    snapshot: Snapshot, code_of: dict[int, str], known: dict[tuple[str, date], dict[str, object]]
) -> tuple[Values, Floats, npt.NDArray[np.bool_]]:
    """Answers, true probability, and who leaves within 56 days, of those who are truly here."""
    keys = [(code_of[int(student)], snapshot.as_of) for student in snapshot.cohort.student]
    here = np.array([key in known for key in keys])
    rows = [known[key] for key in keys if key in known]
    end = snapshot.as_of + timedelta(days=56)
    left = np.array([isinstance(row["left_on"], date) and row["left_on"] <= end for row in rows])
    chance = np.array([row["leaves_within_56_days_probability"] for row in rows], float)
    return snapshot.values[here], chance, left


@pytest.fixture(scope="module")
def truth(college: TrainedCollege) -> Truth:
    """Every Monday of the newest term: no week of it was mature when the model was trained."""
    return Truth(college, [LAST_MONDAY - timedelta(weeks=n) for n in range(15, -1, -1)])


def mean_auc(truth: Truth, score: Callable[[Values, Floats], Floats]) -> float:
    """The mean over days; every day has somebody who leaves."""
    return float(np.mean([roc_auc_score(left, score(values, chance)) for values, chance, left in truth.weeks]))


def test_the_ranking_recovers_the_known_hazards(college: TrainedCollege, truth: Truth) -> None:
    """Within .20 of who knows the hazards themselves (400 students, two years), and .05 above the absence rule."""
    model = college.trained.model
    of_truth = mean_auc(truth, lambda values, chance: chance)
    of_model = mean_auc(truth, lambda values, chance: model.logits(values))
    of_rule = mean_auc(truth, lambda values, chance: absence_rule(values, CATALOGUE))
    assert of_model > 0.75
    assert of_truth - 0.20 < of_model < of_truth
    assert of_model > of_rule + 0.05


def test_students_the_model_fears_for_have_the_higher_true_hazard(college: TrainedCollege, truth: Truth) -> None:
    values = np.concatenate([one for one, _, _ in truth.weeks])
    chance = np.concatenate([one for _, one, _ in truth.weeks])
    order = np.argsort(college.trained.model.logits(values))
    tenths = [chance[part].mean() for part in np.array_split(order, 10)]
    assert tenths[-1] > 4 * np.mean(tenths)
    assert tenths[-1] == max(tenths)
    assert np.mean(tenths[5:]) > 2 * np.mean(tenths[:5])


def test_probabilities_are_of_the_size_of_what_happens(college: TrainedCollege, truth: Truth) -> None:
    """A wide band: some 190 student-weeks before leaving, of about 20 persons."""
    expected = sum(college.trained.model.probabilities(values).sum() for values, _, _ in truth.weeks)
    observed = sum(left.sum() for _, _, left in truth.weeks)
    assert 0.4 < observed / expected < 2.5


def test_the_model_beats_the_simple_lists_forward_in_time(college: TrainedCollege) -> None:
    backtest = college.trained.backtest
    assert backtest is not None
    mean = {one.name: one.mean for one in backtest.judged}
    assert mean["zerodrop"].auc > mean["absence_rule"].auc + 0.05
    assert mean["zerodrop"].auc > mean["group_mean"].auc + 0.05
    assert 0.3 < mean["zerodrop"].observed_expected < 3
