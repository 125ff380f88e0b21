"""Splits: always forward in time, by term, and never on anything that was known after training; or by institution.

A term is tested by what could have been trained when it opened: the weeks before it whose outcomes were settled by
then, with the labels as known then. So a student-week after the training date is in no training, and neither is a
label that came later. A student may be in the terms before and in the test term, as they are when a model serves; how
many are is reported (`students_also_trained`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from features.cohort import day_number
from models.horizon import Horizon
from records.codes import SUMMER_TERM
from training.panel import Panel, TermKey, Week

TEST_TERMS = 2
"""The newest closed terms are the tests: of a year with two terms both kinds, which lose students at different rates."""


def term_of(week: Week) -> TermKey:
    """The term that most of a week's students are in."""
    return max(set(week.term), key=week.term.count)


def terms_of(panel: Panel) -> list[TermKey]:
    """The terms of a panel in order of their first week."""
    first: dict[TermKey, int] = {}
    for week in panel.weeks:
        key = term_of(week)
        first[key] = min(first.get(key, week.as_of.toordinal()), week.as_of.toordinal())
    return sorted(first, key=lambda key: first[key])


def of_terms(panel: Panel, terms: Collection[TermKey]) -> Panel:
    """The weeks of some terms."""
    return panel.of(lambda week: term_of(week) in terms)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Split:
    """A closed term and what could have been trained when it opened; both hold mature weeks alone."""

    term: TermKey
    opens: date
    training: Panel
    test: Panel


def forward_splits(panel: Panel, *, horizon: Horizon, known_until: date) -> tuple[Split, ...]:
    """A split for every closed term that had something to train on, oldest first: training grows from one to the next.

    A summer term is no test: most students skip it, and of the newest two terms both kinds shall be there. Its weeks train.
    """
    mature = panel.of(lambda week: week.mature)
    found = []
    for term in terms_of(mature):
        test = of_terms(mature, [term])
        if term[1] == SUMMER_TERM or not is_closed(test, known_until):
            continue
        opens = _told_by(panel, opening(panel, term))
        if opens is None:
            continue
        training = trained_then(panel, opens, horizon)
        if training.weeks:
            found.append(Split(term=term, opens=opens, training=training, test=test))
    return tuple(found)


def is_closed(test: Panel, known_until: date) -> bool:
    """Whether the calendar's last day of the term lies before `known_until`, at every institution."""
    return all(_closes(week) < day_number(known_until) for week in test.weeks)


def _closes(week: Week) -> int:
    own = term_of(week)
    return max(span.closes for span in week.cohort.terms if (span.academic_year, span.term) == own)


def _told_by(panel: Panel, first: date) -> date | None:
    """The newest day of which it is known who had left, by the first week of a term; None where there is none.

    It is the Monday of the term's first teaching day. The first week with rows is a later one where the term opens on a
    Friday, or where its calendar came in late.
    """
    return max((day for day in panel.known if day <= first), default=None)


def opening(panel: Panel, term: TermKey) -> date:
    """The first as-of day of a term, over all institutions."""
    return min(week.as_of for week in panel.weeks if term_of(week) == term)


def trained_then(panel: Panel, opens: date, horizon: Horizon) -> Panel:
    """The weeks before a term that were mature when it opened, labelled as known then."""
    return panel.known_on(opens, horizon).of(lambda week: week.mature)


def leaving_one_out(split: Split) -> Iterator[tuple[str, Split]]:
    """For each institution the split in which it trains nothing and is all that is tested: a place without a past."""
    places = {week.institution for week in split.test.weeks}
    for place in sorted(places) if len(places) > 1 else ():
        training = _of_places(split.training, places - {place})
        if training.weeks:
            yield place, replace(split, training=training, test=_of_places(split.test, {place}))


def _of_places(panel: Panel, institutions: Collection[str]) -> Panel:
    return panel.of(lambda week: week.institution in institutions)


def persons_of(panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The persons of a panel, without those who were gone."""
    if not panel.weeks:
        return np.zeros(0, np.int64)
    return np.unique(np.concatenate([week.person[~week.gone] for week in panel.weeks]))
