"""What would change a score, as it is stored and as a person reads it: how the model reads the records, never a promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.declaration import Feature
from features.vocabulary import Domain
from models.reasons import Permissions, is_hidden, sentence
from models.what_if import Lever, WhatIf
from records.text import Text

# In log-odds: 0.2 moves 20 of 100 to 24, 0.8 moves it to 36.
_NOTICED = 0.2
_MUCH = 0.8

_TOGETHER = Text(
    th="ทุกข้อด้าน{domain}ที่เปลี่ยนได้อยู่ระดับเดียวกับเพื่อนที่ทำได้ดีพร้อมกัน",
    en="everything under {domain} that can change, together, as of fellow students who do well",
)
_AS_OTHERS = Text(th="{value} (ระดับเดียวกับเพื่อนที่ทำได้ดี)", en="{value} (as of fellow students who do well)")


@dataclass(frozen=True, kw_only=True)
class ToldLever:
    """One change as a person reads it; `now` is None for a whole domain.

    `then` fits behind "if the records said". `effect` is a key of words, little, clear or much: how much lower the
    model would rank the student. `leaves`: with this alone the student would leave the list.
    """

    label: Text
    now: Text | None
    then: Text
    effect: str
    leaves: bool


def stored(found: WhatIf) -> dict[str, Any]:
    """As JSON holds it; a whole domain is kept by its name alone."""
    return {
        "levers": [_stored_lever(lever) for lever in found.levers],
        "exit": None if found.exit is None else _stored_lever(found.exit),
    }


def _stored_lever(lever: Lever) -> dict[str, Any]:
    return {
        "feature": None if lever.after is None else lever.features[0],
        "domain": lever.domain.value,
        "before": lever.before,
        "after": lever.after,
        "effect": round(lever.effect, 4),
    }


def told_what_if(
    stored: Mapping[str, Any], catalogue: Mapping[str, Feature], *, permissions: Permissions
) -> list[ToldLever]:
    """Stored levers as a person reads them, the exit last.

    Left out is what the catalogue no longer has or offers for change, what has since become hidden from a reader with
    these permissions, and what reads the same now and then once it is rounded for people.
    """
    told = [_told(item, catalogue, permissions, leaves=False) for item in stored["levers"]]
    if stored["exit"] is not None:
        told.append(_told(stored["exit"], catalogue, permissions, leaves=True))
    return [lever for lever in told if lever is not None]


def _told(
    item: Mapping[str, Any], catalogue: Mapping[str, Feature], permissions: Permissions, *, leaves: bool
) -> ToldLever | None:
    effect = effect_word(item["effect"])
    if item["feature"] is None:
        label = Domain(item["domain"]).label
        return ToldLever(label=label, now=None, then=_together(label), effect=effect, leaves=leaves)
    feature = catalogue.get(item["feature"])
    if feature is None or not feature.changeable or is_hidden(feature, permissions):
        return None
    now, then = sentence(feature, item["before"]), sentence(feature, item["after"])
    if now == then:
        return None
    return ToldLever(
        label=feature.label,
        now=now,
        # The way off the list may lie elsewhere than where fellow students do well.
        then=then if leaves else _as_others(then),
        effect=effect,
        leaves=leaves,
    )


def effect_word(effect: float) -> str:
    """How much lower the model would rank: little, clear or much."""
    if abs(effect) < _NOTICED:
        return "little"
    return "much" if abs(effect) >= _MUCH else "clear"


def _together(label: Text) -> Text:
    return Text(th=_TOGETHER.th.format(domain=label.th), en=_TOGETHER.en.format(domain=label.en))


def _as_others(then: Text) -> Text:
    return Text(th=_AS_OTHERS.th.format(value=then.th), en=_AS_OTHERS.en.format(value=then.en))
