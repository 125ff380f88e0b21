"""The weekly run: fold what is known on a Monday, score, explain, make the list by capacity, publish it in one step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE, FINGERPRINT
from features.cohort import NobodyEnrolled, teaching_days
from features.rules import rules_of
from features.snapshot import Snapshot, features
from features.state import Replay, State
from models.bands import NO_ADVISOR, Bands, assign, must_see
from models.baselines import absence_contributions, absence_rule
from models.bundle import read_bundle
from models.horizon import LIST_HORIZON
from models.reasons import chosen, domain_sums
from models.risk_model import RiskModel, probability
from records import ledger, lists, staff
from records.access import open_log
from records.clock import start_of
from records.college import Capacity
from records.errors import ConfigurationGap
from records.home import DataHome
from records.lists import RULE_LIST, NewEntry, NewPublication, Published
from records.log import EventLog

Floats = npt.NDArray[np.float64]
_EXPLAINED_AT_ONCE = 20_000


@dataclass(frozen=True, kw_only=True)
class WeeklyReport:
    institution: str
    as_of: date
    publication: UUID
    outcome: Published
    model: str
    students: int
    high: int
    watch: int
    must_see: int
    capacity_is_default: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a list rests on beside the records and the staff's dated entries: as it stands now, or stood at publication.

    `high_before` are the numbers of the students who were `high` on the list before.
    """

    model_digest: str
    capacity: Capacity
    capacity_is_default: bool
    high_before: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Ordering scores and what each feature adds; `logit` is missing for the rule list, which has no probability."""

    scores: Floats
    contributions: Floats
    logit: Floats | None
    model_digest: str
    horizon: str
    bonus: float


def run_week(
    home: DataHome,
    institution: str,
    as_of: date,
    *,
    actor: str,
    progress: Callable[[str, int], None] = lambda step, rows: None,
) -> WeeklyReport:
    """Score every student enrolled on `as_of` and publish the list; running it again with the same records changes nothing.

    Raises ConfigurationGap when `as_of` is no Monday of a teaching week or nobody is enrolled.
    """
    new = build_list(home, institution, as_of, actor=actor, progress=progress)
    publication, outcome = lists.publish(home.database, new)
    return WeeklyReport(
        institution=institution,
        as_of=as_of,
        publication=publication,
        outcome=outcome,
        model=new.model_digest,
        students=len(new.entries),
        high=sum(entry.band == "high" for entry in new.entries),
        watch=sum(entry.band == "watch" for entry in new.entries),
        must_see=sum(bool(entry.must_see) for entry in new.entries),
        capacity_is_default=new.capacity_is_default,
    )


def build_list(
    home: DataHome, institution: str, as_of: date, *, actor: str, progress: Callable[[str, int], None]
) -> NewPublication:
    """The list of a week as the records known that morning give it; nothing is stored."""
    log = open_log(home, institution, actor=actor, purpose="weekly list")
    with home.database.read() as session:
        capacity, is_default = lists.capacity_on(session, institution, as_of)
        standing = Standing(
            model_digest=lists.champion(session, institution),
            capacity=capacity,
            capacity_is_default=is_default,
            high_before=frozenset(lists.listed_before(session, institution, as_of, "high")),
        )
    return list_of(home, log, as_of, standing, progress)


def list_of(
    home: DataHome, log: EventLog, as_of: date, standing: Standing, progress: Callable[[str, int], None]
) -> NewPublication:
    """The list of a week from one state of the log and what it rests on beside it; nothing is stored."""
    state = Replay(log).advance(as_of)
    snapshot = _snapshot(log, state, as_of)
    progress("features", len(snapshot.values))
    with home.database.read() as session:
        advisors = staff.advisors_by_group(session, log.institution, as_of)
    scored = _scored(home, standing.model_digest, snapshot)
    progress("scores", len(snapshot.values))
    bands = assign(
        scored.scores,
        listed_last_week=np.isin(snapshot.cohort.student, list(standing.high_before)),
        bonus=scored.bonus,
        advisor=_advisors(snapshot, advisors),
        ties=_ties(home, snapshot),
        visits_per_week=standing.capacity.visits_per_week,
        rows_per_advisor=standing.capacity.rows_per_advisor,
    )
    past_rules = must_see(snapshot.values, snapshot.features, rules_of(state), _recorded_days(state, snapshot))
    return NewPublication(
        institution=log.institution,
        as_of=as_of,
        model_digest=scored.model_digest,
        catalogue_fingerprint=FINGERPRINT,
        horizon=scored.horizon,
        known_until=start_of(as_of),
        ledger_number=log.ledger_number,
        capacity=standing.capacity,
        capacity_is_default=standing.capacity_is_default,
        entries=_entries(home, snapshot, scored, bands, past_rules),
    )


def _snapshot(log: EventLog, state: State, as_of: date) -> Snapshot:
    if as_of.weekday() != 0:
        raise ConfigurationGap(f"{as_of} is no Monday. Weekly lists are as of Monday: take {_monday_of(as_of)}.")
    _require_teaching_week(state, as_of)
    try:
        return features(state, as_of, institution=log.institution, ledger_number=log.ledger_number)
    except NobodyEnrolled as nobody:
        raise ConfigurationGap(str(nobody)) from None


def _monday_of(day: date) -> date:
    return date.fromordinal(day.toordinal() - day.weekday())


def _require_teaching_week(state: State, as_of: date) -> None:
    monday = np.datetime64(as_of, "D").astype(np.int64)
    days = teaching_days(state)
    if not ((days >= monday) & (days < monday + 7)).any():
        raise ConfigurationGap(
            f"The week of {as_of} has no teaching day in the calendar, so there is no list for it. "
            "If there is teaching, enter the term in the set-up workbook and run `zerodrop init` again."
        )


# Scores


def _scored(home: DataHome, digest: str, snapshot: Snapshot) -> Scored:
    if digest == RULE_LIST:
        return Scored(
            scores=absence_rule(snapshot.values, snapshot.features),
            contributions=absence_contributions(snapshot.values, snapshot.features),
            logit=None,
            model_digest=RULE_LIST,
            horizon=LIST_HORIZON.name,
            bonus=0.0,
        )
    model, bonus = read_bundle(home.models, digest)
    logits = model.logits(snapshot.values)
    return Scored(
        scores=logits,
        contributions=_contributions(model, snapshot.values),
        logit=logits,
        model_digest=digest,
        horizon=model.horizon.name,
        bonus=bonus,
    )


def _contributions(model: RiskModel, values: npt.NDArray[np.float32]) -> Floats:
    parts = range(0, len(values), _EXPLAINED_AT_ONCE)
    return np.concatenate([model.contributions(values[start : start + _EXPLAINED_AT_ONCE])[0] for start in parts])


def _advisors(snapshot: Snapshot, advisors: dict[str, UUID]) -> npt.NDArray[np.int64]:
    """A number for each student's advisor; NO_ADVISOR where the class group has none."""
    numbers = {account: number for number, account in enumerate(sorted(set(advisors.values())))}
    of_group = [numbers[advisors[group]] if group in advisors else NO_ADVISOR for group in snapshot.cohort.groups]
    return np.array(of_group, np.int64)[snapshot.cohort.group]


def _ties(home: DataHome, snapshot: Snapshot) -> npt.NDArray[np.uint64]:
    day = snapshot.as_of.isoformat()
    return np.array([home.vault.key.tie_break(int(student), day) for student in snapshot.cohort.student], np.uint64)


def _recorded_days(state: State, snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """Days recorded for each student in the term so far."""
    who = snapshot.cohort
    counted = np.zeros(len(who.student), np.int64)
    for opens in np.unique(who.opens):
        own = np.flatnonzero(who.opens == opens)
        counted[own] = (state.attendance.window(int(opens), who.today, who.student[own]) != 0).sum(axis=0)
    return counted


# Entries


def _entries(
    home: DataHome, snapshot: Snapshot, scored: Scored, bands: Bands, past_rules: list[list[str]]
) -> list[NewEntry]:
    ids = ledger.student_ids(home.database, snapshot.institution)
    groups = snapshot.cohort.groups
    probabilities = None if scored.logit is None else probability(scored.logit)
    entries = []
    for index, number in enumerate(snapshot.cohort.student):
        contributions = scored.contributions[index]
        entries.append(
            NewEntry(
                student_id=ids[int(number)],
                number=int(number),
                class_group=groups[snapshot.cohort.group[index]],
                rank=int(bands.rank[index]),
                band=str(bands.band[index]),
                cause=str(bands.cause[index]),
                logit=_rounded(scored.logit, index),
                probability=_rounded(probabilities, index),
                ordering=round(float(bands.ordering[index]), 6),
                must_see=past_rules[index],
                reasons=_reasons(snapshot, index, contributions),
                domains=domain_sums(CATALOGUE, contributions),
            )
        )
    return entries


def _reasons(snapshot: Snapshot, index: int, contributions: Floats) -> list[dict[str, Any]]:
    return chosen(snapshot.features, snapshot.values[index], contributions)


def _rounded(values: Floats | None, index: int) -> float | None:
    return None if values is None else round(float(values[index]), 6)
