"""A desk at an empty institution, and one small simulated college for all tests."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from records.college import Institution
from records.ledger import add_institution
from simulation.college import write_college
from tests.homes import copied
from tests.intake.desk import CODE, Desk


@pytest.fixture
def desk(made_home: Path, tmp_path: Path) -> Iterator[Desk]:
    home = copied(made_home, tmp_path / "home")
    add_institution(home.database, Institution(code=CODE, name_th="วิทยาลัยตัวอย่าง", name_en="Example College"))
    (tmp_path / "files").mkdir()
    yield Desk(home=home, folder=tmp_path / "files")
    home.close()


@pytest.fixture(scope="session")
def college(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of 150 students over one year, as handed over until a Monday in September."""
    out = tmp_path_factory.mktemp("college")
    write_college(out, students=150, years=1, seed=3, last_monday=date(2025, 9, 8))
    return out
