"""What each domain adds, what the monotone constraints cost, and what a place without a past loses: one seed each.

Every model here has the same rows, the same split (the newest test term) and the same seed, so that a difference comes
from what was changed; figures of one seed and fewer rows are not those of the bag.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Domain, Risk
from models import explain
from models.risk_model import SEEDS
from models.tables import compile_tables
from models.trees import read_trees
from records.home import DataHome
from training.contest import Contest, Entrant, Ranked, hold
from training.evidence import SourceValue
from training.fit import LEAST_LEAVERS, Form, leavers_of, parts
from training.intervals import Resampled, drawn_auc, drawn_auc_within, gain, interval, people, person_weights
from training.panel import Week
from training.sampling import Rows, training_rows
from training.side_by_side import side_by_side
from training.splits import Split, leaving_one_out

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MOST_QUIET = 20_000
DRAWS = 300
_ALL, _FREE = "everything", "no constraints"
CONSTRAINTS, COLD_START = "monotone constraints", "no past of one's own"


def sources(home: DataHome, split: Split, form: Form, *, today: date) -> tuple[tuple[SourceValue, ...], SourceValue]:
    """What is lost without each domain, and what is lost by the constraints (negative where they help)."""
    features = split.training.features
    rows = training_rows(split.training, most_quiet=MOST_QUIET)
    asked = _domains(features)
    everything = np.arange(len(features))
    ways: dict[str, tuple[Sequence[Feature], Ints]] = {
        _ALL: (features, everything),
        _FREE: ([replace(one, risk=Risk.EITHER) for one in features], everything),
        **{domain.value: (features, _without(features, domain)) for domain in asked},
    }
    with side_by_side() as pool:
        entrants = dict(
            zip(ways, pool.map(lambda way: _entrant(rows, way[0], way[1], form), ways.values()), strict=True)
        )
    found = _Differences.of(hold(home, split.test, entrants, today=today))
    lost = tuple(found.lost(one.value, with_it=_ALL, without=one.value) for one in asked)
    return lost, found.lost(CONSTRAINTS, with_it=_FREE, without=_ALL)


def _without(features: Sequence[Feature], domain: Domain) -> Ints:
    return np.array([place for place, one in enumerate(features) if one.domain is not domain], np.int64)


def cold_start(home: DataHome, split: Split, form: Form, *, today: date) -> SourceValue | None:
    """What is lost where an institution trains nothing itself; None where there are no others to learn from.

    Each institution is listed by a model that saw only the others, beside one that saw all; left out is one whose others
    have too few leavers to train a model. Margins of different models are not compared: the AUC is that within each
    institution, weighted by its leavers.
    """
    apart = {place: one for place, one in leaving_one_out(split) if leavers_of(one.training) >= LEAST_LEAVERS}
    if not apart:
        return None
    features, everywhere = split.training.features, np.arange(len(split.training.features))
    rows = training_rows(split.training, most_quiet=MOST_QUIET)

    def without(one: Split) -> Entrant:
        return _entrant(training_rows(one.training, most_quiet=MOST_QUIET), features, everywhere, form)

    with side_by_side() as pool:
        own = dict(zip(apart, pool.map(without, apart.values()), strict=True))
    test = split.test.of(lambda week: week.institution in own)
    both = {_ALL: _entrant(rows, features, everywhere, form), COLD_START: _of_each(own)}
    contest = hold(home, test, both, today=today)
    return _Differences.of(contest, drawn_auc_within).lost(COLD_START, with_it=_ALL, without=COLD_START)


def _of_each(own: Mapping[str, Entrant]) -> Entrant:
    return lambda week: own[week.institution](week)


def _domains(features: Sequence[Feature]) -> list[Domain]:
    asked = {one.domain for one in features}
    return [domain for domain in Domain if domain in asked]


def _entrant(rows: Rows, features: Sequence[Feature], kept: Ints, form: Form) -> Entrant:
    """A model of one seed on some of the columns."""
    some = replace(rows, values=rows.values[:, kept])
    [text], linear = parts(some, [features[place] for place in kept], form=form, seeds=SEEDS[:1])
    tables = compile_tables(read_trees(text))  # a term of weeks repays them

    def ranked(week: Week) -> Ranked:
        return Ranked(score=explain.margins(tables, week.values[:, kept], linear), probability=None)

    return ranked


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Differences:
    """The AUC of every list of a contest in every draw, each worked out once."""

    contest: Contest
    resampled: Resampled
    auc: Mapping[str, Floats]
    leavers: int

    @classmethod
    def of(cls, contest: Contest, auc: Callable[[Contest, str, Resampled], Floats] = drawn_auc) -> "_Differences":
        resampled = person_weights(contest, DRAWS)
        drawn = {name: auc(contest, name, resampled) for name in contest.names}
        leavers = people(contest, [one.week.left for one in contest.rounds])
        return cls(contest=contest, resampled=resampled, auc=drawn, leavers=leavers)

    def lost(self, name: str, *, with_it: str, without: str) -> SourceValue:
        differ = self.auc[with_it] - self.auc[without]
        return SourceValue(
            name=name,
            auc_lost=interval(differ, told_by=self.leavers, resampled=self.resampled),
            reached_lost_per_week=gain(self.contest, with_it, without, listed=lambda one: one.capacity),
        )
