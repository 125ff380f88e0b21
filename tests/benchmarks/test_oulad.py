"""The open-data benchmark on one module of the real data: the shape of its lines, what forward means, and its refusals."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Beside the checkout, or where ZERODROP_OULAD says.
DATA = Path(
    os.environ.get("ZERODROP_OULAD") or next(iter(sorted(ROOT.parent.glob("*/data/oulad"))), ROOT / "data" / "oulad")
)
MODULE = "BBB"
ZIP, TOTALS = "anonymisedData.zip", "activity_days.parquet"
TABLES = ("courses", "assessments", "vle", "studentInfo", "studentRegistration", "studentAssessment", "studentVle")
FIGURES = ["auc", "average_precision", "precision_at_10", "recall_at_10", "brier", "ece", "observed_expected"]
OF_SCORES = FIGURES[4:]
KEYS = [
    "benchmark", "train", "test", "forward", "day", "rows", "base_rate", "models", "intervals", "beyond_best_simple",
    "seeds",
]  # fmt: skip
LISTS = [
    "zerodrop", "logistic", "absence_rule", "group_mean", "institution_mean", "abc_flags", "screening", "forest",
    "lottery",
]  # fmt: skip
RULES = {"absence_rule", "abc_flags", "screening", "lottery"}
# Enough to draw a line: skill is judged by the whole benchmark.
FEW_TREES = """
import sys, models.risk_model, training.fit as fit
models.risk_model.PARAMETERS["num_threads"] = 1
def few(fitted):
    return lambda *words, seeds, trees, **others: fitted(*words, seeds=seeds[:2], trees=40, **others)
fit.fit_members = few(fit.fit_members)
from benchmarks.oulad import main
sys.exit(main())
"""

needs_data = pytest.mark.skipif(
    not (DATA / ZIP).is_file(),
    reason=f"OPEN UNIVERSITY DATA NOT FOUND: put {ZIP} into a folder and name it in ZERODROP_OULAD",
)


@dataclass(frozen=True, kw_only=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def run(*words: str | Path) -> Said:
    done = subprocess.run(
        [sys.executable, "-c", FEW_TREES, *map(str, words)],
        capture_output=True, encoding="utf-8", cwd=ROOT, timeout=200, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


def write_cut(folder: Path, presentations: set[str]) -> Path:
    """The published files with the rows of one module alone, and the totals of days present beside them."""
    folder.mkdir()
    with zipfile.ZipFile(DATA / ZIP) as whole, zipfile.ZipFile(folder / ZIP, "w", zipfile.ZIP_DEFLATED) as cut:
        kept: set[str] = set()  # assessments: results name these alone
        for table in TABLES:
            with whole.open(f"{table}.csv") as opened:
                reader = csv.DictReader(io.TextIOWrapper(opened, "utf-8"))
                rows = [row for row in reader if _is_wanted(row, kept, presentations)]
                header = list(reader.fieldnames or ())
            if table == "assessments":
                kept = {row["id_assessment"] for row in rows}
            text = io.StringIO()
            writer = csv.DictWriter(text, header)
            writer.writeheader()
            writer.writerows(rows)
            cut.writestr(f"{table}.csv", text.getvalue())
    totals = pq.read_table(DATA / TOTALS)
    own = pc.is_in(totals["code_presentation"].cast(pa.string()), pa.array(sorted(presentations)))
    pq.write_table(totals.filter(pc.and_(own, pc.equal(totals["code_module"], MODULE))), folder / TOTALS)
    return folder


def _is_wanted(row: dict[str, str], assessments: set[str], presentations: set[str]) -> bool:
    if "code_module" in row:
        return row["code_module"] == MODULE and row["code_presentation"] in presentations
    return row["id_assessment"] in assessments


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cut(tmp_path_factory.mktemp("oulad") / "two", {"2013B", "2014B"})


@pytest.fixture(scope="module")
def forward(two: Path) -> Said:
    return run("--data", two, "--train", "2013B", "--test", "2014B", "--days", "34,94")


@needs_data
def test_a_line_a_day_has_exactly_the_fixed_shape(forward: Said) -> None:
    assert (forward.code, forward.err) == (0, "")
    assert [line["day"] for line in forward.lines] == [34, 94]
    for line in forward.lines:
        assert list(line) == KEYS
        assert (line["benchmark"], line["train"], line["test"]) == ("oulad", ["2013B"], ["2014B"])
        assert 1000 < line["rows"] < 2000
        assert 0 < line["base_rate"] < 0.5
        assert list(line["models"]) == list(line["intervals"]) == LISTS
        for name, figures in line["models"].items():
            assert list(figures) == FIGURES
            unknown = [figure for figure, value in figures.items() if value is None]
            assert unknown == (OF_SCORES if name in RULES else []), "a rule has no probability"
            assert all(0 <= figures[figure] <= 1 for figure in FIGURES[:4])
    assert forward.lines[0]["rows"] > forward.lines[1]["rows"], "students who left are not scored"


@needs_data
def test_every_figure_lies_in_its_interval(forward: Said) -> None:
    for line in forward.lines:
        for name, figures in line["models"].items():
            for word in ("auc", "average_precision", "precision_at_10", "observed_expected"):
                low, high = line["intervals"][name][word]
                if low is not None:
                    assert low <= figures[word] <= high, (name, word)
        low, high = line["intervals"]["zerodrop"]["auc"]
        assert 0.01 < high - low < 0.2, "some hundred leavers tell an AUC to a few hundredths"


@needs_data
def test_the_best_simple_list_is_named_with_the_difference_to_it(forward: Said) -> None:
    for line in forward.lines:
        beyond, auc = line["beyond_best_simple"], {name: one["auc"] for name, one in line["models"].items()}
        assert auc[beyond["list"]] == max(auc[name] for name in LISTS[1:])
        assert beyond["auc"] == pytest.approx(auc["zerodrop"] - auc[beyond["list"]], abs=2e-6)
        assert beyond["interval"][0] < beyond["auc"] < beyond["interval"][1]


@needs_data
def test_every_member_of_the_bag_is_shown_alone(forward: Said) -> None:
    for line in forward.lines:
        assert len(line["seeds"]) == 2
        assert line["seeds"][0] != line["seeds"][1]
        assert max(line["seeds"]) - line["models"]["zerodrop"]["auc"] < 0.05


@needs_data
def test_a_model_of_each_day_alone_is_asked_for(two: Path, forward: Said) -> None:
    (line,) = run("--data", two, "--train", "2013B", "--test", "2014B", "--days", "94", "--one-a-day").lines
    assert list(line["models"]) == [*LISTS, "zerodrop_one_a_day"]
    assert line["models"]["zerodrop_one_a_day"] == line["models"]["zerodrop"], "of one day both are the same"
    assert line["rows"] == forward.lines[1]["rows"]


@needs_data
def test_training_that_had_closed_before_the_test_is_forward(forward: Said) -> None:
    assert [line["forward"] for line in forward.lines] == [True, True]


@needs_data
def test_training_that_closes_during_the_test_is_not_forward(tmp_path: Path) -> None:
    """2013J closes in June 2014, in the middle of 2014B."""
    three = write_cut(tmp_path / "three", {"2013B", "2013J", "2014B"})
    (line,) = run("--data", three, "--train", "2013B,2013J", "--test", "2014B", "--days", "34").lines
    assert line["forward"] is False
    assert line["train"] == ["2013B", "2013J"]


@needs_data
def test_the_figures_are_the_same_on_every_run(two: Path, forward: Said) -> None:
    assert run("--data", two, "--train", "2013B", "--test", "2014B", "--days", "34,94").out == forward.out


@needs_data
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--train", "2013B,2012J"), "The data has no student of 2012J still registered on day 34."),
        (("--days", "34,900"), "The data has no student of 2013B still registered on day 900."),
    ],
)
def test_what_is_not_in_the_data_is_named(two: Path, words: tuple[str, str], sentence: str) -> None:
    """Else a line would claim a presentation that it was not made from."""
    said = run("--data", two, "--days", "34", *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"{sentence} Name presentations and days that are in it. · ในข้อมูลไม่มีนักเรียนของ")


def _nothing(folder: Path) -> Path:
    return folder / "none"


def _empty_folder(folder: Path) -> Path:
    return folder


def _no_zip(folder: Path) -> Path:
    (folder / ZIP).write_bytes(b"\x89PNG")
    return folder


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (_nothing, "There is no file none. Check the path. · "),
        (_empty_folder, " lacks courses.csv, assessments.csv, vle.csv, "),
        (_no_zip, " cannot be read: it is no zip archive. "),
    ],
)
def test_a_bad_folder(made: Callable[[Path], Path], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    said = run("--data", made(tmp_path / "data"))
    assert (said.code, said.out) == (3, "")
    assert sentence in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--train", "2013X"), "'2013X' is no presentation; write its year and B or J, such as 2013B"),
        (("--test", "2014B,"), "'' is no presentation; write its year and B or J, such as 2013B"),
        (("--days", "34;64"), "'34;64' are no days; write whole numbers by comma, such as 34,64"),
    ],
)
def test_words_that_cannot_be_read(words: tuple[str, str], sentence: str, tmp_path: Path) -> None:
    said = run("--data", tmp_path, *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith(f"{sentence}\n")
