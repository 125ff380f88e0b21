"""Evidence drawn: of a model with which nothing is wrong, so that a test changes only what it is about."""

from dataclasses import replace
from datetime import date

from features.lag import Lag
from features.vocabulary import Domain
from records.text import Text
from training.evidence import (
    LENGTHS,
    MODEL,
    AtLength,
    AttributeFairness,
    Calibrated,
    Churn,
    Evidence,
    Gain,
    GroupFigures,
    InstitutionFinding,
    Interval,
    LeadTime,
    ListFigures,
    SourceValue,
    Stability,
    TestFacts,
    TrainingFacts,
)


def about(value: float, half: float = 0.02) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


_AT = AtLength(listed_per_week=30, reached_per_week=about(6), precision=about(0.2), recall=about(0.4), lift=about(4))

FIGURES = ListFigures(
    auc=about(0.76), auc_within=about(0.74), between_share=0.1, average_precision=about(0.2),
    at=dict.fromkeys(LENGTHS, _AT), brier=about(0.03), brier_skill=about(0.06), calibration_slope=about(0.99, 0.1),
    calibration_intercept=about(0.0, 0.1), ece=about(0.01, 0.005), observed_expected=about(1.02, 0.1),
    observed_expected_by_week={"2025-06-02": 1.1, "2025-06-09": 0.95},
)  # fmt: skip

_GAIN = Gain(against="absences_28d", per_week=about(1.5, 0.5), leavers=240, by="students")

LAG = Lag(
    institution="1", source="dmc", table="attendance", table_label=Text(th="การมาเรียน", en="Attendance"), rows=9000,
    median_days=1, nine_in_ten_days=5, newest_happened_on=date(2025, 10, 1), last_told_on=date(2025, 10, 2),
    usual_interval_days=7.0, silent_days=0, stale=False,
)  # fmt: skip


def fairness_by(attribute: str, *groups: str) -> AttributeFairness:
    """Two groups or more that are treated alike, in a sample that could show that they are not."""
    figures = [
        GroupFigures(
            group=group, students=900, leavers=120, suppressed=False, recall=about(0.4), observed_expected=about(1, 0.1),
            listed_share=0.1,
        )
        for group in groups
    ]  # fmt: skip
    return AttributeFairness(
        attribute=attribute, groups=tuple(figures), gap=about(0.02, 0.05), detectable_gap=0.09, tolerated_gap=0.1,
        verdict="no gap seen", balanced_recall_cost=about(0.005), balanced_gap=0.01,
    )  # fmt: skip


EVIDENCE = Evidence(
    horizon="days_56",
    catalogue_fingerprint="0" * 64,
    training=TrainingFacts(
        institutions=("1",), terms=("1/2566", "2/2566", "1/2567"), rows=50_000, kept_rows=50_000, leavers=400,
        base_rate=0.03, strict_base_rate=0.025, gone_rows=300, immature_weeks=9, reconstructed_rows=2_000,
        reconstructed_share=0.04, newest_as_of=date(2025, 8, 4), trained_on=date(2025, 10, 6),
    ),
    calibrated=Calibrated(
        backtest_slope=0.98, backtest_offset=0.02, slope=1.01, offset=-0.01, institution_offsets={}
    ),
    stability=Stability(features_survive=0.86, domains_survive=0.97, abstained_share=0.01),
    leaks=(),
    test=TestFacts(
        terms=("2/2567", "1/2568"), weeks=36, skipped_weeks=2, rows=100_000, students=3_200, leavers=240, gone_rows=900,
        students_also_trained=2_200, capacity_is_default=False,
    ),
    lists={MODEL: FIGURES, "absences_28d": replace(FIGURES, auc=about(0.68)), "logistic": replace(FIGURES, auc=about(0.74))},
    gain=_GAIN,
    institutions=(
        InstitutionFinding(
            institution="1", students=3_200, leavers=240, judged_with_group=False, gain=_GAIN, clearly_worse=False, chosen=MODEL
        ),
    ),
    lead_time=LeadTime(
        leavers=240, listed=130, median_days=35, first_quarter_days=14, third_quarter_days=63, listed_two_weeks_before_share=0.45
    ),
    churn=Churn(staying_share=0.82, bonus=0.2, recall_lost=0.01, same_after_retraining_share=0.87),
    sources=(
        *(SourceValue(name=domain.value, auc_lost=about(0.03), reached_lost_per_week=about(0.5)) for domain in Domain),
    ),
    constraints=SourceValue(name="constraints", auc_lost=about(0.0), reached_lost_per_week=about(0.0)),
    fairness=(
        fairness_by("sex", "M", "F"), fairness_by("nationality_group", "TH", "FOREIGN"), fairness_by("poverty_class", "NOT", "POOR"),
        fairness_by("disability_any", "NO", "YES"), fairness_by("study_mode", "NORMAL", "DUAL"),
    ),
    gains=(_GAIN, replace(_GAIN, against="logistic", per_week=about(0.6, 0.5))),
    lags=(LAG,),
    silent_domains=(),
    opponent_chosen_before=True,
)  # fmt: skip
"""Every check passes on it."""
