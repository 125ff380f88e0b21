"""The command `score`: the list of one week, or of every institution whatever is due."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    data_home,
    progress_line,
    say,
    the_institution,
    today_in_bangkok,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from serving.scoring import Week
    from serving.weekly import WeeklyReport


def score(
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A Monday of a teaching week.")] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Every institution: this week's list, and those that were missed.")
    ] = False,
    catch_up: Annotated[int, typer.Option(min=0, help="With --all: at most so many missed weeks.")] = 4,
    workers: Annotated[int, typer.Option(min=1, help="With --all: processes on this machine.")] = 1,
    force: Annotated[
        bool,
        typer.Option("--force", help="With --as-of: also over a list from later records, or with a clock put right."),
    ] = False,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Score everybody, make this week's list by capacity and publish it; running it again changes nothing.

    With --all: exit code 1 when an institution failed; it keeps the list it has, and the others get theirs.
    """
    if everyone == (as_of is not None):
        raise typer.BadParameter("give either --as-of or --all · ระบุ --as-of หรือ --all อย่างใดอย่างหนึ่ง")
    if everyone:
        if institution or force:
            raise typer.BadParameter(
                "--institution and --force go with --as-of · ใช้ --institution และ --force คู่กับ --as-of"
            )
        _score_all(home, catch_up, workers, as_json)
    elif as_of is not None:
        _score_week(home, institution, as_of, force, as_json)


def _score_week(home: "Path | None", institution: str, as_of: datetime, force: bool, as_json: bool) -> None:
    from records.weeks import require_plausible
    from serving.weekly import run_week

    require_plausible(as_of.date(), today_in_bangkok())
    with data_home(home) as opened, progress_line("score", quiet=as_json) as progress:
        code = the_institution(opened, institution)
        report = run_week(opened, code, as_of.date(), actor=actor(), force=force, progress=progress)
    say(asdict(report), as_json, _told(report))


def _told(report: "WeeklyReport") -> str:
    """What became of the week's list, in Thai and in English."""
    from records.clock import buddhist

    done_th, done = {
        "published": ("เผยแพร่รายชื่อแล้ว", "published"),
        "same": ("รายชื่อนี้เผยแพร่อยู่แล้ว ไม่มีอะไรเปลี่ยน", "same: published already, nothing changed"),
        "restored": ("กลับไปใช้รายชื่อเดิมที่เคยเผยแพร่", "restored: an earlier list is current again"),
    }[report.outcome.value]
    kind_th, kind = "รายชื่อตามการขาดเรียนรับหน้าที่", "the absence rule is in charge, without a probability"
    if report.model != "absence_rule":
        kind_th, kind = f"แบบจำลอง {report.model[:12]}", f"model {report.model[:12]}"
    lines = [
        f"{done_th} · ณ วันที่ {buddhist(report.as_of)} · {report.institution} · {kind_th}",
        f"นักเรียน {report.students} คน ควรเยี่ยมก่อน {report.high} ควรพูดคุย {report.watch} ต้องพบตามระเบียบ {report.must_see}",
        f"{done}; list of {report.as_of} for {report.institution}, {kind}",
        f"{report.students} students, {report.high} to visit first, {report.watch} to talk to, "
        f"{report.must_see} must be seen by the rules",
    ]
    if report.visits_told:
        lines.append(f"บันทึกผลการเยี่ยมบ้าน {report.visits_told} ครั้ง · told the log of {report.visits_told} home visits")
    if report.visits_told is None:
        lines.append(
            "ยังบันทึกผลการเยี่ยมบ้านไม่ได้ ครั้งหน้าจะบันทึกให้ · the log could not be told of home visits; the next run will tell it"
        )
    if report.unknown:
        lines.append(f"ข้อมูลยังไม่พอที่จะจัดลำดับ {report.unknown} คน · too little is known to rank {report.unknown} of them")
    lines.append(f"หมายเลขรายชื่อ · number of the list: {report.publication}")
    if report.capacity_is_default:
        lines.append(
            "กำลังคนยังเป็นค่าเริ่มต้น ให้กรอกในแบบตั้งค่า · capacity is a default: enter it in the set-up workbook (zerodrop init)"
        )
    return "\n".join(lines)


# Every institution


def _score_all(home: "Path | None", catch_up: int, workers: int, as_json: bool) -> None:
    from serving.scoring import Outcome, score_all

    with data_home(home) as opened, progress_line("score", quiet=as_json) as progress:
        weeks = score_all(
            opened, today=today_in_bangkok(), catch_up=catch_up, workers=workers, actor=actor(), progress=progress
        )
    say([asdict(week) for week in weeks], as_json, _table(weeks))
    if any(week.outcome is Outcome.FAILED for week in weeks):
        raise typer.Exit(1)


_SAID = {
    "published": "เผยแพร่แล้ว · published",
    "same": "ไม่มีอะไรเปลี่ยน · same",
    "restored": "กลับไปใช้รายชื่อเดิม · restored",
    "put back": "คงรายชื่อที่ผู้รับผิดชอบเลือกไว้ · kept as it was put back",
    "overtaken": "มีรายชื่อใหม่กว่าแล้ว · a newer list stands",
    "too old": "เลยเวลาออกย้อนหลัง (--catch-up) · missed too long ago",
    "nothing due": "ไม่มีสัปดาห์ที่เปิดสอน · no teaching week",
    "failed": "ไม่สำเร็จ รายชื่อเดิมยังใช้อยู่ · failed, the list before stays",
}


def _table(weeks: "Sequence[Week]") -> str:
    from records.clock import buddhist
    from serving.tables import table

    rows = [
        (
            week.institution,
            f"{buddhist(week.as_of)} · {week.as_of}" if week.as_of else "-",
            _SAID[week.outcome.value],
            week.model[:12],
            *(f"{count:,}" if week.students else "" for count in (week.students, week.high, week.watch, week.must_see)),
        )
        for week in weeks
    ]
    heads = (
        "สถานศึกษา · institution", "สัปดาห์ · week", "ผล · outcome", "แบบจำลอง · model", "นักเรียน · students",
        "ควรเยี่ยม · visit", "พูดคุย · talk", "ต้องพบ · must see",
    )  # fmt: skip
    failed = [f"{week.institution}: {week.sentence}" for week in weeks if week.sentence]
    return "\n".join([table(heads, rows), *failed])
