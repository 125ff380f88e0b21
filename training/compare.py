"""Before a switch: who would enter and leave this week's list, and the figures of both models side by side.

Both lists are made now, from one and the same snapshot, capacity and list of the week before. A model in charge that was
made for another catalogue makes no list any more: then the list of the week stands as it was published. The rows are student
numbers and class groups, never names, and the log is opened through records.access, which records the look.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.cohort import NobodyEnrolled
from features.known_now import why_nobody
from features.snapshot import Snapshot, features
from features.state import Replay
from models.bands import HIGH, NO_BAND, WATCH, Names, advisor_numbers, assign
from models.baselines import AbsenceRule
from models.bundle import Bundle, OtherCatalogue, keep, read_bundle, verify
from models.card import card_in
from models.known import abstains, rule_weight
from records import lists, staff
from records.access import open_log, published_entries
from records.errors import ConfigurationGap
from records.home import DataHome
from records.lists import RULE_LIST
from training.promote import chosen_lists, model_folder

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Against(StrEnum):
    """What the new list is set beside: one that what is in charge makes now, the published one of that week, or nothing."""

    MADE_NOW = "made_now"
    PUBLISHED = "published"
    NOTHING = "nothing"


class _Placed(NamedTuple):
    """A list, one entry a student of the snapshot; `rank` counts from 1 and is 0 for who has none."""

    rank: Ints
    band: Names


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One student whose band the switch would change; ranks count from 1, `rank_now` is None for who has none."""

    number: int
    class_group: str
    rank_now: int | None
    rank_then: int
    band_now: str
    band_then: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`enters` and `leaves` are of the list (visited or watched), `moves` between the two; in order of the new rank.

    Where the model in charge was made for another catalogue, `against` is PUBLISHED or NOTHING; of a published list only
    whom the snapshot holds is counted, and beside nothing everybody listed enters.
    `chosen` is the list that the new model's card chose here, None where it does not name this institution: only where it
    is the model itself may it be promoted. `figures_now` and `figures_then` are the lists of the two cards by name, as training.evidence.ListFigures in JSON;
    `figures_now` is None where a simple list is in charge, whose figures stand in the other card beside the model's.
    """

    institution: str
    as_of: date
    now: str
    against: Against
    then: str
    chosen: str | None
    students: int
    listed_now: int
    listed_then: int
    staying: int
    enters: tuple[Moved, ...]
    leaves: tuple[Moved, ...]
    moves: tuple[Moved, ...]
    figures_now: Mapping[str, Any] | None
    figures_then: Mapping[str, Any]


def compare_models(
    home: DataHome, institution: str, *, digest: str | None, today: date, as_of: date | None, actor: str
) -> Comparison:
    """What promoting `digest` (the newest run where None) would change in the list of `as_of`.

    Without `as_of` it is the week of the newest published list, else this week's. Raises ConfigurationGap when nobody
    was enrolled then, ModelRefused for a model that cannot be read here, of what is in charge one for another catalogue
    excepted: before any student is looked at.
    """
    folder, then = model_folder(home, digest)
    verify(folder, then)  # before its folder is kept under the digest of what it holds by now
    with home.database.read() as session:
        now = lists.champion(session, institution)
        published = lists.current_publication(session, institution)
    bundle_now, outdated = _in_charge(home, now)
    with tempfile.TemporaryDirectory() as kept:
        keep(folder, Path(kept))
        bundle_then = read_bundle(Path(kept), then)
    this_week = published.as_of if published else today - timedelta(days=today.weekday())
    snapshot = _snapshot(home, institution, as_of or this_week, actor)
    bands_then = _bands(home, snapshot, bundle_then)
    if outdated:
        against, bands_now = _as_published(home, snapshot, actor)
    else:
        against, bands_now = Against.MADE_NOW, _bands(home, snapshot, bundle_now)
    moved = _moved(snapshot, bands_now, bands_then)
    listed_now, listed_then = _listed(bands_now), _listed(bands_then)
    return Comparison(
        institution=institution,
        as_of=snapshot.as_of,
        now=now,
        against=against,
        then=then,
        chosen=chosen_lists(card_in(folder, then)).get(institution),
        students=len(snapshot.values),
        listed_now=int(listed_now.sum()),
        listed_then=int(listed_then.sum()),
        staying=int((listed_now & listed_then).sum()),
        enters=tuple(one for one in moved if not _has_place(one.band_now) and _has_place(one.band_then)),
        leaves=tuple(one for one in moved if _has_place(one.band_now) and not _has_place(one.band_then)),
        moves=tuple(one for one in moved if _has_place(one.band_now) and _has_place(one.band_then)),
        figures_now=None if now == RULE_LIST else _figures(home.models / now, now),
        figures_then=_figures(folder, then),
    )


def _figures(folder: Path, digest: str) -> Mapping[str, Any]:
    """Empty for a card without a test term, or of before there was evidence."""
    found: Mapping[str, Any] = card_in(folder, digest).get("evidence", {}).get("lists", {})
    return found


def _snapshot(home: DataHome, institution: str, as_of: date, actor: str) -> Snapshot:
    log = open_log(home, institution, actor=actor, purpose="compare models")
    try:
        state = Replay(log).advance(as_of)
        return features(state, as_of, institution=institution, ledger_number=log.ledger_number)
    except NobodyEnrolled as nobody:
        raise ConfigurationGap(why_nobody(log, nobody)) from None


def _in_charge(home: DataHome, now: str) -> tuple[Bundle | None, bool]:
    """The bundle (None for the absence rule), and whether there is one that was made for another catalogue."""
    if now == RULE_LIST:
        return None, False
    try:
        return read_bundle(home.models, now), False
    except OtherCatalogue:
        return None, True


def _as_published(home: DataHome, snapshot: Snapshot, actor: str) -> tuple[Against, _Placed]:
    """The list of that week as people see it, whatever made it; where none was published nobody has a place."""
    who = snapshot.cohort
    with home.database.read() as session:
        published = lists.current_of_week(session, snapshot.institution, snapshot.as_of)
    if published is None:
        return Against.NOTHING, _Placed(np.zeros(len(who.student), np.int64), np.full(len(who.student), NO_BAND))
    held = {one.number: one for one in published_entries(home, actor, published, action="compare list")}
    stood = [held.get(int(number)) for number in who.student]
    rank = np.array([one.rank if one else 0 for one in stood], np.int64)
    return Against.PUBLISHED, _Placed(rank, np.array([one.band if one else NO_BAND for one in stood]))


def _bands(home: DataHome, snapshot: Snapshot, bundle: Bundle | None) -> _Placed:
    """The list as the weekly run would make it from this model, or from the absence rule where None."""
    institution, as_of, who = snapshot.institution, snapshot.as_of, snapshot.cohort
    if bundle is None:
        scores = AbsenceRule(features=snapshot.features).scores(snapshot.values)
        weight, bonus = rule_weight(snapshot.features), 0.0
    else:
        model = bundle.model_for(snapshot.institution)
        scores, weight, bonus = model.logits(snapshot.values), bundle.weight, bundle.bonus
    with home.database.read() as session:
        capacity, _ = lists.capacity_on(session, institution, as_of)
        before = lists.listed_before(session, institution, as_of, HIGH)
        entered = staff.advisors_by_group(session, institution, as_of)
    made = assign(
        scores,
        listed_last_week=np.isin(who.student, list(before)),
        bonus=bonus,
        advisor=advisor_numbers(who.groups, entered)[who.group],
        ties=home.vault.key.tie_breaks(who.student, as_of),
        visits_per_week=capacity.visits_per_week,
        rows_per_advisor=capacity.rows_per_advisor,
        abstained=abstains(snapshot.values, weight),
    )
    return _Placed(made.rank, made.band)


def _has_place(band: str) -> bool:
    return band in (HIGH, WATCH)


def _listed(bands: _Placed) -> Flags:
    return np.isin(bands.band, (HIGH, WATCH))


def _moved(snapshot: Snapshot, now: _Placed, then: _Placed) -> list[Moved]:
    who = snapshot.cohort
    changed = np.flatnonzero((now.band != then.band) & (_listed(now) | _listed(then)))
    found = [
        Moved(
            number=int(who.student[place]),
            class_group=who.groups[who.group[place]],
            rank_now=int(now.rank[place]) or None,
            rank_then=int(then.rank[place]),
            band_now=str(now.band[place]),
            band_then=str(then.band[place]),
        )
        for place in changed
    ]
    return sorted(found, key=lambda one: one.rank_then)
