"""The model or a simple list: decided on the newest two closed terms, against the list that did best before them.

The opponent is chosen on earlier terms, so that it owes nothing to the luck of the terms that decide; where there are
none, on the deciding ones, and evidence says so. "Reached" are
the leavers among the rows that each institution could really visit that week.
"""

from dataclasses import replace

import numpy as np

from records.suppression import suppressed
from training.contest import Contest, Round
from training.entrants import ABC_FLAGS, ABSENCES, GROUP_MEAN, INSTITUTION_MEAN, SCREENING
from training.evidence import MODEL, Gain, InstitutionFinding
from training.intervals import gain, resampled_by

SIMPLE_LISTS = (ABSENCES, ABC_FLAGS, GROUP_MEAN, INSTITUTION_MEAN, SCREENING)
"""What a college could keep by hand; the first wins a tie. Logistic regression and the forest learn, as the model does
(TR305 asks about the former), and nobody would keep a lottery."""
SHOWN_INSTEAD = ABSENCES
"""What the service shows where the model is not chosen: the one simple list that it can make and explain."""
LEAST_LEAVERS = 100
"""With fewer leavers in the deciding terms an institution cannot show a gain by itself: it is judged with its group."""


def opponent(earlier: Contest | None, deciding: Contest) -> tuple[str, bool]:
    """The list to beat, and whether it was chosen on earlier terms.

    Without one it is that which did best on the deciding terms: that is harder for the model, never easier.
    """
    if earlier and earlier.rounds:
        return best_simple(earlier), True
    return best_simple(deciding), False


def best_simple(contest: Contest) -> str:
    """The simple list that reached most leavers at real capacity over these rounds.

    Raises ValueError for a contest without a simple list.
    """
    competing = [name for name in SIMPLE_LISTS if name in contest.names]
    if not competing:
        raise ValueError("a contest has at least one simple list")
    return max(competing, key=lambda name: sum(_reached(one, name) for one in contest.rounds))


def _reached(one: Round, name: str) -> int:
    return int(one.week.left[one.listed(name, one.capacity)].sum())


def decide(contest: Contest, against: str) -> tuple[Gain, tuple[InstitutionFinding, ...]]:
    """The gain of the model beyond `against` over the newest two closed terms together, and what it means at each place."""
    group = _gain(contest, against)
    found = [_finding(contest, code, group) for code in contest.institutions]
    leavers = [one.leavers or 0 for one in found]
    hidden = suppressed(leavers) if len(found) > 1 else [False] * len(found)
    return group, tuple(_without_leavers(one) if small else one for one, small in zip(found, hidden, strict=True))


def _without_leavers(found: InstitutionFinding) -> InstitutionFinding:
    """The card of a group is read at every institution of it: nobody outside is told of so few."""
    return replace(found, leavers=None, gain=replace(found.gain, leavers=None))


def gains(contest: Contest) -> tuple[Gain, ...]:
    """The gain of the model beyond every list beside it."""
    return tuple(_gain(contest, name) for name in contest.names if name != MODEL)


def _gain(contest: Contest, against: str) -> Gain:
    return Gain(
        against=against,
        per_week=gain(contest, MODEL, against, listed=_at_capacity),
        leavers=_people(contest, leaving=True),
        by=resampled_by(contest),
    )


def _at_capacity(one: Round) -> int:
    return one.capacity


def _people(contest: Contest, *, leaving: bool) -> int:
    """How many students there are, or only those who left."""
    weeks = [one.week for one in contest.rounds]
    persons = [week.person[week.left] if leaving else week.person for week in weeks]
    return len(np.unique(np.concatenate(persons))) if persons else 0


def _finding(contest: Contest, institution: str, group: Gain) -> InstitutionFinding:
    own = contest.of(lambda one: one.institution == institution)
    here, leavers = _gain(own, group.against), _people(own, leaving=True)
    with_group = leavers < LEAST_LEAVERS
    worse = here.per_week.high < 0
    proven = group if with_group else here
    # A bound that cannot be told (NaN) proves nothing: the simple list stays.
    served_by_model = proven.per_week.low > 0 and not worse
    return InstitutionFinding(
        institution=institution,
        students=_people(own, leaving=False),
        leavers=leavers,
        judged_with_group=with_group,
        gain=here,
        clearly_worse=worse,
        chosen=MODEL if served_by_model else SHOWN_INSTEAD,
    )
