"""The weekly run: fold what is known on a Monday, score, explain, make the list by capacity, publish it in one step."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np

from features.asked import Asked
from features.catalogue import FINGERPRINT
from features.cohort import NobodyEnrolled, teaching_days
from features.known_now import why_nobody
from features.measures import Answers
from features.rules import rules_of
from features.snapshot import Snapshot, features
from features.state import Replay, State
from features.vocabulary import InTerm
from models.bands import UNKNOWN, ObservedRate, advisor_numbers, assign, must_see
from models.baselines import AbsenceRule
from models.bundle import read_bundle
from models.horizon import LIST_HORIZON
from models.known import abstains, rule_weight
from records import lists, staff
from records.access import open_log
from records.clock import buddhist, local_day, start_of
from records.college import Capacity
from records.errors import ConfigurationGap, ImportRefused
from records.home import DataHome
from records.lists import RULE_LIST, NewPublication, Published
from records.log import EventLog
from records.visit_records import tell_log
from records.weeks import monday_of
from serving.entries import Scored, entries


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
    unknown: int
    capacity_is_default: bool
    visits_told: int | None
    """Records of home visits that the log got with this run; None where it could not be told now."""


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
class Lister:
    """What ranks and explains, with all that is said beside its list; the absence rule has neither bonus nor rates."""

    scored: Scored
    digest: str
    horizon: str
    bonus: float
    band_rates: tuple[ObservedRate, ...]
    rates_term: str


def run_week(
    home: DataHome,
    institution: str,
    as_of: date,
    *,
    actor: str,
    force: bool = False,
    progress: Callable[[str, int], None] = lambda step, rows: None,
) -> WeeklyReport:
    """Score every student enrolled on `as_of` and publish the list; running it again with the same records changes nothing.

    Raises ConfigurationGap when `as_of` is no Monday of a teaching week or nobody is enrolled, UserError when a newer list
    stands or the clock went back, unless `force`.
    """
    told = _visits_told(home, institution, as_of, actor)
    new = build_list(home, institution, as_of, actor=actor, progress=progress)
    publication, outcome = lists.publish(home.database, new, actor=actor, force=force)
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
        unknown=sum(entry.band == UNKNOWN for entry in new.entries),
        capacity_is_default=new.capacity_is_default,
        visits_told=told,
    )


def _visits_told(home: DataHome, institution: str, as_of: date, actor: str) -> int | None:
    """Visits of closed weeks, told to the log; recorded now, so that no list of this week reads them.

    None where they could not be told: the list is made all the same, and the next run tells them.
    """
    try:
        return tell_log(home, institution, monday_of(min(as_of, local_day(datetime.now(UTC)))), actor=actor)
    except (ImportRefused, OSError):
        return None


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
    lister = _lister(home, standing.model_digest, snapshot)
    progress("scores", len(snapshot.values))
    bands = assign(
        lister.scored.explained.logit,
        listed_last_week=np.isin(snapshot.cohort.student, list(standing.high_before)),
        bonus=lister.bonus,
        advisor=advisor_numbers(snapshot.cohort.groups, advisors)[snapshot.cohort.group],
        ties=home.vault.key.tie_breaks(snapshot.cohort.student, as_of),
        visits_per_week=standing.capacity.visits_per_week,
        rows_per_advisor=standing.capacity.rows_per_advisor,
        abstained=abstains(snapshot.values, lister.scored.weight),
    )
    recorded = Answers(Asked(state, snapshot.cohort, snapshot.features)).recorded_days(InTerm())
    past_rules = must_see(snapshot.values, snapshot.features, rules_of(state), recorded)
    return NewPublication(
        institution=log.institution,
        as_of=as_of,
        model_digest=lister.digest,
        catalogue_fingerprint=FINGERPRINT,
        horizon=lister.horizon,
        known_until=start_of(as_of),
        ledger_number=log.ledger_number,
        capacity=standing.capacity,
        capacity_is_default=standing.capacity_is_default,
        band_rates=[asdict(rate) for rate in lister.band_rates],
        rates_term=lister.rates_term,
        entries=entries(home, snapshot, lister.scored, bands, past_rules),
    )


def _snapshot(log: EventLog, state: State, as_of: date) -> Snapshot:
    if as_of.weekday() != 0:
        raise ConfigurationGap(
            f"{as_of} is no Monday. Weekly lists are as of Monday: take {monday_of(as_of)}. · "
            f"{as_of} ไม่ใช่วันจันทร์ รายชื่อรายสัปดาห์ออกตามข้อมูล ณ วันจันทร์ ให้ใช้วันที่ {monday_of(as_of)}"
        )
    _require_teaching_week(state, as_of)
    try:
        return features(state, as_of, institution=log.institution, ledger_number=log.ledger_number)
    except NobodyEnrolled as nobody:
        raise ConfigurationGap(why_nobody(log, nobody)) from None


def _require_teaching_week(state: State, as_of: date) -> None:
    monday = np.datetime64(as_of, "D").astype(np.int64)
    days = teaching_days(state)
    if not ((days >= monday) & (days < monday + 7)).any():
        raise ConfigurationGap(
            f"The week of {as_of} has no teaching day in the calendar, so there is no list for it. "
            "If there is teaching, enter the term in the set-up workbook and run `zerodrop init` again. · "
            f"สัปดาห์ของวันที่ {buddhist(as_of)} ไม่มีวันเรียนในปฏิทิน จึงไม่มีรายชื่อ "
            "ถ้ามีการเรียน กรอกภาคเรียนในแบบตั้งค่า แล้วสั่ง zerodrop init อีกครั้ง"
        )


# Scores


def _lister(home: DataHome, digest: str, snapshot: Snapshot) -> Lister:
    if digest == RULE_LIST:
        rule = AbsenceRule(features=snapshot.features)
        scored = Scored(explained=rule.explained(snapshot.values), model=None, weight=rule_weight(snapshot.features))
        return Lister(
            scored=scored, digest=RULE_LIST, horizon=LIST_HORIZON.name, bonus=0.0, band_rates=(), rates_term=""
        )
    bundle = read_bundle(home.models, digest)
    model = bundle.model_for(snapshot.institution)
    return Lister(
        scored=Scored(explained=model.explained(snapshot.values), model=model, weight=bundle.weight),
        digest=digest,
        horizon=bundle.horizon.name,
        bonus=bundle.bonus,
        band_rates=bundle.bands,
        rates_term=bundle.test_term or "",
    )
