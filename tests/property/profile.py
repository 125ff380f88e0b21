"""How many random colleges a property sees: few by default, many with HYPOTHESIS_PROFILE=long."""

import os

from hypothesis import HealthCheck, Phase, settings

_LONG = settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# A college is half a second: the short profile names the failing knobs and leaves making them smaller to the long one.
_SHORT = settings(_LONG, max_examples=8, derandomize=True, phases=[Phase.explicit, Phase.generate])
COLLEGES = _LONG if os.environ.get("HYPOTHESIS_PROFILE") == "long" else _SHORT
