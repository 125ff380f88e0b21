"""One merged model for tests about a model, not about a bag."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from models.risk_model import fit_members, merge


def grown(
    values: npt.NDArray[np.float32],
    left: npt.NDArray[np.bool_],
    features: Sequence[Feature],
    *,
    seeds: Sequence[int],
    trees: int,
) -> str:
    """The LightGBM text of a model a seed, merged."""
    return merge(fit_members(values, left, features, seeds=seeds, trees=trees))
