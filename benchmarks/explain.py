"""How fast and how exact the explanations are, beside LightGBM's own and shap's, on one model and the same rows.

    python -m benchmarks.explain --rows 100000
    python -m benchmarks.explain --million
    python -m benchmarks.explain --one

JSON lines. Each is a fresh process on one core in which CPU time is taken in `--rounds` rounds: all rows by the table
kernel (compiled, then NumPy alone), then as many rows as take the peers about a second by `pred_contrib` and by
`shap.TreeExplainer`; a rate is the median of the rounds, a ratio the median of the ratios within a round.
`max_difference` is the largest between any of the four on the peers' rows; `peak_mb` that of the process with all four
in it. The last line is the production configuration: depth 4, 300 trees, categories, missing values. `--million` takes
wall seconds for reasons, domain sums, ids and values of 1,000,000 rows on two threads, `--one` one row at a time.
Data are drawn: 40 features, 7 of them categories of 3 to 430 levels, 6 to 48 % missing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.vocabulary import Domain
from models.choosing import Choice, Say
from models.explain import Explained, contributions, explained, margins
from models.layout import Tables
from models.risk_model import SEEDS, merge
from models.tables import compile_tables, load_tables, save_tables
from models.trees import read_trees

Figures = dict[str, Any]
Floats = npt.NDArray[np.float64]
Work = Callable[[], Any]

FEATURES = 40
LEVELS = (3, 6, 12, 40, 77, 200, 430)
CATEGORIES = tuple(range(FEATURES - len(LEVELS), FEATURES))
LEAST_MISSING, MOST_MISSING = 0.06, 0.48
TRAINING_ROWS, TRAINING_SEED, ROWS_SEED = 30_000, 5, 6
SIGNS = [1 if feature % 2 else -1 for feature in range(FEATURES - len(LEVELS))] + [0] * len(LEVELS)
COMMON: Figures = {
    "objective": "binary", "learning_rate": 0.03, "min_data_in_leaf": 40, "feature_fraction": 0.7,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 1.0, "num_threads": 1, "deterministic": True,
    "force_row_wise": True, "verbosity": -1,
}  # fmt: skip
PRODUCTION, BAG = "depth 4", "depth 4, bag of 5 seeds"
SHAPES: dict[str, Figures] = {
    "depth 3": {"max_depth": 3, "num_leaves": 8},
    "depth 5": {"max_depth": 5, "num_leaves": 32},
    "depth 6": {"max_depth": 6, "num_leaves": 64},
    "15 leaves, depth at most 6": {"max_depth": 6, "num_leaves": 15},
    "31 leaves, depth at most 6": {"max_depth": 6, "num_leaves": 31},
    "depth 4, monotone, extra_trees": {
        "max_depth": 4, "num_leaves": 16, "extra_trees": True,
        "monotone_constraints": SIGNS, "monotone_constraints_method": "basic",
    },
    BAG: {"max_depth": 4, "num_leaves": 16},
    PRODUCTION: {"max_depth": 4, "num_leaves": 16},
}  # fmt: skip
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explain", description="Exact explanations, how fast.")
    parser.add_argument("--rows", type=int, help="100,000, or with --million 1,000,000")
    parser.add_argument("--trees", type=int, default=300, help="trees of a model; the bag has five times as many")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-seconds", type=float, default=1.0, help="about how long a peer may take in a round")
    parser.add_argument("--million", action="store_true", help="1,000,000 rows to reasons on two threads")
    parser.add_argument("--one", action="store_true", help="one row at a time, without numba")
    parser.add_argument("--only", action="append", choices=SHAPES, help="this model alone; may be given again")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--shape", choices=sorted(SHAPES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.step:
        print(json.dumps(STEPS[asked.step](asked)), flush=True)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        asked.folder = Path(folder)
        for line in lines(asked):
            print(json.dumps({"benchmark": "explain", **line}), flush=True)
    return 0


def lines(asked: argparse.Namespace) -> Iterator[Figures]:
    """One line a shape of model; of one million and of one at a time, one line for the model and one for the bag."""
    asked.rows = asked.rows or (1_000_000 if asked.million else 100_000)
    np.save(asked.folder / "rows.npy", draw(asked.rows, ROWS_SEED))
    shapes = asked.only or ((BAG, PRODUCTION) if asked.million or asked.one else SHAPES)
    step = "million" if asked.million else "one" if asked.one else "compare"
    for shape in shapes:
        fitted = in_a_process("fit", shape, asked)
        yield {"what": step, "model": shape, **fitted, **in_a_process(step, shape, asked)}


def in_a_process(step: str, shape: str, asked: argparse.Namespace) -> Figures:
    given = {"rows": asked.rows, "trees": asked.trees, "rounds": asked.rounds, "peer-seconds": asked.peer_seconds}
    words = [f"--{name}={value}" for name, value in given.items()]
    command = [sys.executable, "-m", "benchmarks.explain", *words]
    command += [f"--step={step}", f"--shape={shape}", f"--folder={asked.folder}"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD})
    figures: Figures = json.loads(done.stdout)
    return figures


# Data and models


def draw(rows: int, seed: int) -> Floats:
    """(rows, features) drawn students: counts, shares, grades, money, then categories; every feature has gaps."""
    random = np.random.default_rng(seed)
    values = np.empty((rows, FEATURES))
    for feature in range(FEATURES - len(LEVELS)):
        values[:, feature] = _number(random, feature % 5, rows)
    for feature, levels in zip(CATEGORIES, LEVELS, strict=True):
        values[:, feature] = np.floor(levels * random.random(rows) ** 2)
    shares = np.random.default_rng(TRAINING_SEED).permutation(np.linspace(LEAST_MISSING, MOST_MISSING, FEATURES))
    for feature, share in enumerate(shares):
        values[random.random(rows) < share, feature] = np.nan
    return values


def _number(random: np.random.Generator, kind: int, rows: int) -> Floats:
    match kind:
        case 0:
            return random.poisson(3, rows).astype(np.float64)
        case 1:
            return np.asarray(np.round(random.beta(8, 2, rows), 3))
        case 2:
            return np.asarray(np.round(np.clip(random.normal(2.6, 0.7, rows), 0, 4), 2), np.float64)
        case 3:
            return np.asarray(np.round(random.lognormal(9, 1, rows), -2))
        case _:
            return np.round(random.normal(size=rows), 3)


def _left(values: Floats) -> npt.NDArray[np.bool_]:
    """Leavers: every feature counts a little, some gaps count, a few act together; about one of eight leaves."""
    random = np.random.default_rng(TRAINING_SEED)
    known = np.nan_to_num((values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0))
    logit = known @ random.normal(0, 0.25, FEATURES) + np.isnan(values) @ random.normal(0, 0.2, FEATURES) - 2.3
    logit += 0.4 * known[:, 0] * (known[:, 2] < 0) + 0.5 * np.nan_to_num(np.sin(values[:, CATEGORIES[4]] * 1.7))
    return np.asarray(random.random(len(values)) < 1 / (1 + np.exp(-logit)))


def _fit(asked: argparse.Namespace) -> Figures:
    """Train the shape, compile its tables and keep both."""
    import lightgbm

    values = draw(TRAINING_ROWS, TRAINING_SEED)
    left = _left(values)
    texts = []
    for seed in SEEDS if asked.shape == BAG else SEEDS[:1]:
        data = lightgbm.Dataset(values, label=left, categorical_feature=list(CATEGORIES), params={"verbosity": -1})
        parameters = {**COMMON, **SHAPES[asked.shape], "seed": seed}
        texts.append(str(lightgbm.train(parameters, data, num_boost_round=asked.trees).model_to_string()))
    text = texts[0] if len(texts) == 1 else merge(texts)
    (asked.folder / "model.txt").write_text(text, encoding="utf-8")
    model = read_trees(text)
    start = time.process_time()
    tables = compile_tables(model)
    compiled_s = time.process_time() - start
    save_tables(tables, asked.folder / "tables.npz")
    size = (asked.folder / "tables.npz").stat().st_size
    return {"trees": len(model.trees), "compile_s": round(compiled_s, 2), "tables_mb": round(size / 1e6, 1)}


def _choice() -> Choice:
    places = np.arange(FEATURES)
    return Choice(
        say=np.full(FEATURES, int(Say.KNOWN), np.int8),
        least=np.full(FEATURES, 0.01),
        domain=(places % len(Domain)).astype(np.int8),
        changeable=places % 2 == 0,
        rounds_to_zero=np.zeros(FEATURES),
    )


# All contributions, beside the peers


def _compare(asked: argparse.Namespace) -> Figures:
    _use_cores(1)
    values = np.load(asked.folder / "rows.npy")
    tables = load_tables(asked.folder / "tables.npz")
    theirs = _peers(asked.folder / "model.txt")
    few = values[: _as_many_rows(theirs["pred_contrib"], values, asked.peer_seconds)]
    works: dict[str, tuple[Work, int]] = {
        "tables": (lambda: contributions(tables, values), len(values)),
        "numpy": (lambda: contributions(tables, values, compiled=False), len(values)),
        "margins": (lambda: margins(tables, values), len(values)),
        "predict": (lambda: theirs["predict"](values), len(values)),
        "pred_contrib": (lambda: theirs["pred_contrib"](few), len(few)),
        "shap": (lambda: theirs["shap"](few), len(few)),
    }
    found = [contributions(tables, few, compiled=compiled) for compiled in (True, False)]  # warms both
    found.append(theirs["shap"](few))
    expected = theirs["pred_contrib"](few)
    difference = max(float(np.abs(one - expected).max()) for one in found)
    rates = [{name: size / _cpu_seconds(work) for name, (work, size) in works.items()} for _ in range(asked.rounds)]
    return {"rows": len(values), "peer_rows": len(few), **_figures(rates), "max_difference": difference, **_peak()}


def _figures(rates: list[dict[str, float]]) -> Figures:
    def rate(name: str) -> int:
        return round(statistics.median(one[name] for one in rates))

    def ratio(name: str, other: str) -> float:
        return round(statistics.median(one[name] / one[other] for one in rates), 1)

    return {
        "rows_per_second": rate("tables"),
        "numpy_rows_per_second": rate("numpy"),
        "shap_rows_per_second": rate("shap"),
        "pred_contrib_rows_per_second": rate("pred_contrib"),
        "margins_per_second": rate("margins"),
        "ratio_to_shap": ratio("tables", "shap"),
        "ratio_to_pred_contrib": ratio("tables", "pred_contrib"),
        "numpy_ratio": ratio("numpy", "shap"),
        "margins_ratio_to_predict": ratio("margins", "predict"),
    }


def _peers(path: Path) -> dict[str, Callable[[Floats], Floats]]:
    import lightgbm
    import shap

    booster = lightgbm.Booster(model_file=path)
    explainer = shap.TreeExplainer(booster)
    warnings.filterwarnings("ignore", "LightGBM binary classifier", UserWarning)
    return {
        "predict": lambda values: np.asarray(booster.predict(values, raw_score=True)),
        "pred_contrib": lambda values: np.asarray(booster.predict(values, pred_contrib=True))[:, :-1],
        "shap": lambda values: np.asarray(explainer.shap_values(values)),
    }


def _as_many_rows(work: Callable[[Floats], Floats], values: Floats, seconds: float) -> int:
    work(values[:20])
    taken = _cpu_seconds(lambda: work(values[:200]))
    return min(len(values), max(20, round(min(200, len(values)) / max(taken, 1e-6) * seconds)))


def _cpu_seconds(work: Work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


# A million rows, and one row


def _million(asked: argparse.Namespace) -> Figures:
    _use_cores(2)
    values = np.load(asked.folder / "rows.npy")
    before = _memory_mb("VmRSS")
    tables = load_tables(asked.folder / "tables.npz")
    _reasons(tables, values[:10_000])  # compiles, or reads what was compiled
    warm = _memory_mb("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    found, told = _reasons(tables, values)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = _memory_mb("VmHWM")
    return {
        "rows": len(values),
        "threads": len(os.sched_getaffinity(0)),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "rows_per_second": round(len(values) / wall),
        "peak_mb_above_input": round(peak - before),
        "peak_mb_above_input_and_program": round(peak - warm),
        "result_mb": round(sum(one.nbytes for one in (*vars(found).values(), told)) / 2**20),
        "reasons_a_row": round(float((found.reason >= 0).sum() / len(values)), 2),
    }


def _reasons(tables: Tables, values: Floats) -> tuple[Explained, npt.NDArray[np.float32]]:
    """Scores, reasons and domains, and the value (rows, 5) that each reason's sentence will say."""
    found = explained(tables, values, _choice(), slope=1.1, offset=-0.2)
    told = np.empty(found.reason.shape, np.float32)
    for start in range(0, len(values), 65_536):
        rows = slice(start, start + 65_536)
        told[rows] = np.take_along_axis(values[rows], np.maximum(found.reason[rows], 0).astype(np.intp), axis=1)
    return found, told


def _one(asked: argparse.Namespace) -> Figures:
    _use_cores(1)
    values = np.load(asked.folder / "rows.npy")[:2000]
    tables, choice = load_tables(asked.folder / "tables.npz"), _choice()
    taken = []
    for row in [*range(100), *range(len(values))]:
        start = time.perf_counter_ns()
        explained(tables, values[row : row + 1], choice, compiled=False)
        taken.append((time.perf_counter_ns() - start) / 1000)
    p50, p99 = np.percentile(taken[100:], [50, 99])
    return {"rows": len(values), "p50_us": round(p50), "p99_us": round(p99), "numba": "numba" in sys.modules, **_peak()}


def _use_cores(count: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def _peak() -> Figures:
    return {"peak_mb": round(_memory_mb("VmHWM"))}


def _memory_mb(line: str) -> float:
    """VmRSS, what the process holds now, or VmHWM, the most it has held."""
    [found] = [one for one in Path("/proc/self/status").read_text("ascii").splitlines() if one.startswith(f"{line}:")]
    return int(found.split()[1]) / 1024


STEPS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "fit": _fit,
    "compare": _compare,
    "million": _million,
    "one": _one,
}

if __name__ == "__main__":
    raise SystemExit(main())
