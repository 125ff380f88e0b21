"""How many random colleges: few by default, many with HYPOTHESIS_PROFILE=long."""

import os

from hypothesis import HealthCheck, Phase, settings

_ALIKE = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
# A college is half a second: the short profile names the failing knobs and leaves making them smaller to the long one.
settings.register_profile("short", max_examples=10, derandomize=True, phases=[Phase.explicit, Phase.generate], **_ALIKE)
settings.register_profile("long", max_examples=300, **_ALIKE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
