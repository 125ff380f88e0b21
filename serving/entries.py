"""One stored row a scored student: place, score, reasons as ids and values, and what would change it; no sentence yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.snapshot import Snapshot
from models.bands import HIGH, UNKNOWN, WATCH, Bands
from models.explain import Explained
from models.known import unknown_domains
from models.reasons import stored_domains, stored_missing, stored_reasons
from models.risk_model import RiskModel, probability
from models.what_if import what_if
from models.what_if_words import stored
from records import ledger
from records.home import DataHome
from records.lists import NewEntry

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The students of a week as one list sees them. A list by the absence rule has no model: no log-odds, no probability.

    `explained.logit` orders; `weight` (features,) says how much each feature usually counts.
    """

    explained: Explained
    model: RiskModel | None
    weight: Floats


def entries(
    home: DataHome, snapshot: Snapshot, scored: Scored, bands: Bands, past_rules: Sequence[list[str]]
) -> list[NewEntry]:
    """The rows of a publication in the order of the cohort."""
    ids = ledger.student_ids(home.database, snapshot.institution)
    groups = snapshot.cohort.groups
    changes = _changes(snapshot, scored.model, bands)
    logit = scored.explained.logit if scored.model else None
    probabilities = None if logit is None else probability(logit)
    made = []
    for index, number in enumerate(snapshot.cohort.student):
        unknown = bands.band[index] == UNKNOWN
        values = snapshot.values[index]
        made.append(
            NewEntry(
                student_id=ids[int(number)],
                number=int(number),
                class_group=groups[snapshot.cohort.group[index]],
                rank=int(bands.rank[index]),
                band=str(bands.band[index]),
                cause=str(bands.cause[index]),
                logit=_rounded(logit, index),
                probability=_rounded(probabilities, index),
                ordering=round(float(bands.ordering[index]), 6),
                cut_off=None if np.isnan(bands.cut_off[index]) else round(float(bands.cut_off[index]), 6),
                listed_probability=round(float(bands.listed[index]), 6),
                must_see=past_rules[index],
                reasons=stored_reasons(snapshot.features, values, scored.explained, index),
                missing=stored_missing(snapshot.features, scored.explained, index),
                unknown_domains=_unknown(snapshot, values, scored.weight) if unknown else [],
                domains=stored_domains(scored.explained.domains[index]),
                what_if=changes.get(index),
            )
        )
    return made


def _changes(snapshot: Snapshot, model: RiskModel | None, bands: Bands) -> dict[int, dict[str, Any]]:
    """What would change the score of each listed student, by row; the absence rule has no score to change."""
    if model is None:
        return {}
    listed = np.flatnonzero((bands.band == HIGH) | (bands.band == WATCH))
    found = what_if(model, snapshot.features, snapshot.values, snapshot.cohort.group, listed, bands.over[listed])
    return {int(row): stored(one) for row, one in zip(listed, found, strict=True)}


def _unknown(snapshot: Snapshot, values: npt.NDArray[np.float32], weight: Floats) -> list[str]:
    return [domain.value for domain in unknown_domains(values, weight, snapshot.features)]


def _rounded(values: Floats | None, index: int) -> float | None:
    return None if values is None else round(float(values[index]), 6)
