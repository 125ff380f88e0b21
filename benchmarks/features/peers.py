"""DuckDB and pandas over the same files as zerodrop, one core each, with their values compared to ours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.features import pandas_peer
from benchmarks.features.files import load_logs
from benchmarks.features.measured import Clock, Figures, Job, peak_mb
from benchmarks.features.nation import mondays
from benchmarks.features.ours import OURS
from features.catalogue import CATALOGUE
from features.declaration import Feature


def measure_pandas(job: Job) -> Figures:
    [log] = load_logs(job.path, job.form)
    asked = pandas_peer.answered(CATALOGUE)
    start = Clock.now()
    for frame in pandas_peer.peer(log, mondays(job.weeks), asked):
        found = frame
    return _figures(job, asked, start.since(), found, pd.__version__)


def measure_duckdb(job: Job) -> Figures:
    import duckdb

    from tests.features.twin import twin  # the tests' independent definition of the whole catalogue

    [log] = load_logs(job.path, job.form)
    start = Clock.now()
    for day in mondays(job.weeks):
        found = twin(log, day, CATALOGUE, threads=1)
    return _figures(job, CATALOGUE, start.since(), _frame(found), duckdb.__version__)


def _frame(found: Any) -> pd.DataFrame:
    frame: pd.DataFrame = found if isinstance(found, pd.DataFrame) else found.to_pandas()
    return frame.sort_values("student", ignore_index=True)


def _figures(job: Job, asked: Sequence[Feature], spent: Figures, found: pd.DataFrame, version: str) -> Figures:
    peak, ours = peak_mb(), pd.read_parquet(job.path / OURS)
    if not np.array_equal(found["student"], ours["student"]):
        raise ValueError("the peer does not have the students that zerodrop has; look at who is enrolled")
    apart = [feature.name for feature in asked if not _agree(found[feature.name], ours[feature.name], feature.decimals)]
    told: Figures = {
        "form": job.form,
        "version": version,
        "students": len(ours),
        "features": len(asked),
        "weeks": job.weeks,
    }
    return {**told, **spent, "peak_mb": peak, "values_that_differ": apart}


def _agree(found: "pd.Series[float]", ours: "pd.Series[float]", decimals: int) -> bool:
    """Equal up to the last digit, which a sum in another order may round the other way, and to float32."""
    one, other = found.to_numpy(float), ours.to_numpy(float)
    return bool(np.allclose(one, other, rtol=1e-5, atol=1.01 * 10.0**-decimals if decimals else 1e-6, equal_nan=True))
