"""The list of erasures: pseudonyms alone, never read by halves, and carried out again where it is not known."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from records.erasure import ERASURES, read_erasures, replay_erasures
from records.errors import UserError
from records.home import DataHome
from tests.records.erasing import OWN, fill, traces
from tests.records.small import CODE
from tests.records.test_records_erasure import gone


def test_the_list_of_erasures_has_pseudonyms_and_nothing_else(home: DataHome) -> None:
    told = fill(home)
    gone(home, told)
    path = home.settings.home / ERASURES
    assert read_erasures(path) == [(CODE, told.ids[OWN])]
    assert path.read_text() == f'{{"institution": "{CODE}", "student_id": "{told.ids[OWN]}"}}\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_list_of_erasures_is_refused_for_somebody_may_be_missed(home: DataHome, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text('{"institution": "1"}\n')
    with pytest.raises(UserError, match="is not a list of erasures, or is damaged"):
        read_erasures(tmp_path / "bad")
    assert read_erasures(tmp_path / "none") == []


def test_erasures_that_a_home_does_not_know_are_carried_out_in_it(home: DataHome) -> None:
    told = fill(home)
    nobody: list[tuple[str, UUID]] = [(CODE, uuid4()), ("0000000000", uuid4())]
    assert replay_erasures(home, [(CODE, told.ids[OWN]), *nobody]) == 1
    assert not home.vault.names([told.ids[OWN]])
    assert traces(home.settings.home, told.ids[OWN]) == [ERASURES, "zerodrop.db"]
    assert replay_erasures(home, [(CODE, told.ids[OWN])]) == 0
