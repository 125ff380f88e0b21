"""A simulated college taken in as its files would have arrived."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from records.clock import BANGKOK
from records.home import DataHome, create_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from simulation.college import write_college


def simulated_home(files: Path, folder: Path, *, students: int, years: int, seed: int) -> tuple[DataHome, str]:
    """A simulated college taken in as its files would have arrived, and its code; who asks closes the home."""
    write_college(files, students=students, years=years, seed=seed)
    home = create_home(Settings(home=folder / "var"))
    told = read_college(files / "college.xlsx")
    apply_college(home, told)
    import_calendar(home, told)
    import_rules(home, told)
    _import(home, files)
    return home, told.institution.code


def _import(home: DataHome, files: Path) -> None:
    for term in sorted((files / "history").iterdir()):
        for file in in_order(term):
            import_file(home, ImportRequest(path=file, history=True))
    for week in sorted((files / "weeks").iterdir()):
        sunday = datetime.combine(date.fromisoformat(week.name) - timedelta(days=1), time(20), tzinfo=BANGKOK)
        for file in in_order(week):
            import_file(home, ImportRequest(path=file, received_at=sunday))
