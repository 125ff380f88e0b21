"""Roster comparison: every student of the earlier roster in one class, and only the unexplained to be traced."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import ledger
from records.errors import ConfigurationGap, UserError
from records.home import DataHome
from records.rosters import Arrival, Fate
from tests.homes import copied
from tests.records.roster_pictures import College, at, day
from tests.records.small import CODE, OTHER_CODE, institution


@pytest.fixture
def college(home: DataHome) -> College:
    return College(home)


def two_rosters(college: College, before: Mapping[int, str], after: Mapping[int, str]) -> None:
    """Term 1 and term 2 of one year."""
    college.roster("2025-06-10", "2025/1", before)
    college.roster("2025-11-10", "2025/2", after)


def test_on_both_rosters(college: College) -> None:
    two_rosters(
        college,
        {0: "V1 ก", 1: "V1 ก", 2: "V1 ก", 3: "V1 ก"},
        {0: "V1 ก", 1: "V1 ข", 2: "V2 ก", 3: "V1 ก ON_LEAVE"},
    )
    assert college.fates() == {0: "STAYED", 1: "MOVED_GROUP", 2: "PROMOTED", 3: "STAYED"}


def test_not_on_the_later_roster_and_nothing_told_must_be_traced(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1"}, {0: "V1"})
    [line] = college.compare().missing
    assert (line.number, line.concluded_on, line.concluded_at) == (1, day("2025-11-10"), at("2025-11-10"))
    assert line.after is None


def test_two_counts_of_one_term(college: College) -> None:
    college.roster("2025-06-10", "2025/1", {0: "V3", 1: "V1"})
    college.roster("2025-07-10", "2025/1", {1: "V1"})
    assert college.fates() == {0: "MISSING", 1: "STAYED"}  # a last year is not over in the middle of it


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("GRADUATED", "FINISHED"),
        ("TRANSFERRED_OUT", "TRANSFERRED"),
        ("RESIGNED", "LEFT_CONFIRMED"),
        ("DISMISSED", "LEFT_CONFIRMED"),
        ("DECEASED", "DECEASED"),
        ("GONE_ON_ROLL", "GONE_ON_ROLL"),
    ],
)
def test_a_status_tells_how_they_went(college: College, status: str, fate: str) -> None:
    college.roster("2025-06-10", "2025/1", {0: "V1", 1: "V1", 2: "V1"})
    college.roster("2025-08-10", "2025/1", {0: f"V1 ก {status}", 1: "V1", 2: "V1"})
    college.roster("2025-11-10", "2025/2", {1: f"V1 ก {status}", 2: "V1"})
    assert college.fates("2025-06-10", "2025-11-10") == {0: fate, 1: fate, 2: "STAYED"}


@pytest.mark.parametrize(
    ("event", "fate"),
    [
        ("GRADUATED", "FINISHED"),
        ("TRANSFER_CONFIRMED", "TRANSFERRED"),
        ("LEFT", "LEFT_CONFIRMED"),
        ("DISMISSED", "LEFT_CONFIRMED"),
        ("DECEASED", "DECEASED"),
        ("NOT_ON_NEXT_ROSTER", "MISSING"),
        ("TRACED", "MISSING"),
    ],
)
def test_an_event_tells_how_they_went(college: College, event: str, fate: str) -> None:
    two_rosters(college, {0: "V1", 1: "V1"}, {1: "V1"})
    college.event(0, event, "2025-09-01", known="2025-12-01")
    [line, _] = college.compare().lines
    assert line.fate.name == fate
    if fate != "MISSING":
        assert (line.concluded_on, line.concluded_at) == (day("2025-09-01"), at("2025-12-01"))


def test_a_last_year_that_is_over_is_finishing(college: College) -> None:
    levels = ["P6", "M3", "M6", "V3", "D2", "K3", "V2", "MODULE"]
    college.roster("2025-11-10", "2025/2", dict(enumerate(levels)))
    college.roster("2026-06-10", "2026/1", {9: "V1"})
    comparison = college.compare()
    fates = {level: line.fate for level, line in zip(levels, comparison.lines, strict=True)}
    assert fates.pop("V2") is Fate.MISSING
    assert set(fates.values()) == {Fate.FINISHED}
    assert comparison.no_onward_record == 3  # K3, P6, M3


def test_the_roster_of_a_summer_term_proves_nobody_gone(college: College) -> None:
    college.roster("2025-11-10", "2025/2", {0: "V1", 1: "V1", 2: "V3", 3: "V1"})
    college.roster("2026-03-31", "2025/3", {1: "V1"})
    with pytest.raises(ConfigurationGap, match="two complete rosters and there is one"):
        college.compare()
    college.roster("2026-06-10", "2026/1", {0: "V2", 1: "V2"})
    assert college.fates() == {0: "PROMOTED", 1: "PROMOTED", 2: "FINISHED", 3: "MISSING"}


def test_who_vanished_in_the_last_year_did_not_finish(college: College) -> None:
    """Compared over several rosters the ones in between are looked at."""
    college.roster("2025-06-10", "2025/1", {0: "V3", 1: "V3", 2: "V2", 9: "V1"})
    college.roster("2025-11-10", "2025/2", {1: "V3", 2: "V2", 9: "V1"})
    college.roster("2026-06-10", "2026/1", {2: "V3", 9: "V2"})
    college.roster("2027-06-10", "2027/1", {9: "V3"})
    assert college.fates("2025-06-10", "2026-06-10") == {0: "MISSING", 1: "FINISHED", 2: "PROMOTED", 9: "PROMOTED"}
    assert college.fates("2025-06-10", "2027-06-10") == {0: "MISSING", 1: "FINISHED", 2: "FINISHED", 9: "PROMOTED"}


def test_who_comes_for_the_next_programme_was_no_dropout(college: College) -> None:
    college.roster("2025-11-10", "2025/2", {0: "V3", 1: "V3", 9: "V1"})
    college.roster("2026-06-10", "2026/1", {9: "V2"})
    college.roster("2026-11-10", "2026/2", {0: "D1", 1: "V3", 9: "V2"})
    assert college.fates("2025-11-10", "2026-06-10") == {0: "FINISHED", 1: "RETURNED", 9: "PROMOTED"}


def test_another_number_of_the_same_person(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1", 2: "V1"}, {2: "V1", 3: "V1"})
    college.same_person(0, 3, known="2025-12-01")
    college.same_person(1, 4, known="2025-12-01")  # and nobody has number 4 on the later roster
    before = college.fates(known_until="2025-12-01")
    after = college.compare()
    assert before == {0: "MISSING", 1: "MISSING", 2: "STAYED"}
    assert {line.number: line.fate.name for line in after.lines} == {0: "LINKED_ID", 1: "MISSING", 2: "STAYED"}
    assert after.lines[0].concluded_at == at("2025-12-01")
    assert after.arrivals == ()


def test_a_person_with_two_numbers_is_traced_once(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1", 2: "V1"}, {2: "V1"})
    college.same_person(0, 1, known="2025-12-01")
    assert college.fates() == {0: "LINKED_ID", 1: "MISSING", 2: "STAYED"}


def test_an_event_of_the_old_number_speaks_for_the_person(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1", 2: "V1"}, {2: "V1"})
    college.event(0, "LEFT", "2025-09-01")
    college.same_person(0, 1, known="2025-12-01")
    assert college.fates()[1] == "LEFT_CONFIRMED"


def test_the_verdict_changes_with_what_is_known(college: College) -> None:
    """Three moments: missing, then a late confirmation, then back on a roster."""
    two_rosters(college, {0: "V1", 1: "V1"}, {1: "V1"})
    college.event(0, "LEFT", "2025-09-15", known="2025-12-01")
    college.roster("2026-01-15", "2025/2", {0: "V1", 1: "V1"})
    days = ("2025-06-10", "2025-11-10")
    found = [
        college.compare(*days, known_until=moment).lines[0] for moment in ("2025-11-11", "2025-12-02", "2026-01-16")
    ]
    assert [line.fate for line in found] == [Fate.MISSING, Fate.LEFT_CONFIRMED, Fate.RETURNED]
    assert [line.concluded_on for line in found] == [day("2025-11-10"), day("2025-09-15"), day("2026-01-15")]
    assert [line.concluded_at for line in found] == [at("2025-11-10"), at("2025-12-01"), at("2026-01-15")]


def test_told_again_it_was_known_from_the_first_time(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1", 2: "V1"}, {1: "V1 ก RESIGNED", 2: "V1"})
    for known in ("2025-12-01", "2026-01-05"):
        college.event(0, "LEFT", "2025-09-01", known=known)
    college.roster("2025-12-10", "2025/2", {1: "V1 ข RESIGNED", 2: "V1"})
    found = college.compare("2025-06-10", "2025-11-10").lines
    assert [line.concluded_at for line in found] == [at("2025-12-01"), at("2025-11-10"), at("2025-11-10")]


def test_a_return_that_was_told_and_a_second_leaving(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1"}, {1: "V1"})
    college.event(0, "RETURNED", "2025-11-20")
    college.event(0, "LEFT", "2025-12-10")
    assert college.fates(known_until="2025-11-21")[0] == "RETURNED"
    assert college.fates()[0] == "LEFT_CONFIRMED"


def test_a_return_before_the_roster_that_lacks_them_settles_nothing(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1"}, {1: "V1"})
    college.event(0, "LEFT", "2025-07-01")
    college.event(0, "RETURNED", "2025-08-01")
    assert college.fates()[0] == "MISSING"


def test_what_happens_after_they_are_back_belongs_to_a_later_comparison(college: College) -> None:
    two_rosters(college, {0: "V1", 1: "V1"}, {1: "V1"})
    college.roster("2026-01-15", "2025/2", {0: "V1", 1: "V1"})
    college.event(0, "LEFT", "2026-02-01")
    assert college.fates("2025-06-10", "2025-11-10")[0] == "RETURNED"


def test_a_leaving_that_the_later_roster_does_not_know_of(college: College) -> None:
    college.term_opens("2025/2", "2025-11-03")
    two_rosters(college, {0: "V1", 1: "V1"}, {0: "V1", 1: "V1"})
    college.event(0, "LEFT", "2025-11-05")
    college.event(1, "LEFT", "2025-09-01")  # in the term before: the newer roster has them again
    assert college.fates() == {0: "LEFT_CONFIRMED", 1: "STAYED"}


def test_a_late_correction_corrects_the_roster_of_its_day(college: College) -> None:
    college.roster("2025-06-10", "2025/1", {0: "V1", 1: "V1"})
    college.roster("2025-06-10", "2025/1", {0: "V1", 1: "V1", 2: "V1"}, known="2025-06-20")
    college.roster("2025-11-10", "2025/2", {0: "V1", 1: "V1"})
    assert college.fates() == {0: "STAYED", 1: "STAYED", 2: "MISSING"}
    assert college.compare().earlier.students == 3


def test_unchanged_rows_are_on_the_newer_roster_too(college: College) -> None:
    """An unchanged student has no row of the newer day in the log."""
    college.roster("2025-06-10", "2025/1", {0: "V1", 1: "V1", 2: "V1"})
    college.roster("2025-07-10", "2025/1", {0: "V1", 1: "V1"})
    college.roster("2025-08-10", "2025/1", {0: "V1"})
    assert college.fates("2025-06-10", "2025-07-10") == {0: "STAYED", 1: "STAYED", 2: "MISSING"}
    assert college.fates("2025-07-10", "2025-08-10") == {0: "STAYED", 1: "MISSING"}


def test_arrivals(college: College) -> None:
    college.roster("2025-05-20", "2025/1", {0: "V1", 1: "V1"})
    college.roster("2025-06-10", "2025/1", {0: "V1"})
    college.roster("2025-11-10", "2025/2", {0: "V1", 1: "V1", 2: "V1"})
    comparison = college.compare()
    assert {line.number: line.arrival for line in comparison.arrivals} == {1: Arrival.RETURNED, 2: Arrival.NEW}
    assert comparison.arrival_tally() == {Arrival.NEW: 1, Arrival.RETURNED: 1, Arrival.TRANSFERRED_IN: 0}


def test_fewer_than_two_rosters(college: College) -> None:
    with pytest.raises(ConfigurationGap, match=r"there is none\. .*นำเข้าทะเบียนอีกรอบ"):
        college.compare()
    college.roster("2025-06-10", "2025/1", {0: "V1"})
    with pytest.raises(ConfigurationGap, match="there is one"):
        college.compare()


def test_an_unknown_day_says_which_there_are(college: College) -> None:
    two_rosters(college, {0: "V1"}, {0: "V1"})
    with pytest.raises(
        UserError, match=r"No roster was counted on 2025-06-11.*2025-06-10 \(2568/1\), 2025-11-10 \(2568/2\)"
    ):
        college.compare("2025-06-11")
    with pytest.raises(UserError, match="is not before"):
        college.compare("2025-11-10", "2025-06-10")
    with pytest.raises(UserError, match="There is no roster before 2025-06-10"):
        college.compare(later="2025-06-10")


STUDENT = st.sampled_from(
    ["V1 ก", "V1 ข", "V2 ก", "V3 ก", "M3 ก", "V1 ก GRADUATED", "V1 ก RESIGNED", "V1 ก GONE_ON_ROLL"]
)
ROSTER = st.dictionaries(st.integers(0, 7), STUDENT, min_size=1)
EVENT = st.tuples(
    st.integers(0, 7), st.sampled_from(["LEFT", "RETURNED", "TRANSFER_CONFIRMED", "DECEASED"]), st.integers(1, 28)
)
LINK = st.tuples(st.integers(0, 7), st.integers(0, 7))


@pytest.fixture(scope="module")
def empty(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two institutions, copied for each example."""
    home = copied(made_home, tmp_path_factory.mktemp("empty") / "home")
    for code in (CODE, OTHER_CODE):
        ledger.add_institution(home.database, institution(code))
    home.close()
    return home.settings.home


@settings(max_examples=40, deadline=None)
@given(
    rosters=st.tuples(ROSTER, ROSTER, ROSTER),
    elsewhere=ROSTER,
    events=st.lists(EVENT, max_size=4),
    links=st.lists(LINK, max_size=3),
)
def test_every_student_of_the_earlier_roster_is_in_exactly_one_class(
    empty: Path,
    rosters: tuple[dict[int, str], ...],
    elsewhere: dict[int, str],
    events: list[tuple[int, str, int]],
    links: list[tuple[int, int]],
) -> None:
    with TemporaryDirectory() as folder:
        home = copied(empty, Path(folder) / "home")
        college = College(home)
        for term, day_told, roster in zip(
            ("2025/1", "2025/2", "2026/1"), ("2025-06-10", "2025-11-10", "2026-06-10"), rosters, strict=True
        ):
            college.roster(day_told, term, roster)
        College(home, OTHER_CODE).roster("2025-11-15", "2025/2", elsewhere)
        for number, event, on in events:
            college.event(number, event, f"2025-11-{on:02}")
        for old, new in links:
            college.same_person(old, new, known="2025-12-01")
        for pair in (("2025-06-10", "2025-11-10"), ("2025-11-10", "2026-06-10"), ("2025-06-10", "2026-06-10")):
            comparison = college.compare(*pair)
            earlier = rosters[0] if pair[0] == "2025-06-10" else rosters[1]
            later = rosters[2] if pair[1] == "2026-06-10" else rosters[1]
            assert sorted(line.number for line in comparison.lines) == sorted(earlier)
            assert sum(comparison.tally().values()) == comparison.earlier.students == len(earlier)
            assert not {line.number for line in comparison.missing} & {
                n for n, told in later.items() if len(told.split()) < 3
            }
            assert not {line.number for line in comparison.arrivals} & set(earlier)
        home.close()
