"""The simulated college of the notebooks, taken in as its files would have arrived; no notebook itself."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from records.clock import BANGKOK
from records.home import DataHome, create_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from simulation.college import LAST_MONDAY, write_college


def small_college(folder: Path, *, students: int, years: int, today: date = LAST_MONDAY) -> tuple[DataHome, str]:
    """Past terms as history, the running one week by week, each on the Sunday before; a home in `folder`, and its code."""
    files = folder / "files"
    write_college(files, students=students, years=years, seed=7, last_monday=today)
    home = create_home(Settings(home=folder / "home", database_url="", vault_url="", key_file=None))
    college = read_college(files / "college.xlsx")
    apply_college(home, college)
    import_calendar(home, college)
    import_rules(home, college)
    for term in sorted((files / "history").iterdir()):
        _take_in(home, term, history=True)
    for week in sorted((files / "weeks").iterdir()):
        sunday = datetime.combine(date.fromisoformat(week.name) - timedelta(days=1), time(20), tzinfo=BANGKOK)
        _take_in(home, week, received_at=sunday)
    return home, college.institution.code


def _take_in(home: DataHome, folder: Path, *, history: bool = False, received_at: datetime | None = None) -> None:
    for file in in_order(folder):
        import_file(home, ImportRequest(path=file, history=history, received_at=received_at))
