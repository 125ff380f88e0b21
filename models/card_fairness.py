"""The part of a model's card that asks whether every group of students is reached alike."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from models.card_blocks import Block, Cell, Heading, Paragraph, Table, cells
from models.card_words import (
    UNTOLD,
    VERDICTS,
    Telling,
    beside,
    count,
    interval,
    share,
    share_interval,
)


def fairness(card: Telling) -> Iterator[Block]:
    say, found = card.say, card.evidence["fairness"]
    yield Heading(text=say("ทุกกลุ่มได้รับการดูแลเท่ากันหรือไม่", "Is every group reached alike"))
    if not found:
        yield Paragraph(text=say("ไม่มีข้อมูลให้ตรวจ", "There was nothing to judge by."))
        return
    yield Paragraph(
        text=say(
            "เทียบผู้ที่ออกจริงว่าแต่ละกลุ่มอยู่ในรายชื่อเท่ากันหรือไม่ กลุ่มที่เล็กเกินไม่แสดง ถ้าข้อมูลไม่พอ บอกว่าไม่พอ ไม่บอกว่าเป็นธรรม "
            "นักเรียนที่เปลี่ยนกลุ่มระหว่างภาคเรียนนับในทุกกลุ่มที่เคยอยู่ "
            "กลุ่มที่ผู้ออกหรือผู้อยู่ต่อไม่ถึง 10 คน ไม่แสดงจำนวนผู้ออก และซ่อนของอีกกลุ่มไว้ด้วยเพื่อไม่ให้คำนวณย้อนได้ กลุ่มที่มีผู้ออกน้อยไม่แสดงสัดส่วน",
            "Of those who left, was the same share listed in every group? Groups too small are not shown; where the sample "
            "cannot tell, the card says so, and not that it is fair. Who changed groups in the course counts in each of them; "
            "where fewer than ten left or stayed the number of leavers is hidden, and another group's with it, so that it "
            "cannot be worked out; of groups with few leavers no share is told.",
        )
    )
    for attribute in found:
        yield from _attribute(card, attribute)


def _attribute(card: Telling, found: Mapping[str, Any]) -> Iterator[Block]:
    say, name = card.say, found["attribute"]
    yield Heading(text=f"{card.attribute(name)}: {card.words(VERDICTS, found['verdict'])}", level=3)
    head = (
        say("กลุ่ม", "Group"), say("นักเรียน", "Students"), say("ผู้ออก", "Leavers"),
        card.figure_name("recall"), card.figure_name("observed_expected"), say("อยู่ในรายชื่อ", "Listed"),
    )  # fmt: skip
    rows = tuple(_group(card, name, group) for group in found["groups"])
    yield Table(head=head, rows=rows)
    yield Paragraph(text=_gap(card, found))


def _gap(card: Telling, found: Mapping[str, Any]) -> str:
    tolerated, detectable = share(found["tolerated_gap"]), share(found["detectable_gap"])
    if found["gap"]["value"] is None:
        none = card.say(
            "เทียบกันไม่ได้ เพราะมีไม่ถึงสองกลุ่มที่ทราบและมีคนกับผู้ออกมากพอ",
            "No gap can be told: fewer than two known groups have enough people and leavers.",
        )
        seen = card.say(
            f" ข้อมูลนี้เห็นความต่างตั้งแต่ {detectable} (ยอมได้ {tolerated})",
            f" This sample can show gaps from {detectable} on (tolerated: {tolerated}).",
        )
        return none if found["detectable_gap"] is None else none + seen
    largest, left = beside(share_interval(found["gap"])), share(found["balanced_gap"])
    cost = beside(share_interval(found["balanced_recall_cost"], 1))
    return card.say(
        f"ต่างกันมากที่สุด {largest} ข้อมูลนี้เห็นความต่างตั้งแต่ {detectable} (ยอมได้ {tolerated}) "
        f"รายชื่อที่ปรับให้เท่ากันเหลือต่าง {left} เสียผู้ออกที่พบ {cost}",
        f"Largest gap {largest}; this sample can show gaps from {detectable} on (tolerated: {tolerated}). "
        f"A balanced list would leave {left} and cost {cost} of recall.",
    )


def _group(card: Telling, attribute: str, group: Mapping[str, Any]) -> tuple[Cell, ...]:
    name = card.group(attribute, group["group"])
    if group["suppressed"]:
        return cells(name, card.say("เล็กเกินจะแสดง", "too few to show"), "", "", "", "")
    return cells(
        name,
        count(group["students"]),
        count(group["leavers"]),
        _if_bounded(group["recall"], share_interval),
        _if_bounded(group["observed_expected"], interval),
        share(group["listed_share"]),
    )


def _if_bounded(found: Mapping[str, float | None], told: Callable[[Mapping[str, float | None]], Cell]) -> Cell:
    """A figure without an interval rests on too few leavers to be read."""
    return Cell(UNTOLD) if found["low"] is None else told(found)
