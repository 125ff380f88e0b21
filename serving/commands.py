"""The commands of serving: init (it opens accounts), score and serve."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    data_home,
    for_writing,
    progress_line,
    say,
    the_institution,
    today_in_bangkok,
)

if TYPE_CHECKING:
    from serving.weekly import WeeklyReport


def init(
    workbook: Annotated[Path | None, typer.Option("--from", help="The filled set-up workbook.")] = None,
    template: Annotated[Path | None, typer.Option(help="Write an empty set-up workbook here and stop.")] = None,
    passwords: Annotated[bool, typer.Option(help="Print a first password for every new account.")] = True,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a data home and enter what no export carries: terms, holidays, staff, class groups, capacity, rules."""
    from records.college import write_workbook
    from records.questions import ask_college
    from records.setup import apply_college, import_calendar, read_college
    from serving.accounts import random_password, set_password

    if template is not None:
        write_workbook(for_writing(template, replaces=False))
        text = f"กรอก {template} แล้วสั่ง · fill in {template}, then run: zerodrop init --from {template}"
        say({"template": str(template)}, as_json, text)
        return
    college = read_college(workbook) if workbook else ask_college(typer.prompt)
    with data_home(home, create=True) as opened:
        new = apply_college(opened, college)
        import_calendar(opened, college)
        first = {member.login: random_password() for member in new} if passwords else {}
        for login, password in first.items():
            set_password(opened, login=login, password=password)
    told = {"institution": college.institution.code, "accounts": first}
    lines = [
        f"ตั้งค่า{college.institution.name_th} ({college.institution.code}) แล้วใน {opened.settings.home} · "
        f"set up in {opened.settings.home}",
        f"กุญแจ สำรองแยกจากข้อมูล · the key, to be backed up apart from the data: {opened.settings.key_path}",
    ]
    if first:
        lines.append("รหัสผ่านแรก แสดงครั้งนี้ครั้งเดียว · first passwords, shown only now:")
    lines += [f"  {login}: {password}" for login, password in first.items()]
    say(told, as_json, "\n".join(lines))


def score(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A Monday of a teaching week.")],
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Score everybody, make this week's list by capacity and publish it; running it again changes nothing."""
    from serving.weekly import run_week

    with data_home(home) as opened, progress_line("score", quiet=as_json) as progress:
        report = run_week(opened, the_institution(opened, institution), as_of.date(), actor=actor(), progress=progress)
    say(asdict(report), as_json, _told(report))


def _told(report: "WeeklyReport") -> str:
    """What became of the week's list, in Thai and in English."""
    from records.college import buddhist

    done_th, done = {
        "published": ("เผยแพร่รายชื่อแล้ว", "published"),
        "same": ("รายชื่อนี้เผยแพร่อยู่แล้ว ไม่มีอะไรเปลี่ยน", "same: published already, nothing changed"),
        "restored": ("กลับไปใช้รายชื่อเดิมที่เคยเผยแพร่", "restored: an earlier list is current again"),
    }[report.outcome.value]
    kind_th, kind = ("ยังไม่มีแบบจำลอง: รายชื่อตามการขาดเรียน", "no model yet: rule list by absence, without a probability")
    if report.model != "absence_rule":
        kind_th, kind = f"แบบจำลอง {report.model[:12]}", f"model {report.model[:12]}"
    lines = [
        f"{done_th} · ณ วันที่ {buddhist(report.as_of)} · {report.institution} · {kind_th}",
        f"นักเรียน {report.students} คน ควรเยี่ยมก่อน {report.high} ควรพูดคุย {report.watch} ต้องพบตามระเบียบ {report.must_see}",
        f"{done}; list of {report.as_of} for {report.institution}, {kind}",
        f"{report.students} students, {report.high} to visit first, {report.watch} to talk to, "
        f"{report.must_see} must be seen by the rules",
    ]
    if report.capacity_is_default:
        lines.append(
            "กำลังคนยังเป็นค่าเริ่มต้น ให้กรอกในแบบตั้งค่า · capacity is a default: enter it in the set-up workbook (zerodrop init)"
        )
    return "\n".join(lines)


def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A TLS proxy stands in front.")] = False,
    home: Home = None,
) -> None:
    """Show each person the students they care for, on this machine or behind a TLS proxy."""
    from serving.server import serve as run_server

    with data_home(home) as opened:
        run_server(opened, host=host, port=port, behind_proxy=behind_proxy, today=today_in_bangkok)
