"""The forward backtest: the whole procedure as it would have run when each of the test terms opened.

The bag that was trained when a term opened is tested on that term, and is also what the next ones are calibrated by:
it predicted that term without having seen it. So trees are grown once for each opening, not once for each purpose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.horizon import Horizon
from models.risk_model import SEEDS, probability
from records.errors import ModelRefused
from training.contest import Ranked
from training.fit import Bag, Form, calibrated, grow, seen_before
from training.offset import institution_offsets
from training.panel import Panel, TermKey, Week
from training.side_by_side import side_by_side
from training.splits import TEST_TERMS, Split, of_terms, terms_of

CALIBRATING_TERMS = 2
"""The newest closed terms calibrate together, a year with both kinds of term: one term alone hands its own luck on.

Measured on a simulated college of 3,000 students, five terms one after the other, trees of one seed: leavers seen over
expected .81, 1.08, .75, 1.56, 1.33 with the newest term alone, .81, .91, .66, 1.23, 1.11 with the newest two (both before docs/adr/0029).
"""
CALIBRATING_SEEDS = 2
"""Of a bag that is only asked to predict the term after it."""
TESTED_SEEDS = 3
"""Of the bag that a test term judges; the bag in use has more, and is a little steadier than what was judged.

Measured on a simulated college of 1,200 students, two test terms, mean AUC by day: any three of five seeds .8235 to
.8254 and .8372 to .8383, all five .8246 and .8379; on another college of that size the interval was .076 wide.
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Candidate:
    """A calibrated bag and the offsets of small institutions."""

    bag: Bag
    offsets: Mapping[str, float]

    def entrant(self, week: Week) -> Ranked:
        """The list that serving would make: calibrated logits, with the institution's offset."""
        logits = self.bag.model.logits(week.values) + self.offsets.get(week.institution, 0.0)
        return Ranked(score=logits, probability=probability(logits))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Tested:
    """A test term with the model that was trained when it opened."""

    split: Split
    candidate: Candidate


class Procedure:
    """Bags by the term when whose first day they were trained; `splits`: all closed terms that had something to train on."""

    def __init__(
        self, splits: Sequence[Split], horizon: Horizon, form: Form, seeds: Sequence[int] | None = None
    ) -> None:
        self._splits = {split.term: split for split in splits}
        self._tests = list(self._splits)[-TEST_TERMS:]
        self._horizon = horizon
        self._form = form
        self._seeds = SEEDS if seeds is None else seeds
        self._grown: dict[TermKey, Bag | None] = {}

    def run(self, mature: Panel) -> tuple[tuple[Tested, ...], Candidate]:
        """The newest TEST_TERMS, oldest first, and the model in use, on every week whose outcome is known (`mature`).

        A term before which too little was known to train is left out. Raises ModelRefused where all weeks together
        have too few leavers.
        """
        trainings = [self._splits[test].training for test in self._tests]
        calibrating = [term for training in (*trainings, mature) for term in self._calibrating(training)]
        with side_by_side() as pool:  # seeds of several bags fill the machine evenly
            in_use = pool.submit(grow, mature, self._horizon, form=self._form, seeds=self._seeds)
            list(pool.map(self._before, dict.fromkeys([*self._tests, *calibrating])))
            final = pool.submit(self._calibrated, in_use.result(), mature)
            tested = [one for one in pool.map(self._test, self._tests) if one is not None]
            return tuple(tested), final.result()

    def _before(self, term: TermKey) -> Bag | None:
        """The bag trained when a term opened, not calibrated; None where nothing could be trained."""
        if term not in self._grown:
            seeds = self._seeds[: TESTED_SEEDS if term in self._tests else CALIBRATING_SEEDS]
            try:
                self._grown[term] = grow(self._splits[term].training, self._horizon, form=self._form, seeds=seeds)
            except ModelRefused:
                self._grown[term] = None
        return self._grown[term]

    def _test(self, term: TermKey) -> Tested | None:
        """None where nothing could be trained, or scores ordered nobody: nobody would have promoted it."""
        split, bag = self._splits[term], self._before(term)
        try:
            return None if bag is None else Tested(split=split, candidate=self._calibrated(bag, split.training))
        except ModelRefused:
            return None

    def _calibrated(self, bag: Bag, training: Panel) -> Candidate:
        terms = self._calibrating(training)
        earlier = {term: before for term in terms if (before := self._before(term)) is not None}
        done = calibrated(bag, training, earlier)
        if done.forward is None:
            return Candidate(bag=done, offsets={})
        forward = [(before.model, seen_before(of_terms(training, [term]), before)) for term, before in earlier.items()]
        return Candidate(bag=done, offsets=institution_offsets(done.forward, forward))

    def _calibrating(self, training: Panel) -> list[TermKey]:
        return [term for term in terms_of(training) if term in self._splits][-CALIBRATING_TERMS:]
