"""The vault: who a student number is. Names, identifiers, original cells and quarantined rows live here and nowhere else.

Identifiers are found by a keyed hash; the national number is kept sealed as well, for the two reports that need it.
New people are committed here before the ledger names their records; people whose batch never came are swept.
"""

import json
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID, uuid4

from sqlalchemy import JSON, LargeBinary, Uuid, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.database import Database, Instant, VaultTable
from records.errors import VaultError
from records.vault_key import VaultKey

QUARANTINE_DAYS = 180
_SWEEP_AFTER = timedelta(hours=1)
_IN_CHUNK = 500


class IdKind(Enum):
    """What an identifier is; only a student code belongs to one institution."""

    NATIONAL = "national"  # 13 digits, G-code or passport: one person in the whole country
    CODE = "code"  # the institution's own student code
    PERSON = "person"  # a source's own number for a person, the same in all institutions of that source


class VaultMeta(VaultTable):
    __tablename__ = "vault_meta"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class StudentName(VaultTable):
    __tablename__ = "student_name"
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    title: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    sort_key: Mapped[str]


class StudentNumber(VaultTable):
    """The map from the number in an institution's log to the person."""

    __tablename__ = "student_number"
    institution: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    batch_token: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Identifier(VaultTable):
    __tablename__ = "identifier"
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[str]
    institution: Mapped[str]
    student_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class QuarantinedRow(VaultTable):
    """A row that could not be taken, whole and sealed, with every rule it broke; deleted after QUARANTINE_DAYS."""

    __tablename__ = "quarantined_row"
    batch_token: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    problems: Mapped[list[str]] = mapped_column(JSON)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)


class OriginalCell(VaultTable):
    """A cell as the file had it, where intake changed or left out its value."""

    __tablename__ = "original_cell"
    batch_token: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column("column_name", primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, kw_only=True)
class FullName:
    title: str
    first_name: str
    last_name: str

    @property
    def shown(self) -> str:
        return f"{self.title}{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a row says it is about: identifiers by kind, and a name where the file gives one."""

    identifiers: Mapping[IdKind, str]
    name: FullName | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """A student found or admitted: the number in the institution's log and the pseudonym."""

    number: int
    student_id: UUID


_LEADING_VOWELS = "เแโใไ"
_TONES = "็่้๊๋์"


def sort_key(name: str) -> str:
    """Thai dictionary order: the consonant before its leading vowel, tone marks only to break ties."""
    letters: list[str] = []
    index = 0
    while index < len(name):
        if name[index] in _LEADING_VOWELS and index + 1 < len(name):
            letters += [name[index + 1], name[index]]
            index += 2
            continue
        letters.append(name[index])
        index += 1
    plain = "".join(letter for letter in letters if letter not in _TONES)
    tones = "".join(letter for letter in letters if letter in _TONES)
    return f"{plain}\x1f{tones}"


class Vault:
    """The vault's database together with its key."""

    def __init__(self, database: Database, key: VaultKey) -> None:
        self._database = database
        self.key = key

    def claim(self, key_path: str) -> None:
        """Create the tables on first use and prove that the key is this vault's. Raises VaultError for another key."""
        self._database.create(VaultTable)
        with self._database.write() as session:
            held = session.get(VaultMeta, "key_check")
            if held is None:
                session.add(VaultMeta(name="key_check", value=self.key.check))
            elif held.value != self.key.check:
                raise VaultError.wrong_key(path=key_path)

    def ping(self) -> None:
        """Ask the vault's database for nothing; raises what the database raises when it cannot answer."""
        with self._database.read() as session:
            session.scalar(select(func.count()).select_from(VaultMeta))

    def find(self, institution: str, identities: Sequence[Identity]) -> list[Known | None]:
        """The student of each identity at this institution, by the strongest identifier that is known; None if unknown."""
        with self._database.read() as session:
            by_fingerprint = self._students_of(session, institution, identities)
            numbers = _numbers(session, institution)
        found: list[Known | None] = []
        for identity in identities:
            student_id = self._match(institution, identity, by_fingerprint)
            number = numbers.get(student_id) if student_id else None
            found.append(Known(number=number, student_id=student_id) if student_id and number is not None else None)
        return found

    def admit(self, institution: str, identities: Sequence[Identity], *, batch_token: UUID) -> list[Known]:
        """Find each identity or give it a number, keep its identifiers and its newest name; one transaction."""
        with self._database.write() as session:
            by_fingerprint = self._students_of(session, institution, identities)
            numbers = _numbers(session, institution)
            free = max(numbers.values(), default=-1) + 1
            with_national = _with_national_number(session, by_fingerprint.values())
            admitted = []
            for identity in identities:
                student_id = self._match(institution, identity, by_fingerprint) or uuid4()
                if self._is_someone_else(institution, identity, student_id, by_fingerprint, with_national):
                    student_id = uuid4()
                if IdKind.NATIONAL in identity.identifiers:
                    with_national.add(student_id)
                self._keep_identifiers(session, institution, identity, student_id, by_fingerprint)
                if student_id not in numbers:
                    numbers[student_id] = free
                    session.add(_number_row(institution, free, student_id, batch_token))
                    free += 1
                if identity.name:
                    _keep_name(session, student_id, identity.name)
                admitted.append(Known(number=numbers[student_id], student_id=student_id))
            return admitted

    def _is_someone_else(
        self,
        institution: str,
        identity: Identity,
        student_id: UUID,
        by_fingerprint: Mapping[bytes, UUID],
        with_national: set[UUID],
    ) -> bool:
        """Whether a student code was given anew: its holder has a national number, and this row has another one."""
        national = identity.identifiers.get(IdKind.NATIONAL)
        if national is None or student_id not in with_national:
            return False
        return by_fingerprint.get(self._fingerprint(institution, IdKind.NATIONAL, national)) != student_id

    def names(self, student_ids: Iterable[UUID]) -> dict[UUID, StudentName]:
        """Names of students; called by records.access alone, which first asks who may see whom."""
        wanted = list(student_ids)
        with self._database.read() as session:
            rows: list[StudentName] = []
            for start in range(0, len(wanted), _IN_CHUNK):
                chunk = wanted[start : start + _IN_CHUNK]
                rows += session.scalars(select(StudentName).where(StudentName.student_id.in_(chunk)))
        return {row.student_id: row for row in rows}

    def quarantine(self, batch_token: UUID, rows: Iterable[tuple[int, list[str], Mapping[str, str]]]) -> None:
        """Keep rows that could not be taken: (line, codes of the broken rules, cells by header)."""
        now = datetime.now(UTC)
        with self._database.write() as session:
            for line, problems, cells in rows:
                sealed = self.key.seal(json.dumps(dict(cells), ensure_ascii=False).encode())
                session.merge(
                    QuarantinedRow(batch_token=batch_token, line=line, problems=problems, sealed=sealed, created_at=now)
                )

    def keep_originals(self, batch_token: UUID, cells: Iterable[tuple[int, str, str]]) -> None:
        """Keep (line, column, cell) as the file had it, for values that intake changed or left out."""
        with self._database.write() as session:
            for line, column, cell in cells:
                sealed = self.key.seal(cell.encode())
                session.merge(OriginalCell(batch_token=batch_token, line=line, column=column, sealed=sealed))

    def quarantined(self, batch_token: UUID) -> list[tuple[int, list[str], dict[str, str]]]:
        with self._database.read() as session:
            chosen = (
                select(QuarantinedRow).where(QuarantinedRow.batch_token == batch_token).order_by(QuarantinedRow.line)
            )
            return [
                (row.line, row.problems, json.loads(self.key.unseal(row.sealed))) for row in session.scalars(chosen)
            ]

    def originals(self, batch_token: UUID) -> list[tuple[int, str, str]]:
        with self._database.read() as session:
            chosen = select(OriginalCell).where(OriginalCell.batch_token == batch_token)
            return [(row.line, row.column, self.key.unseal(row.sealed).decode()) for row in session.scalars(chosen)]

    def sweep(self, committed_tokens: set[UUID], *, placed: Callable[[str], Container[int]], now: datetime) -> int:
        """Remove what batches left behind that never reached the ledger, once they are an hour old; and old quarantine.

        `placed` gives the numbers that the ledger knows at an institution: a person whom an import admitted that
        stopped, and whom a later one found and recorded, is nobody's orphan.
        """
        old = now - _SWEEP_AFTER
        with self._database.write() as session:
            _sweep_quarantine(session, committed_tokens, old, now - timedelta(days=QUARANTINE_DAYS))
            stale = session.scalars(select(StudentNumber).where(StudentNumber.created_at < old)).all()
            stopped = [row for row in stale if row.batch_token not in committed_tokens]
            known = {institution: placed(institution) for institution in {row.institution for row in stopped}}
            orphans = [row for row in stopped if row.number not in known[row.institution]]
            for row in orphans:
                session.delete(row)
            session.flush()
            for student_id in {row.student_id for row in orphans}:
                if not session.scalar(select(func.count()).where(StudentNumber.student_id == student_id)):
                    session.execute(delete(StudentName).where(StudentName.student_id == student_id))
                    session.execute(delete(Identifier).where(Identifier.student_id == student_id))
            return len(orphans)

    def _students_of(self, session: Session, institution: str, identities: Sequence[Identity]) -> dict[bytes, UUID]:
        wanted = list(
            {self._fingerprint(institution, kind, value) for i in identities for kind, value in i.identifiers.items()}
        )
        found: dict[bytes, UUID] = {}
        for start in range(0, len(wanted), _IN_CHUNK):
            chunk = select(Identifier.fingerprint, Identifier.student_id).where(
                Identifier.fingerprint.in_(wanted[start : start + _IN_CHUNK])
            )
            found.update((fingerprint, student_id) for fingerprint, student_id in session.execute(chunk))
        return found

    def _fingerprint(self, institution: str, kind: IdKind, value: str) -> bytes:
        return self.key.fingerprint(kind.value, institution if kind is IdKind.CODE else "", value)

    def _match(self, institution: str, identity: Identity, by_fingerprint: Mapping[bytes, UUID]) -> UUID | None:
        for kind in (IdKind.NATIONAL, IdKind.PERSON, IdKind.CODE):
            value = identity.identifiers.get(kind)
            if value is not None and (student_id := by_fingerprint.get(self._fingerprint(institution, kind, value))):
                return student_id
        return None

    def _keep_identifiers(
        self,
        session: Session,
        institution: str,
        identity: Identity,
        student_id: UUID,
        by_fingerprint: dict[bytes, UUID],
    ) -> None:
        for kind, value in identity.identifiers.items():
            fingerprint = self._fingerprint(institution, kind, value)
            if by_fingerprint.get(fingerprint) == student_id:
                continue
            scope = institution if kind is IdKind.CODE else ""
            sealed = self.key.seal(value.encode()) if kind is IdKind.NATIONAL else None
            session.merge(
                Identifier(
                    fingerprint=fingerprint, kind=kind.value, institution=scope, student_id=student_id, sealed=sealed
                )
            )
            by_fingerprint[fingerprint] = student_id


def _sweep_quarantine(session: Session, committed_tokens: set[UUID], old: datetime, expired: datetime) -> None:
    session.execute(delete(QuarantinedRow).where(QuarantinedRow.created_at < expired))
    stale = session.scalars(select(QuarantinedRow.batch_token).where(QuarantinedRow.created_at < old).distinct())
    for token in set(stale) - committed_tokens:
        session.execute(delete(QuarantinedRow).where(QuarantinedRow.batch_token == token))


def _numbers(session: Session, institution: str) -> dict[UUID, int]:
    rows = session.execute(
        select(StudentNumber.student_id, StudentNumber.number).where(StudentNumber.institution == institution)
    )
    return {row.student_id: row.number for row in rows}


def _with_national_number(session: Session, student_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the students whose national number is known."""
    held = select(Identifier.student_id).where(Identifier.kind == IdKind.NATIONAL.value)
    return set(student_ids) & set(session.scalars(held))


def _number_row(institution: str, number: int, student_id: UUID, batch_token: UUID) -> StudentNumber:
    return StudentNumber(
        institution=institution,
        number=number,
        student_id=student_id,
        batch_token=batch_token,
        created_at=datetime.now(UTC),
    )


def _keep_name(session: Session, student_id: UUID, name: FullName) -> None:
    session.merge(
        StudentName(
            student_id=student_id,
            title=name.title,
            first_name=name.first_name,
            last_name=name.last_name,
            sort_key=f"{sort_key(name.first_name)}\x1e{sort_key(name.last_name)}",
        )
    )
