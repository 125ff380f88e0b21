"""The catalogue: every feature there is, in the order of the model's columns, and its fingerprint.

Features over sealed tables are in `WITH_SENSITIVE` alone; a deployment that switches them on replays and trains with it.
"""

from features import attendance, class_periods, grades, household, screening, sensitive, standing
from features.declaration import Feature, check_catalogue, fingerprint

CATALOGUE: tuple[Feature, ...] = (
    *attendance.FEATURES,
    *class_periods.FEATURES,
    *grades.FEATURES,
    *household.FEATURES,
    *screening.FEATURES,
    *standing.FEATURES,
)
WITH_SENSITIVE: tuple[Feature, ...] = (*CATALOGUE, *sensitive.FEATURES)
check_catalogue(CATALOGUE)
check_catalogue(WITH_SENSITIVE)
FINGERPRINT = fingerprint(CATALOGUE)
# Without the sealed ones: a stored reason over them is told to nobody.
FEATURE_OF: dict[str, Feature] = {feature.name: feature for feature in CATALOGUE}
