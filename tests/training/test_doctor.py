"""The doctor finds what it plants and is silent otherwise; every probe is silent, then speaks, on a panel that is drawn."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import text

from features.catalogue import CATALOGUE, FEATURE_OF
from models.card_words import PROBE_NAMES
from models.horizon import LIST_HORIZON
from records.home import DataHome
from simulation.college import LAST_MONDAY
from tests.functional.command_fixtures import MODEL, call
from tests.training.simulated import simulated_home
from training.doctor import Examined, Planted, as_numbers, examine, told
from training.evidence import Leak
from training.leak_relations import Split, same_twice, shuffled_labels, strong_from_afar, too_strong
from training.leaks import PROBES, leaks, once
from training.panel import Panel, Week, build_panel
from training.plants import PLANTS

CLEAN_SEEDS = range(32, 32 + int(os.environ.get("ZERODROP_CASES", "2")))


@dataclass(frozen=True, kw_only=True)
class Simulated:
    home: DataHome
    code: str

    @property
    def folder(self) -> Path:
        return self.home.settings.home

    def bytes_of_log(self) -> dict[str, str]:
        files = sorted(path for path in self.home.logs.rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def looks(self) -> int:
        with self.home.database.read() as session:
            return int(session.execute(text("select count(*) from audit where action = 'open log'")).scalar_one())


def simulated(folder: Path, seed: int) -> Simulated:
    home, code = simulated_home(folder / "files", folder, students=300, years=2, seed=seed)
    return Simulated(home=home, code=code)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    found = simulated(tmp_path_factory.mktemp("one"), 31)
    yield found
    found.home.close()


# The whole doctor


def test_the_command_finds_all_ten_and_changes_nothing(one: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    before, looks = one.bytes_of_log(), one.looks()
    monkeypatch.chdir(one.folder.parent)  # a home is often named as ./var
    said = call("doctor", "--as-of", LAST_MONDAY.isoformat(), "--home", one.folder.name, "--json")
    assert said.code == 0, said.everything
    assert said.document["leaks"] == []
    assert [plant["number"] for plant in said.document["planted"] if plant["found"]] == list(range(1, 11))
    assert one.bytes_of_log() == before
    assert one.looks() == looks + 1


@pytest.mark.parametrize("seed", CLEAN_SEEDS)
def test_clean_colleges_are_passed_in_silence(seed: int, tmp_path: Path) -> None:
    found = simulated(tmp_path, seed)
    try:
        assert examine(found.home, found.code, today=LAST_MONDAY, actor="test", plants=()).leaks == ()
    finally:
        found.home.close()


def test_a_college_without_closed_terms_is_told_so(one: Simulated) -> None:
    said = call("doctor", "--as-of", "2025-08-04", "--home", one.folder)
    assert said.code == MODEL
    assert "0 students left in the closed terms of 9999000001; the doctor needs 20" in said.err
    assert "สถานศึกษา 9999000001 มีผู้ออกกลางคัน 0 คน ต้องมีอย่างน้อย 20 คน" in said.err


def test_a_day_with_one_closed_term_before_it_is_examined(one: Simulated) -> None:
    """No term tests what was known when it opened, and the log tells of students who came later."""
    plants = (PLANTS[1], PLANTS[5])
    found = examine(one.home, one.code, today=date(2025, 12, 8), actor="test", plants=plants)
    dealt, emptied = found.planted
    assert dealt.not_planted is not None
    assert "no two parts" in dealt.not_planted.en
    assert [leak.feature for leak in emptied.found_by]
    assert found.healthy
    assert f"ปลูกไม่ได้ {dealt.not_planted.th} · cannot be planted: {dealt.not_planted.en}" in told(found)


def test_what_runs_on_every_training_is_silent_on_a_clean_panel_and_finds_a_column_changed_in_it(
    one: Simulated,
) -> None:
    panel = build_panel(one.home, [one.code], horizon=LIST_HORIZON, known_until=LAST_MONDAY, actor="test")
    mature = panel.of(lambda week: week.mature)

    def found(panel: Panel) -> tuple[Leak, ...]:
        return leaks(one.home, panel, horizon=LIST_HORIZON, known_until=LAST_MONDAY, actor="test")

    assert found(mature) == ()
    changed = Panel(features=mature.features, weeks=tuple(map(_with_labels_in_age, mature.weeks)))
    assert {(leak.probe, leak.feature) for leak in found(changed)} == {
        ("told later", "age_years"), ("too strong", "age_years"),
    }  # fmt: skip
    early = [leak.probe for leak in found(panel)]
    assert early == ["label known later"]


def _with_labels_in_age(week: Week) -> Week:
    values = week.values.copy()
    values[:, [feature.name for feature in CATALOGUE].index("age_years")] = week.left
    return replace(week, values=values)


# The probes on drawn panels: 15 weeks, 400 students, 60 of whom leave, five columns of chance


WEEKS, STUDENTS, LEAVERS = 15, 400, 60
COLUMNS = 6


def drawn(seed: int = 1) -> Panel:
    """Leavers go in weeks 9 to 14; of their last four weeks the label is true."""
    random = np.random.default_rng(seed)
    leaves = np.full(STUDENTS, 99)
    leaves[:LEAVERS] = random.integers(9, WEEKS, LEAVERS)
    weeks = []
    for number in range(WEEKS):
        here = np.flatnonzero(leaves >= number)
        left = leaves[here] - number < 4
        weeks.append(_week(number, here, left, random.standard_normal((len(here), COLUMNS)).astype(np.float32)))
    return Panel(features=CATALOGUE[:COLUMNS], weeks=tuple(weeks))


def _week(
    number: int, here: npt.NDArray[np.int64], left: npt.NDArray[np.bool_], values: npt.NDArray[np.float32]
) -> Week:
    nothing = np.zeros(len(here), bool)
    return Week(
        institution="T1", as_of=date(2025, 5, 19) + timedelta(weeks=number), cohort=None,  # type: ignore[arg-type]
        student=here, person=here, term=[(2025, 1)] * len(here), group=here % 10, values=values,
        left=left, strict=left, gone=nothing, mature=True,
    )  # fmt: skip


def with_column(panel: Panel, of: "np.ufunc | object") -> Panel:
    """The first column told by a function of the week."""
    weeks = []
    for week in panel.weeks:
        values = week.values.copy()
        values[:, 0] = of(week)  # type: ignore[operator]
        weeks.append(replace(week, values=values))
    return Panel(features=panel.features, weeks=tuple(weeks))


def test_chance_is_passed_in_silence() -> None:
    for seed in range(5):
        panel = drawn(seed)
        assert [*too_strong(panel), *strong_from_afar(panel), *same_twice(panel)] == []


def test_a_column_that_knows_who_leaves_soon_is_too_strong_and_one_that_always_knew_is_so_from_afar() -> None:
    soon = with_column(drawn(), lambda week: week.left)
    assert [leak.feature for leak in too_strong(soon)] == [CATALOGUE[0].name]
    assert list(strong_from_afar(soon)) == []
    ever = with_column(drawn(), lambda week: week.student < LEAVERS)
    assert [leak.feature for leak in strong_from_afar(ever)] == [CATALOGUE[0].name]


def test_a_column_that_is_known_of_leavers_alone_is_found_too() -> None:
    told_of = with_column(drawn(), lambda week: np.where(week.student < LEAVERS, 1.0, np.nan))
    assert [leak.feature for leak in strong_from_afar(told_of)] == [CATALOGUE[0].name]


def test_an_honest_strong_column_is_passed() -> None:
    """A normal curve moved by 1.2 deviations ranks with an AUC of .80, better than any single feature that is published."""
    random = np.random.default_rng(3)
    honest = with_column(drawn(), lambda week: random.standard_normal(len(week.student)) + 1.2 * week.left)
    assert list(too_strong(honest)) == []


def test_equal_rows_week_after_week_are_one_student_and_one_equal_week_is_chance() -> None:
    def doubled(weeks: int) -> Panel:
        made = drawn()
        for week in made.weeks[:weeks]:
            week.values[week.student == 399] = week.values[week.student == 398]
        return made

    [leak] = same_twice(doubled(WEEKS))
    assert leak.strength == pytest.approx(1 / STUDENTS)
    assert list(same_twice(doubled(1))) == []


def test_rows_without_anything_that_sets_students_apart_are_no_doubles() -> None:
    same = with_column(drawn(), lambda week: 1.0)
    for week in same.weeks:
        week.values[:] = np.round(week.values > 1)
    assert list(same_twice(same)) == []


def test_shuffled_labels_are_foretold_only_where_weeks_of_the_test_train() -> None:
    """The second column is the student's own and tells nothing of leaving."""
    panel = drawn()
    for week in panel.weeks:
        week.values[:, 1] = np.random.default_rng(9).permutation(STUDENTS)[week.student]
    opens = panel.weeks[8].as_of

    def split(training: tuple[Week, ...], test: tuple[Week, ...]) -> Split:
        parts = (Panel(features=panel.features, weeks=weeks) for weeks in (training, test))
        return Split(training=next(parts), test=next(parts), opens=opens)

    labelled = tuple(replace(week, left=week.student % 7 == 0) for week in panel.weeks[:8])
    assert list(shuffled_labels(split(labelled, panel.weeks[8:]))) == []
    dealt = split((*labelled, *panel.weeks[8::2]), panel.weeks[9::2])
    [leak] = shuffled_labels(dealt)
    assert leak.strength > 0.6


# What people read


def planted(number: int, *found: Leak) -> Planted:
    return Planted(plant=PLANTS[number - 1], found_by=found)


LEAK = Leak(probe="told later", feature="planted", strength=0.5)


def examined(*of: Planted, found: tuple[Leak, ...] = ()) -> Examined:
    return Examined(institution="T1", rows=10, leavers=2, leaks=found, planted=of)


def test_a_missed_plant_or_a_leak_is_not_healthy_and_both_are_said_in_both_languages() -> None:
    assert examined(planted(1, LEAK)).healthy
    missed = examined(planted(1, LEAK), planted(2))
    assert not missed.healthy
    assert "MISSED" in told(missed)
    assert "หาไม่พบ" in told(missed)
    assert "More leavers make the probes sharper" in told(missed)
    assert "ยิ่งมีข้อมูลผู้ออกมาก การตรวจยิ่งแม่นขึ้น" in told(missed)
    leaking = examined(planted(1, LEAK), found=(LEAK,))
    assert not leaking.healthy
    for words in (PROBES[0].means.th, PROBES[0].means.en, PROBES[0].what_to_do.th, PROBES[0].what_to_do.en):
        assert words in told(leaking)
    assert as_numbers(leaking)["healthy"] is False


def test_probes_tables_and_features_are_called_by_their_names() -> None:
    probe, feature = PROBE_NAMES[LEAK.probe], FEATURE_OF["missed_share_28d"].label
    said = told(examined(planted(1, LEAK), found=(replace(LEAK, feature="missed_share_28d"),)))
    assert f"พบด้วย {probe.th} · found by: {probe.en}" in said
    assert f"! {feature.th} ({probe.th}, {LEAK.strength:.2f}) · {feature.en} ({probe.en}, {LEAK.strength:.2f})" in said
    assert "missed_share_28d" not in said


def test_of_several_findings_of_one_feature_the_strongest_is_told() -> None:
    stronger = replace(LEAK, strength=0.9)
    assert once([LEAK, stronger, LEAK]) == (stronger,)


def test_there_are_ten_plants_and_every_probe_has_one_name() -> None:
    assert [plant.number for plant in PLANTS] == list(range(1, 11))
    assert len({probe.name for probe in PROBES}) == len(PROBES)
    assert {probe.name for probe in PROBES} == set(PROBE_NAMES)
