"""A college of simulated entries: advisors with a class group each, and a published list with reasons of usual size."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from features.catalogue import CATALOGUE, FINGERPRINT
from records import ledger, lists, staff
from records.clock import start_of
from records.college import Capacity, Institution
from records.home import DataHome
from records.ledger import NewBatch, Placement
from records.lists import NewEntry, NewPublication
from records.people import FullName, Identity, IdKind
from serving.accounts import create_account

INSTITUTION = "1320026101"
PASSWORD = "ช้างน้อย ห้าเชือก เดินป่า"
LISTED_OF_GROUP = 40
_REASONS, _SEED = 5, 7


@dataclass(frozen=True, kw_only=True)
class College:
    """The logins of the advisors, and the students of each in the order of their numbers."""

    advisors: Sequence[str]
    students: Sequence[Sequence[UUID]]


def make_college(home: DataHome, *, students: int, advisors: int, monday: date) -> College:
    """An institution, its students in as many class groups as there are advisors, and an account for each."""
    ledger.add_institution(
        home.database, Institution(code=INSTITUTION, name_th="วิทยาลัยจำลอง", name_en="Simulated College")
    )
    people = [
        Identity(
            identifiers={IdKind.CODE: f"68{number:06d}"},
            name=FullName(title="นาย", first_name=f"สมมติ{number}", last_name="จำลอง"),
        )
        for number in range(students)
    ]
    token = uuid4()
    known = home.vault.admit(INSTITUTION, people, batch_token=token)
    placements = [
        Placement(number=one.number, student_id=one.student_id, class_group=_group(one.number, advisors))
        for one in known
    ]
    batch = NewBatch(
        token=token, institution=INSTITUTION, source="plain", file_sha256="00", recorded_at=start_of(monday),
        reconstructed=False, raises_epoch=False, counts={}, files=(), placements=placements,
    )  # fmt: skip
    ledger.commit(home.database, batch, after=0)
    by_group: list[list[UUID]] = [[] for _ in range(advisors)]
    for one in known:
        by_group[one.number % advisors].append(one.student_id)
    return College(advisors=_advisors(home, advisors, monday), students=by_group)


def _group(number: int, groups: int) -> str:
    return f"ชย.1/{number % groups + 1}"


def _advisors(home: DataHome, number: int, monday: date) -> list[str]:
    """An account for each class group, all with one password: hashing it costs as much as publishing."""
    logins = [f"kru.{place}" for place in range(number)]
    for login in logins:
        password = PASSWORD if login == logins[0] else ""
        create_account(home, login=login, name=login, role="advisor", institution=INSTITUTION, password=password)
    with home.database.write() as session:
        accounts = [staff.account_by_login(session, login) for login in logins]
        for place, account in enumerate(accounts):
            assert account is not None
            assert accounts[0] is not None
            account.password_hash = accounts[0].password_hash
            staff.assign_group(
                session, account=account, class_group=f"ชย.1/{place + 1}", valid_from=date(monday.year, 1, 1)
            )
    return logins


def publish(home: DataHome, college: College, monday: date, *, times: int) -> list[float]:
    """Publish so many different lists of everybody; returns the seconds of each."""
    entries = _entries(college)
    taken = []
    for turn in range(times):
        new = NewPublication(
            institution=INSTITUTION, as_of=monday, model_digest=f"{turn:064x}", catalogue_fingerprint=FINGERPRINT,
            horizon="days_56", known_until=start_of(monday), ledger_number=1,
            capacity=Capacity(valid_from=monday, visits_per_week=100, rows_per_advisor=LISTED_OF_GROUP),
            capacity_is_default=False, band_rates=[], rates_term="", entries=entries,
        )  # fmt: skip
        began = time.perf_counter()
        lists.publish(home.database, new)
        taken.append(time.perf_counter() - began)
    return taken


def _entries(college: College) -> list[NewEntry]:
    chance = random.Random(_SEED)
    groups = len(college.students)
    return [
        _entry(student, place * groups + group, place, f"ชย.1/{group + 1}", chance)
        for group, students in enumerate(college.students)
        for place, student in enumerate(students)
    ]


def _entry(student: UUID, number: int, place: int, group: str, chance: random.Random) -> NewEntry:
    numeric = [feature for feature in CATALOGUE if feature.absent_means is not None]
    picked = chance.sample(numeric, min(_REASONS, len(numeric)))
    reasons: list[dict[str, Any]] = [
        {"feature": feature.name, "value": round(chance.random(), 4), "contribution": round(chance.random(), 4)}
        for feature in picked
    ]
    listed = place < LISTED_OF_GROUP
    entry = NewEntry(
        student_id=student, number=number, class_group=group, rank=number + 1, band="watch" if listed else "none",
        cause="rank", logit=-2.0, probability=round(chance.random(), 6), ordering=-float(place),
        cut_off=-float(LISTED_OF_GROUP - 1), listed_probability=float(listed), must_see=[], reasons=reasons,
        missing=[], unknown_domains=[], domains={"attendance": 1.1, "grades": 0.4, "household": 0.1}, what_if=None,
    )  # fmt: skip
    return replace(entry, band="high") if place < 2 else entry
