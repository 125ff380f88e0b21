"""A published list made again: from the batches that the ledger knew then, by the model and capacity it was made with.

Nothing is stored. Two digests are held against the published one: of the list made again, and of the entries in store.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from uuid import UUID

from features.catalogue import FINGERPRINT
from models.bands import HIGH
from records import lists
from records.access import open_log, published_entries
from records.clock import buddhist
from records.college import Capacity
from records.errors import ModelRefused, UserError
from records.home import DataHome
from records.lists import NewEntry, NewPublication, PublicationRow
from records.log import EventLog
from records.text import Text
from serving.weekly import Standing, list_of

Progress = Callable[[str, int], None]
COMPARED = tuple(item.name for item in fields(NewEntry) if item.name != "number")
_PLACES = frozenset({"rank", "band", "cause", "cut_off", "listed_probability"})
"""What of a student's entry depends on who else is on the list: it moves up where an erased person stood."""


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Both against the published digest, and against each other: students of one alone, and by field those who differ."""

    again_as_published: bool
    stored_as_published: bool
    only_stored: int
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
        """Whether both still say what was published, byte for byte: entries, reasons, model, catalogue and capacity."""
        return self.again_as_published and self.stored_as_published

    @cached_property
    def again_as_published(self) -> bool:
        """Whether the records still give the list."""
        return _is_of(self.again, self.published)

    @cached_property
    def stored_as_published(self) -> bool:
        """Whether what people are shown is the list; not after an erasure."""
        return _is_of(_as_stored(self.published, self.stored), self.published)

    @cached_property
    def erased(self) -> int:
        """How many persons of the list were erased since: their entries have a place and nothing else."""
        return sum(entry.number < 0 for entry in self.stored)

    @property
    def differs_by_erasure_alone(self) -> bool:
        """Whether all that is said of everybody else is as stored, in the same order; places move up."""
        found = self.differences
        others = found.only_stored or found.only_again or found.fields.keys() - _PLACES
        return bool(self.erased) and not others and _in_order(self.stored) == _in_order(self.again.entries)

    @property
    def differences(self) -> Differences:
        then = {entry.number: entry for entry in self.stored if entry.number >= 0}
        now = {entry.number: entry for entry in self.again.entries}
        both = then.keys() & now.keys()
        counted = {
            name: sum(getattr(then[number], name) != getattr(now[number], name) for number in both) for name in COMPARED
        }
        return Differences(
            again_as_published=self.again_as_published,
            stored_as_published=self.stored_as_published,
            only_stored=len(then.keys() - now.keys()),
            only_again=len(now.keys() - then.keys()),
            fields={name: count for name, count in counted.items() if count},
        )


def _is_of(said: NewPublication, published: PublicationRow) -> bool:
    return published.digest in (said.digest(), said.earlier_digest())


def _in_order(entries: Sequence[NewEntry]) -> list[int]:
    return [entry.number for entry in sorted(entries, key=lambda entry: entry.rank) if entry.number >= 0]


def _as_stored(published: PublicationRow, entries: Sequence[NewEntry]) -> NewPublication:
    return NewPublication(
        institution=published.institution,
        as_of=published.as_of,
        model_digest=published.model_digest,
        catalogue_fingerprint=published.catalogue_fingerprint,
        horizon=published.horizon,
        known_until=published.known_until,
        ledger_number=published.ledger_number,
        capacity=_capacity(published),
        capacity_is_default=published.capacity_is_default,
        band_rates=published.band_rates,
        rates_term=published.rates_term,
        entries=entries,
    )


def _capacity(published: PublicationRow) -> Capacity:
    return Capacity(
        valid_from=published.as_of,
        visits_per_week=published.visits_per_week,
        rows_per_advisor=published.rows_per_advisor,
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
            f"รายชื่อ ณ วันที่ {buddhist(published.as_of)} คำนวณด้วยชุดตัวบ่งชี้รุ่นอื่น ใช้ zerodrop รุ่นที่ออกรายชื่อนั้นคำนวณใหม่"
        )
    log = open_log(home, institution, actor=actor, purpose="replay list", until_batch=published.ledger_number)
    return AgainstPublished(
        published=published,
        stored=published_entries(home, actor, published, action="replay list"),
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
        if _is_of(again, published):
            return again
        made.append(again)
    return made[0]


def _made_by(
    home: DataHome, log: EventLog, published: PublicationRow, high_before: frozenset[int], progress: Progress
) -> NewPublication:
    standing = Standing(
        model_digest=published.model_digest,
        capacity=_capacity(published),
        capacity_is_default=published.capacity_is_default,
        high_before=high_before,
    )
    try:
        return list_of(home, log, published.as_of, standing, progress)
    except ModelRefused:
        model = published.model_digest[:12]
        raise ModelRefused(
            f"The list of {published.as_of} cannot be made again: its model {model} is not in this data home, was changed, "
            "or does not fit this version of zerodrop. Put the backed-up folder of models back, or replay the list with "
            "the version that published it. · "
            f"คำนวณรายชื่อ ณ วันที่ {buddhist(published.as_of)} ใหม่ไม่ได้ เพราะแบบจำลอง {model} ไม่อยู่ในที่เก็บข้อมูลนี้ ถูกแก้ไข "
            "หรือใช้กับรุ่นนี้ไม่ได้ นำโฟลเดอร์แบบจำลองที่สำรองไว้กลับมา หรือใช้ zerodrop รุ่นที่ออกรายชื่อนั้นคำนวณใหม่"
        ) from None


def why_different(found: AgainstPublished) -> Iterator[Text]:
    """Both facts, what differs and what can be the cause; nothing when both are as published."""
    if found.identical:
        return
    yield _AGAIN[found.again_as_published]
    yield _STORED[found.stored_as_published]
    yield from _of_erased(found)
    if found.published.pruned_at is not None:
        yield _PRUNED
    differ = found.differences
    if differ.only_stored or differ.only_again:
        yield Text(
            th=f"มีเฉพาะในรายการที่เก็บไว้ {differ.only_stored} คน มีเฉพาะที่คำนวณใหม่ {differ.only_again} คน",
            en=f"only in the stored entries: {differ.only_stored}; only in the list made again: {differ.only_again}",
        )
    for name, count in differ.fields.items():
        yield Text(th=f"{name} ต่างกัน {count} คน", en=f"{name} differs for {count}")
    if differ.fields and not found.again_as_published and not found.differs_by_erasure_alone:
        yield Text(
            th="อาจเป็นเพราะ: ครูที่ปรึกษาของวันนั้นถูกแก้ย้อนหลัง หรือโปรแกรมหรือชุดคำนวณรุ่นใหม่ให้ผลต่างจากเดิม",
            en="a cause can be: advisors were changed back to that day, or this version of zerodrop or its libraries "
            "computes otherwise",
        )
    if not (differ.fields or differ.only_stored or differ.only_again or found.erased):
        yield Text(
            th="แต่รายการทั้งสองชุดตรงกัน: สิ่งที่บันทึกไว้กับรายชื่อ (รหัสตรวจสอบ แบบจำลอง หรือกำลังคน) อาจถูกแก้",
            en="yet the entries of the two agree: what is stored with the list (its digest, model or capacity) "
            "may have been changed",
        )


_PRUNED = Text(
    th="คะแนนและเหตุผลที่เก็บไว้ถูกลบแล้วเพราะครบกำหนด ยังเก็บเพียงว่าใครอยู่ในรายชื่อระดับใด",
    en="the stored scores and reasons were deleted, their time being over; who was listed in which band is kept",
)


def _of_erased(found: AgainstPublished) -> Iterator[Text]:
    if found.differs_by_erasure_alone:
        yield Text(
            th=f"ต่างกันเพราะมีคนที่ถูกลบข้อมูลตามคำขอ {found.erased} คนเท่านั้น คนอื่นตรงกันทุกตัวอักษรและเรียงตามเดิม เพียงเลื่อนขึ้นแทนที่ว่าง",
            en=f"erased persons are the only difference ({found.erased}): everybody else is the same, byte for byte and in the "
            "same order, and moves up into the places that they left",
        )
    elif found.erased:
        yield Text(
            th=f"มีคนที่ถูกลบข้อมูลตามคำขอ {found.erased} คน ค่าที่เทียบกับเพื่อนในกลุ่มเรียนเดียวกันจึงเปลี่ยนได้",
            en=f"persons were erased since ({found.erased}): values that compare a student with the class group can change",
        )


_AGAIN = {
    True: Text(th="คำนวณใหม่จากข้อมูลแล้ว ได้ตรงกับที่เผยแพร่", en="made again from the records, it is what was published"),
    False: Text(
        th="คำนวณใหม่จากข้อมูลแล้ว ได้ไม่ตรงกับที่เผยแพร่", en="made again from the records, it is not what was published"
    ),
}
_STORED = {
    True: Text(th="รายการที่เก็บไว้ยังตรงกับที่เผยแพร่", en="the stored entries still are what was published"),
    False: Text(
        th="รายการที่เก็บไว้ไม่ใช่ชุดที่เผยแพร่แล้ว เช่น มีคนที่ข้อมูลถูกลบตามคำขอ หรือมีการแก้ไข",
        en="the stored entries are no longer what was published: persons were erased since, or entries were changed",
    ),
}
