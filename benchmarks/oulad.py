"""Skill on the Open University dataset: one JSON line a day for zerodrop's model, logistic regression and absence rule.

    python -m benchmarks.oulad --data DIR --train 2013B --test 2014B --days 34,64,94,124

DIR is imported into a temporary data home through the ordinary intake. The label is "withdraws later in the
presentation" among students still registered at the day; a presentation's end is its next roster count. Models train on
the presentations named, on the mornings after the days named; the test presentations are only scored.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from models.baselines import AbsenceRule, Scorer, fit_logistic
from models.horizon import NEXT_COUNT
from records.errors import UserError
from records.home import DataHome, create_home
from records.intake.importing import ImportRequest, import_file
from records.intake.sources.oulad_files import TERM_OF, opens_on
from records.ledger import institutions
from records.settings import Settings
from training.evaluate import Figures, figures
from training.fit import fit_risk_model
from training.panel import Panel, Week, build_panel

_LISTED_PART = 10  # the list is the top tenth


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
            for line in lines(home, asked.train, asked.test, asked.days):
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
    home: DataHome, train: Sequence[Presentation], test: Sequence[Presentation], days: Sequence[int]
) -> list[dict[str, object]]:
    """One line for each day: figures of the three lists on all test presentations together."""
    as_ofs = sorted({p.morning_after(day) for p in (*train, *test) for day in days})
    codes = [row.code for row in institutions(home.database)]
    panel = build_panel(home, codes, horizon=NEXT_COUNT, known_until=date(2100, 1, 1), actor="benchmark", as_ofs=as_ofs)
    _require_students(panel, (*train, *test), days)
    training = _of(panel, train, days)
    values, left, _ = training.matrix()
    scorers: dict[str, Scorer] = {
        "zerodrop": fit_risk_model(training, NEXT_COUNT),
        "logistic": fit_logistic(values, left, panel.features),
        "absence_rule": AbsenceRule(features=panel.features),
    }
    closes = max(_closing_days(home, training))
    found = []
    for day in days:
        week = _together(_of(panel, test, [day]))
        found.append(
            {
                "benchmark": "oulad",
                "train": [p.code for p in train],
                "test": [p.code for p in test],
                "forward": all(closes < p.morning_after(day) for p in test),
                "day": day,
                "rows": len(week.left),
                "base_rate": round(float(week.left.mean()), 6),
                "models": {name: _line(week, scorer) for name, scorer in scorers.items()},
            }
        )
    return found


def _require_students(panel: Panel, presentations: Sequence[Presentation], days: Sequence[int]) -> None:
    """A presentation or day without a student must not pass unseen: the line names what it was made from."""
    for presentation in presentations:
        for day in days:
            if not _of(panel, [presentation], [day]).weeks:
                raise UserError(
                    f"The data has no student of {presentation.code} still registered on day {day}. "
                    "Name presentations and days that are in it."
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


def _together(panel: Panel) -> Week:
    first = panel.weeks[0]
    return replace(
        first,
        student=np.concatenate([week.student for week in panel.weeks]),
        person=np.concatenate([week.person for week in panel.weeks]),
        values=np.concatenate([week.values for week in panel.weeks]),
        left=np.concatenate([week.left for week in panel.weeks]),
        institution="+".join(week.institution for week in panel.weeks),
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


def _line(week: Week, scorer: Scorer) -> dict[str, float | None]:
    listed = -(-len(week.left) // _LISTED_PART)
    ties = np.array([_tie(int(person), week.as_of) for person in week.person])
    scores, probabilities = scorer.scores(week.values), scorer.probabilities(week.values)
    said: Figures = figures(week.left, scores, probabilities, listed=listed, ties=ties)
    named = {
        "auc": said.auc,
        "average_precision": said.average_precision,
        "precision_at_10": said.precision,
        "recall_at_10": said.recall,
        "brier": said.brier,
        "ece": said.ece,
        "observed_expected": said.observed_expected,
    }
    return {name: None if np.isnan(value) else round(float(value), 6) for name, value in named.items()}


def _tie(person: int, as_of: date) -> float:
    """A hash with a fixed key: ties are broken alike on every run, and by no trait of the student."""
    digest = hashlib.blake2b(f"{person}|{as_of}".encode(), key=b"zerodrop benchmark", digest_size=8).digest()
    return float(int.from_bytes(digest, "big"))


if __name__ == "__main__":
    sys.exit(main())
