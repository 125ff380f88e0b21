"""Two institutions of one deployment: who stands on the other's roster has moved, and both logs are told once."""

import pytest

from records.home import DataHome
from records.roster_moves import Moves, confirm_moves
from records.rosters import Arrival, Fate
from records.tables import ENROLMENTS, OUTCOMES
from records.versions import latest
from tests.records.roster_pictures import College, at, day, ledger_number, student_id, transferred_in
from tests.records.small import CODE, OTHER_CODE, log_of

ANN = {0: "ann"}


@pytest.fixture
def here(home: DataHome) -> College:
    return College(home, people=ANN)


@pytest.fixture
def there(home: DataHome) -> College:
    return College(home, OTHER_CODE, people={7: "ann"})


def moved(here: College, there: College) -> None:
    here.roster("2025-06-10", "2025/1", {0: "V1", 1: "V1", 2: "V1"})
    here.roster("2025-11-10", "2025/2", {2: "V1"})
    there.roster("2025-11-12", "2025/2", {7: "V1 ช", 8: "V1 ช"}, known="2025-11-20")


def test_found_on_the_roster_of_another_institution(here: College, there: College) -> None:
    moved(here, there)
    assert here.fates(known_until="2025-11-20") == {0: "MISSING", 1: "MISSING", 2: "STAYED"}
    line = here.compare().lines[0]
    assert (line.fate, line.student_id) == (Fate.TRANSFERRED, student_id(0, "ann"))
    assert (line.concluded_on, line.concluded_at) == (day("2025-11-12"), at("2025-11-20"))
    assert line.elsewhere is not None
    assert (line.elsewhere.institution, line.elsewhere.number) == (OTHER_CODE, 7)
    assert here.fates()[1] == "MISSING"


def test_a_roster_of_the_same_round_counts_though_it_is_some_days_older(here: College, there: College) -> None:
    here.roster("2025-06-10", "2025/1", {0: "V1", 2: "V1"})
    there.roster("2025-11-08", "2025/2", {7: "V1"})
    here.roster("2025-11-10", "2025/2", {2: "V1"})
    assert here.fates()[0] == "TRANSFERRED"


@pytest.mark.parametrize(
    ("on", "term", "told"),
    [
        ("2025-06-12", "2025/1", "V1"),
        ("2025-11-12", "2025/2", "V1 ช RESIGNED"),
        ("2025-11-12", "2025/2", "V1 ช GONE_ON_ROLL"),
    ],
)
def test_an_older_roster_or_a_row_that_says_gone_is_no_finding(
    here: College, there: College, on: str, term: str, told: str
) -> None:
    here.roster("2025-06-10", "2025/1", {0: "V1", 2: "V1"})
    there.roster(on, term, {7: told})
    here.roster("2025-11-10", "2025/2", {2: "V1"})
    assert here.fates()[0] == "MISSING"


def test_who_finished_and_goes_on_elsewhere_has_an_onward_record(here: College, there: College) -> None:
    here.roster("2025-11-10", "2025/2", {0: "M3", 1: "M3", 2: "M2"})
    here.roster("2026-06-10", "2026/1", {2: "M3"})
    there.roster("2026-06-12", "2026/1", {7: "V1"})
    comparison = here.compare()
    assert [line.fate for line in comparison.lines] == [Fate.FINISHED, Fate.FINISHED, Fate.PROMOTED]
    assert comparison.no_onward_record == 1
    assert confirm_moves(here.home, CODE, comparison, "clerk") == Moves(confirmed=0, entries=0)


def test_back_after_a_time_elsewhere(here: College, there: College) -> None:
    moved(here, there)
    here.roster("2026-02-10", "2025/2", {0: "V1", 2: "V1"})
    assert here.fates("2025-06-10", "2025-11-10")[0] == "RETURNED"


def test_two_numbers_there_are_one_person(here: College, there: College) -> None:
    """The number that the person had when they were known here is not the one on the roster."""
    here.roster("2025-06-10", "2025/1", {0: "V1", 2: "V1"})
    here.roster("2025-11-10", "2025/2", {2: "V1"})
    there.roster("2025-06-10", "2025/1", {7: "V1"})
    there.roster("2025-11-12", "2025/2", {9: "V1"})
    there.same_person(7, 9, known="2025-12-01")
    assert here.fates(known_until="2025-12-01")[0] == "MISSING"
    assert here.fates()[0] == "TRANSFERRED"


def test_arrivals_from_elsewhere(here: College, there: College) -> None:
    moved(here, there)
    there.roster("2025-06-12", "2025/1", {8: "V1 ช"}, known="2025-11-21")
    [line] = there.compare().arrivals
    assert (line.number, line.arrival) == (7, Arrival.TRANSFERRED_IN)


def test_moves_are_told_to_both_logs_once(here: College, there: College) -> None:
    moved(here, there)
    comparison = here.compare()
    assert confirm_moves(here.home, CODE, comparison, "clerk") == Moves(confirmed=1, entries=1)
    [event] = log_of(here.home).rows(OUTCOMES).to_pylist()
    assert (event["student"], event["happened_on"]) == (0, day("2025-11-12"))
    entry = {
        row["student"]: row for row in latest(ENROLMENTS, log_of(here.home, OTHER_CODE).rows(ENROLMENTS)).to_pylist()
    }
    assert entry[7]["entry_route"] == transferred_in()
    assert (entry[7]["class_group"], entry[7]["happened_on"]) == ("ช", day("2025-11-12"))
    assert entry[8]["entry_route"] is None

    numbers = ledger_number(here.home), ledger_number(here.home, OTHER_CODE)
    assert confirm_moves(here.home, CODE, comparison, "clerk") == Moves(confirmed=0, entries=0)
    assert confirm_moves(here.home, CODE, here.compare(), "clerk") == Moves(confirmed=0, entries=0)
    assert (ledger_number(here.home), ledger_number(here.home, OTHER_CODE)) == numbers
    assert here.fates() == {0: "TRANSFERRED", 1: "MISSING", 2: "STAYED"}


def test_what_is_told_already_stays(here: College, there: College) -> None:
    moved(here, there)
    comparison = here.compare()
    here.event(0, "LEFT", "2025-09-01", known="2025-12-01")
    assert confirm_moves(here.home, CODE, comparison, "clerk") == Moves(confirmed=0, entries=0)


def test_an_entry_route_that_the_institution_told_stays(here: College, there: College) -> None:
    here.roster("2025-06-10", "2025/1", {0: "V1", 2: "V1"})
    here.roster("2025-11-10", "2025/2", {2: "V1"})
    there.roster("2025-11-12", "2025/2", {7: "V1"}, entry_route=0)
    assert confirm_moves(here.home, CODE, here.compare(), "clerk") == Moves(confirmed=1, entries=0)


def test_after_a_stop_between_the_two_logs_the_second_run_tells_the_other(here: College, there: College) -> None:
    moved(here, there)
    here.event(0, "TRANSFER_CONFIRMED", "2025-11-12", known="2025-12-01")
    assert confirm_moves(here.home, CODE, here.compare(), "clerk") == Moves(confirmed=0, entries=1)
