"""The state grows with what is told, keeps what it knew, and is read forward alone."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import CATALOGUE, FEATURE_OF
from features.snapshot import features, replay
from features.state import FOLDED_TABLES, Replay, State
from features.vocabulary import Domain
from records.codes import ATTENDANCE_STATUSES
from records.tables import ATTENDANCE, HOUSEHOLD, VISITS, Table
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import INSTITUTION, Record, write_log

PRESENT, ABSENT = (ATTENDANCE_STATUSES.position(status) + 1 for status in ("P", "A"))
MONDAY = date(2025, 9, 1)


def folded(folder: Path, *pictures: str, table: Table = ATTENDANCE) -> State:
    """One state after another, each picture folded into it."""
    state = State()
    for picture in pictures:
        log = write_log(folder, records_of(picture, table))
        state.fold(table, log.rows(table))
    return state


def on(state: State, day: str, student: int) -> int:
    number = (date.fromisoformat(day) - date(1970, 1, 1)).days
    return int(state.attendance.window(number, number + 1, np.array([student]))[0, 0])


def test_a_later_student_and_a_later_day_make_room_and_lose_nothing(tmp_path: Path) -> None:
    state = folded(
        tmp_path,
        "student | happened_on | status\n1 | 2025-05-19 | A",
        "student | happened_on | status\n40 | 2026-02-02 | P",
    )
    assert state.students == 41
    assert on(state, "2025-05-19", 1) == ABSENT
    assert on(state, "2026-02-02", 40) == PRESENT
    assert int((state.attendance.days != 0).sum()) == 2


def test_an_earlier_day_makes_room_before_the_first(tmp_path: Path) -> None:
    state = folded(
        tmp_path,
        "student | happened_on | status\n1 | 2025-05-19 | A",
        "student | happened_on | status\n1 | 2024-11-04 | P",
    )
    assert on(state, "2024-11-04", 1) == PRESENT
    assert on(state, "2025-05-19", 1) == ABSENT


def test_a_day_or_student_outside_the_cube_was_not_recorded(tmp_path: Path) -> None:
    state = folded(tmp_path, "student | happened_on | status\n1 | 2025-05-19 | A")
    days = state.attendance.window(0, 30_000, np.array([1, 7]))
    assert days.shape[1] == 2
    assert days[:, 1].max() == 0
    assert state.attendance.window(0, 10, np.array([1])).shape == (0, 1)


def test_rows_of_a_later_fold_replace_and_come_between(tmp_path: Path) -> None:
    state = folded(
        tmp_path,
        """
        student | happened_on | income_per_head
        2       | 2025-06-01  | 2000
        9       | 2025-06-01  | 9000
        """,
        """
        student | happened_on | income_per_head | retracted
        1       | 2025-06-01  | 1000            |
        2       | 2025-06-01  | 2500            |
        2       | 2025-07-01  | 3000            |
        9       | 2025-06-01  | 9000            | yes
        """,
        table=HOUSEHOLD,
    )
    rows = state.rows["household"]
    assert rows.student.tolist() == [1, 2, 2, 9]
    assert rows.columns["income_per_head"].tolist() == [1000, 2500, 3000, 9000]
    assert rows.columns["alive"].tolist() == [True, True, True, False]


def test_folding_nothing_changes_nothing(tmp_path: Path) -> None:
    state = folded(tmp_path, "student | happened_on | status\n1 | 2025-05-19 | A")
    state.fold(ATTENDANCE, ATTENDANCE.schema.empty_table())
    assert state.students == 2


def test_care_is_never_folded(tmp_path: Path) -> None:
    assert VISITS not in FOLDED_TABLES
    visit = records_of("student | happened_on | attempt | mode | result\n1 | 2025-08-20 | 1 | HOME | NOT_HOME", VISITS)
    told = [*calendar([(2025, 1)]), *roster([1, 2], (2025, 1))]
    [without] = replay(write_log(tmp_path, told), [MONDAY])
    [with_visit] = replay(write_log(tmp_path, [*told, *visit]), [MONDAY])
    assert with_visit.values.tobytes() == without.values.tobytes()


def college() -> list[Record]:
    marks = records_of(
        """
        student | happened_on | status
        1       | 2025-08-20  | A
        2       | 2025-08-20  | P
        2       | 2025-08-28  | A
        """,
        ATTENDANCE,
    )
    return [*calendar([(2025, 1)]), *roster([1, 2], (2025, 1)), *marks]


def test_a_replay_cannot_go_back(tmp_path: Path) -> None:
    forward = Replay(write_log(tmp_path, college()))
    forward.advance(MONDAY)
    forward.advance(MONDAY)
    with pytest.raises(
        ValueError, match="a replay reads forward: it is at 2025-09-01 and cannot go back to 2025-08-25"
    ):
        forward.advance(date(2025, 8, 25))


def test_a_replay_gives_one_snapshot_a_day(tmp_path: Path) -> None:
    log = write_log(tmp_path, college())
    first, second = replay(log, [date(2025, 8, 25), MONDAY])
    assert (first.as_of, second.as_of) == (date(2025, 8, 25), MONDAY)
    assert first.column("missed_days_28d").tolist() == [1, 0]
    assert second.column("missed_days_28d").tolist() == [1, 1]


def test_features_do_not_change_the_state_that_they_ask(tmp_path: Path) -> None:
    state = Replay(write_log(tmp_path, college())).advance(MONDAY)
    once, twice = features(state, MONDAY), features(state, MONDAY)
    assert once.values.tobytes() == twice.values.tobytes()


def test_a_snapshot_as_a_table_has_student_class_group_and_the_catalogue(tmp_path: Path) -> None:
    log = write_log(tmp_path, college())
    [snapshot] = replay(log, [MONDAY])
    frame = snapshot.frame()
    complete = [f"completeness_{domain.value}" for domain in Domain]
    assert sorted(frame.columns) == sorted(["student", "class_group", *(one.name for one in CATALOGUE), *complete])
    assert frame["student"].tolist() == [1, 2]
    assert frame["class_group"].tolist() == ["A", "A"]
    assert (snapshot.institution, snapshot.ledger_number) == (INSTITUTION, log.ledger_number)
    assert snapshot.values.dtype == np.float32
    assert frame["missed_days_28d"].tolist() == snapshot.column("missed_days_28d").tolist()


def test_of_who_learns_at_weekends_attendance_is_known_where_anything_is_recorded(tmp_path: Path) -> None:
    told = records_of(
        """
        table      | student | happened_on | study_mode | status
        enrolments | 1       | 2025-05-12  | EVENING    |
        enrolments | 2       | 2025-05-12  | EVENING    |
        enrolments | 3       | 2025-05-12  | NORMAL     |
        attendance | 1       | 2025-08-30  |            | A
        attendance | 2       | 2025-06-01  |            | P
        attendance | 3       | 2025-08-29  |            | P
        """,
        ATTENDANCE,
    )
    [snapshot] = replay(write_log(tmp_path, [*calendar([(2025, 1)]), *told]), [MONDAY])
    assert snapshot.completeness[Domain.ATTENDANCE].tolist() == pytest.approx([1, 0, 1 / 19])


def test_a_snapshot_of_a_part_of_the_catalogue(tmp_path: Path) -> None:
    [snapshot] = replay(write_log(tmp_path, college()), [MONDAY], [FEATURE_OF["week_of_term"]])
    assert snapshot.frame().columns.tolist() == [
        "student",
        "class_group",
        "week_of_term",
        "completeness_standing",
        "completeness_attendance",
    ]
    assert snapshot.values.tolist() == [[16], [16]]
    with pytest.raises(KeyError, match="the snapshot has no feature 'missed_days_28d'"):
        snapshot.column("missed_days_28d")


def test_an_unknown_student_is_refused(tmp_path: Path) -> None:
    [snapshot] = replay(write_log(tmp_path, college()), [MONDAY])
    assert snapshot.row(2).tolist() == pytest.approx(snapshot.values[1].tolist(), nan_ok=True)
    for unknown in (0, 3, 10**6):
        with pytest.raises(KeyError, match="no student of this number is enrolled on 2025-09-01"):
            snapshot.row(unknown)


def test_a_wrong_unit_is_refused(tmp_path: Path) -> None:
    rows = write_log(tmp_path, college()).rows(ATTENDANCE)
    wrong = rows.set_column(
        rows.column_names.index("happened_on"), "happened_on", rows.column("happened_on").cast("date64")
    )
    with pytest.raises(
        ValueError, match=r"attendance.happened_on comes as date64\[ms\], but the log stores date32\[day\]"
    ):
        State().fold(ATTENDANCE, wrong)
