"""How many planted leaks the doctor finds, and how often it cries wolf: simulated colleges, one JSON line each.

    python -m benchmarks.doctor --colleges 20 --planted 20

`--colleges` clean colleges are made from seed `--first-seed` on and looked at as they are; in the first `--planted` of
them all ten leaks are planted too. The last line adds up. Thresholds were chosen on seeds 101–108.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

from records.clock import BANGKOK
from records.home import DataHome, create_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from simulation.college import LAST_MONDAY, write_college
from training.doctor import as_numbers, examine
from training.plants import PLANTS


@contextmanager
def college(seed: int, *, students: int, years: int) -> Iterator[tuple[DataHome, str]]:
    """A data home with a simulated college in it, imported as its files would have arrived, and the college's code."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_college(files, students=students, years=years, seed=seed)
        home = create_home(Settings(home=Path(folder) / "var"))
        try:
            told = read_college(files / "college.xlsx")
            apply_college(home, told)
            import_calendar(home, told)
            import_rules(home, told)
            _import(home, files)
            yield home, told.institution.code
        finally:
            home.close()


def _import(home: DataHome, files: Path) -> None:
    for term in sorted((files / "history").iterdir()):
        for file in in_order(term):
            import_file(home, ImportRequest(path=file, history=True))
    for week in sorted((files / "weeks").iterdir()):
        sunday = datetime.combine(date.fromisoformat(week.name) - timedelta(days=1), clock(20), tzinfo=BANGKOK)
        for file in in_order(week):
            import_file(home, ImportRequest(path=file, received_at=sunday))


def measured(seed: int, *, students: int, years: int, planted: bool) -> dict[str, Any]:
    with college(seed, students=students, years=years) as (home, code):
        began = time.process_time()
        found = examine(home, code, today=LAST_MONDAY, actor="benchmark", plants=PLANTS if planted else ())
        return {"seed": seed, "cpu_seconds": round(time.process_time() - began, 1), **as_numbers(found)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--colleges", type=int, default=20)
    parser.add_argument("--planted", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--students", type=int, default=350)
    parser.add_argument("--years", type=int, default=2)
    asked = parser.parse_args()
    found: Counter[int] = Counter()
    alarms = 0
    for place in range(asked.colleges):
        one = measured(
            asked.first_seed + place, students=asked.students, years=asked.years, planted=place < asked.planted
        )
        print(json.dumps(one, ensure_ascii=False), flush=True)
        found.update(plant["number"] for plant in one["planted"] if plant["found"])
        alarms += bool(one["leaks"])
    print(
        json.dumps({
            "clean_colleges": asked.colleges,
            "colleges_with_a_false_finding": alarms,
            "planted_in": min(asked.planted, asked.colleges),
            "found_in": {plant.number: found[plant.number] for plant in PLANTS},
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
