"""The group of each row as it was known on the day of its round, read by one file alone, and audited."""

import ast
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from features.cohort import cohort
from features.state import Replay
from records.access import open_log
from records.audit import AuditRow
from records.home import DataHome
from records.tables import SAME_PERSON, STUDENTS, TABLES, Use
from tests.features.pictures import calendar, records_of
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.training.drawn_home import make_home
from training.audit_groups import ATTRIBUTE_OF, ATTRIBUTES, NOT_KNOWN, audit_groups, group_label, size_group
from training.contest import Contest, Ranked, Round
from training.evidence import MODEL
from training.panel import Week

ROOT = Path(__file__).resolve().parents[2]
ROSTER = """
    table      | student | happened_on | recorded_at | level | study_mode
    enrolments | 1       | 2025-05-12  | 2025-05-12  | V1    | NORMAL
    enrolments | 2       | 2025-05-12  | 2025-05-12  | D2    | DUAL
    enrolments | 3       | 2025-05-12  | 2025-05-12  | V1    |
    """


def home_of(folder: Path, picture: str, *more: Record) -> DataHome:
    told = records_of(picture, STUDENTS) if picture else []
    return make_home(folder, [*calendar([(2025, 1)]), *records_of(ROSTER, STUDENTS), *told, *more])


def contest_of(home: DataHome, *days: str, students: tuple[int, ...] = (1, 2, 3)) -> Contest:
    rounds = []
    for day in map(date.fromisoformat, days):
        log = open_log(home, INSTITUTION, actor="test", purpose="contest")
        rows = np.array(students, np.int64)
        none = np.zeros(len(rows), bool)
        week = Week(
            institution=INSTITUTION, as_of=day, cohort=cohort(Replay(log).advance(day), day), student=rows, person=rows,
            term=[(2025, 1)] * len(rows), group=rows * 0, values=np.zeros((len(rows), 1), np.float32), left=none,
            strict=none, gone=none, mature=True,
        )  # fmt: skip
        score = rows.astype(np.float64)
        one = Round(
            institution=INSTITUTION, as_of=day, term=(2025, 1), week=week, capacity=1, capacity_is_default=False,
            ties=score, gone=0, lists={MODEL: Ranked(score=score, probability=score / 10)},
        )  # fmt: skip
        rounds.append(one)
    return Contest(rounds=tuple(rounds), names=(MODEL,))


def groups(home: DataHome, attribute: str, *days: str, students: tuple[int, ...] = (1, 2, 3)) -> list[list[str]]:
    """For each day the codes of the students' groups."""
    found = audit_groups(home, contest_of(home, *days, students=students), actor="kru.x").of[attribute]
    return [[ATTRIBUTE_OF[attribute].code(position).value for position in of_day.tolist()] for of_day in found]


def test_a_group_counts_from_the_day_after_it_was_recorded_and_a_correction_from_its_own(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        """
        student | happened_on | recorded_at | sex
        1       | 2025-05-12  | 2025-05-12  | F
        2       | 2025-05-12  | 2025-06-30  | M
        1       | 2025-05-12  | 2025-07-09  | M
        """,
    )
    assert groups(home, "sex", "2025-06-30", "2025-07-07", "2025-07-14") == [
        ["F", "NOT_KNOWN", "NOT_KNOWN"],
        ["F", "M", "NOT_KNOWN"],
        ["M", "M", "NOT_KNOWN"],
    ]


def test_what_was_taken_back_or_is_said_to_be_unknown_is_not_known(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        """
        student | happened_on | recorded_at | sex | nationality_group | disability_any | retracted
        1       | 2025-05-12  | 2025-05-12  | F   | FOREIGN           | yes            |
        2       | 2025-05-12  | 2025-05-12  | U   | UNKNOWN           | no             |
        3       | 2025-05-12  | 2025-05-12  | M   | TH                | no             |
        1       | 2025-05-12  | 2025-07-09  |     |                   |                | yes
        """,
    )
    assert groups(home, "sex", "2025-07-07") == [["F", "NOT_KNOWN", "M"]]
    assert groups(home, "nationality_group", "2025-07-07", "2025-07-14") == [
        ["FOREIGN", "NOT_KNOWN", "TH"],
        ["NOT_KNOWN", "NOT_KNOWN", "TH"],
    ]
    assert groups(home, "disability_any", "2025-07-07", "2025-07-14") == [
        ["YES", "NO", "NO"],
        ["NOT_KNOWN", "NO", "NO"],
    ]


def test_level_study_mode_and_poverty_are_those_of_the_day(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        """
        table      | student | happened_on | recorded_at | level | study_mode | poverty_class
        enrolments | 1       | 2025-07-09  | 2025-07-09  | V2    | EVENING    |
        household  | 1       | 2025-06-02  | 2025-06-10  |       |            | POOR
        household  | 1       | 2025-07-07  | 2025-07-09  |       |            | EXTREME
        household  | 2       | 2025-06-02  | 2025-06-10  |       |            | NOT
        household  | 3       | 2025-06-02  | 2025-06-10  |       |            | UNKNOWN
        """,
    )
    days = "2025-06-09", "2025-07-07", "2025-07-14"
    assert groups(home, "level", *days) == [["V1", "D2", "V1"], ["V1", "D2", "V1"], ["V2", "D2", "V1"]]
    assert groups(home, "study_mode", *days)[1:] == [["NORMAL", "DUAL", "NOT_KNOWN"], ["EVENING", "DUAL", "NOT_KNOWN"]]
    assert groups(home, "poverty_class", *days) == [
        ["NOT_KNOWN"] * 3,
        ["POOR", "NOT", "NOT_KNOWN"],
        ["EXTREME", "NOT", "NOT_KNOWN"],
    ]


def test_what_was_told_of_a_number_is_told_of_the_person_once_the_two_are_one(tmp_path: Path) -> None:
    linked = Record(
        table=SAME_PERSON, student=4, happened_on=date(2025, 7, 9), recorded_at=in_the_evening(date(2025, 7, 9)),
        batch=5, line=1, values={"same_as": 3},
    )  # fmt: skip
    home = home_of(
        tmp_path,
        "student | happened_on | recorded_at | sex\n4 | 2025-05-12 | 2025-05-12 | F\n1 | 2025-05-12 | 2025-05-12 | M",
        linked,
    )
    assert groups(home, "sex", "2025-07-07", "2025-07-14") == [["M", "NOT_KNOWN", "NOT_KNOWN"], ["M", "NOT_KNOWN", "F"]]


def test_only_the_rows_of_the_round_have_a_group_in_their_order(tmp_path: Path) -> None:
    home = home_of(tmp_path, "student | happened_on | sex\n1 | 2025-05-12 | F\n3 | 2025-05-12 | M")
    assert groups(home, "sex", "2025-07-07", students=(1, 3)) == [["F", "M"]]
    assert groups(home, "level", "2025-07-07", students=(2,)) == [["D2"]]


@pytest.mark.parametrize(
    ("students", "size"),
    [(1, "SMALL"), (499, "SMALL"), (500, "MEDIUM"), (1499, "MEDIUM"), (1500, "LARGE"), (2499, "LARGE"), (2500, "VERY_LARGE")],
)  # fmt: skip
def test_the_size_of_an_institution_is_the_ministry_s_class(students: int, size: str) -> None:
    assert ATTRIBUTE_OF["institution_size"].code(size_group(students)).value == size


def test_the_size_is_that_of_everybody_enrolled_and_not_of_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("training.audit_groups.SIZE_BOUNDS", (2, 3, 9))
    home = home_of(tmp_path, "")
    assert groups(home, "institution_size", "2025-07-07", students=(1,)) == [["LARGE"]]


def test_opening_the_records_for_it_is_in_the_audit_trail_once_an_institution(tmp_path: Path) -> None:
    home = home_of(tmp_path, "")
    audit_groups(home, contest_of(home, "2025-07-07", "2025-07-14"), actor="kru.x")
    with home.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.actor == "kru.x")).all()
        assert [(row.institution, row.detail["purpose"]) for row in rows] == [(INSTITUTION, "fairness audit")]


def test_nobody_s_group_is_printed(tmp_path: Path) -> None:
    home = home_of(tmp_path, "student | happened_on | sex\n1 | 2025-05-12 | F")
    assert "array" not in repr(audit_groups(home, contest_of(home, "2025-07-07"), actor="test"))


def test_every_group_has_words_in_both_languages() -> None:
    for attribute in ATTRIBUTES:
        for position in (NOT_KNOWN, *range(len(attribute.groups))):
            label = group_label(attribute.name, attribute.code(position).value)
            assert label.th
            assert label.en
    assert group_label("sex", "F").th == "หญิง"
    with pytest.raises(KeyError):
        group_label("sex", "TH")


READS_RECORDS = ("records.access", "records.log", "records.tables", "features.state")


def reads_audit_columns(source: str, audited: set[str]) -> bool:
    """Whether a file names an audit column and can read records; names alone (of what was found) are no reading."""
    nodes = list(ast.walk(ast.parse(source)))
    named = any(isinstance(node, ast.Constant) and node.value in audited for node in nodes)
    return named and any(isinstance(node, ast.ImportFrom) and node.module in READS_RECORDS for node in nodes)


def test_every_audit_column_is_an_attribute_and_one_file_of_ours_reads_them() -> None:
    audited = {column.name for table in TABLES for column in table.columns if column.use is Use.AUDIT}
    assert audited == {"sex", "nationality_group", "disability_any"}
    assert audited <= set(ATTRIBUTE_OF)
    reading = {
        path.relative_to(ROOT).as_posix()
        for room in ("features", "models", "training", "serving")
        for path in sorted((ROOT / room).rglob("*.py"))
        if reads_audit_columns(path.read_text(encoding="utf-8"), audited)
    }
    assert reading == {"training/audit_groups.py"}
    assert reads_audit_columns('from records.access import open_log\nopen_log().rows(STUDENTS, "sex")', audited)
    assert not reads_audit_columns('from training.evidence import Evidence\nPROTECTED = ("sex",)', audited)
