"""The commands about people: pairs of students who may be one person, shown with their names and decided."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from records.console import Home, InstitutionCode, Json, actor, data_home, say, the_institution
from records.text import Text

if TYPE_CHECKING:
    from records.people import KeptName

Pair = Annotated[UUID, typer.Argument(help="The pair, as `zerodrop people doubts` shows it.")]


def doubts(institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """Pairs of students who may be one person: a G-code that became 13 digits, a name that changed. Names are shown."""
    from records.access import named_for_report
    from records.person_links import open_reviews, pair_of

    with data_home(home) as opened:
        code = the_institution(opened, institution)
        reviews = open_reviews(opened, code)
        people = {student for review in reviews for student in pair_of(review)}
        names = named_for_report(opened, actor(), code, people, "doubtful pairs") if reviews else {}
    told = [
        {
            "pair": str(review.id),
            "known": _name(names.get(review.student_a)),
            "came": _name(names.get(review.student_b)),
            "why": _WHY[review.why].en,
        }
        for review in reviews
    ]
    lines = [
        f"{review.id}  {one['known']}  ~  {one['came']}: {_WHY[review.why].th} · {_WHY[review.why].en}"
        for review, one in zip(reviews, told, strict=True)
    ]
    say(told, as_json, "\n".join(lines) or "ไม่มีคู่ที่ต้องตรวจสอบ · no pair waits for a decision")


def same(pair: Pair, home: Home = None, as_json: Json = False) -> None:
    """The two are one person: their records are read as one from now on. This cannot be taken back."""
    _decide(pair, True, home, as_json)


def different(pair: Pair, home: Home = None, as_json: Json = False) -> None:
    """The two are two people; the pair is not asked about again."""
    _decide(pair, False, home, as_json)


def _decide(pair: UUID, is_same: bool, home: Home, as_json: bool) -> None:
    from records.person_links import decide

    with data_home(home) as opened:
        decide(opened, pair, same=is_same, by=actor())
    said = (
        Text(th="บันทึกแล้วว่าเป็นคนเดียวกัน", en="recorded: one person")
        if is_same
        else Text(th="บันทึกแล้วว่าเป็นคนละคน", en="recorded: two people")
    )
    say({"pair": str(pair), "same": is_same}, as_json, f"{said.th} · {said.en}")


def _name(found: "KeptName | None") -> str:
    return found.shown if found else "-"


_WHY: dict[str, Text] = {
    "ALL_THE_SAME": Text(th="ชื่อ วันเกิด ผู้ปกครองตรงกัน แต่มีหลายคนที่เหมือนกัน", en="name, birth date and guardian agree, with more than one person"),
    "OTHER_LAST_NAME": Text(th="ชื่อ วันเกิด ผู้ปกครองตรงกัน นามสกุลต่าง", en="first name, birth date and guardian agree, the last name differs"),
    "OTHER_GUARDIAN": Text(th="ชื่อ นามสกุล วันเกิดตรงกัน ผู้ปกครองต่างหรือไม่ทราบ", en="name and birth date agree, the guardian differs or is not known"),
    "NO_BIRTH_DATE": Text(th="ชื่อ นามสกุล ผู้ปกครองตรงกัน ไม่ทราบวันเกิด", en="name and guardian agree, no birth date"),
    "SAME_CODE": Text(th="รหัสนักเรียนเดียวกัน ไม่มีชื่อให้เทียบ", en="the same student code, no name to compare"),
    "TWO_IDS_IN_ROW": Text(th="แถวเดียวมีเลขของทั้งสองคน", en="one row gives the numbers of both"),
}  # fmt: skip
