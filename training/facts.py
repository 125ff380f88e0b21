"""What was trained on and tested on, counted: the plain facts at the head of a card."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from records import ledger
from records.clock import BANGKOK
from records.home import DataHome
from training.backtest import Tested
from training.contest import Contest
from training.evidence import TestFacts, TrainingFacts
from training.panel import Panel, TermKey
from training.sampling import training_rows
from training.splits import persons_of, terms_of


def shown(key: TermKey) -> str:
    """A term as people write it: '1/2567'."""
    return f"{key[1]}/{key[0] + 543}"


def training_facts(
    home: DataHome, panel: Panel, mature: Panel, institutions: Sequence[str], today: date
) -> TrainingFacts:
    """Of the model in use; rows and shares count every student-week, also those that sampling left out."""
    here = [week.rows(~week.gone) for week in mature.weeks]
    rows = sum(float(week.weights.sum()) for week in here)
    history = _rows_before(home, mature, institutions)
    return TrainingFacts(
        institutions=tuple(institutions),
        terms=tuple(shown(key) for key in terms_of(mature)),
        rows=round(rows),
        kept_rows=len(training_rows(mature).left),
        leavers=len(np.unique(np.concatenate([week.person[week.left] for week in here]))),
        base_rate=base_rate(mature),
        strict_base_rate=sum(float(week.weights[week.strict].sum()) for week in here) / rows,
        gone_rows=sum(int(week.gone.sum()) for week in mature.weeks),
        immature_weeks=_immature_weeks(panel),
        reconstructed_rows=sum(ledger.reconstructed_rows(home.database, code) for code in institutions),
        reconstructed_share=history / rows,
        newest_as_of=max(week.as_of for week in mature.weeks),
        trained_on=today,
    )


def base_rate(panel: Panel) -> float:
    """The share of leavers in its student-weeks, those too that sampling left out; whoever was gone is in none."""
    here = [week.rows(~week.gone) for week in panel.weeks]
    left = sum(float(week.weights[week.left].sum()) for week in here)
    return left / sum(float(week.weights.sum()) for week in here)


def _immature_weeks(panel: Panel) -> int:
    waiting = Counter(week.institution for week in panel.weeks if not week.mature)
    return max(waiting.values(), default=0)


def _rows_before(home: DataHome, mature: Panel, institutions: Sequence[str]) -> float:
    """Student-weeks of days before an institution's records came in as they happened: told by history alone."""
    since = {code: ledger.first_operational(home.database, code) for code in institutions}
    began = {code: moment.astimezone(BANGKOK).date() if moment else date.max for code, moment in since.items()}
    return sum(float(week.weights[~week.gone].sum()) for week in mature.weeks if week.as_of < began[week.institution])


def test_facts(contest: Contest, tested: Sequence[Tested]) -> TestFacts:
    """Of the rounds of the test terms together."""
    rounds = contest.rounds
    persons = np.concatenate([one.week.person for one in rounds])
    left = np.concatenate([one.week.left for one in rounds])
    both = [np.intersect1d(persons_of(one.split.training), persons_of(one.split.test)) for one in tested]
    return TestFacts(
        terms=tuple(shown(one.split.term) for one in tested),
        weeks=len(contest.days),
        skipped_weeks=sum(not any(rounds[place].week.left.any() for place in day) for day in contest.days.values()),
        rows=len(persons),
        students=len(np.unique(persons)),
        leavers=len(np.unique(persons[left])),
        gone_rows=sum(one.gone for one in rounds),
        students_also_trained=len(np.unique(np.concatenate(both))),
        capacity_is_default=any(one.capacity_is_default for one in rounds),
    )
