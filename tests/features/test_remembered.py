"""What is kept from week to week changes no answer, whoever asked what before."""

import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.declaration import Feature
from features.snapshot import features, replay
from features.state import Replay
from features.vocabulary import Relative
from records.tables import ENROLMENTS
from tests.features.building import bits, college, mondays, one_log
from tests.features.pictures import calendar, records_of
from tests.features.small_log import write_log

REFERRED = {one.measure.of for one in CATALOGUE if isinstance(one.measure, Relative)}
FEW = tuple(one for one in CATALOGUE if one.name in REFERRED or one.name.startswith("gpa"))


def test_a_state_that_was_asked_other_features_answers_the_same(tmp_path: Path) -> None:
    log, days = one_log(tmp_path / "log", college(3)), mondays(date(2025, 8, 11), 5)
    asked: tuple[tuple[Feature, ...], ...] = (CATALOGUE, FEW, CATALOGUE[::-1])
    wanted = [[bits(found) for found in replay(log, days, catalogue)] for catalogue in asked]
    forward = Replay(log)
    for week, day in enumerate(days):
        state = forward.advance(day)
        for catalogue, told in zip(asked, wanted, strict=True):
            assert bits(features(state, day, catalogue, institution=log.institution)) == told[week]


def test_an_average_that_is_kept_is_no_more_measured_when_the_student_has_come_to_another_stage(tmp_path: Path) -> None:
    drawn = """
        table      | student | happened_on | academic_year | term | level | gpax | rule        | value
        rules      |         | 2024-05-12  |               |      |       |      | gpa_minimum | 2
        enrolments | 1       | 2024-10-21  | 2024          | 2    | V3    |      |             |
        enrolments | 2       | 2024-10-21  | 2024          | 2    | D1    |      |             |
        term_gpa   | 1       | 2024-10-25  | 2024          | 1    |       | 2.25 |             |
        term_gpa   | 2       | 2024-10-25  | 2024          | 1    |       | 2.25 |             |
        enrolments | 1       | 2025-05-12  | 2025          | 1    | D1    |      |             |
        enrolments | 2       | 2025-05-12  | 2025          | 1    | D2    |      |             |
        """
    log = write_log(tmp_path, [*calendar(((2024, 2), (2025, 1))), *records_of(drawn, ENROLMENTS)])
    before, after = replay(log, [date(2025, 2, 24), date(2025, 6, 16)], CATALOGUE)
    assert before.column("gpax_margin").tolist() == [0.25, 0.25]
    assert after.column("gpax").tolist() == [2.25, 2.25]
    np.testing.assert_array_equal(after.column("gpax_margin"), [np.nan, 0.25])


TABLES = """
import resource, sys
import numpy as np
from features.build import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
def faults():
    for _ in range(3):
        held = [np.ones(1_000_000) for _ in range(3)]
        del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(-(faults() - faults()))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library can be told")
def test_a_worker_keeps_the_memory_it_has_had() -> None:
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", TABLES, how], capture_output=True, check=True).stdout)
        for how in ("kept", "given back")
    )
    assert kept < 100
    assert given_back > 1_000
