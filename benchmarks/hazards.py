"""Is what the model says true? Trained models on simulated colleges against the hazards that their students lived under.

    python -m benchmarks.hazards --students 1000 --years 4 --seed 7

One JSON line a size (`--students` may be given again). The college is imported as its files would have arrived and
trained by `zerodrop train`'s own procedure; what is judged are the test terms, by the models trained when they opened.
`calibration_error_model` sets predictions beside the true probabilities, in ten parts of equal size: no luck of who left is
in it. `auc_true` ranks by the true hazard, which knows who is drifting away before any mark shows it; `auc_observer` by
the best that records allow (benchmarks/observer.py); `auc_model` by the model; all mean over the days with a leaver. So
`auc_short_of_true` less `auc_short_of_observer` is what nobody can know, and the latter what the model misses;
`calibration_error_observer` near 0 says that the observer is reckoned rightly.

The same college is trained twice more with its answers dealt out anew (benchmarks/dealt_answers.py). `nothing_hidden`: by
a known function of the table that the model is trained on, so that all there is to know can be learned. `no_signal`: at
random. `refused_by` names the blocking checks that failed; that the table is not what the records tell is seen by the
leak detectors in both (TR203), as it should be. How many leave in a week is not drawn again, so that what no model can
know of it is in the calibration error of these two.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sklearn.metrics import roc_auc_score

from benchmarks.dealt_answers import Logit, by_chance, chances, dealt, planted
from benchmarks.observer import observed
from features.catalogue import CATALOGUE
from models.risk_model import probability
from records.clock import BANGKOK
from records.errors import ModelRefused
from records.home import DataHome, create_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.people import Identity, IdKind
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from simulation.college import LAST_MONDAY, write_college
from simulation.world import World, make_world
from training import train as training_run
from training.backtest import Tested
from training.checks import blocking
from training.panel import Panel, Week, build_panel

Figures = dict[str, Any]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_PARTS = 10
_HORIZON_DAYS = 56


@dataclass(frozen=True, kw_only=True)
class Day:
    """Of students who are truly here on one day of a test term: who left, and how likely it was by `model`, `true` …"""

    chance: dict[str, Floats]
    left: Flags


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hazards", description="Models against true hazards.")
    parser.add_argument("--students", type=int, action="append", help="students of a college; may be given again")
    parser.add_argument("--years", type=int, default=4, help="academic years of each college")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    for students in chosen.students or [1_000]:
        print(json.dumps(measured(students, chosen.years, chosen.seed)), flush=True)
    return 0


def measured(students: int, years: int, seed: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_college(files, students=students, years=years, seed=seed)
        home, code = _taken_in(files, Path(folder) / "home")
        try:
            trained = training_run.train(home, [code], today=LAST_MONDAY, actor="benchmark")
            world = make_world(students=students, years=years, seed=seed, last_monday=LAST_MONDAY)
            days = list(_days(home, code, files, trained.tested, world))
            return {
                "benchmark": "hazards", "students": students, "years": years, "seed": seed,
                "leavers_trained": trained.evidence.training.leavers, "days": len(days),
                **_figures(days),
                "refused_by": [one.check.code for one in blocking(trained.checks)],
                "nothing_hidden": _with_answers_dealt(home, code, planted([one.name for one in CATALOGUE])),
                "no_signal": _with_answers_dealt(home, code, by_chance),
            }  # fmt: skip
        finally:
            home.close()


def _taken_in(files: Path, folder: Path) -> tuple[DataHome, str]:
    home = create_home(Settings(home=folder, database_url="", vault_url="", key_file=None))
    told = read_college(files / "college.xlsx")
    apply_college(home, told)
    import_calendar(home, told)
    import_rules(home, told)
    for term in sorted((files / "history").iterdir()):
        for file in in_order(term):
            import_file(home, ImportRequest(path=file, history=True))
    for week in sorted((files / "weeks").iterdir()):
        sunday = datetime.combine(date.fromisoformat(week.name) - timedelta(days=1), time(20), tzinfo=BANGKOK)
        for file in in_order(week):
            import_file(home, ImportRequest(path=file, received_at=sunday))
    return home, told.institution.code


# The truth


def _days(home: DataHome, code: str, files: Path, tested: Sequence[Tested], world: World) -> Iterator[Day]:
    """Every day of the test terms; whoever is on a roster and truly gone already has no hazard and is left out."""
    table = pq.read_table(files / "truth" / "hazards.parquet")
    codes = sorted(set(table["student_code"].to_pylist()))
    found = home.vault.find(code, [Identity(identifiers={IdKind.CODE: one}, name=None) for one in codes])
    number = {one: match.number for one, match in zip(codes, found, strict=True) if match is not None}
    person = {one: place for place, one in enumerate(world.identities.student_code)}
    mondays = [week.as_of for one in tested for week in one.split.test.weeks]
    best = observed(world, mondays, last_monday=LAST_MONDAY)
    for one in tested:
        for week in one.split.test.weeks:
            rows = table.filter(pc.equal(table["as_of"], week.as_of)).to_pylist()
            known = {
                number[row["student_code"]]: {**row, "observed": best[week.as_of][person[row["student_code"]]]}
                for row in rows
                if row["student_code"] in number
            }
            yield _day(week, one, known)


def _day(week: Week, tested: Tested, known: dict[int, dict[str, Any]]) -> Day:
    here = week.rows(np.array([int(student) in known for student in week.student], bool) & ~week.gone)
    rows = [known[int(student)] for student in here.student]
    end = week.as_of + timedelta(days=_HORIZON_DAYS)
    return Day(
        chance={
            "model": probability(tested.candidate.bag.model.logits(here.values)),
            "observer": np.array([row["observed"] for row in rows], np.float64),
            "true": np.array([row["leaves_within_56_days_probability"] for row in rows], np.float64),
        },
        left=np.array([row["left_on"] is not None and row["left_on"] <= end for row in rows], bool),
    )


def _figures(days: Sequence[Day]) -> Figures:
    if not days:
        return {"rows": 0}
    told = [day for day in days if day.left.any() and not day.left.all()]
    chance = {name: np.concatenate([day.chance[name] for day in days]) for name in days[0].chance}
    auc = {name: float(np.mean([roc_auc_score(day.left, day.chance[name]) for day in told])) for name in chance}
    return {
        "rows": sum(len(day.left) for day in days),
        **{f"mean_{name}": round(float(said.mean()), 5) for name, said in chance.items()},
        **{
            f"calibration_error_{name}": round(_calibration_error(said, chance["true"]), 5)
            for name, said in chance.items()
            if name != "true"
        },
        **{f"auc_{name}": round(one, 4) for name, one in auc.items()},
        **{f"auc_short_of_{name}": round(one - auc["model"], 4) for name, one in auc.items() if name != "model"},
    }


def _calibration_error(said: Floats, true: Floats) -> float:
    parts = np.array_split(np.argsort(said, kind="stable"), _PARTS)
    return float(sum(len(part) * abs(said[part].mean() - true[part].mean()) for part in parts) / len(said))


# Answers dealt out anew


def _with_answers_dealt(home: DataHome, code: str, logit: Logit) -> Figures:
    def build_dealt(*words: Any, **named: Any) -> Panel:
        return dealt(build_panel(*words, **named), logit)

    try:
        with patch.object(training_run, "build_panel", build_dealt):
            trained = training_run.train(home, [code], today=LAST_MONDAY, actor="benchmark")
    except ModelRefused:
        return {"refused": True, "refused_by": ["training"]}
    codes = [one.check.code for one in blocking(trained.checks)]
    days = [_dealt_day(week, one, logit) for one in trained.tested for week in one.split.test.weeks]
    return {"refused": bool(codes), "refused_by": codes, **_figures(days)}


def _dealt_day(week: Week, tested: Tested, logit: Logit) -> Day:
    here = week.rows(~week.gone)
    return Day(
        chance={"model": probability(tested.candidate.bag.model.logits(here.values)), "true": chances(week, logit)},
        left=here.left,
    )


if __name__ == "__main__":
    sys.exit(main())
