"""The commands `lists show` and `lists restore`: what was published, and an older list put back in its place."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from records.console import Home, InstitutionCode, Json, actor, data_home, say, the_institution, today_in_bangkok

if TYPE_CHECKING:
    from datetime import date

    from records.lists import Listing


def show_lists(
    institution: InstitutionCode = "",
    most: Annotated[int, typer.Option(min=1, help="So many, the newest week first.")] = 20,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """The published lists: week, whether it is in use, model, students, what it knew, when it was published."""
    from records import lists

    today = today_in_bangkok()
    with data_home(home) as opened, opened.database.read() as session:
        found = lists.publications(session, the_institution(opened, institution), most=most)
    say([_document(one, today) for one in found], as_json, _table(found, today))


def restore_list(
    publication: Annotated[UUID, typer.Argument(help="The number of a list; `zerodrop lists show` tells it.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put an older list of a week back in its place; who did it is recorded.

    `score --all` leaves it there until there are new records, another model or another capacity.
    """
    from records import lists

    with data_home(home) as opened:
        outcome = lists.restore(opened.database, publication, actor=actor())
    text = {
        "restored": f"ใช้รายชื่อ {publication} อีกครั้งแล้ว · list {publication} is current again",
        "same": f"รายชื่อ {publication} ใช้อยู่แล้ว ไม่มีอะไรเปลี่ยน · list {publication} is current already, nothing changed",
    }[outcome.value]
    say({"publication": publication, "outcome": outcome}, as_json, text)


def _is_stale(listing: "Listing", today: "date") -> bool:
    from records.lists import STALE_AFTER_DAYS

    return (today - listing.publication.as_of).days > STALE_AFTER_DAYS


def _document(listing: "Listing", today: "date") -> dict[str, object]:
    row = listing.publication
    return {
        "publication": row.id,
        "institution": row.institution,
        "as_of": row.as_of,
        "status": row.status,
        "model": row.model_digest,
        "students": listing.students,
        "known_until": row.known_until,
        "ledger_number": row.ledger_number,
        "published_at": row.published_at,
        "pruned": row.pruned_at is not None,
        "stale": _is_stale(listing, today),
    }


def _table(found: "list[Listing]", today: "date") -> str:
    from records.clock import BANGKOK, buddhist
    from serving.tables import table

    if not found:
        return "ยังไม่มีรายชื่อที่เผยแพร่ สั่ง zerodrop score · no list was published yet: zerodrop score"
    heads = (
        "สัปดาห์ · week", "สถานะ · status", "แบบจำลอง · model", "นักเรียน · students", "ข้อมูลถึง · known until",
        "เผยแพร่เมื่อ · published", "หมายเลข · number",
    )  # fmt: skip
    rows = [
        (
            f"{buddhist(row.as_of)} · {row.as_of}",
            _status(listing, today),
            row.model_digest[:12],
            f"{listing.students:,}",
            *(f"{at.astimezone(BANGKOK):%Y-%m-%d %H:%M}" for at in (row.known_until, row.published_at)),
            str(row.id),
        )
        for listing in found
        for row in [listing.publication]
    ]
    return table(heads, rows)


def _status(listing: "Listing", today: "date") -> str:
    row = listing.publication
    if row.pruned_at is not None:
        return "ลบคะแนนแล้ว · pruned"
    if row.status != "current":
        return "ถูกแทนที่ · superseded"
    return "ใช้อยู่แต่หมดอายุ · current, stale" if _is_stale(listing, today) else "ใช้อยู่ · current"
