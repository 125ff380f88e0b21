"""A small college made through the records API: two advisors with a group each, the other roles, and a list.

Every student carries the surname MARK, so that a test can search logs and answers for it.
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from features.catalogue import FINGERPRINT
from records import ledger, lists, staff
from records.clock import start_of
from records.college import Capacity, Institution
from records.home import DataHome, create_home, open_home
from records.ledger import NewBatch, Placement
from records.lists import NewEntry, NewPublication
from records.people import FullName, Identity, IdKind
from records.settings import Settings
from serving.accounts import create_account
from tests.passwords import quick_passwords

INSTITUTION = "1320026101"
MARK = "มาร์กเกอร์ทดสอบ"
PASSWORD = "ช้างน้อย ห้าเชือก เดินป่า"
AS_OF = date(2025, 11, 17)
TODAY = date(2025, 11, 18)
GROUPS = {"kru.a": "ชย.1/1", "kru.b": "ชย.1/2"}
ROLES = {
    "kru.a": "advisor",
    "kru.b": "advisor",
    "care": "committee",
    "head": "director",
    "ana": "analyst",
    "root": "admin",
}
MODEL_DIGEST = "4f0c2b7d9e115a63" * 4
_EACH_GROUP = 14
UNKNOWN_FROM = 12
_FIRST_NAMES = (
    "เกียรติศักดิ์", "ปู่เจ้า", "ญาณิศา", "ฐิติพงษ์", "แพรวพรรณ", "ณัฐวุฒิ", "ไอรดา", "ธีรภัทร",
    "กมลชนก", "อนุชา", "โสภิดา", "วีรชัย", "ผกามาศ", "สุรเชษฐ์",
)  # fmt: skip
_REASONS: tuple[dict[str, Any], ...] = (
    {"feature": "missed_run_now", "value": 6.0, "contribution": 1.31},
    {"feature": "missed_share_28d", "value": 0.3333, "contribution": 0.92},
    {"feature": "not_submitted_term", "value": 7.0, "contribution": 0.55},
    {"feature": "gpa_previous_term", "value": 1.42, "contribution": 0.4},
    {"feature": "income_per_head", "value": 1350.0, "contribution": 0.2},
)
_FEW_REASONS: tuple[dict[str, Any], ...] = ({"feature": "late_days_28d", "value": 9.0, "contribution": 0.41},)
_MISSING: tuple[dict[str, Any], ...] = (
    {"feature": "score_mean_term", "contribution": 0.22},
    {"feature": "works_parttime", "contribution": 0.11},
)
_DOMAINS = {"attendance": 2.2, "grades": 0.95, "household": 0.2, "screening": 0.0, "standing": -0.35}
_WHAT_IF: dict[str, Any] = {
    "levers": [
        {"feature": "missed_share_28d", "domain": "attendance", "before": 0.3333, "after": 0.05, "effect": -0.9},
        {"feature": None, "domain": "attendance", "before": None, "after": None, "effect": -1.6},
    ],
    "exit": {"feature": "missed_run_now", "domain": "attendance", "before": 6.0, "after": 2.0, "effect": -0.7},
}
BAND_RATES: tuple[dict[str, Any], ...] = (
    {"band": "high", "rows": 640, "left": 88, "low": 0.1202, "high": 0.1789},
    {"band": "watch", "rows": 900, "left": 4, "low": 0.0017, "high": 0.0114},
    {"band": "none", "rows": 21000, "left": 84, "low": 0.0032, "high": 0.005},
)
RATES_TERM = "2/2568"


@dataclass(frozen=True, kw_only=True)
class SampleCollege:
    """An open data home, its students by advisor in the order of their rank, and their names."""

    home: DataHome
    students: Mapping[str, Sequence[UUID]]
    names: Mapping[UUID, str]

    def publish(self, *, model_digest: str = MODEL_DIGEST, as_of: date = AS_OF, set_capacity: bool = True) -> None:
        lists.publish(self.home.database, _publication(self, model_digest, as_of, set_capacity))

    def publish_with(self, **others: Any) -> None:
        """The list anew, with something else in its place."""
        lists.publish(self.home.database, replace(_publication(self, MODEL_DIGEST, AS_OF, True), **others))


def make_college(folder: Path, *, publish: bool = True, url: str = "", real_passwords: bool = False) -> SampleCollege:
    """On SQLite, or in the PostgreSQL database at `url`; to sign in costs what it does in earnest only where asked for."""
    home = create_home(Settings(home=folder / "var", second_factor_roles=(), database_url=url, vault_url=url))
    ledger.add_institution(
        home.database,
        Institution(code=INSTITUTION, name_th="วิทยาลัยเทคนิคตัวอย่าง", name_en="Example Technical College"),
    )
    with nullcontext() if real_passwords else quick_passwords():
        _add_accounts(home)
    college = _admitted(home)
    if publish:
        college.publish()
    return college


def copy_of(college: SampleCollege, folder: Path, *, url: str = "") -> SampleCollege:
    """The same college in a folder of its own; to make it takes ten times as long.

    On PostgreSQL `url` is a copy of its database.
    """
    kept = college.home.settings
    copied = kept.model_copy(update={"home": folder / "var", "database_url": url, "vault_url": url})
    shutil.copytree(kept.home, copied.home)
    shutil.copy(kept.key_path, copied.key_path)
    return replace(college, home=open_home(copied))


def _add_accounts(home: DataHome) -> None:
    for login, role in ROLES.items():
        account = create_account(
            home, login=login, name=f"ครู{login}", role=role, institution=INSTITUTION, password=PASSWORD
        )
        if login in GROUPS:
            with home.database.write() as session:
                staff.assign_group(session, account=account, class_group=GROUPS[login], valid_from=date(2025, 5, 1))


def _admitted(home: DataHome) -> SampleCollege:
    token = uuid4()
    names = [FullName(title="นาย", first_name=first, last_name=MARK) for first in _FIRST_NAMES[:_EACH_GROUP]] * 2
    people = [Identity(identifiers={IdKind.CODE: f"68{n:05d}"}, name=name) for n, name in enumerate(names)]
    known = home.vault.admit(INSTITUTION, people, batch_token=token)
    groups = [GROUPS["kru.a"]] * _EACH_GROUP + [GROUPS["kru.b"]] * _EACH_GROUP
    placements = [
        Placement(number=one.number, student_id=one.student_id, class_group=group)
        for one, group in zip(known, groups, strict=True)
    ]
    batch = NewBatch(
        token=token, institution=INSTITUTION, source="plain", file_sha256="00", recorded_at=start_of(AS_OF),
        reconstructed=False, raises_epoch=False, counts={}, files=(), placements=placements,
    )  # fmt: skip
    ledger.commit(home.database, batch, after=0)
    ids = [one.student_id for one in known]
    return SampleCollege(
        home=home,
        students={"kru.a": ids[:_EACH_GROUP], "kru.b": ids[_EACH_GROUP:]},
        names={
            student: f"{name.title}{name.first_name} {name.last_name}" for student, name in zip(ids, names, strict=True)
        },
    )


def _publication(college: SampleCollege, model_digest: str, as_of: date, set_capacity: bool) -> NewPublication:
    entries = [
        _entry(student, group_start + place, place, login, model_digest)
        for group_start, login in ((0, "kru.a"), (_EACH_GROUP, "kru.b"))
        for place, student in enumerate(college.students[login])
    ]
    return NewPublication(
        institution=INSTITUTION, as_of=as_of, model_digest=model_digest, catalogue_fingerprint=FINGERPRINT,
        horizon="days_56", known_until=start_of(as_of), ledger_number=1,
        capacity=Capacity(valid_from=as_of, visits_per_week=8 if set_capacity else 0, rows_per_advisor=5),
        capacity_is_default=not set_capacity, entries=entries,
        band_rates=[] if model_digest == lists.RULE_LIST else list(BAND_RATES),
        rates_term="" if model_digest == lists.RULE_LIST else RATES_TERM,
    )  # fmt: skip


def _entry(student: UUID, number: int, place: int, login: str, model_digest: str) -> NewEntry:
    """In each group: four to visit, five to talk to, three not listed, two of whom too little is known.

    The second and the last are past a rule. The sixth has things that are not known.
    """
    by_rule = model_digest == lists.RULE_LIST
    band = "high" if place < 4 else "watch" if place < 9 else "none" if place < UNKNOWN_FROM else "unknown"
    probability = None if by_rule or band == "unknown" else round(0.62 / (1 + place), 3)
    must_see = {1: ["absent_run_notice"], _EACH_GROUP - 1: ["attendance_share", "absent_run_dismissal"]}
    return NewEntry(
        student_id=student, number=number, class_group=GROUPS[login], rank=2 * place + (login == "kru.b") + 1,
        band=band, cause="bonus" if place == 2 else "rank",
        logit=None if by_rule else -1.0, probability=probability, ordering=-float(place),
        cut_off=-8.0, listed_probability=float(place < 9),
        must_see=must_see.get(place, []),
        reasons=[] if band == "unknown" else list(_FEW_REASONS if place == 5 else _REASONS),
        missing=list(_MISSING) if place == 5 else [],
        unknown_domains=["attendance", "grades"] if band == "unknown" else [],
        domains={} if by_rule or band == "unknown" else dict(_DOMAINS),
        what_if=_WHAT_IF if band in ("high", "watch") and not by_rule else None,
    )  # fmt: skip
