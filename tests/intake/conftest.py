"""A desk at an empty institution or at one with a roster, and one small simulated college for all tests."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from records.college import Institution
from records.ledger import add_institution
from simulation.college import write_college
from tests.homes import copied
from tests.intake.desk import CODE, Desk, DeskWith


@pytest.fixture(scope="session")
def empty_college(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an institution that has taken in nothing, to be copied."""
    made = tmp_path_factory.mktemp("empty") / "home"
    home = copied(made_home, made)
    add_institution(home.database, Institution(code=CODE, name_th="วิทยาลัยตัวอย่าง", name_en="Example College"))
    home.close()
    return made


@pytest.fixture(scope="session")
def with_roster(empty_college: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The home of an institution that has taken in one roster: made once for each roster, to be copied."""

    @cache
    def made(codes: tuple[tuple[int, str], ...], history: bool) -> Path:
        folder = tmp_path_factory.mktemp("roster")
        with _desk_at(empty_college, folder) as desk:
            desk.roster(dict(codes), history=history)
        return folder / "home"

    return made


@pytest.fixture
def desk(empty_college: Path, tmp_path: Path) -> Iterator[Desk]:
    with _desk_at(empty_college, tmp_path) as desk:
        yield desk


@pytest.fixture
def desk_with(with_roster: Callable[..., Path], tmp_path: Path) -> Iterator[DeskWith]:
    """A desk at an institution after its roster came in, as `Desk.roster` brings it."""
    with ExitStack() as opened:

        def at(codes: Mapping[int, str], *, history: bool = False) -> Desk:
            return opened.enter_context(_desk_at(with_roster(tuple(codes.items()), history), tmp_path))

        yield at


@contextmanager
def _desk_at(made: Path, folder: Path) -> Iterator[Desk]:
    home = copied(made, folder / "home")
    (folder / "files").mkdir()
    yield Desk(home=home, folder=folder / "files")
    home.close()


@pytest.fixture(scope="session")
def college(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of 150 students over one year, as handed over until a Monday in September."""
    out = tmp_path_factory.mktemp("college")
    write_college(out, students=150, years=1, seed=3, last_monday=date(2025, 9, 8))
    return out
