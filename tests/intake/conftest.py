"""A desk at an empty institution, and one small simulated college for all tests."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from records.college import Institution
from records.home import create_home
from records.ledger import add_institution
from records.settings import Settings
from simulation.college import write_college
from tests.intake.desk import CODE, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    home = create_home(Settings(home=tmp_path / "home"))
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
