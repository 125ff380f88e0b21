"""A published list made again: from the batches that the ledger knew then, by the model and capacity it was made with.

Nothing is stored. The digests say whether every word is the same, the stored entries what differs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from uuid import UUID

from features.catalogue import FINGERPRINT
from models.bands import HIGH
from records import lists
from records.access import open_log, published_entries
from records.college import Capacity
from records.errors import ModelRefused, UserError
from records.home import DataHome
from records.lists import NewEntry, NewPublication, PublicationRow
from records.log import EventLog
from records.text import Text
from serving.weekly import Standing, list_of

Progress = Callable[[str, int], None]
COMPARED = tuple(item.name for item in fields(NewEntry) if item.name != "number")


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How a list made again stands against the published one: students of one alone, and by field those who differ."""

    only_published: int
    only_again: int
    fields: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class AgainstPublished:
    """A list made again beside the published one and its entries as they were stored."""

    published: PublicationRow
    stored: Sequence[NewEntry]
    again: NewPublication

    @property
    def identical(self) -> bool:
        """Whether the two say the same, byte for byte: entries, reasons, model, catalogue and capacity."""
        return self.again.digest() == self.published.digest

    @property
    def stored_as_published(self) -> bool:
        """Whether the stored entries still are what was published; not after an erasure."""
        return replace(self.again, entries=self.stored).digest() == self.published.digest

    @property
    def differences(self) -> Differences:
        then = {entry.number: entry for entry in self.stored}
        now = {entry.number: entry for entry in self.again.entries}
        both = then.keys() & now.keys()
        counted = {
            name: sum(getattr(then[number], name) != getattr(now[number], name) for number in both) for name in COMPARED
        }
        return Differences(
            only_published=len(then.keys() - now.keys()),
            only_again=len(now.keys() - then.keys()),
            fields={name: count for name, count in counted.items() if count},
        )


def replay_list(
    home: DataHome, publication_id: UUID, institution: str, *, actor: str, progress: Progress
) -> AgainstPublished:
    """Make a published list again and hold it against what was published.

    Raises UserError when the institution has no such list, ModelRefused when its catalogue or its model is not here.
    """
    with home.database.read() as session:
        published = lists.publication(session, publication_id)
    if published is None or published.institution != institution:
        raise UserError(
            f"{institution} has no published list {publication_id}. `zerodrop score` prints the number of each list. · "
            f"{institution} ไม่มีรายชื่อหมายเลข {publication_id} คำสั่ง zerodrop score บอกหมายเลขของแต่ละรายชื่อ"
        )
    if published.catalogue_fingerprint != FINGERPRINT:
        raise ModelRefused(
            f"The list of {published.as_of} was made with another feature catalogue "
            f"({published.catalogue_fingerprint[:12]}, this one is {FINGERPRINT[:12]}). "
            "Replay it with the version of zerodrop that published it. · "
            f"รายชื่อวันที่ {published.as_of} คำนวณด้วยชุดตัวบ่งชี้รุ่นอื่น ใช้ zerodrop รุ่นที่ออกรายชื่อนั้นคำนวณใหม่"
        )
    log = open_log(home, institution, actor=actor, purpose="replay list", until_batch=published.ledger_number)
    return AgainstPublished(
        published=published,
        stored=published_entries(home, actor, published),
        again=_made_again(home, log, published, progress),
    )


def _made_again(home: DataHome, log: EventLog, published: PublicationRow, progress: Progress) -> NewPublication:
    """By each list of the week before that can have been current then, the likeliest first, until one agrees."""
    with home.database.read() as session:
        before = lists.publications_before(session, published)
        high = dict.fromkeys([lists.numbers_in_band(session, row.id, HIGH) for row in before] or [frozenset[int]()])
    made = []
    for high_before in high:
        again = _made_by(home, log, published, high_before, progress)
        if again.digest() == published.digest:
            return again
        made.append(again)
    return made[0]


def _made_by(
    home: DataHome, log: EventLog, published: PublicationRow, high_before: frozenset[int], progress: Progress
) -> NewPublication:
    standing = Standing(
        model_digest=published.model_digest,
        capacity=Capacity(
            valid_from=published.as_of,
            visits_per_week=published.visits_per_week,
            rows_per_advisor=published.rows_per_advisor,
        ),
        capacity_is_default=published.capacity_is_default,
        high_before=high_before,
    )
    try:
        return list_of(home, log, published.as_of, standing, progress)
    except ModelRefused as refused:
        raise ModelRefused(
            f"The list of {published.as_of} cannot be made again. {refused} · "
            f"คำนวณรายชื่อวันที่ {published.as_of} ใหม่ไม่ได้ เพราะแบบจำลอง {published.model_digest[:12]} "
            "ไม่อยู่ในที่เก็บข้อมูลหรือใช้กับรุ่นนี้ไม่ได้ นำโฟลเดอร์แบบจำลองที่สำรองไว้กลับมา"
        ) from None


def why_different(found: AgainstPublished) -> Iterator[Text]:
    """What differs and what can be the cause; nothing when the two are identical."""
    if found.identical:
        return
    differ = found.differences
    if differ.only_published or differ.only_again:
        yield Text(
            th=f"มีเฉพาะในรายชื่อที่เผยแพร่ {differ.only_published} คน มีเฉพาะที่คำนวณใหม่ {differ.only_again} คน",
            en=f"{differ.only_published} students are in the published list alone, "
            f"{differ.only_again} in the one made again alone",
        )
    for name, count in differ.fields.items():
        yield Text(th=f"{name} ต่างกัน {count} คน", en=f"{name} differs for {count}")
    if not found.stored_as_published:
        yield Text(
            th="รายการที่เก็บไว้ไม่ใช่ชุดที่เผยแพร่แล้ว เช่น มีคนที่ข้อมูลถูกลบตามคำขอ",
            en="the stored entries are no longer what was published: persons were erased since, or entries were changed",
        )
    if differ.fields:
        yield Text(
            th="อาจเป็นเพราะ: ครูที่ปรึกษาของวันนั้นถูกแก้ย้อนหลัง หรือโปรแกรมหรือชุดคำนวณรุ่นใหม่ให้ผลต่างจากเดิม",
            en="a cause can be: advisors were changed back to that day, or this version of zerodrop or its libraries "
            "computes otherwise",
        )
