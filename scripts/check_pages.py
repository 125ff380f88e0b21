"""The page docs/checks.md: what is asked of a trained model before anybody may put it in charge."""

from collections.abc import Iterator

from features.wording import both
from training.check_declaration import Check, Severity
from training.checks import GROUPS

PAGE = "checks.md"
_INTRODUCTION = """\
# การตรวจสอบแบบจำลอง · Checks of a model

<!-- Written by scripts/write_docs.py from training/check_*.py. Change those, not this page. -->

ทุกครั้งที่ฝึก (`zerodrop train`) ระบบตรวจสอบตามรายการนี้และบันทึกผลในการ์ด ข้อที่ **ต้องผ่านจึงใช้งานได้** ถ้าไม่ผ่าน
`zerodrop promote` จะปฏิเสธ ไม่มีวิธีข้าม ข้อ **แนะนำ** ให้ผู้ลงนามอ่านและตัดสินใจ ข้อที่หลักฐานไม่มีให้ตรวจ จะบอกว่าตรวจไม่ได้เพราะอะไร

Every training asks these of its model and writes the answers on the card. A failed **blocking** check keeps
`zerodrop promote` from putting the model in charge, and nothing overrides it. **Advice** is read and weighed by the
person who signs. What the evidence cannot answer is said so, with the reason. Intervals are of 95 %."""


def checks_page() -> str:
    """The whole page; the same declarations give the same text."""
    parts = [_INTRODUCTION, "\n".join(_index())]
    for group in GROUPS:
        parts.append(f"## {group.prefix}xx {both(group.title)}")
        parts += [_check(check) for check in group.checks]
    return "\n\n".join(parts) + "\n"


def _index() -> Iterator[str]:
    yield "| รหัส · code | ตรวจว่า · asks | |"
    yield "|---|---|---|"
    for check in (check for group in GROUPS for check in group.checks):
        mark = (
            f"**{both(check.severity.label)}**" if check.severity is Severity.BLOCKING else both(check.severity.label)
        )
        yield f"| `{check.code}` | {both(check.title)} | {mark} |"


def _check(check: Check) -> str:
    lines = (
        f"### {check.code}",
        f"**{both(check.title)}** ({both(check.severity.label)})",
        f"- ผ่านเมื่อ · passes when: {both(check.passes_when)}\n"
        f"- เพราะ · why: {both(check.why)}\n"
        f"- ทำอย่างไร · what to do: {both(check.what_to_do)}",
    )
    return "\n\n".join(lines)
