"""Where a snapshot and the twin disagree, beyond what float32 and a tie of two roundings explain."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declaration import Feature
from features.snapshot import Snapshot
from features.vocabulary import FromMedian, OfOthers
from tests.features.twin import Answers

Floats = npt.NDArray[np.float64]


def disagreements(found: Snapshot, wanted: Answers) -> Iterator[str]:
    """One sentence for each feature that differs, with how many students and the first of them by place."""
    if found.cohort.student.tolist() != wanted.values["student"].tolist():
        yield f"{found.as_of}: the cohorts differ"
        return
    for feature in found.features:
        if feature.name in wanted.values:
            ours, theirs = found.column(feature.name).astype(np.float64), _column(wanted.values, feature.name)
            near = np.abs(ours - theirs) <= 1e-5 * np.abs(theirs) + 1e-6 + _slack(feature, found.features, wanted)
            wrong = np.flatnonzero(~(near | (np.isnan(ours) & np.isnan(theirs))))
            if len(wrong):
                first = wrong[0]
                yield (
                    f"{found.as_of} {feature.name}: {len(wrong)} differ, at place {first} {ours[first]} is not {theirs[first]}"
                )


def _slack(feature: Feature, catalogue: tuple[Feature, ...], wanted: Answers) -> Floats:
    """A unit of the last decimal where the value lies on a half of it; of a relation, also where one of the group does."""
    own = np.where(_on_a_half(feature, wanted), 10.0**-feature.decimals, 0.0)
    if not isinstance(feature.measure, OfOthers):
        return own
    of = next(one for one in catalogue if one.name == feature.measure.of)
    tied = pd.Series(_slack(of, catalogue, wanted)).groupby(wanted.values["class_group"]).transform("max").to_numpy()
    # A median moves no further than its values; a deviation may move by anything.
    return own + (2 * tied if isinstance(feature.measure, FromMedian) else np.where(tied > 0, np.inf, 0.0))


def _on_a_half(feature: Feature, wanted: Answers) -> npt.NDArray[np.bool_]:
    scaled = _column(wanted.exact, feature.name) * 10.0**feature.decimals
    return np.asarray(np.abs(scaled - np.floor(scaled) - 0.5) < 1e-6)


def _column(table: pd.DataFrame, name: str) -> Floats:
    return table[name].to_numpy(np.float64)
