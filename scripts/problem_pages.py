"""The page docs/problems.md: everything a report or a refusal can say, with what to do about it."""

from collections.abc import Iterator

from records.intake.fixes import FIXES
from records.intake.mending import mending_of
from records.intake.problems import PROBLEMS, Problem
from records.text import Text

PAGE = "problems.md"
_INTRODUCTION = """\
# ปัญหาในไฟล์ · What a report can say

<!-- Written by scripts/write_docs.py from records/intake/problems.py, fixes.py and mending.py. Change those, not this page. -->

รายงานการนำเข้าบอกเหตุผลเป็นรหัสพร้อมคำอธิบาย หน้านี้มีครบทุกรหัส ไฟล์ที่ถูกปฏิเสธทั้งไฟล์ดูใน
[คู่มือเจ้าหน้าที่](guides/clerk.md#ไฟล์ถูกปฏิเสธทั้งไฟล์--a-refused-file)

Every code that an import report can show. Refused files: [guide for clerks](guides/clerk.md#ไฟล์ถูกปฏิเสธทั้งไฟล์--a-refused-file)."""
_QUARANTINE = """\
## กักไว้ · Quarantine

แถวเหล่านี้ยังไม่ได้นำเข้า เก็บปิดผนึกไว้รอแก้ด้วย `zerodrop quarantine export` และ `zerodrop quarantine retry`

These rows are not taken in. They wait, sealed, to be mended."""
_WARNINGS = """\
## คำเตือน · Warnings

แถวเหล่านี้นำเข้าแล้ว ถ้าดูแล้วถูกต้อง ไม่ต้องทำอะไร ถ้าผิด แก้ที่ระบบต้นทางแล้วนำเข้าไฟล์ใหม่

These rows were taken in. Where one is wrong, mend it in the source system and import the new file."""
_FIXED = """\
## แก้ให้แล้ว · Fixes

ระบบแก้ช่องเหล่านี้ให้เพราะมีความหมายเดียว เก็บค่าเดิมไว้ ไม่ต้องทำอะไร

These cells were mended since they can mean one thing only. The originals are kept; nothing needs to be done."""
_LOOK = Text(th="ตรวจแล้วไม่ผิดก็ปล่อยไว้ได้", en="look at it; leave it when it is right")


def problems_page() -> str:
    """The whole page; the same declarations give the same text."""
    parts = [_INTRODUCTION, _QUARANTINE, *(_problem(one) for one in PROBLEMS if not one.warning)]
    parts += [_WARNINGS, *(_problem(one) for one in PROBLEMS if one.warning)]
    return "\n\n".join((*parts, _FIXED, "\n".join(_fixes()))) + "\n"


def _problem(problem: Problem) -> str:
    todo = _LOOK if problem.warning else mending_of(problem.code)
    lines = (problem.text.th, problem.text.en, f"**ทำอย่างไร · what to do**: {todo.th} · {todo.en}")
    return "\n\n".join((f"### {problem.code}", *lines))


def _fixes() -> Iterator[str]:
    yield "| รหัส · code | สิ่งที่แก้ · what was done |"
    yield "|---|---|"
    for fix in FIXES:
        yield f"| {fix.code} | {fix.text.th} · {fix.text.en} |"
