"""What a check is: a numbered question to the evidence about a model, with why it is asked and what to do."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from records.text import Text
from training.evidence import Evidence, Interval, TestFacts

MOST_NAMED = 5  # a sentence with more names is not read


class Severity(Enum):
    """A failed BLOCKING check forbids promotion, and no signature overrides it; ADVICE is read and decided on."""

    BLOCKING = "blocking"
    ADVICE = "advice"

    @property
    def label(self) -> Text:
        return _SEVERITIES[self]


_SEVERITIES = {
    Severity.BLOCKING: Text(th="ต้องผ่านจึงใช้งานได้", en="blocking"),
    Severity.ADVICE: Text(th="ข้อแนะนำ", en="advice"),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a failed check saw: one sentence with its figures, never about one student."""

    said: Text


class NotApplicable(Exception):
    """The evidence does not hold what the check asks about; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Check:
    """`title` says what is so when the check passes, `passes_when` from which figure on.

    `run` gives a Finding when the check fails and None when it passes; it may raise NotApplicable.
    """

    code: str
    title: Text
    passes_when: Text
    severity: Severity
    why: Text
    what_to_do: Text
    run: Callable[[Evidence], Finding | None]


def finding(*, th: str, en: str) -> Finding:
    return Finding(said=Text(th=th, en=en))


def not_applicable(*, th: str, en: str) -> NotApplicable:
    return NotApplicable(Text(th=th, en=en))


def tested(evidence: Evidence) -> TestFacts:
    """Raises NotApplicable without a closed test term: TR103 says so, and blocks."""
    if evidence.test is None:
        raise not_applicable(th="ยังไม่มีภาคเรียนทดสอบที่จบแล้ว", en="there is no closed test term yet")
    return evidence.test


def told(figure: float) -> float:
    """The figure itself; raises NotApplicable where the data cannot give one."""
    if math.isnan(figure):
        raise not_applicable(th="ข้อมูลไม่พอจะคำนวณตัวเลขนี้", en="the data cannot give this figure")
    return figure


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def shown(interval: Interval, decimals: int = 2) -> str:
    """The figure with its 95 % interval; '?' for what cannot be told."""
    value, low, high = (_number(one, decimals) for one in (interval.value, interval.low, interval.high))
    return f"{value} [{low} – {high}]"


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else "?"


def named(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    more = len(every) - MOST_NAMED
    return ", ".join(every[:MOST_NAMED]) + (f" (+{more})" if more > 0 else "")
