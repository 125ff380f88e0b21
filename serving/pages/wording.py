"""Numbers turned into what a teacher would say: what was seen of a band, the share of a domain, the reasons in groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from features.vocabulary import Domain
from models.horizon import HORIZONS
from models.reasons import MissingData, Reason
from records.codes import RULES
from records.text import Text
from serving.shown import Head, Observed, ShownStudent
from serving.texts import Texts

# From which share on which words hold: half way between two neighbours, so that none is off by more than a tenth.
_SHARES = (
    (0.9, "nearly_all"),
    (0.73, "four_fifths"),
    (0.58, "two_thirds"),
    (0.42, "half"),
    (0.27, "third"),
    (0.15, "fifth"),
    (0.05, "tenth"),
    (0.0, "little"),
)
_LEAST_TOLD_SHARE = 0.05  # a domain without a reason is named from "about a tenth" on
FULL_BAR = 120


@dataclass(frozen=True, kw_only=True)
class DomainGroup:
    """One domain: its share of what raises the score (None where no domain does), its reasons and gaps, and what to ask.

    `hidden`: it has a reason that this reader may not know, so nor whether that can be changed.
    """

    domain: Domain
    share: float | None
    changeable: tuple[Reason, ...]
    fixed: tuple[Reason, ...]
    hidden: bool
    missing: tuple[MissingData, ...]
    asks: tuple[Text, ...]


def observed_words(texts: Texts, head: Head, observed: Observed | None) -> str:
    """'Of 100 students with this band in a past term, about 14 left within 8 weeks': what was seen, never a forecast."""
    if observed is None:
        return texts.say("observed.none")
    if not observed.enough:
        return texts.say("observed.few", term=observed.term)
    held = HORIZONS.get(head.horizon)
    count = floor(_of_100(observed.rate) + 0.5)  # half up, as people round
    return texts.say(
        "observed.rate" if count else "observed.rate_low",
        term=observed.term,
        horizon=held.text.in_language(texts.language) if held else "",
        count=count,
        low=floor(_of_100(observed.low)),
        high=ceil(_of_100(observed.high)),
    )


def _of_100(share: float) -> float:
    return round(100 * share, 6)  # 0.29 of 100 is 28.999999999999996 in binary


def share_words(texts: Texts, share: float) -> str:
    if share == 0:
        return texts.say("share.none")
    return texts.say("share." + next(name for least, name in _SHARES if share >= least))


def bar_length(share: float) -> int:
    return round(FULL_BAR * share)


def rule_words(texts: Texts, rule: str) -> str:
    """A rule of the college as a sentence; one without a sentence of its own is named by its declaration."""
    if texts.knows(f"must_see.{rule}"):
        return texts.say(f"must_see.{rule}")
    if rule in RULES.values:
        return RULES.codes[RULES.position(rule)].label.in_language(texts.language)
    return texts.say("must_see.other")


def reason_words(texts: Texts, reason: Reason) -> str:
    """A reason under the heading of its domain, which then need not be said again."""
    return texts.say("student.hidden") if reason.hidden else reason.sentence.in_language(texts.language)


def by_domain(reasons: Sequence[Reason]) -> dict[Domain, list[Reason]]:
    """The reasons of each domain, in the order in which the domains first come."""
    grouped: dict[Domain, list[Reason]] = {}
    for reason in reasons:
        grouped.setdefault(reason.domain, []).append(reason)
    return grouped


def domain_groups(student: ShownStudent) -> list[DomainGroup]:
    """The domains that raise the score or have a reason, the largest share first; what to ask is said once."""
    grouped = by_domain(student.reasons)
    shares = student.domain_shares
    told = any(shares.values())
    large = [domain for domain in Domain if shares.get(domain.value, 0.0) >= _LEAST_TOLD_SHARE]
    groups, asked = [], set[Text]()
    for domain in sorted(dict.fromkeys([*grouped, *large]), key=lambda one: -shares.get(one.value, 0.0)):
        reasons = sorted(grouped.get(domain, []), key=lambda reason: not reason.changeable)
        open_ = [reason for reason in reasons if not reason.hidden]
        asks = [ask for ask in dict.fromkeys(reason.asks for reason in reasons) if ask not in asked]
        asked.update(asks)
        groups.append(
            DomainGroup(
                domain=domain,
                share=shares.get(domain.value, 0.0) if told else None,
                changeable=tuple(reason for reason in open_ if reason.changeable),
                fixed=tuple(reason for reason in open_ if not reason.changeable),
                hidden=len(open_) < len(reasons),
                missing=tuple(one for one in student.missing if one.domain is domain),
                asks=tuple(asks),
            )
        )
    return groups


def domain_names(texts: Texts, domains: Sequence[Domain]) -> str:
    return " · ".join(domain.label.in_language(texts.language) for domain in domains)
