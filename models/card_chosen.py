"""The part of a card that says in which form the model was fitted, and which others were tried."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.card_blocks import Block, Cell, Heading, Paragraph, Table, cells
from models.card_words import UNTOLD, Telling, share


def chosen(card: Telling) -> Iterator[Block]:
    """The form in use among those that a search tried before any test."""
    say, form, tried = card.say, card.card["form"], card.card["search"]
    yield Heading(text=say("เลือกรูปแบบของแบบจำลองอย่างไร", "How its form was chosen"))
    if not tried:
        yield Paragraph(
            text=say(
                "ข้อมูลก่อนภาคเรียนทดสอบมีไม่พอให้ลองเทียบรูปแบบ จึงใช้รูปแบบที่กำหนดไว้ล่วงหน้า",
                "Before the test terms there was too little to try forms on: the one set beforehand was taken.",
            )
        )
    else:
        yield Paragraph(
            text=say(
                "ลองทุกรูปแบบในตารางก่อนถึงภาคเรียนทดสอบ โดยสอนด้วยภาคเรียนก่อน ๆ แล้ววัดกับภาคเรียนถัดมา เลือกรูปแบบที่ง่ายที่สุด"
                "ซึ่งแย่กว่ารูปแบบที่ดีที่สุดไม่เกินหนึ่งความคลาดเคลื่อนมาตรฐาน ภาคเรียนทดสอบไม่มีส่วนในการเลือก",
                "Every form in the table was tried on the newest term before the test terms, taught by the terms before it. "
                "Chosen is the simplest that is no worse than the best by one standard error; the test terms had no part in it.",
            )
        )
    head = (
        say("รูปแบบ", "Form"), say("จำนวนต้นไม้", "Trees"), say("แถวต่อใบอย่างน้อย", "Rows a leaf needs"),
        say("จุดแบ่ง", "Thresholds"), say("น้ำหนักส่วนเส้นตรง", "Straight part's share"),
        say("log loss เกินรูปแบบที่ดีที่สุด (ในแสนส่วน)", "Log loss beyond the best (per 100,000)"),
    )  # fmt: skip
    yield Table(head=head, rows=tuple(_form(card, one, form) for one in tried or [form]), words=1)


def _form(card: Telling, one: Mapping[str, Any], used: Mapping[str, Any]) -> tuple[Cell, ...]:
    say = card.say
    is_used = all(one[name] == value for name, value in used.items())
    return cells(
        say("ใช้จริง", "in use") if is_used else say("ลองแล้วไม่ใช้", "tried"),
        str(one["trees"]),
        str(one["min_data"]),
        say("สุ่ม", "at random") if one["extra_trees"] else say("ดีที่สุด", "the best"),
        share(one["linear"]),
        _beyond(one),
    )


def _beyond(one: Mapping[str, Any]) -> Cell:
    if "beyond_best" not in one:
        return Cell(UNTOLD)
    return Cell(f"{1e5 * one['beyond_best']:.1f}", f"± {1e5 * one['error']:.1f}")
