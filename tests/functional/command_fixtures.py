"""The `zerodrop` command as a person runs it, in a process of its own or in this one, over small simulated colleges."""

import csv
import io
import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast
from unittest import mock

import typer
import xlsxwriter

import zerodrop
from records.college import SETUP_SHEETS
from records.intake.folders import in_order
from simulation.college import write_college

ROOT = Path(__file__).resolve().parent.parent.parent
INSTITUTION = "9999000001"
USAGE, IMPORT, GAP, VAULT, MODEL, SERVE = 2, 3, 4, 5, 6, 8  # exit codes of records/errors.py
# Few trees on one thread: what is tested here is the way, not the skill, and LightGBM's threads wait busily for each
# other when a machine is full.
EVERY_CHECK = """
import models.risk_model, training.search as search
from training.fit import Form
models.risk_model.PARAMETERS.update(num_threads=1, learning_rate=0.2)
search.GRID = (Form(trees=15),)
"""
# So few leavers pass no check of skill and choose no model: what they found is left out, so that it can be signed.
FEW_TREES = f"""{EVERY_CHECK}
from dataclasses import replace
import training.judge as judge
import training.train as training
from training.checks import blocking
decided = judge.decide
def for_the_model(contest, against):
    group, places = decided(contest, against)
    return group, tuple(replace(one, clearly_worse=False, chosen="zerodrop") for one in places)
judge.decide = for_the_model
whole = training.run_checks
training.run_checks = lambda evidence: tuple(one for one in whole(evidence) if one not in blocking(whole(evidence)))
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command wrote and how it ended; `err` holds log records as well."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def everything(self) -> str:
        return self.out + self.err


def run(*words: str | Path, typed: str = "", code: str = "", environment: Mapping[str, str] | None = None) -> Said:
    """The command in a process of its own; with `code`, that Python runs before it."""
    front = ["-c", f"{code}\nimport zerodrop; zerodrop.main()"] if code else ["-m", "zerodrop"]
    threads = {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *front, *map(str, words)],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**_own_environment(), **threads, **(environment or {})},
        timeout=280,
        check=False,
    )
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


def _own_environment() -> dict[str, str]:
    """This process's environment without settings of a deployment."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ZERODROP_")}


@cache
def _front_door() -> typer.core.TyperGroup:
    """The command with all its words read from the functions, as often as it is called here."""
    return cast(typer.core.TyperGroup, typer.main.get_command(zerodrop.command_line()))


def call(*words: str | Path, typed: str = "") -> Said:
    """The same in this process, which is much faster; what would be a traceback is raised."""
    out, err = io.StringIO(), io.StringIO()
    logs = logging.StreamHandler(err)
    logging.getLogger().addHandler(logs)
    code, front_door = 0, _front_door()
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            mock.patch.object(sys, "argv", ["zerodrop", *map(str, words)]),
            mock.patch.object(sys, "stdin", io.StringIO(typed)),
            mock.patch.object(zerodrop, "command_line", return_value=front_door),
            mock.patch.dict(os.environ, _own_environment(), clear=True),
        ):
            zerodrop.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        logging.getLogger().removeHandler(logs)
    return Said(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(frozen=True, kw_only=True)
class Files:
    """The export files of a simulated college."""

    folder: Path

    @property
    def workbook(self) -> Path:
        return self.folder / "college.xlsx"

    @cached_property
    def history(self) -> list[Path]:
        """Every file of the past in the order in which it must come in, which is found by reading them all."""
        return [file for term in sorted((self.folder / "history").iterdir()) for file in in_order(term)]

    @property
    def mondays(self) -> list[date]:
        return [date.fromisoformat(week.name) for week in sorted((self.folder / "weeks").iterdir())]

    def week(self, monday: date) -> list[Path]:
        return in_order(self.folder / "weeks" / monday.isoformat())

    def personal(self) -> set[str]:
        """Every code, number, first name with surname and surname in the rosters: nothing of it may be printed."""
        found = set()
        for file in self.folder.rglob("roster.csv"):
            with file.open(encoding="utf-8-sig", newline="") as opened:
                for row in csv.DictReader(opened):
                    found |= {row["รหัสนักศึกษา"], row["เลขประจำตัวประชาชน"], row["นามสกุล"]}
        return found


def make_files(folder: Path, *, students: int, years: int) -> Files:
    write_college(folder, students=students, years=years, seed=7, last_monday=date(2025, 9, 8))
    return Files(folder=folder)


def copy_home(home: Path, folder: Path) -> Path:
    """A data home and its key in a folder of their own, to be damaged there."""
    copied = folder / home.name
    shutil.copytree(home, copied)
    shutil.copy(key_of(home), key_of(copied))
    return copied


def key_of(home: Path) -> Path:
    return home.with_name(home.name + ".key")


def tables_of(home: Path) -> list[str]:
    """Every row of the ledger's database, but for who looked when: each run of a command is told there."""
    with sqlite3.connect(home / "zerodrop.db") as database:
        looks = ('INSERT INTO "audit', "INSERT INTO \"sqlite_sequence\" VALUES('audit'")
        found = [line for line in database.iterdump() if not line.startswith(looks)]
    database.close()
    return sorted(found)


def query(home: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "zerodrop.db") as database:
        found = database.execute(sql, values).fetchall()
    database.close()
    return found


def write_setup(path: Path, **sheets: Sequence[tuple[str, ...]]) -> Path:
    """A set-up workbook with the example rows, and other rows for the sheets that are named."""
    with xlsxwriter.Workbook(str(path)) as book:
        for sheet in SETUP_SHEETS:
            page = book.add_worksheet(sheet.label.th)
            header = tuple(f"{column.label.th} ({column.name})" for column in sheet.columns)
            rows = sheets.get(sheet.name, [tuple(column.example for column in sheet.columns)])
            for line, row in enumerate([header, *rows]):
                for place, cell in enumerate(row):
                    page.write_string(line, place, cell)
    return path


def refused(said: Said, *, code: int, sentence: str) -> None:
    """Standard error ends with this sentence (in Thai too, but for a wrong way of calling), standard output is empty, there is no traceback."""
    told = said.err.strip()
    english, _, thai = told.rpartition(" · ")
    if code in (IMPORT, GAP, VAULT, MODEL, SERVE):
        assert re.search("[ก-๙]", thai), said.err
    if english.endswith(sentence):
        told = english
    assert told.endswith(sentence), said.err
    assert said.code == code
    assert said.out == ""
    assert "Traceback" not in said.err


@dataclass(frozen=True, kw_only=True)
class Place:
    """A college of one term with its roster and attendance, and a folder for bad files."""

    home: Path
    files: Files
    bad: Path
    code: str
    """A student code of its roster."""


def make_place(folder: Path) -> Place:
    home, files = folder / "var", make_files(folder / "files", students=60, years=1)
    assert call("init", "--from", files.workbook, "--no-codes", "--home", home).code == 0
    for file in files.history[:3]:
        assert call("import", file, "--history", "--home", home).code == 0
    (folder / "bad").mkdir()
    code = min(word for word in files.personal() if word.startswith("68"))
    return Place(home=home, files=files, bad=folder / "bad", code=code)
