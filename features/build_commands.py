"""The command that makes the feature tables of many institutions, on one machine or on several."""

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, Json, actor, data_home, progress_line, say, today_in_bangkok

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from features.build import Built, Task
    from records.home import DataHome
    from records.log import EventLog

Institutions = Annotated[
    list[str] | None, typer.Option("--institution", help="Only this institution; may be given again. Default: all.")
]


def build_features(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="As known on the morning of this day.")],
    out: Annotated[
        Path, typer.Option(help="Folder of the tables: SHARD/DAY.parquet. A table that is there is replaced.")
    ],
    weeks: Annotated[int, typer.Option(min=1, max=520, help="So many weeks, the last on this day.")] = 1,
    institution: Institutions = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    scheduler: Annotated[
        str, typer.Option(help="Dask scheduler, tcp://host:8786 or tls://…; its workers see the same paths.")
    ] = "",
    states: Annotated[
        bool, typer.Option("--states/--no-states", help="Go on from the states of last week, and save this week's.")
    ] = True,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make the feature tables of many institutions as known on a day; a table has no names, students have numbers.

    Institutions are cut into shards of about 60,000 students. The tables are the same wherever they are made. Exit code 4:
    nobody is enrolled on any of the days, so there is no table.
    """
    from datetime import UTC

    from features.build import Task, weekly_until
    from records.errors import ConfigurationGap, UserError
    from records.weeks import require_plausible

    began = time.perf_counter()
    require_plausible(as_of.date(), today_in_bangkok())
    days = tuple(weekly_until(as_of.date(), weeks))
    with data_home(home) as opened, progress_line("features", quiet=as_json) as progress:
        _require_writable(out)
        tasks = [
            Task(log=log, as_ofs=days, now=datetime.now(UTC), out=out.absolute(), states=_states(opened, states))
            for log in _logs(opened, institution or ())
        ]
        try:
            done = _built(tasks, workers, scheduler, progress)
        except OSError as error:
            raise UserError.not_written(out, error) from None
    told = {"days": days, "shards": [_document(one) for one in done], "seconds": round(time.perf_counter() - began, 1)}
    say(told, as_json, _text(done, out, time.perf_counter() - began))
    if not any(one.paths for one in done):
        raise typer.Exit(ConfigurationGap.exit_code)


_NOT_SEEN = (
    "If it is there on this machine, a worker does not see it. Every worker must see the data home and the folder of the "
    "tables under the same paths as this machine: mount the shared disk there. · "
    "ถ้าเครื่องนี้มีแฟ้มดังกล่าว แสดงว่าเครื่องที่ช่วยคำนวณมองไม่เห็น ทุกเครื่องต้องเห็นที่เก็บข้อมูลและโฟลเดอร์ตารางด้วยเส้นทางเดียวกันกับเครื่องนี้ ให้ต่อดิสก์ร่วมก่อน"
)


def _logs(home: "DataHome", codes: "Sequence[str]") -> "list[EventLog]":
    from records.errors import ConfigurationGap
    from records.shards import open_shard, shards_of

    shards = shards_of(home, codes)
    if not shards:
        raise ConfigurationGap(
            "There is no institution yet. Enter one with `zerodrop init`. · ยังไม่มีสถานศึกษา เพิ่มด้วยคำสั่ง zerodrop init"
        )
    logs = [open_shard(home, shard, actor=actor(), purpose="features build") for shard in shards]
    for log in logs:
        log.folder = log.folder.absolute()  # a worker may have begun in another folder
    return logs


def _states(home: "DataHome", kept: bool) -> Path | None:
    return home.states.absolute() if kept else None


def _require_writable(out: Path) -> None:
    """The folder is there, or made now. Raises UserError before anything is read."""
    import os

    from records.errors import UserError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UserError(f"{out} is a file. Give the name of a folder. · {out} เป็นไฟล์ ใส่ชื่อโฟลเดอร์แทน") from None
    except OSError:
        raise UserError.may_not_write(out) from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise UserError.may_not_write(out)


def _built(
    tasks: "Sequence[Task]", number: int, scheduler: str, progress: "Callable[[str, int], None]"
) -> "list[Built]":
    from features.build import build_all, workers
    from records.errors import LogFileWrong, UserError

    done = []
    try:
        with workers(number, scheduler) as executor:
            for built in build_all(tasks, executor):
                progress(built.shard, built.rows)
                done.append(built)
    except LogFileWrong as error:
        raise UserError(f"{error}\n{_NOT_SEEN}") if scheduler else error from None
    return done


def _document(built: "Built") -> dict[str, object]:
    return {
        "shard": built.shard,
        "students": built.students,
        "rows": built.rows,
        "files": [str(path) for path in built.paths],
        "nobody_enrolled_on": built.nobody_on,
        "institutions_without_anybody": dict(built.without),
        "state_not_saved": built.state_not_saved,
    }


def _text(done: "Sequence[Built]", out: Path, seconds: float) -> str:
    students, files = sum(one.students for one in done), sum(len(one.paths) for one in done)
    lines = [
        f"{one.shard}: ไม่มีใครลงทะเบียนใน {len(one.nobody_on)} วันที่ถาม จึงไม่มีตาราง "
        f"({', '.join(map(str, one.nobody_on))}) ดูปฏิทินและทะเบียนด้วย zerodrop check · "
        f"nobody is enrolled on {len(one.nobody_on)} of the days, so there is no table: look at the terms and rosters"
        for one in done
        if one.nobody_on
    ]
    lines += [
        f"{institution}: ไม่มีใครลงทะเบียนใน {len(days)} วันที่ถาม ({', '.join(map(str, days))}) ตารางของ {one.shard} จึงไม่มีสถานศึกษานี้ "
        f"ดูปฏิทินและทะเบียนด้วย zerodrop check · nobody is enrolled on {len(days)} of the days, so the tables of {one.shard} "
        "lack this institution: look at its terms and roster"
        for one in done
        for institution, days in one.without
    ]
    lines += [
        f"{one.shard}: ตารางครบแล้ว แต่เก็บสถานะใน states/ ไม่ได้ ({one.state_not_saved}) สัปดาห์หน้าระบบจะอ่านข้อมูลทั้งหมดใหม่ · "
        f"the tables are complete, but the state could not be saved in states/ ({one.state_not_saved}): "
        "next week the log is read instead"
        for one in done
        if one.state_not_saved
    ]
    total = (
        f"นักเรียน {students:,} คน ตาราง {files:,} แฟ้ม ใน {out} ใช้เวลา {seconds:,.1f} วินาที · "
        f"{students:,} students, {files:,} tables in {out}, {seconds:,.1f} seconds"
    )
    return "\n".join([*lines, total])
