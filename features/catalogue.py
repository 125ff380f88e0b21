"""The catalogue: every feature there is, in the order of the model's columns, and its fingerprint."""

from features import attendance, grades, household, screening, standing
from features.declaration import Feature, check_catalogue, fingerprint

CATALOGUE: tuple[Feature, ...] = (
    *attendance.FEATURES,
    *grades.FEATURES,
    *household.FEATURES,
    *screening.FEATURES,
    *standing.FEATURES,
)
check_catalogue(CATALOGUE)
FINGERPRINT = fingerprint(CATALOGUE)
FEATURE_OF: dict[str, Feature] = {feature.name: feature for feature in CATALOGUE}
