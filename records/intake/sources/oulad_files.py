"""The files of the Open University dataset: the zip or the folder, its tables, and days present counted from clicks."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from records.errors import ImportRefused

_ZIP = "anonymisedData.zip"
_FILES = ("courses", "assessments", "vle", "studentInfo", "studentRegistration", "studentAssessment", "studentVle")
PRESENTATION = ["code_module", "code_presentation"]
ENROLMENT = [*PRESENTATION, "id_student"]
_ONLY_HERE = frozenset(f"{table}.csv" for table in _FILES if table.startswith("student"))
_OPENING_MONTH = {"B": 2, "J": 10}
TERM_OF = {"B": 1, "J": 2}
# Totals end on these days and on the last one; the first holds the weeks in which the site was open before day 0.
TOTAL_DAYS = (4, 34, 64, 94, 124, 154, 184, 214, 244)
_LAST_DAY = 999  # stands for the last day in activity_days.parquet
_BLOCK_BYTES = 1 << 18  # larger blocks are no faster, and what they leave in the heap grows with the file


@dataclass(frozen=True, kw_only=True)
class Presentation:
    module: str
    code: str
    length: int

    @property
    def year(self) -> int:
        return int(self.code[:4])

    @property
    def term(self) -> int:
        return TERM_OF[self.code[4]]

    @property
    def opens_on(self) -> date:
        return opens_on(self.code)

    @property
    def closes_on(self) -> date:
        return self.opens_on + timedelta(days=self.length)


def is_dataset(path: Path) -> bool:
    """Whether a folder or an archive holds the data set or some of its tables; any other is not ours to speak of."""
    if path.is_dir():
        return bool({file.name for file in path.iterdir()} & {_ZIP, *_ONLY_HERE})
    if not (path.is_file() and zipfile.is_zipfile(path)):
        return False
    with zipfile.ZipFile(path) as archive:
        return bool({Path(name).name for name in archive.namelist()} & _ONLY_HERE)


def opens_on(presentation: str) -> date:
    """Day 0 of a presentation such as 2013B."""
    return date(int(presentation[:4]), _OPENING_MONTH[presentation[4]], 1)


class Tables:
    """The seven tables of one data set, each opened when it is asked for."""

    def __init__(self, opened: Callable[[str], IO[bytes]]) -> None:
        self._opened = opened

    def read(self, table: str) -> pd.DataFrame:
        with self._opened(table) as file:
            return pd.read_csv(file)

    def homepage_days(self) -> pd.DataFrame:
        """Each student's different days on a home page, read in blocks: the full table has ten million rows."""
        sites = self.read("vle")
        wanted = pa.array(sites.loc[sites.activity_type == "homepage", "id_site"])
        columns = [*ENROLMENT, "date"]
        days: list[pa.Table] = []
        with self._opened("studentVle") as file:
            for block in pacsv.open_csv(
                pa.PythonFile(file),
                read_options=pacsv.ReadOptions(block_size=_BLOCK_BYTES),
                convert_options=pacsv.ConvertOptions(include_columns=[*columns, "id_site"]),
            ):
                clicks = pa.Table.from_batches([block])
                inside = clicks.filter(pc.is_in(clicks.column("id_site"), wanted)).select(columns)
                days.append(inside.group_by(columns).aggregate([]))
        if not days:
            return pd.DataFrame(columns=columns)
        found: pd.DataFrame = pa.concat_tables(days).group_by(columns).aggregate([]).select(columns).to_pandas()
        return found


@contextmanager
def open_tables(path: Path) -> Iterator[Tables]:
    """The tables in the zip as published, or in a folder that holds its files. Raises ImportRefused."""
    folder = path if path.is_dir() else path.parent
    archive = path if path.is_file() else folder / _ZIP
    if not archive.is_file():
        _require(path.name, {file.name for file in folder.iterdir()})
        yield Tables(lambda table: (folder / f"{table}.csv").open("rb"))
        return
    try:
        with zipfile.ZipFile(archive) as opened:
            names = {Path(name).name: name for name in opened.namelist()}
            _require(path.name, set(names))
            yield Tables(lambda table: opened.open(names[f"{table}.csv"]))
    except zipfile.BadZipFile:
        raise ImportRefused.wrong_file(file=archive.name, why="it is no zip archive") from None


def _require(file: str, names: set[str]) -> None:
    missing = [f"{table}.csv" for table in _FILES if f"{table}.csv" not in names]
    if missing:
        raise ImportRefused(
            f"{file} lacks {', '.join(missing)} of the Open University dataset. Point to the folder or zip as published.",
            th=f"{file} ขาด {', '.join(missing)} ของชุดข้อมูล Open University ระบุโฟลเดอร์หรือ zip ตามที่เผยแพร่",
        )


def presentations_of(courses: pd.DataFrame) -> list[Presentation]:
    return [
        Presentation(module=str(module), code=str(code), length=int(length))
        for module, code, length in zip(
            courses.code_module, courses.code_presentation, courses.module_presentation_length, strict=True
        )
    ]


def days_present(path: Path, tables: Tables, presentations: Sequence[Presentation]) -> pd.DataFrame:
    """Cumulative days present by enrolment and day: columns of the enrolment, `as_of_day`, `homepage_days`."""
    prepared = (path if path.is_dir() else path.parent) / "activity_days.parquet"
    if not prepared.is_file():
        return totals_from_days(tables.homepage_days(), presentations)
    totals: pd.DataFrame = pq.read_table(prepared).to_pandas()
    lengths = {(p.module, p.code): p.length for p in presentations}
    last = [lengths.get(key, 0) for key in zip(totals.code_module, totals.code_presentation, strict=True)]
    totals["as_of_day"] = np.where(totals.as_of_day == _LAST_DAY, last, totals.as_of_day)
    return totals


def totals_from_days(days: pd.DataFrame, presentations: Sequence[Presentation]) -> pd.DataFrame:
    """The same totals counted from clicks: different days on a home page, day by day cumulated."""
    blocks = []
    for p in presentations:
        own = days[(days.code_module == p.module) & (days.code_presentation == p.code)]
        for day in [*(day for day in TOTAL_DAYS if day < p.length), p.length]:
            counted = own[own.date <= day].groupby(ENROLMENT).size().rename("homepage_days").reset_index()
            blocks.append(counted.assign(as_of_day=day))
    return pd.concat(blocks, ignore_index=True)
