"""The vault: its key, its seals, who is who, the Thai order of names, and what is deleted when."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from records import ledger
from records.errors import UserError, VaultError
from records.home import DataHome, create_home, open_home
from records.ledger import Placement
from records.people import FullName, Identity, IdKind, sort_key
from records.settings import Settings
from records.vault_key import VaultKey
from tests.records.small import CODE, OTHER_CODE, batch_of, commit

NID = "1819900000014"
KEY = VaultKey(bytes(range(32)))


def person(*, national: str | None = None, code: str | None = None, name: str = "") -> Identity:
    kinds = {IdKind.NATIONAL: national, IdKind.CODE: code}
    full = FullName(title="นาย", first_name=name, last_name="สมมติ") if name else None
    return Identity(identifiers={kind: value for kind, value in kinds.items() if value}, name=full)


# The key


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Settings]:
    """A data home that was made and closed again."""
    settings = Settings(home=tmp_path / "home")
    create_home(settings).close()
    yield settings
    settings.key_path.unlink(missing_ok=True)


def refusal(settings: Settings) -> UserError:
    with pytest.raises(VaultError) as refused:
        open_home(settings)
    return refused.value


def test_a_missing_key_is_said_with_what_to_do(closed: Settings) -> None:
    closed.key_path.unlink()
    told = refusal(closed)
    assert str(told).split(" · ")[0] == (
        f"The vault's key file {closed.key_path} is missing. Put the backed-up key there; "
        "without it names and quarantined rows cannot be read. A new data home gets its key from `zerodrop init`."
    )
    assert told.exit_code == 5


def test_making_the_home_again_makes_no_new_key(closed: Settings) -> None:
    closed.key_path.unlink()
    with pytest.raises(VaultError, match=r"is missing\. Put the backed-up key there"):
        create_home(closed)
    assert not closed.key_path.exists()


@pytest.mark.parametrize("held", ["ab" * 32, "ab" * 31, "no key at all", ""])
def test_a_key_that_is_not_this_vaults_is_refused(closed: Settings, held: str) -> None:
    closed.key_path.write_text(held)
    told = refusal(closed)
    assert (
        str(told).split(" · ")[0]
        == f"The key in {closed.key_path} is not the one this vault was made with. Put the right key back."
    )
    assert told.exit_code == 5


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(closed: Settings, mode: int) -> None:
    closed.key_path.chmod(mode)
    told = refusal(closed)
    assert str(told).split(" · ")[0] == (
        f"The key file {closed.key_path} can be read by other accounts of this machine. "
        f"Run: chmod 600 {closed.key_path}"
    )
    assert told.exit_code == 5


def test_an_existing_key_is_left_alone(closed: Settings) -> None:
    before = closed.key_path.read_bytes()
    create_home(closed).close()
    assert closed.key_path.read_bytes() == before


# Seals


@given(st.binary(max_size=200))
def test_what_was_sealed_comes_back(plain: bytes) -> None:
    sealed = KEY.seal(plain)
    assert KEY.unseal(sealed) == plain
    assert sealed != KEY.seal(plain)  # the same cell twice does not look the same


@given(st.binary(min_size=1, max_size=50), st.data())
def test_one_changed_byte_is_refused(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(plain))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidTag):
        KEY.unseal(bytes(sealed))


def test_another_key_opens_nothing_and_finds_nobody() -> None:
    other = VaultKey(bytes(32))
    with pytest.raises(InvalidTag):
        other.unseal(KEY.seal(b"x"))
    assert other.fingerprint("national", "", NID) != KEY.fingerprint("national", "", NID)
    assert other.check != KEY.check


def test_a_fingerprint_depends_on_kind_place_and_value() -> None:
    asked = [
        ("national", "", NID),
        ("code", "", NID),
        ("code", CODE, NID),
        ("code", OTHER_CODE, NID),
        ("code", CODE, "1"),
    ]
    assert len({KEY.fingerprint(*one) for one in asked}) == len(asked)


# Who is who


def test_a_student_keeps_number_and_pseudonym(home: DataHome) -> None:
    [first] = home.vault.admit(CODE, [person(national=NID, code="67001")], batch_token=uuid4())
    [again] = home.vault.admit(CODE, [person(national=NID)], batch_token=uuid4())
    assert again == first
    assert home.vault.find(CODE, [person(code="67001")]) == [first]


def test_numbers_begin_at_nought_in_every_institution(home: DataHome) -> None:
    here = home.vault.admit(CODE, [person(code="1001"), person(code="1002")], batch_token=uuid4())
    there = home.vault.admit(OTHER_CODE, [person(code="1001")], batch_token=uuid4())
    assert [one.number for one in here] == [0, 1]
    assert [one.number for one in there] == [0]


def test_a_code_belongs_to_its_institution_and_a_national_number_to_the_country(home: DataHome) -> None:
    [here] = home.vault.admit(CODE, [person(national=NID, code="1001")], batch_token=uuid4())
    [moved] = home.vault.admit(OTHER_CODE, [person(national=NID, code="1001")], batch_token=uuid4())
    [namesake] = home.vault.admit(OTHER_CODE, [person(code="2002")], batch_token=uuid4())
    assert moved.student_id == here.student_id
    assert namesake.student_id != here.student_id


def test_who_is_known_elsewhere_only_is_not_found_here(home: DataHome) -> None:
    home.vault.admit(OTHER_CODE, [person(national=NID)], batch_token=uuid4())
    assert home.vault.find(CODE, [person(national=NID)]) == [None]


def test_the_newest_name_is_kept(home: DataHome) -> None:
    [one] = home.vault.admit(CODE, [person(code="1001", name="ดำ")], batch_token=uuid4())
    home.vault.admit(CODE, [person(code="1001", name="ขาว")], batch_token=uuid4())
    home.vault.admit(CODE, [person(code="1001")], batch_token=uuid4())
    assert home.vault.names([one.student_id])[one.student_id].first_name == "ขาว"


def test_more_people_than_one_question_to_the_database_holds(home: DataHome) -> None:
    asked = [person(code=f"{n:05d}", name=f"คน{n}") for n in range(1203)]
    known = home.vault.admit(CODE, asked, batch_token=uuid4())
    assert [one.number for one in known] == list(range(1203))
    assert home.vault.find(CODE, asked) == known
    assert len(home.vault.names(one.student_id for one in known)) == 1203


# Names in order


@pytest.mark.parametrize(
    "ordered",
    [
        ("กนก", "เกษม", "แก้ว", "ไกร", "ขวัญ"),  # a leading vowel comes after its consonant
        ("กัญญา", "กานดา", "กิตติ", "กุหลาบ", "เกศ", "โกมล", "ขนิษฐา"),
        ("มะลิ", "มาลี", "เมตตา", "โมลี", "ยุพา"),
        ("ธนา", "ธีระ", "นภา", "เนตร", "บัว"),
        ("ฤดี", "ลำไย", "วันดี", "หทัย", "ไหม", "อรุณ", "เอก", "ฮาซัน"),
        ("ปู", "ปู่", "ปู้"),  # tones only break ties
        ("ปู่", "ปูน", "เปีย"),
        ("จันทร", "จันทร์", "จันทรา"),
        ("Anna", "Bob", "กนก"),
    ],
)
def test_names_sort_as_in_the_dictionary(ordered: tuple[str, ...]) -> None:
    assert tuple(sorted(set(ordered), key=sort_key)) == ordered


def test_surnames_order_people_of_one_first_name(home: DataHome) -> None:
    names = [FullName(title="", first_name="มะลิ", last_name=last) for last in ("เกษม", "กนก", "ขวัญ")]
    asked = [Identity(identifiers={IdKind.CODE: f"100{n}"}, name=name) for n, name in enumerate(names)]
    known = home.vault.admit(CODE, asked, batch_token=uuid4())
    rows = home.vault.names(one.student_id for one in known).values()
    assert [row.last_name for row in sorted(rows, key=lambda row: row.sort_key)] == ["กนก", "เกษม", "ขวัญ"]


# Orphans


def sweep(home: DataHome, *, hours: float = 0, days: float = 0) -> int:
    return home.vault.sweep(
        ledger.tokens(home.database),
        placed=lambda code: ledger.student_ids(home.database, code),
        now=datetime.now(UTC) + timedelta(hours=hours, days=days),
    )


def test_people_of_a_batch_that_never_came_are_swept_after_a_day(home: DataHome) -> None:
    token = uuid4()
    [one] = home.vault.admit(CODE, [person(national=NID, code="1001", name="ดำ")], batch_token=token)
    assert sweep(home, hours=23.9) == 0
    assert home.vault.find(CODE, [person(national=NID)]) == [one]
    assert sweep(home, hours=24.1) == 1
    assert home.vault.find(CODE, [person(national=NID, code="1001")]) == [None]
    assert home.vault.names([one.student_id]) == {}


def test_people_of_a_batch_in_the_ledger_stay(home: DataHome) -> None:
    batch = batch_of()
    [one] = home.vault.admit(CODE, [person(code="1001", name="ดำ")], batch_token=batch.token)
    commit(home, batch)
    assert sweep(home, days=1) == 0
    assert home.vault.find(CODE, [person(code="1001")]) == [one]


def test_whom_a_later_batch_recorded_is_no_orphan_of_the_one_that_stopped(home: DataHome) -> None:
    [one] = home.vault.admit(CODE, [person(code="1001", name="ดำ")], batch_token=uuid4())
    later = batch_of(placements=[Placement(number=one.number, student_id=one.student_id, class_group="ชย.1/1")])
    home.vault.admit(CODE, [person(code="1001", name="ดำ")], batch_token=later.token)
    commit(home, later)
    assert sweep(home, days=1) == 0
    assert home.vault.names([one.student_id])[one.student_id].first_name == "ดำ"


def test_a_person_known_at_another_institution_keeps_name_and_number_when_swept_here(home: DataHome) -> None:
    batch = batch_of(code=OTHER_CODE)
    [there] = home.vault.admit(OTHER_CODE, [person(national=NID, name="ดำ")], batch_token=batch.token)
    commit(home, batch)
    home.vault.admit(CODE, [person(national=NID)], batch_token=uuid4())
    assert sweep(home, days=1) == 1
    assert home.vault.find(OTHER_CODE, [person(national=NID)]) == [there]
    assert there.student_id in home.vault.names([there.student_id])
