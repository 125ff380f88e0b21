"""Numbers turned into what a teacher would say: a natural frequency, the effect of a domain, the reasons in groups."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.catalogue import FEATURE_OF
from features.vocabulary import Domain
from models.horizon import HORIZONS
from models.reasons import Reason
from records.codes import RULES
from records.text import Text
from serving.shown import Head, ShownStudent
from serving.texts import Texts

# In log-odds: 0.2 moves 20 of 100 to 24, 0.8 moves it to 36.
_NOTICED = 0.2
_MUCH = 0.8
# A bar this long is full; what moves the odds more than tenfold looks the same.
_FULL_BAR = 2.3
_BAR_HALF = 60


@dataclass(frozen=True, kw_only=True)
class ReasonGroup:
    """The reasons of one domain, and what to ask about them."""

    domain: Domain
    reasons: tuple[Reason, ...]
    asks: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class DomainBar:
    """A bar to the right (raises) or to the left (lowers) of the middle, and the same in words."""

    domain: Domain
    effect: str
    start: int
    length: int


def frequency(texts: Texts, head: Head, probability: float) -> str:
    """'Of 100 students with similar records, about 14 leave within 8 weeks': an estimate, never a verdict."""
    held = HORIZONS.get(head.horizon)
    horizon = held.text.in_language(texts.language) if held else ""
    count = int(round(100 * probability, 6) + 0.5)  # half up, as people round
    if count < 1:
        return texts.say("student.number_low", horizon=horizon)
    if count > 99:
        return texts.say("student.number_high", horizon=horizon)
    return texts.say("student.number", count=count, horizon=horizon)


def rule_words(texts: Texts, rule: str) -> str:
    """A rule of the college as a sentence; one without a sentence of its own is named by its declaration."""
    if texts.knows(f"must_see.{rule}"):
        return texts.say(f"must_see.{rule}")
    if rule in RULES.values:
        return RULES.codes[RULES.position(rule)].label.in_language(texts.language)
    return texts.say("must_see.other")


def reason_groups(student: ShownStudent, *, changeable: bool) -> list[ReasonGroup]:
    """The reasons that can, or cannot, be changed, by domain in the order of their weight.

    What to ask is said once: beside a reason that can be changed, where there is one.
    """
    asked = {reason.asks for reason in student.reasons if reason.changeable} if not changeable else set()
    grouped: dict[Domain, list[Reason]] = {}
    for reason in student.reasons:
        if reason.changeable is changeable:
            grouped.setdefault(reason.domain, []).append(reason)
    return [
        ReasonGroup(
            domain=domain,
            reasons=tuple(reasons),
            asks=tuple(ask for ask in dict.fromkeys(reason.asks for reason in reasons) if ask not in asked),
        )
        for domain, reasons in grouped.items()
    ]


def domain_bars(domains: Mapping[str, float]) -> list[DomainBar]:
    known = [(Domain(name), total) for name, total in domains.items() if name in {d.value for d in Domain}]
    return [_bar(domain, total) for domain, total in sorted(known, key=lambda item: -item[1])]


def _bar(domain: Domain, total: float) -> DomainBar:
    length = round(_BAR_HALF * min(abs(total) / _FULL_BAR, 1))
    return DomainBar(
        domain=domain, effect=_effect(total), start=_BAR_HALF if total >= 0 else _BAR_HALF - length, length=length
    )


def _effect(total: float) -> str:
    if abs(total) < _NOTICED:
        return "even"
    direction = "raises" if total > 0 else "lowers"
    return f"{direction}_much" if abs(total) >= _MUCH else direction


def missing(student: ShownStudent) -> tuple[list[Reason], list[Domain]]:
    """Reasons without a value, and domains that moved the estimate not at all."""
    unknown = [reason for reason in student.reasons if reason.value is None and reason.feature in FEATURE_OF]
    silent = [Domain(name) for name, total in student.domains.items() if total == 0]
    return unknown, silent
