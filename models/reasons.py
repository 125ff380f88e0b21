"""From contributions to sentences: which few features raised a score, said in Thai and English by the catalogue.

Stored are ids, values and contributions; a sentence is made when somebody looks. A feature that lowers the risk is
never given as a reason, and a missing value is named as missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Change, Domain, FromMedian, Personal, Relative, Risk, Slope, StepChange, Unit
from records.text import Text

SHOWN_REASONS = 3
STORED_REASONS = 5
MOST_OF_A_DOMAIN = 2
# A contribution below this changes odds by less than a twentieth: no reason to trouble anybody with.
LEAST_CONTRIBUTION = 0.05
# Measures whose value says which way something moved or lies, so that half of their values make a sentence untrue.
_MOVES = (Change, Slope, StepChange, Relative, FromMedian)

_NOT_KNOWN = Text(th="ยังไม่มีข้อมูล", en="not known yet")
_SENSITIVE = Text(
    th="{domain}: ดูรายละเอียดได้เฉพาะผู้มีสิทธิ์",
    en="{domain}: details only for those with permission",
)


_SENSITIVE_ASK = Text(
    th="ปรึกษางานแนะแนวหรืองานทุนก่อนคุยเรื่องนี้กับนักเรียน",
    en="Ask the guidance or scholarship office before you raise this with the student",
)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason as a person reads it; `contribution` is in log-odds on the calibrated scale."""

    feature: str
    domain: Domain
    label: Text
    sentence: Text
    asks: Text
    value: float | None
    unit: Unit | None
    contribution: float
    changeable: bool


def chosen(
    features: Sequence[Feature], values: npt.NDArray[np.floating[Any]], contributions: npt.NDArray[np.floating[Any]]
) -> list[dict[str, Any]]:
    """The reasons of one student as they are stored: the largest that raise the risk, changeable ones first.

    `values` and `contributions` have one entry a feature, in the order of `features`. What is not known is no reason,
    and three ways of counting the same absences are not three reasons: a domain gives at most two.
    """
    order = np.argsort(-contributions, kind="stable")
    raising = [i for i in order if contributions[i] >= LEAST_CONTRIBUTION and _can_be_said(features[i], values[i])]
    by_use = _at_most_two_a_domain(features, sorted(raising, key=lambda index: not features[index].changeable))
    return [
        {
            "feature": features[index].name,
            "value": round(float(values[index]), features[index].decimals),
            "contribution": round(float(contributions[index]), 4),
        }
        for index in by_use[:STORED_REASONS]
    ]


def _can_be_said(feature: Feature, value: float) -> bool:
    """Whether the sentence is true of the value: a yes must be a yes, a rise a rise, and nothing is said of what is missing.

    Where a yes lowers the risk (a scholarship) the sentence says the no; where a rise does, it says the fall.
    """
    if np.isnan(value):
        return False
    if feature.unit is Unit.YES:
        return bool(value == 0 if feature.risk is Risk.FALLS else value > 0)
    if not isinstance(feature.measure, _MOVES) or feature.risk is Risk.EITHER:
        return True
    return bool(value < 0 if feature.risk is Risk.FALLS else value > 0)


def _at_most_two_a_domain(features: Sequence[Feature], order: Sequence[int]) -> list[int]:
    taken: dict[Domain, int] = {}
    kept = []
    for index in order:
        domain = features[index].domain
        taken[domain] = taken.get(domain, 0) + 1
        if taken[domain] <= MOST_OF_A_DOMAIN:
            kept.append(index)
    return kept


def domain_sums(features: Sequence[Feature], contributions: npt.NDArray[np.floating[Any]]) -> dict[str, float]:
    """What each domain adds to the logit of one student, in log-odds."""
    sums = dict.fromkeys((domain.value for domain in Domain), 0.0)
    for feature, contribution in zip(features, contributions, strict=True):
        sums[feature.domain.value] += float(contribution)
    return {name: round(total, 4) for name, total in sums.items()}


def told(stored: Sequence[Mapping[str, Any]], catalogue: Mapping[str, Feature], *, sensitive: bool) -> list[Reason]:
    """Stored reasons as sentences; without the permission `sensitive` a sensitive feature is named as its domain only.

    Features that the catalogue no longer has are left out.
    """
    first: dict[str, Reason] = {}
    for item in stored:
        if item["feature"] in catalogue:
            feature = catalogue[item["feature"]]
            reason = _reason(feature, item["value"], item["contribution"], sensitive=sensitive)
            first.setdefault(reason.feature, reason)
    return list(first.values())


def _reason(feature: Feature, value: float | None, contribution: float, *, sensitive: bool) -> Reason:
    hidden = feature.personal is Personal.SENSITIVE and not sensitive
    return Reason(
        feature=feature.domain.value if hidden else feature.name,
        domain=feature.domain,
        label=feature.domain.label if hidden else feature.label,
        sentence=_hidden_sentence(feature) if hidden else sentence(feature, value),
        asks=_SENSITIVE_ASK if hidden else feature.asks,
        value=None if hidden else value,
        unit=None if hidden else feature.unit,
        contribution=contribution,
        changeable=feature.changeable and not hidden,
    )


def sentence(feature: Feature, value: float | None) -> Text:
    """A feature's value as a person would say it."""
    if value is None:
        return Text(th=f"{feature.label.th}: {_NOT_KNOWN.th}", en=f"{feature.label.en}: {_NOT_KNOWN.en}")
    return Text(
        th=feature.reason.th.format(value=value, percent=100 * value),
        en=feature.reason.en.format(value=value, percent=100 * value),
    )


def _hidden_sentence(feature: Feature) -> Text:
    label = feature.domain.label
    return Text(th=_SENSITIVE.th.format(domain=label.th), en=_SENSITIVE.en.format(domain=label.en))
