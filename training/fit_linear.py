"""Fitting the straight part: a ridge logistic regression whose weights may not go against the catalogue's directions.

Values are drawn into the range that nearly all training rows lie in, since a straight line knows no limits; what is
missing is filled with the median and has a weight of its own. All is standardised, so that one penalty fits all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from models.linear import Linear
from training.sampling import Rows

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_ROWS = 60_000
"""Weeks of the same student say much the same: more rows move the weights no further."""
TAIL = 0.005
"""Of the known values on either side, drawn in to the value at that share."""
RIDGE = 0.5
"""The penalty beside what the rows tell of a weight, p (1 - p) each. What was tried is in docs/adr/0023."""
_LEAST_DEVIATION = 1e-9
_MOST_STEPS, _ENOUGH = 1_000, 1e-10


def fit_linear(rows: Rows, features: Sequence[Feature]) -> Linear:
    """The straight part of these rows; what no row or every row tells alike gets no weight."""
    rows = _fewer(rows)
    weight = np.ones(len(rows.left)) if rows.weight is None else rows.weight
    coded = _coded(rows.values, weight)
    directions = np.concatenate([[feature.risk.value for feature in features], np.zeros(len(features))])
    found = np.zeros(len(directions))
    base, found[coded.tells] = _minimum(coded.standard, rows.left, weight, directions[coded.tells])
    return _linear(base, found, coded)


def _fewer(rows: Rows) -> Rows:
    """Evenly spaced rows where there are too many: they lie in order of institution and week."""
    if len(rows.left) <= MOST_ROWS:
        return rows
    return rows.some(np.unique(np.linspace(0, len(rows.left) - 1, MOST_ROWS).astype(np.int64)))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Coded:
    """The rows as the regression sees them: (rows, columns that tell anything), each of mean 0 and deviation 1.

    There are two columns a feature, its value and whether that is missing; `mean`, `deviation` and `tells` are of all.
    """

    low: Floats
    high: Floats
    median: Floats
    mean: Floats
    deviation: Floats
    tells: Flags
    standard: Floats


def _coded(values: npt.NDArray[np.float32], weight: Floats) -> _Coded:
    missing = np.isnan(values)
    low, median, high = np.array([_bounds(column[~gaps]) for column, gaps in zip(values.T, missing.T, strict=True)]).T
    columns = np.concatenate([np.where(missing, median, np.clip(values, low, high)), missing], axis=1)
    mean = weight @ columns / weight.sum()
    columns -= mean
    deviation = np.sqrt(weight @ columns**2 / weight.sum())
    tells = deviation > _LEAST_DEVIATION
    return _Coded(
        low=low, high=high, median=median, mean=mean, deviation=deviation, tells=tells,
        standard=columns[:, tells] / deviation[tells],
    )  # fmt: skip


def _bounds(known: npt.NDArray[np.float32]) -> Floats:
    """The values at TAIL, in the middle and at 1 - TAIL; zeros of a feature that nobody answered."""
    shares = (TAIL, 0.5, 1 - TAIL)
    return np.asarray(np.quantile(known.astype(np.float64), shares)) if len(known) else np.zeros(len(shares))


def _minimum(standard: Floats, left: Flags, weight: Floats, directions: Floats) -> tuple[float, Floats]:
    """The base and the weights of the standardised columns, by a bounded quasi-Newton method (Byrd and others 1995)."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    share = float(weight @ left / weight.sum())
    penalty = RIDGE * share * (1 - share) * float(weight.sum())

    def loss(asked: Floats) -> tuple[float, Floats]:
        margin = asked[0] + standard @ asked[1:]
        beyond = weight * (1 / (1 + np.exp(-margin)) - left)
        total = float(weight @ (np.logaddexp(0, margin) - left * margin)) + penalty / 2 * float(asked[1:] @ asked[1:])
        return total, np.concatenate([[beyond.sum()], beyond @ standard + penalty * asked[1:]])

    start = np.zeros(1 + len(directions))
    start[0] = np.log(share / (1 - share))
    bounds = [(None, None), *((0 if one > 0 else None, 0 if one < 0 else None) for one in directions)]
    done = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": _MOST_STEPS, "maxfun": 2 * _MOST_STEPS, "ftol": _ENOUGH},
    )  # fmt: skip
    return float(done.x[0]), np.asarray(done.x[1:])


def _linear(base: float, found: Floats, coded: _Coded) -> Linear:
    """The weights on values as they are told, each feature's answers with mean 0 over the rows."""
    raw = np.divide(found, coded.deviation, out=np.zeros(len(found)), where=coded.tells)
    weight, of_missing = np.split(raw, 2)
    value_mean, missing_share = np.split(coded.mean, 2)
    usual = weight * value_mean + of_missing * missing_share
    return Linear(
        base=base, weight=weight, low=coded.low, high=coded.high, known=-usual + 0.0,
        missing=weight * coded.median + of_missing - usual,
    )  # fmt: skip
