"""The Open University dataset as published: a zip of seven CSV files, one institution a module (Kuzilek et al. 2017).

Day 0 of a presentation is 1 February (B) or 1 October (J); all its dates are days from there. A day on which a student
opened the course home page is a day present; it is taken as totals of about 30 days, the shape of a college that keeps
only totals, from `activity_days.parquet` where that is beside the zip, else from `studentVle.csv`.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from records.clock import BANGKOK
from records.college import College, Institution, TermDates
from records.intake.files import Sheet
from records.intake.source import Delivery, Field, PeopleCells, Request, Tells, Told, in_one
from records.intake.sources.oulad_files import (
    ENROLMENT,
    PRESENTATION,
    TOTAL_DAYS,
    Presentation,
    days_present,
    is_dataset,
    open_tables,
    presentations_of,
)
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

_SITE_OPENS = -25
# By level of ISCED 2011: an A level is upper secondary; of a qualification of higher education only the least is known.
_EDUCATION = {
    "No Formal quals": "NONE",
    "Lower Than A Level": "LOWER_SECONDARY",
    "A Level or Equivalent": "UPPER_SECONDARY",
    "HE Qualification": "SHORT_TERTIARY",
    "Post Graduate Qualification": "MASTER",
}
_KNOWN_LONG_BEFORE = timedelta(days=400)
_EVENING = pd.Timedelta(hours=18)


class OpenUniversity:
    name = "oulad"
    label = Text(th="ข้อมูลเปิด Open University (OULAD)", en="Open University dataset (OULAD)")

    about = Text(
        th="ชุดข้อมูลเปิดของมหาวิทยาลัยเปิดอังกฤษ เป็นไฟล์ zip ของ CSV เจ็ดไฟล์ ใช้วัดแบบจำลอง ไม่ใช่ไฟล์ของวิทยาลัย",
        en="the open dataset of the Open University, a zip of seven CSV files: for judging models, no college has it",
    )
    fields: tuple[Field, ...] = ()
    names_institutions = True
    admits = True
    tells: tuple[Tells, ...] = tuple(
        Tells(table=table, lag_days=0)
        for table in (CALENDAR, STUDENTS, ENROLMENTS, HOUSEHOLD, ATTENDANCE_TOTAL, GRADES, ROSTER_COUNTS)
    )

    def comes_as(self, path: Path) -> bool:
        return is_dataset(path)

    def recognises(self, sheet: Sheet) -> bool:
        return {"code_module", "code_presentation", "id_student"} <= set(sheet.headers)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        with open_tables(request.path) as tables:
            presentations = presentations_of(tables.read("courses"))
            enrolled = tables.read("studentInfo").merge(tables.read("studentRegistration"), on=ENROLMENT, how="left")
            totals = days_present(request.path, tables, presentations)
            work = _work(tables.read("assessments"), tables.read("studentAssessment"), enrolled)
        for module in sorted({p.module for p in presentations}):
            own = [p for p in presentations if p.module == module]
            chosen = enrolled[enrolled.code_module == module]
            yield _calendar(module, own)
            yield _roster(module, own, chosen)
            yield _people_rows(module, ATTENDANCE_TOTAL, _total_cells(totals, chosen, own))
            yield _people_rows(module, GRADES, _work_cells(work[work.code_module == module], own))
            yield _end_counts(module, own, chosen)


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
    return in_one(
        module,
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
    return in_one(
        module,
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
    stayed = rows[~(rows.date_unregistration <= rows.day)]  # who left on the day they came was never there
    versions = pd.concat([stayed, left], ignore_index=True)
    happened = versions.opens + pd.to_timedelta(versions.day, unit="D")
    versions["status_on"] = (versions.opens + pd.to_timedelta(versions.date_unregistration, unit="D")).where(
        versions.status == "RESIGNED"
    )
    versions["registered_on"] = versions.opens + pd.to_timedelta(versions.date_registration, unit="D")
    shared = {"happened_on": _days(happened), "entered_at": _evenings(happened)}
    enrolments = {**shared, **_enrolment_cells(versions)}
    students = {
        **shared,
        "sex": _text(versions.gender),
        "disability_any": pa.array(versions.disability == "Y", pa.bool_()),
    }
    household = {**shared, "poverty_score": pa.array(_poverty_score(versions.imd_band), pa.float64(), from_pandas=True)}
    told = [(STUDENTS, students), (ENROLMENTS, enrolments), (HOUSEHOLD, household)]
    return in_one(
        module,
        lines=_lines(len(versions)),
        told=[Told(table=table, cells=cells, lag_days=0) for table, cells in told],
        people=PeopleCells(person=_text(versions.id_student), admits=True),
        is_history=True,
    )


def _enrolment_cells(versions: pd.DataFrame) -> dict[str, Any]:
    return {
        **{name: _whole(versions[name]) for name in ("academic_year", "term")},
        "level": _text(pd.Series("MODULE", index=versions.index)),
        "class_group": _text(versions.code_presentation),
        "education_before": pa.array(versions.highest_education.map(_EDUCATION), pa.string(), from_pandas=True),
        "earlier_attempts": _whole(versions.num_of_prev_attempts),
        "credits": pa.array(versions.studied_credits.astype(float), pa.float64()),
        "registered_on": _days(versions.registered_on),
        "status": _text(versions.status),
        "status_on": _days(versions.status_on),
    }


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
    return in_one(
        module,
        lines=_lines(len(people)),
        told=[Told(table=table, cells=cells, lag_days=0)],
        people=PeopleCells(person=_text(people)),
        is_history=True,
    )


# Days present


def _total_cells(
    totals: pd.DataFrame, chosen: pd.DataFrame, own: Sequence[Presentation]
) -> tuple[pd.Series, dict[str, Any]]:
    """Differences of the cumulated days as one row a period; nothing is counted after a student unregistered."""
    grid = _periods(own).merge(chosen[[*ENROLMENT, "date_unregistration"]], on="code_presentation")
    grid = grid.merge(totals, on=[*ENROLMENT, "as_of_day"], how="left").sort_values([*ENROLMENT, "as_of_day"])
    told = grid.groupby("code_presentation").homepage_days.transform("count") > 0
    grid = grid[told & grid.as_of_day.le(_last_told(totals, grid))]
    cumulated = grid.homepage_days.fillna(0)
    grid["present"] = cumulated - cumulated.groupby([grid[name] for name in ENROLMENT]).shift(fill_value=0)
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
    last = totals.groupby(PRESENTATION).as_of_day.max().rename("last_day").reset_index()
    return grid[PRESENTATION].merge(last, on=PRESENTATION, how="left").last_day.set_axis(grid.index)


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
    wanted = enrolled[[*ENROLMENT, "date_registration", "date_unregistration"]].merge(dated, on=PRESENTATION)
    return wanted.merge(handed_in, on=["id_assessment", "id_student"], how="left")


def _work_cells(work: pd.DataFrame, own: Sequence[Presentation]) -> tuple[pd.Series, dict[str, Any]]:
    """`NOT_SUBMITTED` on the due day for whoever is enrolled and has not handed in, corrected when it is handed in.

    How late that was is told with the score; a result banked from an earlier attempt was not handed in at all.
    """
    work = work.merge(_opening_days(own), on="code_presentation")
    handed_in = work.date_submitted.notna()
    day = work.date_submitted.where(work.is_banked != 1, 0)
    there = (work.date_registration.fillna(0) <= work.due) & ~(work.date_unregistration <= work.due)
    due = work[there & ~(handed_in & (day <= work.due))].assign(grade="NOT_SUBMITTED", score=np.nan)
    due["day"] = due.due
    scored = work[handed_in].assign(grade="SCORED")
    scored["day"] = day[handed_in]
    scored["days_late"] = (scored.day - scored.due).clip(lower=0).where(scored.is_banked != 1)
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
        "days_late": pa.array(rows.days_late.astype(float), pa.float64(), from_pandas=True),
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
    instants = (pd.to_datetime(values) + _EVENING).dt.tz_localize(BANGKOK).dt.tz_convert("UTC").dt.tz_localize(None)
    return pa.array(instants.dt.as_unit("ms"), pa.timestamp("ms"), from_pandas=True).cast(pa.timestamp("ms", tz="UTC"))


SOURCE = OpenUniversity()
