"""Erasure: everything about one person at one institution disappears, in an order that can stop anywhere and go on.

The wish is written down first, by pseudonym alone, and stays: a restored backup loses the person again. Then the vault
forgets who it was, then one transaction of the ledger puts a log without them in force, and last the remains are removed.
What is kept of a list says that somebody stood in a place of it, and leads to nobody.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from records import audit, ledger
from records.care_of_person import forget_care
from records.erasure_tables import CorrectionRow, ErasureRow
from records.errors import UserError
from records.home import DataHome
from records.identity import IdKind
from records.integrity import leave_no_remains
from records.kept_of_person import Line, kept_among, kept_lines
from records.ledger import BatchRow, Overtaken, StudentRow
from records.ledger_tables import InstitutionRow
from records.list_tables import ListEntryRow, PublicationRow
from records.log_erasing import lines_of, named_files, put_in_place, remove, rewritten
from records.person_tables import Identifier, LinkReview, MergedPerson, PersonTrait, StudentName, StudentNumber
from records.quarantine import KeptFileRow, OriginalCell, QuarantinedRow
from records.staff import IdempotencyRow
from records.subjects import Subject, subject_in, subject_of, unknown_student

_TRIES = 3
_LONGEST_RUN = timedelta(days=2)
_HEAD_BYTES = 1 << 20  # a saved state names its institutions in its head
JOURNALS = "erasing-*.json"
"""Old files of the log that are no longer named and still lie there: one file beside the databases for each erasure under way."""
ERASURES = "erasures.jsonl"
"""The erasures by institution and pseudonym, one a line: kept in the home and beside the backups."""

_IS_BACK = exists().where(
    StudentRow.institution == ErasureRow.institution, StudentRow.student_id == ErasureRow.student_id
)
_IS_WAITING = or_(ErasureRow.done_at.is_(None), _IS_BACK)


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What an erasure removed, as numbers."""

    institution: str
    pseudonyms: int
    log_files: int
    """Files of the log that were written anew or removed."""
    kept_rows: int
    """Lines of the quarantine whose rows or cells were the person's."""
    list_entries: int
    elsewhere: tuple[str, ...]
    """Institutions that still know the person."""


def erase(
    home: DataHome, institution: str, student_id: UUID, *, actor: str, reason: str, everywhere: bool = False
) -> list[Erased]:
    """Erase a person at an institution, or at every one that knows them; one answer for each institution.

    Asked again for somebody whose erasure stopped, it goes on. Raises UserError when there is no such student, when a
    file of the log is damaged, or while the databases are too busy for the last step.
    """
    own = (ErasureRow.institution == institution) & (ErasureRow.student_id == student_id)
    with home.database.read() as session:
        stopped_or_back = session.scalar(select(ErasureRow.student_id).where(own, _IS_WAITING))
    if stopped_or_back is not None:
        return [_carry_out(home, institution)]
    subject = subject_of(home, institution, student_id)
    places = [subject]
    if everywhere:
        with home.vault_database.read() as session:
            others = (subject_in(session, code, student_id) for code in sorted(subject.elsewhere))
            places += [one for one in others if one is not None]
    _write_down(home, places, actor, reason)
    return [_carry_out(home, place.institution) for place in places]


def finish(home: DataHome) -> list[Erased]:
    """Carry out what was written down and is not done, and again what an import under way brought back meanwhile."""
    recent = ErasureRow.done_at > datetime.now(UTC) - _LONGEST_RUN
    with home.database.read() as session:
        institutions = sorted(session.scalars(select(ErasureRow.institution).where(_IS_WAITING).distinct()))
        erased_lately = session.scalars(select(ErasureRow.institution).where(recent).distinct()).all()
    for institution in erased_lately:  # a run that had read the log before may have saved a state after the erasure
        _drop_states(home, institution)
    return [_carry_out(home, institution) for institution in institutions]


def replay_erasures(home: DataHome, told: Sequence[tuple[str, UUID]] = ()) -> int:
    """Erase again in a restored home whoever was erased after its backup was made; how many pseudonyms it still knew.

    `told` are (institution, pseudonym) of newer erasures than the backup knows.
    """
    with home.database.write() as session:
        known = set(session.scalars(select(InstitutionRow.code)))
        for institution, student_id in dict.fromkeys(told):
            if institution in known and session.get(ErasureRow, (student_id, institution)) is None:
                session.add(_row(session, institution, student_id))
        session.flush()
        met = session.scalar(select(func.count()).select_from(ErasureRow).where(_IS_BACK)) or 0
    finish(home)
    write_erasures(home, home.settings.home / ERASURES, told)
    return met


def _row(session: Session, institution: str, student_id: UUID) -> ErasureRow:
    own = (StudentRow.institution == institution) & (StudentRow.student_id == student_id)
    number = session.scalar(select(StudentRow.number).where(own))
    return ErasureRow(
        student_id=student_id, institution=institution, number=-1 if number is None else number,
        asked_at=datetime.now(UTC), actor="restore", reason="erased after this backup was made", done_at=None,
    )  # fmt: skip


def write_erasures(home: DataHome, path: Path, more: Iterable[tuple[str, UUID]] = ()) -> int:
    """Write every erasure (with `more` of an older file) as a line of JSON; how many."""
    with home.database.read() as session:
        own = {(row.institution, row.student_id) for row in session.scalars(select(ErasureRow))}
    told = sorted({*own, *more}, key=str)
    part = path.with_name(f"{path.name}.part")
    lines = [json.dumps({"institution": code, "student_id": str(student_id)}) for code, student_id in told]
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.chmod(0o600)
    part.replace(path)
    return len(told)


def read_erasures(path: Path) -> list[tuple[str, UUID]]:
    """The erasures of a file; nothing when there is none. Raises UserError when it cannot be read: nobody may be missed."""
    if not path.exists():
        return []
    try:
        told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [(str(one["institution"]), UUID(one["student_id"])) for one in told]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} is not a list of erasures, or is damaged. Take it from another backup, so that nobody who was erased "
            f"comes back. · ไฟล์ {path} ไม่ใช่รายการลบข้อมูลหรือเสียหาย ใช้ไฟล์จากชุดสำรองอื่น เพื่อไม่ให้ข้อมูลที่ลบแล้วกลับมา"
        ) from None


# Step by step


def _write_down(home: DataHome, places: Sequence[Subject], actor: str, reason: str) -> None:
    """The wish and the audit row of every pseudonym, before anything is removed."""
    now = datetime.now(UTC)
    with home.database.write() as session:
        for place in places:
            for number, student_id in place.numbers.items():
                session.add(
                    ErasureRow(
                        student_id=student_id, institution=place.institution, number=number,
                        asked_at=now, actor=actor, reason=reason,
                    )
                )  # fmt: skip
                audit.record_look(
                    session, actor=actor, action="erase student", institution=place.institution, student_id=student_id
                )


def _carry_out(home: DataHome, institution: str) -> Erased:
    """All steps for every erasure of an institution that is not done or came back; each can be taken twice."""
    with home.database.read() as session:
        chosen = select(ErasureRow).where(ErasureRow.institution == institution, _IS_WAITING)
        waiting = session.scalars(chosen).all()
    if not waiting:
        raise unknown_student(institution)
    pseudonyms = {row.student_id for row in waiting}
    numbers = {row.number for row in waiting if row.number >= 0}
    _remove_journalled(home)
    kept, elsewhere = _forget_in_vault(home, institution, pseudonyms, numbers)
    files, entries = _forget_in_ledger(home, institution, pseudonyms, numbers)
    _remove_journalled(home)
    _drop_states(home, institution)
    _drop_copies(home)
    leave_no_remains(home.vault_database, vault=True)
    leave_no_remains(home.database, vault=False)
    write_erasures(home, home.settings.home / ERASURES, read_erasures(home.settings.home / ERASURES))
    with home.database.write() as session:
        done = update(ErasureRow).where(ErasureRow.institution == institution, ErasureRow.student_id.in_(pseudonyms))
        session.execute(done.values(done_at=datetime.now(UTC)))
    return Erased(
        institution=institution, pseudonyms=len(pseudonyms), log_files=files, kept_rows=kept, list_entries=entries,
        elsewhere=tuple(sorted(elsewhere)),
    )  # fmt: skip


def _forget_in_vault(
    home: DataHome, institution: str, pseudonyms: set[UUID], numbers: set[int]
) -> tuple[int, frozenset[str]]:
    """Who it was, in one transaction of the vault: the log still tells which lines were theirs."""
    with home.database.read() as session:
        named = named_files(session, institution)
        tokens = {
            row.number: row.token
            for row in session.scalars(select(BatchRow).where(BatchRow.institution == institution))
        }
    told = {(tokens[batch], line) for batch, line in lines_of(home, named, numbers)} if numbers else set()
    kept, elsewhere = 0, frozenset[str]()
    with home.vault_database.write() as session:
        found = (subject_in(session, institution, one) for one in sorted(pseudonyms))
        subjects = {one.person: one for one in found if one is not None}.values()
        if not subjects:  # an import under way brought them back: the vault forgot before whose numbers they were
            back = kept_among(session, told)
            _forget_kept(session, back)
            kept = len(back)
        for subject in subjects:
            lines = kept_lines(session, home.vault.key, subject, tokens.values(), told)
            _forget_kept(session, lines)
            _forget_person(session, subject)
            kept += len(lines)
            elsewhere |= subject.elsewhere
        session.execute(
            delete(CorrectionRow).where(
                CorrectionRow.institution == institution, CorrectionRow.student_id.in_(pseudonyms)
            )
        )
    return kept, elsewhere


def _forget_kept(session: Session, lines: Iterable[Line]) -> None:
    tokens = set()
    for token, line in lines:
        tokens.add(token)
        session.execute(delete(QuarantinedRow).where(QuarantinedRow.batch_token == token, QuarantinedRow.line == line))
        session.execute(delete(OriginalCell).where(OriginalCell.batch_token == token, OriginalCell.line == line))
    for token in tokens:
        left = session.scalar(select(QuarantinedRow.line).where(QuarantinedRow.batch_token == token).limit(1))
        if left is None:
            session.execute(delete(KeptFileRow).where(KeptFileRow.batch_token == token))


def _forget_person(session: Session, subject: Subject) -> None:
    """What the vault knows of a person at an institution; all of it where no other institution has them.

    Their numbers stay given, to nobody: a number that was given anew would make older lists speak of somebody else.
    """
    here, people = subject.institution, subject.pseudonyms
    pairs = LinkReview.student_a.in_(people) | LinkReview.student_b.in_(people)
    for number in subject.numbers:
        place = (StudentNumber.institution == here) & (StudentNumber.number == number)
        session.execute(update(StudentNumber).where(place).values(student_id=uuid4()))
    if subject.elsewhere:
        session.execute(delete(LinkReview).where(pairs, LinkReview.institution == here))
        own = (Identifier.kind == IdKind.CODE.value) & (Identifier.institution == here)
        session.execute(delete(Identifier).where(own, Identifier.student_id.in_(people)))
        return
    session.execute(delete(LinkReview).where(pairs))
    session.execute(delete(MergedPerson).where(MergedPerson.goes_on_as == subject.person))
    for table in (StudentName, Identifier, PersonTrait):
        session.execute(delete(table).where(table.student_id.in_(people)))


def _forget_in_ledger(home: DataHome, institution: str, pseudonyms: set[UUID], numbers: set[int]) -> tuple[int, int]:
    """One transaction: the log without them in force, their place in the ledger gone, their list entries emptied."""
    for _ in range(_TRIES):
        with home.database.read() as session:
            named = named_files(session, institution)
        made = rewritten(home, named, numbers)
        journal = home.settings.home / JOURNALS.replace("*", uuid4().hex)
        part = journal.with_suffix(".part")
        part.write_text(json.dumps(sorted(made.old)), encoding="utf-8")
        part.replace(journal)
        try:
            with home.database.write() as session:
                ledger.take_turn(session, institution)
                put_in_place(session, named, made)
                entries = _empty_entries(session, institution, pseudonyms, numbers)
                forget_care(session, institution, pseudonyms)
                _forget_answers(session, pseudonyms)
                own = or_(StudentRow.student_id.in_(pseudonyms), StudentRow.number.in_(numbers))
                session.execute(delete(StudentRow).where(StudentRow.institution == institution, own))
                chosen = InstitutionRow.code == institution
                session.execute(update(InstitutionRow).where(chosen).values(epoch=InstitutionRow.epoch + 1))
        except Overtaken:
            remove(home.logs, made.new)
            continue
        except BaseException:
            remove(home.logs, made.new)
            raise
        return len(made.old), entries
    raise UserError(
        f"The log of {institution} changed {_TRIES} times meanwhile. Ask for the erasure once more when no import runs. · "
        f"มีการนำเข้าของ {institution} แทรกเข้ามา {_TRIES} ครั้ง สั่งลบอีกครั้งเมื่อไม่มีการนำเข้า"
    )


def _empty_entries(session: Session, institution: str, pseudonyms: set[UUID], numbers: set[int]) -> int:
    """Of each list keep that somebody had a rank and a band, so that its counts hold; every list has another nobody."""
    own = or_(ListEntryRow.student_id.in_(pseudonyms), ListEntryRow.number.in_(numbers))
    chosen = (
        select(ListEntryRow.publication_id, ListEntryRow.student_id, ListEntryRow.rank, ListEntryRow.band)
        .join(PublicationRow, PublicationRow.id == ListEntryRow.publication_id)
        .where(PublicationRow.institution == institution, own)
    )
    found = session.execute(chosen).all()
    for publication_id, student_id, rank, band in found:
        place = (ListEntryRow.publication_id == publication_id) & (ListEntryRow.student_id == student_id)
        session.execute(
            update(ListEntryRow)
            .where(place)
            .values(
                student_id=uuid4(), number=-rank, class_group="", on_list=band != "none", logit=None, probability=None,
                ordering=0.0, must_see=[], reasons=[], missing=[], unknown_domains=[], domains={}, what_if=None,
            )
        )  # fmt: skip
    return len(found)


def _forget_answers(session: Session, pseudonyms: set[UUID]) -> None:
    """Answers kept for requests that are sent twice, where they name the person."""
    told = [str(one) for one in pseudonyms]
    for row in session.scalars(select(IdempotencyRow)).all():
        if any(one in json.dumps(row.answer) for one in told):
            session.delete(row)


# Remains on the disk


def _remove_journalled(home: DataHome) -> None:
    """Remove the old files of erasures that were committed; one that was not still needs them, for they are named."""
    for journal in home.settings.home.glob(JOURNALS):
        try:
            told = set(json.loads(journal.read_text(encoding="utf-8")))
        except FileNotFoundError:  # another erasure was faster
            continue
        gone = told - ledger.paths(home.database)
        remove(home.logs, gone)
        if gone == told:
            journal.unlink(missing_ok=True)


def _drop_states(home: DataHome, institution: str) -> None:
    """Saved states of the institution's shard; the next run makes them again from the log."""
    for path in home.states.glob("*") if home.states.is_dir() else ():
        if path.is_file():
            with path.open("rb") as held:
                is_own = institution.encode() in held.read(_HEAD_BYTES)
            if is_own:
                path.unlink(missing_ok=True)


def _drop_copies(home: DataHome) -> None:
    """Copies that a change of tables left beside a SQLite database: they are of a day before the erasure."""
    for database in (home.database, home.vault_database):
        file = Path(database.engine.url.database or "")
        for copy in file.parent.glob(f"{file.name}.before-*") if database.is_sqlite else ():
            copy.unlink(missing_ok=True)
