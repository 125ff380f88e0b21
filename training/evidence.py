"""What judging found about a model and the lists beside it: values only, computed elsewhere in this room.

Checks, card, tracking and `compare` read these; nothing here computes. Shares are 0–1, intervals are 95 %, and a figure
that the data cannot give is NaN (null in JSON), never 0.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from features.lag import Lag

MODEL = "zerodrop"
AT_CAPACITY = "capacity"
LENGTHS = (AT_CAPACITY, "5%", "10%", "20%")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure and its 95 % interval; NaN bounds where none can be given."""

    value: float
    low: float
    high: float


UNKNOWN = Interval(value=math.nan, low=math.nan, high=math.nan)


@dataclass(frozen=True, kw_only=True)
class AtLength:
    """A list of one length: `reached_per_week` leavers among `listed_per_week` rows, means over as-of days."""

    listed_per_week: float
    reached_per_week: Interval
    precision: Interval
    recall: Interval
    lift: Interval


@dataclass(frozen=True, kw_only=True)
class ListFigures:
    """One way of listing over the test terms: every figure per as-of day, then averaged.

    `auc_within` is the mean of the institutions' own AUCs, weighted by their leavers; `between_share` is the part of
    the score's variance that lies between institutions. Calibration figures are UNKNOWN for a list without
    probabilities. `observed_expected_by_week` is ISO day → leavers seen over leavers expected,
    NaN where fewer than 10 left.
    """

    auc: Interval
    auc_within: Interval
    between_share: float
    average_precision: Interval
    at: Mapping[str, AtLength]
    brier: Interval
    brier_skill: Interval
    calibration_slope: Interval
    calibration_intercept: Interval
    ece: Interval
    observed_expected: Interval
    observed_expected_by_week: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class LeadTime:
    """Days between the first listing (high or watch) and the last day seen, over leavers of the test terms."""

    leavers: int
    listed: int
    median_days: float
    first_quarter_days: float
    third_quarter_days: float
    listed_two_weeks_before_share: float


@dataclass(frozen=True, kw_only=True)
class Churn:
    """The part of last week's high band that stays; after retraining: the part that old and new model both list."""

    staying_share: float
    bonus: float
    recall_lost: float
    same_after_retraining_share: float


@dataclass(frozen=True, kw_only=True)
class SourceValue:
    """What is lost without a domain (or what the monotone constraints cost): with one seed, same rows, same split."""

    name: str
    auc_lost: Interval
    reached_lost_per_week: Interval


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """One group of people on the test terms at capacity; `group` is a code (training.audit_groups.group_label).

    Where `suppressed` (fewer than 10 people, or hidden with such a group) counts are None and figures UNKNOWN. `leavers`
    is None too where fewer than 10 left or stayed, and in the group hidden with such a one; of fewer than 10 leavers
    recall and `observed_expected` are UNKNOWN.
    """

    group: str
    students: int | None
    leavers: int | None
    suppressed: bool
    recall: Interval
    observed_expected: Interval
    listed_share: float


@dataclass(frozen=True, kw_only=True)
class AttributeFairness:
    """`verdict`: 'gap', 'no gap seen' or 'cannot tell' (the sample could not show a gap of `tolerated_gap`)."""

    attribute: str
    groups: tuple[GroupFigures, ...]
    gap: Interval
    detectable_gap: float
    tolerated_gap: float
    verdict: str
    balanced_recall_cost: Interval
    balanced_gap: float


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Leavers reached per week by the model beyond the list `against`, at real capacity, paired per as-of day.

    `leavers` is None where it would tell of fewer than ten people at one of several institutions.
    """

    against: str
    per_week: Interval
    leavers: int | None
    by: str
    """What was resampled: 'students' or 'institutions'."""


@dataclass(frozen=True, kw_only=True)
class InstitutionFinding:
    """One institution of the group: `clearly_worse` when the whole interval of its gain lies below 0.

    `leavers` is None, here and in its gain, where fewer than ten left, and at the institution hidden with such a one.
    """

    institution: str
    students: int
    leavers: int | None
    judged_with_group: bool
    gain: Gain
    clearly_worse: bool
    chosen: str
    """'zerodrop', or the absence rule, which the service shows where the model is not chosen."""


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    institutions: tuple[str, ...]
    terms: tuple[str, ...]
    """As shown, oldest first: '1/2567'."""
    rows: int
    kept_rows: int
    """Fewer than `rows` where quiet weeks were sampled."""
    leavers: int
    base_rate: float
    strict_base_rate: float
    gone_rows: int
    immature_weeks: int
    """At the institution that waits for most."""
    reconstructed_rows: int
    reconstructed_share: float
    newest_as_of: date
    trained_on: date


@dataclass(frozen=True, kw_only=True)
class TestFacts:
    terms: tuple[str, ...]
    weeks: int
    """As-of days, all institutions together, as figures are; `skipped_weeks` of them are without a leaver anywhere."""
    skipped_weeks: int
    rows: int
    students: int
    leavers: int
    gone_rows: int
    students_also_trained: int
    capacity_is_default: bool


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """Slope and offset in the backtest and in use, and the offsets of small institutions (code → logit)."""

    backtest_slope: float
    backtest_offset: float
    slope: float
    offset: float
    institution_offsets: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Stability:
    features_survive: float
    domains_survive: float
    abstained_share: float


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A finding of the leakage probes that run on every training (see doctor): what was seen, and how strong."""

    probe: str
    feature: str
    strength: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything a person needs to decide on a model. `test` and what follows from it are None without a closed test term."""

    horizon: str
    catalogue_fingerprint: str
    training: TrainingFacts
    calibrated: Calibrated
    stability: Stability
    leaks: tuple[Leak, ...]
    test: TestFacts | None
    lists: Mapping[str, ListFigures]
    """By name: MODEL and every list beside it; empty without a test term."""
    gain: Gain | None
    institutions: tuple[InstitutionFinding, ...]
    lead_time: LeadTime | None
    churn: Churn | None
    sources: tuple[SourceValue, ...]
    constraints: SourceValue | None
    fairness: tuple[AttributeFairness, ...]
    gains: tuple[Gain, ...] = ()
    """Beyond every list beside the model, on the same test terms (decision.gains)."""
    lags: tuple[Lag, ...] | None = None
    """Of every source of these institutions (features.lag.entry_lags); None where they were not looked at."""
    silent_domains: tuple[str, ...] | None = None
    """Domains that the newest term knows nothing about (check_data.silent_domains); None where not looked at."""
    cold_start: SourceValue | None = None
    """What an institution loses that trains nothing itself (training.sources), its AUC within each institution; None where
    there are no others to learn from."""
    opponent_chosen_before: bool | None = None
    """Whether the list that `gain` is against did best on terms before the test terms; False: on the test terms themselves,
    for want of others. None without a gain, and on cards of before."""


def as_json(found: object) -> Any:
    """Dataclasses as plain objects; NaN and infinities as null, days as ISO."""
    return _plain(asdict(found))  # type: ignore[call-overload]


def _plain(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case float():
            return round(value, 6)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
