"""Skill on the Open University dataset: one JSON line a day for zerodrop's model and every simple list beside it.

    python -m benchmarks.oulad --data DIR --train 2013B --test 2014B --days 34,64,94,124

DIR is imported into a temporary data home through the ordinary intake. The label is "withdraws later in the
presentation" among students still registered at the day; a presentation's end is its next roster count. Models train on
the presentations named, on the mornings after the days named; the test presentations are only scored. `intervals` are
95 %, people drawn again. `seeds` are the AUCs of the members of the bag, each alone. `beyond_best_simple` is the paired
difference to the simple list that happens to be best on this very day: more than any list chosen beforehand would have.
With `"forward": false` training closes after the test day, so the line says nothing of skill. With --one-a-day a model
of each day alone stands beside the one of all days together.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from models.horizon import NEXT_COUNT
from models.risk_model import RiskModel
from records.errors import UserError
from records.home import DataHome, create_home
from records.intake.importing import ImportRequest, import_file
from records.intake.sources.oulad_files import TERM_OF, opens_on
from records.ledger import institutions
from records.settings import Settings
from training.contest import DEFAULT_PERCENT, Contest, Entrant, Ranked, Round
from training.entrants import ABSENCES, LOGISTIC, SIMPLE, simple_entrants
from training.evidence import AT_CAPACITY, Interval, ListFigures
from training.fit import Bag, fit_bag, margins
from training.intervals import drawn_auc, interval, people, person_weights
from training.judging import judged
from training.panel import Panel, Week, build_panel
from training.splits import term_of

ZERODROP, ONE_A_DAY = "zerodrop", "zerodrop_one_a_day"
_ENDURING_NAME = {ABSENCES: "absence_rule"}
_SIMPLE = (LOGISTIC, ABSENCES, *(name for name in SIMPLE if name not in (LOGISTIC, ABSENCES)))
Line = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Presentation:
    code: str

    @property
    def key(self) -> tuple[int, int]:
        return int(self.code[:4]), TERM_OF[self.code[4]]

    def morning_after(self, day: int) -> date:
        return opens_on(self.code) + timedelta(days=day + 1)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = create_home(Settings(home=Path(folder) / "home"))
        try:
            import_file(home, ImportRequest(path=asked.data, source="oulad"))
            for line in lines(home, asked.train, asked.test, asked.days, one_a_day=asked.one_a_day):
                print(json.dumps(line), flush=True)
        except UserError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        finally:
            home.close()
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Skill on the Open University dataset.")
    parser.add_argument("--data", type=Path, required=True, help="folder with anonymisedData.zip")
    parser.add_argument("--train", default="2013B", type=_presentations, help="presentations to train on, by comma")
    parser.add_argument("--test", default="2014B", type=_presentations, help="presentations to test on, by comma")
    parser.add_argument("--days", default="34,64,94,124", type=_days, help="days of the presentation, by comma")
    parser.add_argument("--one-a-day", action="store_true", help="also a model for each day alone")
    return parser.parse_args(arguments)


def _presentations(text: str) -> list[Presentation]:
    for code in text.split(","):
        if not re.fullmatch(r"[0-9]{4}[BJ]", code):
            raise argparse.ArgumentTypeError(f"'{code}' is no presentation; write its year and B or J, such as 2013B")
    return [Presentation(code=code) for code in text.split(",")]


def _days(text: str) -> list[int]:
    if not re.fullmatch(r"[0-9]{1,3}(,[0-9]{1,3})*", text):
        raise argparse.ArgumentTypeError(f"'{text}' are no days; write whole numbers by comma, such as 34,64")
    return [int(day) for day in text.split(",")]


def lines(
    home: DataHome,
    train: Sequence[Presentation],
    test: Sequence[Presentation],
    days: Sequence[int],
    *,
    one_a_day: bool = False,
) -> Iterator[Line]:
    """One line for each day: figures of all lists on all test presentations together."""
    as_ofs = sorted({p.morning_after(day) for p in (*train, *test) for day in days})
    codes = [row.code for row in institutions(home.database)]
    panel = build_panel(home, codes, horizon=NEXT_COUNT, known_until=date(2100, 1, 1), actor="benchmark", as_ofs=as_ofs)
    _require_students(panel, (*train, *test), days)
    training = _of(panel, train, days)
    bag = fit_bag(training, NEXT_COUNT)
    entrants = {ZERODROP: _entrant(bag.model)} | simple_entrants(training)
    closes = max(_closing_days(home, training))
    for day in days:
        own: dict[str, Entrant] = {}
        if one_a_day:
            own[ONE_A_DAY] = _entrant(fit_bag(_of(panel, train, [day]), NEXT_COUNT).model)
        contest = _contest(_of(panel, test, [day]), entrants | own)
        week = contest.rounds[0].week
        yield {
            "benchmark": "oulad",
            "train": [p.code for p in train],
            "test": [p.code for p in test],
            "forward": all(closes < p.morning_after(day) for p in test),
            "day": day,
            "rows": len(week.left),
            "base_rate": round(float(week.left.mean()), 6),
            **_judged(contest, float(np.mean(training.matrix()[1]))),
            "seeds": [_rounded(seed) for seed in _seeds(bag, contest)],
        }


def _entrant(model: RiskModel) -> Entrant:
    return lambda week: Ranked(score=model.scores(week.values), probability=model.probabilities(week.values))


def _require_students(panel: Panel, presentations: Sequence[Presentation], days: Sequence[int]) -> None:
    """A presentation or day without a student must not pass unseen: the line names what it was made from."""
    for presentation in presentations:
        for day in days:
            if not _of(panel, [presentation], [day]).weeks:
                raise UserError(
                    f"The data has no student of {presentation.code} still registered on day {day}. "
                    "Name presentations and days that are in it. · "
                    f"ในข้อมูลไม่มีนักเรียนของ {presentation.code} ที่ยังลงทะเบียนอยู่ในวันที่ {day} ระบุรุ่นและวันที่มีในข้อมูล"
                )


def _of(panel: Panel, presentations: Sequence[Presentation], days: Sequence[int]) -> Panel:
    """The rows of students in these presentations on the mornings after these days."""
    mornings = {(p.key, p.morning_after(day)) for p in presentations for day in days}
    weeks = []
    for week in panel.weeks:
        chosen = np.array([(term, week.as_of) in mornings for term in week.term], bool)
        if chosen.any():
            weeks.append(week.rows(chosen))
    return Panel(features=panel.features, weeks=tuple(weeks))


def _contest(test: Panel, entrants: Mapping[str, Entrant]) -> Contest:
    """One round of all modules together, in which every list is the top tenth; each entrant sees a module at a time."""
    weeks = [week.rows(~week.gone) for week in test.weeks]
    week = _together(weeks)
    lists = {name: _joined([entrant(one) for one in weeks]) for name, entrant in entrants.items()}
    one = Round(
        institution=week.institution, as_of=week.as_of, term=term_of(week), week=week,
        capacity=-(-len(week.left) * DEFAULT_PERCENT // 100), capacity_is_default=True,
        ties=np.array([_tie(int(person), week.as_of) for person in week.person]), gone=0, lists=lists,
    )  # fmt: skip
    return Contest(rounds=(one,), names=tuple(entrants))


def _joined(parts: Sequence[Ranked]) -> Ranked:
    told = [part.probability for part in parts if part.probability is not None]
    probability = np.concatenate(told) if len(told) == len(parts) else None
    return Ranked(score=np.concatenate([part.score for part in parts]), probability=probability)


def _together(weeks: Sequence[Week]) -> Week:
    """The rows of all modules as one week; whose cohort they are is nobody's question any more."""
    return replace(
        weeks[0],
        student=np.concatenate([week.student for week in weeks]),
        person=np.concatenate([week.person for week in weeks]),
        term=[term for week in weeks for term in week.term],
        group=np.concatenate([week.group for week in weeks]),
        values=np.concatenate([week.values for week in weeks]),
        left=np.concatenate([week.left for week in weeks]),
        strict=np.concatenate([week.strict for week in weeks]),
        gone=np.concatenate([week.gone for week in weeks]),
        institution="+".join(week.institution for week in weeks),
    )


def _closing_days(home: DataHome, training: Panel) -> list[date]:
    from records.access import open_log
    from records.tables import CALENDAR

    terms = {(week.institution, term) for week in training.weeks for term in set(week.term)}
    found = []
    for institution, (year, term) in terms:
        rows = open_log(home, institution, actor="benchmark", purpose="closing days").rows(CALENDAR).to_pylist()
        found.append(max(row["happened_on"] for row in rows if (row["academic_year"], row["term"]) == (year, term)))
    return found


def _judged(contest: Contest, base_rate: float) -> Line:
    found = judged(contest, base_rate=base_rate)
    named = {_ENDURING_NAME.get(name, name): _named(found[name]) for name in _in_order(contest)}
    return {
        "models": {name: {word: _rounded(one.value) for word, one in own.items()} for name, own in named.items()},
        "intervals": {name: {word: _bounds(one) for word, one in own.items()} for name, own in named.items()},
        "beyond_best_simple": _beyond_best_simple(contest, found),
    }


def _in_order(contest: Contest) -> list[str]:
    known = [name for name in (ZERODROP, *_SIMPLE) if name in contest.names]
    return [*known, *(name for name in contest.names if name not in known)]


def _named(found: ListFigures) -> dict[str, Interval]:
    tenth = found.at[AT_CAPACITY]
    return {
        "auc": found.auc,
        "average_precision": found.average_precision,
        "precision_at_10": tenth.precision,
        "recall_at_10": tenth.recall,
        "brier": found.brier,
        "ece": found.ece,
        "observed_expected": found.observed_expected,
    }


def _beyond_best_simple(contest: Contest, found: Mapping[str, ListFigures]) -> Line:
    """Paired: both lists meet the same people in every draw."""
    best = max(SIMPLE, key=lambda name: found[name].auc.value)
    resampled = person_weights(contest)
    differ = drawn_auc(contest, ZERODROP, resampled) - drawn_auc(contest, best, resampled)
    leavers = people(contest, [one.week.left for one in contest.rounds])
    auc = interval(differ, told_by=leavers, resampled=resampled)
    return {"list": _ENDURING_NAME.get(best, best), "auc": _rounded(auc.value), "interval": _bounds(auc)}


def _seeds(bag: Bag, contest: Contest) -> list[float]:
    week, linear = contest.rounds[0].week, bag.model.linear
    return [float(roc_auc_score(week.left, margins(text, linear, week.values))) for text in bag.members]


def _bounds(found: Interval) -> list[float | None]:
    return [_rounded(found.low), _rounded(found.high)]


def _rounded(number: float) -> float | None:
    return None if np.isnan(number) else round(number, 6)


def _tie(person: int, as_of: date) -> float:
    """A hash with a fixed key: ties are broken alike on every run, and by no trait of the student."""
    digest = hashlib.blake2b(f"{person}|{as_of}".encode(), key=b"zerodrop benchmark", digest_size=8).digest()
    return float(int.from_bytes(digest, "big"))


if __name__ == "__main__":
    sys.exit(main())
