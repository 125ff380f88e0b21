"""A model trained on a small simulated college: forward in time, tracked, promoted, and true to the known hazards."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import CATALOGUE, FINGERPRINT
from features.snapshot import Snapshot, replay
from models.baselines import absence_rule
from models.bundle import digest_of
from models.horizon import LIST_HORIZON, NEXT_COUNT
from records import lists
from records.access import open_log
from records.errors import ConfigurationGap, ModelRefused
from records.home import DataHome
from records.lists import RULE_LIST
from records.people import Identity, IdKind
from simulation.college import LAST_MONDAY
from tests.training.conftest import TrainedCollege
from training import panel
from training.audit_groups import ATTRIBUTES
from training.base_rates import base_rates
from training.checks import CHECKS
from training.entrants import ABSENCES, GROUP_MEAN, SIMPLE
from training.evidence import MODEL, as_json
from training.fit import fit_bag
from training.panel import build_panel, mondays
from training.promote import promote_model
from training.splits import opening
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


def test_rows_before_a_term_have_the_labels_that_were_known_when_it_opened(college: TrainedCollege) -> None:
    """As a panel built on that day has them; the values are not made again."""
    now = college.panel
    opens = opening(now, (2025, 2))
    then = now.known_on(opens, LIST_HORIZON)
    fresh = build_panel(college.home, [college.code], horizon=LIST_HORIZON, known_until=opens, actor="t")
    assert len(then.weeks) == len(fresh.weeks) > 20
    for after, anew in zip(then.weeks, fresh.weeks, strict=True):
        assert after.left.tolist() == anew.left.tolist()
        assert after.gone.tolist() == anew.gone.tolist()
        assert after.mature == anew.mature
        assert np.array_equal(after.values, anew.values, equal_nan=True)
    earlier = now.weeks[: len(then.weeks)]
    assert all(before.values is after.values for before, after in zip(earlier, then.weeks, strict=True))
    assert sum(week.mature for week in then.weeks) < sum(week.mature for week in earlier)


def test_rows_made_in_several_processes_are_those_that_one_makes(
    college: TrainedCollege, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel, "MOST_ALONE", 0)
    monkeypatch.setattr(panel, "STRETCH_DAYS", 30)
    words: dict[str, Any] = {"horizon": LIST_HORIZON, "known_until": LAST_MONDAY, "actor": "t"}
    apart = build_panel(college.home, [college.code], processes=True, **words)
    assert len(apart.weeks) == len(college.panel.weeks) > 30
    for one, other in zip(apart.weeks, college.panel.weeks, strict=True):
        assert (one.as_of, one.term, one.mature) == (other.as_of, other.term, other.mature)
        for name in ("student", "person", "group", "values", "left", "strict", "gone"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), (one.as_of, name)
    assert apart.fingerprint == college.panel.fingerprint
    assert apart.known.keys() == college.panel.known.keys()
    for day, known in apart.known.items():
        assert known[college.code].left_on.tobytes() == college.panel.known[day][college.code].left_on.tobytes()
    with (
        monkeypatch.context() as patched
    ):  # a script that minds nothing: every process would read it anew from its first line
        patched.delattr(panel, "in_processes")
        twice = [college.code] * 2  # named twice is no second institution
        assert build_panel(college.home, twice, **words).fingerprint == apart.fingerprint


def test_base_rates_count_an_institution_that_is_named_twice_once(college: TrainedCollege) -> None:
    asked: dict[str, Any] = {"known_until": LAST_MONDAY, "actor": "t"}
    once = base_rates(college.home, [college.code], **asked)
    assert base_rates(college.home, [college.code] * 2, **asked) == once
    assert len(once) > 10


def test_a_fingerprint_says_which_records_days_and_questions_made_the_panel(college: TrainedCollege) -> None:
    def made(**changed: Any) -> str:
        asked: dict[str, Any] = {
            "horizon": LIST_HORIZON, "known_until": LAST_MONDAY, "actor": "t", "as_ofs": [date(2025, 8, 4)]
        }  # fmt: skip
        return build_panel(college.home, [college.code], **{**asked, **changed}).fingerprint

    assert made() == made()
    assert len({made(), made(as_ofs=[date(2025, 8, 11)]), made(horizon=NEXT_COUNT), made(catalogue=CATALOGUE[:5])}) == 4


# The forward backtest


def test_the_newest_two_closed_terms_are_tested(college: TrainedCollege) -> None:
    test = college.trained.evidence.test
    assert test is not None
    assert test.terms == ("1/2568", "2/2568")
    assert [one.split.term for one in college.trained.tested] == [(2025, 1), (2025, 2)]


def test_a_backtest_trains_on_nothing_of_its_term_or_after(college: TrainedCollege) -> None:
    for one in college.trained.tested:
        weeks = one.split.training.weeks
        assert weeks
        assert max(week.as_of for week in weeks) + timedelta(days=56) < one.split.opens
        assert one.split.opens <= min(week.as_of for week in one.split.test.weeks)
        assert one.split.term not in {term for week in weeks for term in week.term}


def test_every_model_grows_on_what_its_split_holds_and_the_last_on_every_mature_week(college: TrainedCollege) -> None:
    first, second = (one.split.training for one in college.trained.tested)
    *tested, final = sorted(len(panel.weeks) for panel in college.fitted)  # they grow side by side
    assert tested == [len(first.weeks), len(second.weeks)]
    assert tested[0] < tested[1] < final
    assert all(week.mature for panel in college.fitted for week in panel.weeks)
    largest = max(college.fitted, key=lambda panel: len(panel.weeks))
    assert college.trained.evidence.training.rows == len(largest.matrix()[0])


def test_every_list_is_in_every_round(college: TrainedCollege) -> None:
    contest = college.trained.judged.contest
    assert contest is not None
    assert contest.names == (MODEL, *SIMPLE)
    assert all(set(one.lists) == {MODEL, *SIMPLE} for one in contest.rounds)
    assert {one.term for one in contest.rounds} == {(2025, 1), (2025, 2)}
    assert set(college.trained.evidence.lists) == {MODEL, *SIMPLE}


def test_training_before_any_term_is_mature_is_refused(college: TrainedCollege) -> None:
    with pytest.raises(ModelRefused) as refused:
        train(college.home, [college.code], today=date(2024, 7, 1), actor="test")
    assert str(refused.value) == (
        "No past week has ended its horizon with a roster count after it, so nobody knows yet who left. "
        "Import past terms with --history, rosters included. · "
        "ยังไม่มีสัปดาห์ใดที่ครบช่วงเวลาและมีรายชื่อนักเรียนรอบถัดไปให้ตรวจ จึงยังไม่ทราบว่าใครออก "
        "ให้นำเข้าข้อมูลภาคเรียนก่อน ๆ ด้วย --history พร้อมรายชื่อทุกรอบ"
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
        fit_bag(panel, LIST_HORIZON)


# The card and the run


def test_the_evidence_says_on_what_the_model_rests(college: TrainedCollege) -> None:
    evidence = college.trained.evidence
    assert evidence.training.terms == ("1/2567", "2/2567", "1/2568", "2/2568")
    assert evidence.horizon == "days_56"
    assert evidence.catalogue_fingerprint == FINGERPRINT
    assert evidence.training.kept_rows == evidence.training.rows  # so few rows all train
    assert evidence.training.reconstructed_share == 1.0  # the simulated past came as history
    assert 0 < evidence.training.strict_base_rate < evidence.training.base_rate < 0.1
    assert evidence.leaks == ()


def test_every_part_of_the_evidence_is_there(college: TrainedCollege) -> None:
    evidence = college.trained.evidence
    assert evidence.test is not None
    assert 0 < evidence.test.students_also_trained < evidence.test.students
    assert evidence.test.leavers == len(
        {person for one in college.trained.tested for week in one.split.test.weeks for person in week.person[week.left]}
    )
    assert evidence.gain is not None
    assert evidence.opponent_chosen_before is False  # no term before the test terms could be one
    assert {gain.against for gain in evidence.gains} == set(SIMPLE)
    assert [one.institution for one in evidence.institutions] == [college.code]
    assert evidence.lead_time is not None
    assert evidence.churn is not None
    assert 0 <= evidence.churn.same_after_retraining_share <= 1
    assert {one.name for one in evidence.sources} == {feature.domain.value for feature in CATALOGUE}
    assert evidence.constraints is not None
    assert evidence.cold_start is None  # one institution alone
    assert {one.attribute for one in evidence.fairness} == {attribute.name for attribute in ATTRIBUTES}
    assert evidence.lags
    assert evidence.silent_domains is not None


def test_both_calibrations_are_told(college: TrainedCollege) -> None:
    told, last = college.trained.evidence.calibrated, college.trained.tested[-1].candidate.bag.model.calibration
    assert (told.backtest_slope, told.backtest_offset) == (last.slope, last.offset)
    used = college.trained.model.calibration
    assert (told.slope, told.offset) == (used.slope, used.offset)
    assert told.institution_offsets == {}


def test_the_card_holds_evidence_and_checks(college: TrainedCollege) -> None:
    card = college.trained.card
    assert card["evidence"] == as_json(college.trained.evidence)
    assert {one["code"] for one in card["checks"]} == {check.code for check in CHECKS}
    assert card["test_term"] == "1/2568, 2/2568"
    assert "บัตรแบบจำลอง" in college.trained.card_text


def test_the_run_holds_the_bundle(college: TrainedCollege) -> None:
    folder, digest = bundle_folder(college.home, None)
    assert digest == college.trained.digest == digest_of(folder)
    assert (folder / "card.md").read_text(encoding="utf-8") == college.trained.card_text


# Promotion


def champion(home: DataHome, institution: str) -> str:
    with home.database.read() as session:
        return lists.champion(session, institution)


@pytest.fixture
def promoting(college: TrainedCollege) -> DataHome:
    """The college's home with the absence rule in charge."""
    promote_model(college.home, institution=college.code, digest=RULE_LIST, **SIGNED)
    return college.home


def test_a_college_too_small_to_show_a_gain_gets_no_model(college: TrainedCollege, promoting: DataHome) -> None:
    """Some 26 leavers in two terms prove nothing, and the checks say so."""
    with pytest.raises(ModelRefused, match="TR301"):
        promote_model(promoting, institution=college.code, digest=None, **SIGNED)
    assert champion(promoting, college.code) == RULE_LIST


@pytest.mark.parametrize(
    ("signed_by", "reason"), [("", "a reason"), ("  ", "a reason"), ("ครูมาลี", ""), ("ครูมาลี", " \n")]
)
def test_nothing_is_promoted_without_a_name_and_a_reason(
    college: TrainedCollege, promoting: DataHome, signed_by: str, reason: str
) -> None:
    with pytest.raises(ModelRefused) as refused:
        promote_model(promoting, institution=college.code, digest=None, signed_by=signed_by, reason=reason)
    told = "A promotion needs the name of who signs (--signed-by) and a reason (--reason). · "
    assert str(refused.value).startswith(told)
    assert champion(promoting, college.code) == RULE_LIST


def test_an_unknown_digest_is_refused(college: TrainedCollege, promoting: DataHome) -> None:
    with pytest.raises(ModelRefused) as refused:
        promote_model(promoting, institution=college.code, digest="not-a-digest", **SIGNED)
    assert str(refused.value).startswith(
        "There is no such trained model (none that begins with not-a-digest). Train one"
    )
    assert champion(promoting, college.code) == RULE_LIST


def test_an_unknown_institution_is_refused(promoting: DataHome) -> None:
    with pytest.raises(ConfigurationGap, match="There is no institution '404'"):
        promote_model(promoting, institution="404", digest=None, **SIGNED)


@pytest.mark.parametrize("name", ["model.txt", "manifest.json"])
def test_a_run_whose_files_were_changed_is_not_promoted(
    college: TrainedCollege, promoting: DataHome, name: str
) -> None:
    """Not even when they fit together again: the run names the digest that was trained."""
    [path] = (promoting.settings.home / "mlflow").rglob(f"bundle/{name}")
    held = path.read_bytes()
    try:
        path.write_bytes(held.replace(b"1", b"2", 1))
        with pytest.raises(ModelRefused, match="was changed since training"):
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


def test_the_model_orders_better_than_the_rules_forward_in_time(college: TrainedCollege) -> None:
    lists = college.trained.evidence.lists
    assert lists[MODEL].auc.value > lists[ABSENCES].auc.value + 0.05
    assert lists[MODEL].auc.value > lists[GROUP_MEAN].auc.value + 0.05
    assert 0.3 < lists[MODEL].observed_expected.value < 3
