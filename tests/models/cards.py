"""A card with all that a bundle is read for; trained ones hold more (training/train.py)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE

BANDS = [
    {"band": "high", "rows": 120, "left": 17, "low": 0.09, "high": 0.21},
    {"band": "watch", "rows": 300, "left": 12, "low": 0.02, "high": 0.07},
    {"band": "none", "rows": 4000, "left": 31, "low": 0.005, "high": 0.011},
]


def complete_card(spread: npt.NDArray[np.float64] | None = None) -> dict[str, Any]:
    """With this spread of contributions, or one that keeps no reason back."""
    spreads = [0.0] * len(CATALOGUE) if spread is None else spread.tolist()
    names = [feature.name for feature in CATALOGUE]
    return {
        "horizon": "days_56",
        "institutions": ["1320026101"],
        "test_term": "1/2568",
        "bands": [dict(band) for band in BANDS],
        "stability": {
            "spread": dict(zip(names, spreads, strict=True)),
            "weight": {name: round(0.3 / (1 + place), 4) for place, name in enumerate(names)},
        },
    }
