"""How much of what a model looks at is known of a student: below a fifth of it we do not rank them, and say what is missing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Domain
from models.baselines import absence_contributions

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

LEAST_KNOWN_PART = 0.2
"""We abstain below a fifth: little but an age and a level is known then.

A choice of this project, no rule of law or of a ministry. Half was tried: it would leave out every first-year student
until the household survey, 43 of 100 students for nine weeks of a simulated college. Forward in time the model ordered
just these better than the others (AUC 0.69 to 0.91 against 0.41 to 0.66 from the second week to the seventh), and of
the highest twentieth they were 85 of 100 and more: that results and survey are still missing is nothing unusual for
them, and the trees have learned from such students.
"""
LEAST_KNOWN_OF_DOMAIN = 0.5
"""A domain of which less is known is named as missing."""


def known_part(values: Matrix, weight: Floats) -> Floats:
    """The share of the model's usual weight that rests on values known for each student, 0 to 1.

    `values` has one row a student, NaN where nothing is known; `weight` is the mean |contribution| of each feature in
    training, so an unused feature may be missing without loss. Of a model that looks at nothing everything is known.
    """
    total = float(weight.sum())
    return np.asarray(~np.isnan(values) @ weight / total) if total > 0 else np.ones(len(values))


def abstains(values: Matrix, weight: Floats) -> npt.NDArray[np.bool_]:
    """For each student whether too little is known to rank them."""
    return np.asarray(known_part(values, weight) < LEAST_KNOWN_PART)


def unknown_domains(
    values: npt.NDArray[np.floating[Any]], weight: Floats, features: Sequence[Feature]
) -> tuple[Domain, ...]:
    """The domains of which less than LEAST_KNOWN_OF_DOMAIN is known for one student; `values` is one row. Unused domains are left out."""
    found = []
    for domain in Domain:
        own = np.array([feature.domain is domain for feature in features])
        if weight[own].any() and known_part(values[None, own], weight[own])[0] < LEAST_KNOWN_OF_DOMAIN:
            found.append(domain)
    return tuple(found)


def rule_weight(features: Sequence[Feature]) -> Floats:
    """The weight of each feature in the absence rule: its points for a value of one, 0 for all but its two features."""
    return np.asarray(absence_contributions(np.ones((1, len(features))), features)[0])
