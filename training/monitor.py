"""Monitoring after promotion: what the published lists said beside what became known since, week by week.

Everything is made again from stored publications and the log, and each week from what was known by then; a row is
stored for each week and institution, and for the group where several are monitored together. Rows of weeks whose scores
were deleted stay as they are, and the chart of the others begins with the oldest list that has its scores.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE
from features.closed import marks_of_open_days
from features.cohort import Cohort, NobodyEnrolled, day_number, term_spans
from features.lag import lags_of, sources_in_operation
from features.snapshot import features
from features.state import Replay, State
from models.bundle import Bundle, read_bundle
from models.horizon import HORIZONS
from records import ledger
from records.access import open_log
from records.codes import ATTENDANCE_STATUSES
from records.errors import ModelRefused
from records.home import DataHome
from records.lists import EVERY_INSTITUTION, RULE_LIST
from records.log import EventLog
from records.monitoring import (
    INPUTS_MOVED,
    LIST_UNSTEADY,
    RECORDS_MISSING,
    MonitoredWeek,
    PublishedList,
    monitored_weeks,
    published_lists,
    store,
)
from training.control_chart import PastWeeks, monday_of
from training.input_drift import Drift, Histogram, drift, histogram, together
from training.monitor_chart import Charted, Lesson, Watched, of_group, with_chart
from training.outcome import labels, outcomes
from training.panel import mondays
from training.tellings import SeenWeek, Tellings, past_weeks, tellings

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Progress = Callable[[str, int], None]

LEAST_STAYING = 0.6
"""Of last week's high band, mean of UNSTEADY_WEEKS: training aims at 0.8, and a single week may hold a roster or results."""
UNSTEADY_WEEKS = 4
SETTLING_WEEKS = 4
"""Of a term: little is known of anybody yet, and each week says much that is new."""
MISSING_FALL = 0.2
"""Of a domain's completeness against the median of the same week in earlier years."""
RECENT_DAYS = 5
_SEEN = np.array([ATTENDANCE_STATUSES.position(status) + 1 for status in ("P", "L", "E", "O", "I")])


@dataclass(frozen=True, kw_only=True)
class Look:
    """A Monday looked back on: who was there, how complete the records were, and the bins of each model's features.

    `teaches` is false where all days of the week turned out to be without lessons: of such a week nothing is charted,
    and nothing is learned.
    """

    week: SeenWeek
    teaches: bool
    completeness: dict[str, float]
    bins: dict[str, Histogram]


def monitor(
    home: DataHome,
    institutions: Sequence[str],
    *,
    today: date,
    actor: str,
    progress: Progress = lambda step, rows: None,
) -> dict[str, list[MonitoredWeek]]:
    """The weeks of each institution that has lists, by code, and of the group under EVERY_INSTITUTION; stored as well."""
    watched = {code: look_back(home, code, today, actor, progress) for code in institutions}
    held = {code: one for code, one in watched.items() if one is not None}
    found = {code: with_chart(one.weeks, [one], today) for code, one in held.items()}
    if len(held) > 1:
        found[EVERY_INSTITUTION] = with_chart(
            of_group([one.weeks for one in held.values()]), list(held.values()), today
        )
    for code, weeks in found.items():
        of_code = [held[code]] if code in held else held.values()
        found[code] = _with_kept(home, code, weeks, {day for one in of_code for day in one.pruned})
        store(home.database, code, found[code])
    return found


def unread_models(home: DataHome, found: Mapping[str, Sequence[MonitoredWeek]]) -> list[str]:
    """Digests of lists whose model cannot be read: the drift of those weeks is not known."""
    digests = {week.model_digest for code, weeks in found.items() if code != EVERY_INSTITUTION for week in weeks}
    return sorted(digests - {RULE_LIST} - set(_bundles(home, digests)))


def _bundles(home: DataHome, digests: Set[str]) -> dict[str, Bundle]:
    """Those that can be read. They serve drift alone, so one of another catalogue, or damaged, stops nothing."""
    found = {}
    for digest in sorted(digests - {RULE_LIST}):
        with suppress(ModelRefused):
            found[digest] = read_bundle(home.models, digest)
    return found


def _with_kept(home: DataHome, code: str, weeks: list[MonitoredWeek], pruned: set[date]) -> list[MonitoredWeek]:
    """Weeks whose scores were deleted, their time being over, stay as they were found while there were any."""
    if not pruned:
        return weeks
    rows = {week.as_of: week for week in weeks}
    with home.database.read() as session:
        before = [week for week in monitored_weeks(session, code) if week.as_of <= max(pruned)]
    rows |= {week.as_of: week for week in before if week.as_of in pruned or week.as_of not in rows}
    return [rows[day] for day in sorted(rows)]


# One institution


def look_back(home: DataHome, code: str, today: date, actor: str, progress: Progress) -> Watched | None:
    with home.database.read() as session:
        lists = published_lists(session, code, today)
    if not lists:
        return None
    log = open_log(home, code, actor=actor, purpose="monitoring")
    bundles = _bundles(home, {one.model_digest for one in lists})
    looks = _looks(log, today, {one.as_of for one in lists}, bundles, progress)
    lists = [one for one in lists if one.as_of in looks]
    if not lists:
        return None
    told = tellings(log, _every_monday(min(looks), today))
    settled = _settled(log, lists, looks, today)
    weeks = [_week(code, one, looks, bundles) for one in lists]
    weeks = [replace(week, **settled.get(week.as_of, {})) for week in _with_churn(weeks, lists, looks)]
    weeks[-1] = replace(weeks[-1], lags=_lags(home, log, today))
    charted = [
        _charted(one, looks[one.as_of], told)
        for one in lists
        if looks[one.as_of].teaches and np.isfinite(one.probability).any()
    ]
    past = {lesson: _past(log, looks, told, lesson) for lesson in {one.lesson for one in charted}}
    return Watched(weeks=weeks, charted=charted, past=past, pruned=frozenset(one.as_of for one in lists if one.pruned))


def _every_monday(first: date, today: date) -> list[date]:
    """Breaks included: leavings are told then too."""
    return [first + timedelta(weeks=n) for n in range((today - first).days // 7 + 1)]


def _looks(
    log: EventLog, today: date, listed: Set[date], bundles: dict[str, Bundle], progress: Progress
) -> dict[date, Look]:
    """Every Monday of teaching or with a list, in one pass over the log: a week may be closed after its list was made."""
    forward, teaching = Replay(log), set(mondays(log, today + timedelta(days=1)))
    found = {}
    for monday in sorted(teaching | listed):
        state = forward.advance(monday)
        try:
            found[monday] = _look(state, monday, monday in teaching, bundles)
        except NobodyEnrolled:  # before the first roster, or everybody was erased since
            continue
        progress("weeks", len(found[monday].week.seen))
    return found


def _look(state: State, monday: date, teaches: bool, bundles: dict[str, Bundle]) -> Look:
    snapshot = features(state, monday)
    today = day_number(monday)
    span = [span for span in term_spans(state) if span.opens < today + 7][-1]
    return Look(
        week=SeenWeek(
            monday=monday,
            cohort=snapshot.cohort,
            seen=_seen(state, snapshot.cohort, span.opens),
            term=(span.academic_year, span.term),
            position=100 * span.term + 1 + (today - monday_of(span.opens)) // 7,
        ),
        teaches=teaches,
        completeness={domain.value: round(float(part.mean()), 4) for domain, part in snapshot.completeness.items()},
        bins={digest: histogram(one.model.tables.binning, snapshot.values) for digest, one in bundles.items()},
    )


def _seen(state: State, who: Cohort, opens: int) -> Flags:
    """Who was there on one of the last RECENT_DAYS of the term that have records; everybody where there are none."""
    marks = marks_of_open_days(state, max(opens, who.today - 28), who.today, who.student)
    recent = marks[marks.any(axis=1)][-RECENT_DAYS:]
    if not len(recent):
        return np.ones(len(who.student), bool)
    return np.asarray(np.isin(recent, _SEEN).any(axis=0), bool)


def _settled(log: EventLog, lists: Sequence[PublishedList], looks: dict[date, Look], today: date) -> dict[date, Any]:
    """Of each list whose outcome is settled: the sum of its probabilities and who left, without who had gone before."""
    now = outcomes(log, today)
    found = {}
    for one in lists:
        who = looks[one.as_of].week.cohort
        said = labels(now, who, HORIZONS[one.horizon])
        if not said.mature or not np.isfinite(one.probability).any():
            continue
        scored = _probabilities(one, who.student)
        counted = np.isfinite(scored) & ~said.gone
        found[one.as_of] = {
            "settled_expected": round(float(scored[counted].sum()), 3),
            "settled_observed": int(said.left[counted].sum()),
        }
    return found


def _probabilities(published: PublishedList, students: npt.NDArray[np.int64]) -> Floats:
    """The published probability of each of these students, NaN for who was not scored."""
    place = np.searchsorted(published.student, students)
    student, probability = (
        np.append(published.student, -1),
        np.append(published.probability, np.nan),
    )  # nobody comes last
    return np.where(student[place] == students, probability[place], np.nan)


def _charted(published: PublishedList, look: Look, told: Tellings) -> Charted:
    scored = _probabilities(published, look.week.cohort.student)
    counted = np.isfinite(scored) & look.week.seen
    return Charted(
        monday=day_number(published.as_of),
        position=look.week.position,
        term=look.week.term,
        horizon=published.horizon,
        mass=float(scored[counted].sum()),
        told=look.week.told(told, np.isfinite(scored)),
    )


def _past(log: EventLog, looks: dict[date, Look], told: Tellings, lesson: Lesson) -> PastWeeks:
    """What the weeks before a term teach, as was known on its first Monday: so its chart is never written anew."""
    term, horizon = lesson
    opening = min(monday for monday, look in looks.items() if look.week.term == term)
    earlier = [look.week for monday, look in looks.items() if monday < opening and look.teaches]
    return past_weeks(earlier, told, outcomes(log, opening), HORIZONS[horizon], opening)


def _week(code: str, published: PublishedList, looks: dict[date, Look], bundles: dict[str, Bundle]) -> MonitoredWeek:
    look = looks[published.as_of]
    before = [
        other
        for monday, other in looks.items()
        if monday < published.as_of and other.week.position == look.week.position and other.week.term != look.week.term
    ]
    moved = _moved(published.model_digest, look, before, bundles)
    alerts = [INPUTS_MOVED] if moved is not None and moved.alarms else []
    alerts += [RECORDS_MISSING] if _fell(look, before) else []
    return MonitoredWeek(
        institution=code,
        as_of=published.as_of,
        model_digest=published.model_digest,
        students=len(published.student),
        expected=None,
        observed=None,
        up=None,
        down=None,
        threshold=None,
        settled_expected=None,
        settled_observed=None,
        alerts=alerts,
        completeness=look.completeness,
        lags=[],
        staying=None,
        drift=None if moved is None else round(moved.index, 4),
        drifted=[] if moved is None else list(moved.features),
    )


def _moved(digest: str, look: Look, before: Sequence[Look], bundles: dict[str, Bundle]) -> Drift | None:
    if digest not in bundles or not before:
        return None
    names = tuple(feature.name for feature in CATALOGUE)
    then = together([other.bins[digest] for other in before])
    return drift(then, look.bins[digest], bundles[digest].weight, names)


def _fell(look: Look, before: Sequence[Look]) -> bool:
    usual = {
        domain: float(np.median([other.completeness[domain] for other in before])) if before else 0.0
        for domain in look.completeness
    }
    return any(usual[domain] - part >= MISSING_FALL for domain, part in look.completeness.items())


def _with_churn(
    weeks: list[MonitoredWeek], lists: Sequence[PublishedList], looks: dict[date, Look]
) -> list[MonitoredWeek]:
    staying: list[float | None] = [None]
    for before, after in pairwise(lists):
        high = before.student[before.high]
        next_week = (after.as_of - before.as_of).days == 7 and len(high) > 0
        staying.append(round(float(np.isin(high, after.student[after.high]).mean()), 4) if next_week else None)
    found = []
    for place, week in enumerate(weeks):
        recent = [
            part
            for one, part in zip(lists[: place + 1], staying, strict=False)
            if part is not None and looks[one.as_of].week.position % 100 > SETTLING_WEEKS
        ][-UNSTEADY_WEEKS:]
        unsteady = len(recent) == UNSTEADY_WEEKS and sum(recent) / len(recent) < LEAST_STAYING
        alerts = [*week.alerts, *([LIST_UNSTEADY] if unsteady else [])]
        found.append(replace(week, staying=staying[place], alerts=alerts))
    return found


def _lags(home: DataHome, log: EventLog, today: date) -> list[dict[str, Any]]:
    sources = sources_in_operation(ledger.batches(home.database, log.institution))
    return [
        {
            "source": lag.source, "table": lag.table, "median_days": lag.median_days,
            "nine_in_ten_days": lag.nine_in_ten_days, "silent_days": lag.silent_days, "stale": lag.stale,
        }
        for lag in lags_of(log, sources, None, today)
    ]  # fmt: skip
