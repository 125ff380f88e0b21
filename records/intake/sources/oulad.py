"""The Open University dataset as published: a zip of seven CSV files, one institution a module (Kuzilek et al. 2017).

Day 0 of a presentation is 1 February (B) or 1 October (J); all its dates are days from there. A day on which a student
opened the course home page is a day present; it is taken as totals of about 30 days, the shape of a college that keeps
only totals, from `activity_days.parquet` where that is beside the zip, else from `studentVle.csv`.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from records.clock import BANGKOK
from records.college import College, Institution, TermDates
from records.errors import ImportRefused
from records.intake.source import Delivery, PeopleCells, Request, Told
from records.tables import (
    ATTENDANCE_TOTAL,
    CALENDAR,
    ENROLMENTS,
    GRADES,
    HOUSEHOLD,
    ROSTER_COUNTS,
    STUDENTS,
    Table,
)
from records.text import Text

_ZIP = "anonymisedData.zip"
_FILES = ("courses", "assessments", "vle", "studentInfo", "studentRegistration", "studentAssessment", "studentVle")
_PRESENTATION = ["code_module", "code_presentation"]
_ENROLMENT = [*_PRESENTATION, "id_student"]
_OPENING_MONTH = {"B": 2, "J": 10}
TERM_OF = {"B": 1, "J": 2}
# Totals end on these days and on the last one; the first holds the weeks in which the site was open before day 0.
TOTAL_DAYS = (4, 34, 64, 94, 124, 154, 184, 214, 244)
_SITE_OPENS = -25
_KNOWN_LONG_BEFORE = timedelta(days=400)
_EVENING = pd.Timedelta(hours=18)


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


def opens_on(presentation: str) -> date:
    """Day 0 of a presentation such as 2013B."""
    return date(int(presentation[:4]), _OPENING_MONTH[presentation[4]], 1)


class OpenUniversity:
    name = "oulad"
    label = Text(th="ข้อมูลเปิด Open University (OULAD)", en="Open University dataset (OULAD)")

    def recognises(self, headers: Sequence[str]) -> bool:
        return {"code_module", "code_presentation", "id_student"} <= set(headers)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        with _opened(request.path) as read:
            presentations = _presentations(read("courses"))
            info, registration = read("studentInfo"), read("studentRegistration")
            enrolled = info.merge(registration, on=_ENROLMENT, how="left")
            totals = _totals(request.path, read, presentations)
            work = _work(read("assessments"), read("studentAssessment"), enrolled)
        for module in sorted({p.module for p in presentations}):
            own = [p for p in presentations if p.module == module]
            chosen = enrolled[enrolled.code_module == module]
            yield _calendar(module, own)
            yield _roster(module, own, chosen)
            yield _people_rows(module, ATTENDANCE_TOTAL, _total_cells(totals, chosen, own))
            yield _people_rows(module, GRADES, _work_cells(work[work.code_module == module], own))
            yield _end_counts(module, own, chosen)


Read = Callable[[str], pd.DataFrame]


@contextmanager
def _opened(path: Path) -> Iterator[Read]:
    """A reader of the seven tables, from the zip or from the files it holds."""
    folder = path if path.is_dir() else path.parent
    archive = path if path.is_file() else folder / _ZIP
    if archive.is_file():
        try:
            with zipfile.ZipFile(archive) as opened:
                names = {Path(name).name: name for name in opened.namelist()}
                _require(path.name, set(names))
                yield lambda table: _read(opened.open(names[f"{table}.csv"]), table)
        except zipfile.BadZipFile:
            raise ImportRefused.wrong_file(file=archive.name, why="it is no zip archive") from None
    else:
        _require(path.name, {file.name for file in folder.iterdir()})
        yield lambda table: _read((folder / f"{table}.csv").open("rb"), table)


def _require(file: str, names: set[str]) -> None:
    missing = [f"{table}.csv" for table in _FILES if f"{table}.csv" not in names]
    if missing:
        raise ImportRefused(
            f"{file} lacks {', '.join(missing)} of the Open University dataset. Point to the folder or zip as published."
        )


def _read(opened: IO[bytes], table: str) -> pd.DataFrame:
    with opened:
        if table == "studentVle":
            return _read_clicks(opened)
        return pd.read_csv(opened)


def _read_clicks(opened: IO[bytes]) -> pd.DataFrame:
    """Each student's days with a click on each site, read in blocks: the full table has ten million rows."""
    columns = [*_ENROLMENT, "id_site", "date"]
    blocks = pacsv.open_csv(
        pa.PythonFile(opened),
        read_options=pacsv.ReadOptions(block_size=8 << 20),
        convert_options=pacsv.ConvertOptions(include_columns=columns),
    )
    days = [block.to_pandas().drop_duplicates() for block in blocks]
    return pd.concat(days, ignore_index=True) if days else pd.DataFrame(columns=columns)


def _presentations(courses: pd.DataFrame) -> list[Presentation]:
    return [
        Presentation(module=str(module), code=str(code), length=int(length))
        for module, code, length in zip(
            courses.code_module, courses.code_presentation, courses.module_presentation_length, strict=True
        )
    ]


# The institution and its terms


def _college(module: str, own: Sequence[Presentation]) -> College:
    return College(
        institution=Institution(
            code=module, name_th=f"รายวิชา {module} มหาวิทยาลัยเปิด", name_en=f"Open University module {module}"
        ),
        terms=tuple(
            TermDates(academic_year=p.year, term=p.term, opens_on=p.opens_on, closes_on=p.closes_on) for p in own
        ),
    )


def _calendar(module: str, own: Sequence[Presentation]) -> Delivery:
    """Every day of a presentation is open."""
    days = pd.concat(
        pd.DataFrame(
            {
                "happened_on": pd.date_range(p.opens_on, p.closes_on),
                "academic_year": p.year,
                "term": p.term,
                "opens": p.opens_on,
            }
        )
        for p in own
    )
    cells = {
        "happened_on": _days(days.happened_on),
        "academic_year": _whole(days.academic_year),
        "term": _whole(days.term),
        "kind": _text(pd.Series("TEACH", index=days.index)),
        "entered_at": _evenings(pd.to_datetime(days.opens) - _KNOWN_LONG_BEFORE),
    }
    return Delivery(
        institution=module,
        lines=_lines(len(days)),
        told=[Told(table=CALENDAR, cells=cells, lag_days=0)],
        college=_college(module, own),
        is_history=True,
    )


def _end_counts(module: str, own: Sequence[Presentation], chosen: pd.DataFrame) -> Delivery:
    """The end of a presentation is its next roster count: who is still there is counted."""
    ends = pd.DataFrame(
        {
            "happened_on": pd.to_datetime([p.closes_on for p in own]),
            "academic_year": [p.year for p in own],
            "term": [p.term for p in own],
            "students": [
                int(((chosen.code_presentation == p.code) & chosen.date_unregistration.isna()).sum()) for p in own
            ],
        }
    )
    cells = {
        "happened_on": _days(ends.happened_on),
        **{name: _whole(ends[name]) for name in ("academic_year", "term", "students")},
        "entered_at": _evenings(ends.happened_on),
    }
    return Delivery(
        institution=module,
        lines=_lines(len(ends)),
        told=[Told(table=ROSTER_COUNTS, cells=cells, lag_days=0)],
        is_history=True,
    )


# Students


def _roster(module: str, own: Sequence[Presentation], chosen: pd.DataFrame) -> Delivery:
    """Registration as an enrolment, unregistration as a later version of it, told on the day each happened."""
    rows = chosen.merge(_opening_days(own), on="code_presentation")
    rows["day"] = rows.date_registration.fillna(0)
    # Withdrawn without a date, or never registered on a date: when they were there cannot be said.
    unknown = ((rows.final_result == "Withdrawn") & rows.date_unregistration.isna()) | rows.date_registration.isna()
    rows["status"] = np.where(unknown, "UNKNOWN", "ENROLLED")
    left = rows[rows.date_unregistration.notna()].copy()
    left["day"] = np.maximum(left.date_unregistration, left.date_registration.fillna(left.date_unregistration))
    left["status"] = "RESIGNED"
    versions = pd.concat([rows, left], ignore_index=True)
    happened = versions.opens + pd.to_timedelta(versions.day, unit="D")
    versions["status_on"] = (versions.opens + pd.to_timedelta(versions.date_unregistration, unit="D")).where(
        versions.status == "RESIGNED"
    )
    versions["registered_on"] = versions.opens + pd.to_timedelta(versions.date_registration, unit="D")
    shared = {"happened_on": _days(happened), "entered_at": _evenings(happened)}
    enrolments = {
        **shared,
        **{name: _whole(versions[name]) for name in ("academic_year", "term")},
        "level": _text(pd.Series("MODULE", index=versions.index)),
        "class_group": _text(versions.code_presentation),
        "earlier_attempts": _whole(versions.num_of_prev_attempts),
        "credits": pa.array(versions.studied_credits.astype(float), pa.float64()),
        "registered_on": _days(versions.registered_on),
        "status": _text(versions.status),
        "status_on": _days(versions.status_on),
    }
    students = {
        **shared,
        "sex": _text(versions.gender),
        "disability_any": pa.array(versions.disability == "Y", pa.bool_()),
    }
    household = {**shared, "poverty_score": pa.array(_poverty_score(versions.imd_band), pa.float64(), from_pandas=True)}
    told = [(STUDENTS, students), (ENROLMENTS, enrolments), (HOUSEHOLD, household)]
    return Delivery(
        institution=module,
        lines=_lines(len(versions)),
        told=[Told(table=table, cells=cells, lag_days=0) for table, cells in told],
        people=PeopleCells(person=_text(versions.id_student), admits=True),
        is_history=True,
    )


def _poverty_score(bands: pd.Series) -> Any:
    """The middle of a deprivation band as a poverty score: the band 0-10% is the most deprived; one label lacks its %."""
    lowest = bands.str.extract(r"^([0-9]+)-")[0].astype(float)
    return (1 - (lowest + 5) / 100).round(3)


def _opening_days(own: Sequence[Presentation]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code_presentation": [p.code for p in own],
            "opens": pd.to_datetime([p.opens_on for p in own]),
            "length": [p.length for p in own],
            "academic_year": [p.year for p in own],
            "term": [p.term for p in own],
        }
    )


def _people_rows(module: str, table: Table, rows: tuple[pd.Series, dict[str, Any]]) -> Delivery:
    people, cells = rows
    return Delivery(
        institution=module,
        lines=_lines(len(people)),
        told=[Told(table=table, cells=cells, lag_days=0)],
        people=PeopleCells(person=_text(people)),
        is_history=True,
    )


# Days present


def _totals(path: Path, read: Read, presentations: Sequence[Presentation]) -> pd.DataFrame:
    """Cumulative days present by enrolment and day: columns of the enrolment, `as_of_day`, `homepage_days`."""
    prepared = (path if path.is_dir() else path.parent) / "activity_days.parquet"
    if not prepared.is_file():
        return totals_from_clicks(read("vle"), read("studentVle"), presentations)
    totals: pd.DataFrame = pq.read_table(prepared).to_pandas()
    lengths = {(p.module, p.code): p.length for p in presentations}
    last = [lengths.get(key, 0) for key in zip(totals.code_module, totals.code_presentation, strict=True)]
    totals["as_of_day"] = np.where(totals.as_of_day == 999, last, totals.as_of_day)  # 999 stands for the last day
    return totals


def totals_from_clicks(
    sites: pd.DataFrame, clicks: pd.DataFrame, presentations: Sequence[Presentation]
) -> pd.DataFrame:
    """The same totals counted from `studentVle.csv`: different days with a click on a home page, day by day cumulated."""
    homepages = sites.loc[sites.activity_type == "homepage", "id_site"]
    days = clicks.loc[clicks.id_site.isin(homepages), [*_ENROLMENT, "date"]].drop_duplicates()
    blocks = []
    for p in presentations:
        own = days[(days.code_module == p.module) & (days.code_presentation == p.code)]
        for day in [*(day for day in TOTAL_DAYS if day < p.length), p.length]:
            counted = own[own.date <= day].groupby(_ENROLMENT).size().rename("homepage_days").reset_index()
            blocks.append(counted.assign(as_of_day=day))
    return pd.concat(blocks, ignore_index=True)


def _total_cells(
    totals: pd.DataFrame, chosen: pd.DataFrame, own: Sequence[Presentation]
) -> tuple[pd.Series, dict[str, Any]]:
    """Differences of the cumulated days as one row a period; nothing is counted after a student unregistered."""
    grid = _periods(own).merge(chosen[[*_ENROLMENT, "date_unregistration"]], on="code_presentation")
    grid = grid.merge(totals, on=[*_ENROLMENT, "as_of_day"], how="left").sort_values([*_ENROLMENT, "as_of_day"])
    told = grid.groupby("code_presentation").homepage_days.transform("count") > 0
    grid = grid[told & grid.as_of_day.le(_last_told(totals, grid))]
    cumulated = grid.homepage_days.fillna(0)
    grid["present"] = cumulated - cumulated.groupby([grid[name] for name in _ENROLMENT]).shift(fill_value=0)
    grid = grid[~(grid.date_unregistration <= grid.as_of_day)]
    ends = grid.opens + pd.to_timedelta(grid.as_of_day, unit="D")
    cells = {
        "happened_on": _days(ends),
        "from_day": _days(grid.opens + pd.to_timedelta(grid.from_day, unit="D")),
        "held": _whole(grid.held),
        "present": _whole(grid.present),
        "absent": _whole(grid.held - grid.present),
        "entered_at": _evenings(ends),
    }
    return grid.id_student, cells


def _last_told(totals: pd.DataFrame, grid: pd.DataFrame) -> pd.Series:
    """The last day for which a presentation has totals at all: a count that stopped arriving is not absence."""
    last = totals.groupby(_PRESENTATION).as_of_day.max().rename("last_day").reset_index()
    return grid[_PRESENTATION].merge(last, on=_PRESENTATION, how="left").last_day.set_axis(grid.index)


def _periods(own: Sequence[Presentation]) -> pd.DataFrame:
    blocks = []
    for p in own:
        ends = [*(day for day in TOTAL_DAYS if day < p.length), p.length]
        starts = [_SITE_OPENS, *(day + 1 for day in ends[:-1])]
        blocks.append(
            pd.DataFrame(
                {"code_presentation": p.code, "from_day": starts, "as_of_day": ends, "opens": pd.Timestamp(p.opens_on)}
            )
        )
    periods = pd.concat(blocks, ignore_index=True)
    periods["held"] = periods.as_of_day - periods.from_day + 1
    return periods


# Assessments


def _work(assessments: pd.DataFrame, handed_in: pd.DataFrame, enrolled: pd.DataFrame) -> pd.DataFrame:
    """For every enrolment and dated assessment: due day, day handed in, score. Exams without a date are left out."""
    dated = assessments[assessments.date.notna()].rename(columns={"date": "due"})
    wanted = enrolled[[*_ENROLMENT, "date_registration", "date_unregistration"]].merge(dated, on=_PRESENTATION)
    return wanted.merge(handed_in, on=["id_assessment", "id_student"], how="left")


def _work_cells(work: pd.DataFrame, own: Sequence[Presentation]) -> tuple[pd.Series, dict[str, Any]]:
    """`NOT_SUBMITTED` on the due day for whoever is enrolled and has not handed in, corrected when it is handed in."""
    work = work.merge(_opening_days(own), on="code_presentation")
    handed_in = work.date_submitted.notna()
    day = work.date_submitted.where(work.is_banked != 1, 0)
    there = (work.date_registration.fillna(0) <= work.due) & ~(work.date_unregistration <= work.due)
    due = work[there & ~(handed_in & (day <= work.due))].assign(grade="NOT_SUBMITTED", score=np.nan)
    due["day"] = due.due
    scored = work[handed_in].assign(grade="SCORED")
    scored["day"] = day[handed_in]
    rows = pd.concat([due, scored], ignore_index=True)
    happened = rows.opens + pd.to_timedelta(rows.day, unit="D")
    cells = {
        "happened_on": _days(happened),
        **{name: _whole(rows[name]) for name in ("academic_year", "term")},
        "course_code": _text(rows.code_module),
        "item": _text(rows.id_assessment),
        "attempt": _whole(pd.Series(1, index=rows.index)),
        "weight": pa.array(rows.weight.astype(float), pa.float64()),
        "score": pa.array(rows.score, pa.float64(), from_pandas=True),
        "grade": _text(rows.grade),
        "entered_at": _evenings(happened),
    }
    return rows.id_student, cells


# Cells


def _lines(rows: int) -> pa.Array:
    return pa.array(np.arange(1, rows + 1), pa.int32())


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values.astype(str), pa.string())


def _whole(values: pd.Series) -> pa.Array:
    return pa.array(values.astype("Int64"), pa.int64()).cast(pa.int32())


def _days(values: pd.Series) -> pa.Array:
    return (
        pa.array(values, pa.timestamp("ns"), from_pandas=True)
        .cast(pa.timestamp("s"), safe=False)
        .cast(pa.date32(), safe=False)
    )


def _evenings(values: pd.Series) -> pa.Array:
    """The evening of a day in Bangkok: known from the next morning on."""
    instants = (pd.to_datetime(values) + _EVENING).dt.tz_localize(BANGKOK).dt.tz_convert("UTC")
    return pa.array(instants.dt.as_unit("ms"), pa.timestamp("ms", tz="UTC"), from_pandas=True)
