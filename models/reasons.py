"""From contributions to sentences: which few features raised a score, said in Thai and English by the catalogue.

Stored are names, values and contributions, picked by `models.choosing`; a sentence is made when somebody looks. A feature
that lowers the score is never given as a reason, and a missing value is named as missing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Change, Count, Domain, FromMedian, Personal, Relative, Risk, Slope, StepChange, Unit
from models.choosing import LEAST_CONTRIBUTION, Choice, Say
from models.explain import Explained
from records.roles import Permission
from records.text import Text

Floats = npt.NDArray[np.float64]
Permissions = frozenset[Permission]
SHOWN_REASONS = 3
# Measures whose value says which way something moved or lies, so that half of their values make a sentence untrue.
_MOVES = (Change, Slope, StepChange, Relative, FromMedian)
_DOMAINS = list(Domain)
# How many decimals a sentence shows of its value; one that shows all of them is none of these.
_SHOWN = re.compile(r"\{(?P<what>value|percent):\+?\.(?P<decimals>\d)(?P<kind>[f%])\}")

_MISSING = Text(th="ยังไม่มีข้อมูล: {what}", en="not known yet: {what}")
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
    """One reason as a person reads it; `contribution` is in log-odds on the calibrated scale.

    Of what is `hidden` from the reader the domain is told and nothing else.
    """

    feature: str
    domain: Domain
    label: Text
    sentence: Text
    asks: Text
    value: float | None
    unit: Unit | None
    contribution: float
    changeable: bool
    hidden: bool


@dataclass(frozen=True, kw_only=True)
class MissingData:
    """Something that is not known of a student, and whose not being known added `contribution` to the log-odds."""

    feature: str
    domain: Domain
    label: Text
    sentence: Text
    contribution: float


# Which


def choice_of(features: Sequence[Feature], spread: Floats | None = None) -> Choice:
    """What the catalogue asks of a reason, one entry a feature, in the order of `features`.

    `spread` (features,), in log-odds, is how much a feature's contribution moves between refits: what is smaller would
    be another reason next week, and is none.
    """
    least = np.full(len(features), LEAST_CONTRIBUTION)
    return Choice(
        say=np.array([_when_true(feature) for feature in features], np.int8),
        least=least if spread is None else np.maximum(least, spread),
        domain=np.array([_DOMAINS.index(feature.domain) for feature in features], np.int8),
        changeable=np.array([feature.changeable for feature in features], bool),
        rounds_to_zero=np.array([_rounds_to_zero(feature) for feature in features], np.float64),
    )


def _when_true(feature: Feature) -> Say:
    """Of which values the sentence is true: a yes must be a yes, a rise a rise.

    Where a yes lowers the risk (a scholarship) the sentence says the no; where a rise does, it says the fall.
    """
    if feature.unit is Unit.YES:
        return Say.ZERO if feature.risk is Risk.FALLS else Say.ABOVE_ZERO
    if not isinstance(feature.measure, _MOVES) or feature.risk is Risk.EITHER:
        return Say.KNOWN
    return Say.BELOW_ZERO if feature.risk is Risk.FALLS else Say.ABOVE_ZERO


def _rounds_to_zero(feature: Feature) -> float:
    """Up to what size the sentence shows a value as 0: "grown by 0 points", "absent 0 days" would say that nothing is.

    Of a margin 0 says that none is left, so it is said when it is rounded too; so is every other level.
    """
    if not isinstance(feature.measure, (*_MOVES, Count)):
        return 0.0
    found = _SHOWN.search(feature.reason.en)
    if found is None:
        return 0.0
    is_part = found["what"] == "percent" or found["kind"] == "%"
    return 0.5 * float(10.0 ** -(int(found["decimals"]) + 2 * is_part))


# As stored


def stored_reasons(
    features: Sequence[Feature], values: npt.NDArray[np.floating[Any]], explained: Explained, row: int
) -> list[dict[str, Any]]:
    """The reasons of one student as they are stored; `values` (features,) are those of this row alone."""
    return [
        {
            "feature": features[place].name,
            "value": round(float(values[place]), features[place].decimals),
            "contribution": _rounded(contribution),
        }
        for place, contribution in zip(explained.reason[row], explained.contribution[row], strict=True)
        if place >= 0
    ]


def stored_missing(features: Sequence[Feature], explained: Explained, row: int) -> list[dict[str, Any]]:
    """What is not known of one student and raised the score, as it is stored."""
    return [
        {"feature": features[place].name, "contribution": _rounded(contribution)}
        for place, contribution in zip(explained.missing[row], explained.missing_contribution[row], strict=True)
        if place >= 0
    ]


def stored_domains(sums: npt.NDArray[np.floating[Any]]) -> dict[str, float]:
    """What each domain adds to the log-odds of one student; `sums` in the order of Domain."""
    return {domain.value: _rounded(total) for domain, total in zip(Domain, sums, strict=True)}


def domain_sums(choice: Choice, contributions: npt.NDArray[np.floating[Any]]) -> Floats:
    """What each domain adds, (rows, domains) in the order of Domain, from contributions (rows, features)."""
    belongs = np.equal.outer(choice.domain, np.arange(len(_DOMAINS)))
    return np.asarray(contributions @ belongs, np.float64)


def _rounded(contribution: float) -> float:
    return round(float(contribution), 4) + 0.0  # -0.0 is 0


# As told

_Told = TypeVar("_Told", Reason, MissingData)


def is_hidden(feature: Feature, permissions: Permissions) -> bool:
    """Whether a feature is named to a reader as its domain only: what is sealed and what tells of the home ask for
    permissions of their own.
    """
    if feature.personal is not Personal.SENSITIVE:
        return False
    needed = Permission.SEE_SENSITIVE_SCREENING if feature.table.sensitive else Permission.SEE_HOUSEHOLD
    return needed not in permissions


def told(
    stored: Sequence[Mapping[str, Any]], catalogue: Mapping[str, Feature], *, permissions: Permissions
) -> list[Reason]:
    """Stored reasons as sentences; what is hidden from a reader with these permissions is named as its domain only.

    Features that the catalogue no longer has are left out.
    """
    return _first_of_each(
        _reason(catalogue[item["feature"]], item["value"], item["contribution"], permissions)
        for item in stored
        if item["feature"] in catalogue
    )


def told_missing(
    stored: Sequence[Mapping[str, Any]], catalogue: Mapping[str, Feature], *, permissions: Permissions
) -> list[MissingData]:
    """What is not known as sentences, with the same care for what is hidden or no longer in the catalogue."""
    return _first_of_each(
        _missing(catalogue[item["feature"]], item["contribution"], permissions)
        for item in stored
        if item["feature"] in catalogue
    )


def domain_shares(domains: Mapping[str, float]) -> dict[str, float]:
    """Each domain's part of what raises a score, 0-1: of the domains that raise it. 0 for the others, and if none does."""
    raising = {name: max(total, 0.0) for name, total in domains.items()}
    whole = sum(raising.values())
    return {name: round(part / whole, 4) if whole else 0.0 for name, part in raising.items()}


def sentence(feature: Feature, value: float) -> Text:
    """A feature's value as a person would say it, with its unit and period."""
    return Text(
        th=feature.reason.th.format(value=value, percent=100 * value),
        en=feature.reason.en.format(value=value, percent=100 * value),
    )


def missing_sentence(what: Text) -> Text:
    return Text(th=_MISSING.th.format(what=what.th), en=_MISSING.en.format(what=what.en))


def _first_of_each(found: Iterable[_Told]) -> list[_Told]:
    """Two hidden ones of a domain are one, in the place of the first."""
    first: dict[str, _Told] = {}
    for one in found:
        first.setdefault(one.feature, one)
    return list(first.values())


def _reason(feature: Feature, value: float, contribution: float, permissions: Permissions) -> Reason:
    hidden = is_hidden(feature, permissions)
    return Reason(
        feature=feature.domain.value if hidden else feature.name,
        domain=feature.domain,
        label=feature.domain.label if hidden else feature.label,
        sentence=_hidden_sentence(feature.domain.label) if hidden else sentence(feature, value),
        asks=_SENSITIVE_ASK if hidden else feature.asks,
        value=None if hidden else value,
        unit=None if hidden else feature.unit,
        contribution=contribution,
        changeable=feature.changeable and not hidden,
        hidden=hidden,
    )


def _hidden_sentence(domain: Text) -> Text:
    return Text(th=_SENSITIVE.th.format(domain=domain.th), en=_SENSITIVE.en.format(domain=domain.en))


def _missing(feature: Feature, contribution: float, permissions: Permissions) -> MissingData:
    hidden = is_hidden(feature, permissions)
    label = feature.domain.label if hidden else feature.label
    return MissingData(
        feature=feature.domain.value if hidden else feature.name,
        domain=feature.domain,
        label=label,
        sentence=missing_sentence(label),
        contribution=contribution,
    )
