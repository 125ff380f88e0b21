"""The commands for what persons may ask of their own data: find, export, erase, correct; and what is deleted in time.

A name or a number is never printed, and a code or words given as `-` are read from standard input, so that neither stays
in the history of a shell.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    ask_first,
    data_home,
    folder_for_writing,
    say,
    the_institution,
)

if TYPE_CHECKING:
    from records.corrections import Correction
    from records.erasure import Erased
    from records.person_export import Words

Student = Annotated[UUID, typer.Argument(help="The student, as `zerodrop person find` shows them.")]
Request = Annotated[UUID, typer.Argument(help="The request, as `zerodrop person correction list` shows it.")]
Code = Annotated[
    str, typer.Option("--code", help="A student code or country-wide number; - reads it from standard input.")
]
Out = Annotated[Path, typer.Option("--out", help="A new or empty folder for person.json and person.html.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, without a name: it is kept. For example: request 12/2569.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="At every institution that knows the person.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Said = Annotated[str, typer.Option("--words", help="What is wrong, and what is right; - reads it from standard input.")]
Answer = Annotated[str, typer.Option("--answer", help="What the person is told; - reads it from standard input.")]
Corrected = Annotated[bool, typer.Option("--corrected/--refused", help="It was mended in its source, or it was not.")]
All = Annotated[bool, typer.Option("--all", help="Those that were answered as well.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count.")]


def person_commands(words: "Words") -> Mapping[str, Callable[..., None] | typer.Typer]:
    """The commands of `zerodrop person`; `words` turns a stored reason into the sentence that staff read."""

    def export(
        student: Student, out: Out, institution: InstitutionCode = "", home: Home = None, as_json: Json = False
    ) -> None:
        """All that is held on one student, as a page to print and as JSON; who looked is part of it."""
        _export(student, out, institution, home, as_json, words)

    correction = typer.Typer(no_args_is_help=True, help="คำขอให้แก้ไขข้อมูล · requests to correct what is wrong")
    for name, command in (("add", add_correction), ("list", list_corrections), ("decide", decide_correction)):
        correction.command(name)(command)
    return {"find": find, "export": export, "erase": erase, "correction": correction}


def _typed(value: str) -> str:
    return sys.stdin.read().strip() if value == "-" else value


def find(code: Code = "-", institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """The pseudonym and class group of whoever has a code; no name. The look is recorded."""
    from records.subjects import find_by_code

    wanted = _typed(code)
    with data_home(home) as opened:
        found = find_by_code(opened, the_institution(opened, institution), wanted, actor=actor())
    say(asdict(found), as_json, f"{found.student_id}  {found.class_group}")


def _export(student: UUID, out: Path, institution: str, home: Path | None, as_json: bool, words: "Words") -> None:
    from records.errors import UserError
    from records.person_export import export_person, write_export

    folder_for_writing(out)
    with data_home(home) as opened:
        found = export_person(opened, the_institution(opened, institution), student, actor=actor(), words=words)
    try:
        files = write_export(found, out)
    except OSError as error:
        raise UserError.not_written(out, error) from None
    lines = [
        f"เขียนแล้ว พิมพ์จากเบราว์เซอร์ได้: {files[1]} · written, print it from a browser: {files[1]}",
        f"สำหรับโอนย้ายข้อมูล: {files[0]} · for taking the data elsewhere: {files[0]}",
        "มอบให้เจ้าของข้อมูลหรือผู้ปกครองเท่านั้น แล้วลบโฟลเดอร์นี้ · for the person or guardian alone; then delete the folder",
    ]
    say({"files": files, "counts": found.counts}, as_json, "\n".join(lines))


def erase(
    student: Student,
    reason: Reason,
    everywhere: Everywhere = False,
    yes: Yes = False,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Delete everything about one student. This cannot be taken back; asked again after a stop, it goes on."""
    from records.erasure import erase as erase_person

    if not yes:
        ask_first("ลบข้อมูลทั้งหมดของนักเรียนคนนี้ กู้คืนไม่ได้ ยืนยันหรือไม่ · Delete everything about this student, for good?")
    with data_home(home) as opened:
        code = the_institution(opened, institution)
        done = erase_person(opened, code, student, actor=actor(), reason=reason, everywhere=everywhere)
    lines = [line for one in done for line in _erased(one)]
    lines.append(
        "สำรองข้อมูลใหม่ทันที (zerodrop backup make) และลบคนนี้ในระบบต้นทางด้วย มิฉะนั้นทะเบียนครั้งหน้าจะนำกลับเข้ามา · "
        "make a backup now (zerodrop backup make), and delete the person in the source systems too: the next roster would "
        "bring them back"
    )
    say([asdict(one) for one in done], as_json, "\n".join(lines))


def _erased(one: "Erased") -> list[str]:
    lines = [
        f"{one.institution}: ลบแล้ว แฟ้มบันทึก {one.log_files} แฟ้ม แถวที่กักไว้ {one.kept_rows} แถว รายชื่อ {one.list_entries} ครั้ง · "
        f"erased: {one.log_files} log files written anew, {one.kept_rows} kept lines, {one.list_entries} places on lists"
    ]
    if one.elsewhere:
        others = ", ".join(one.elsewhere)
        lines.append(f"  สถานศึกษาอื่นยังมีข้อมูลของคนนี้: {others} · other institutions still know the person: {others}")
    return lines


def add_correction(
    student: Student, words: Said = "-", institution: InstitutionCode = "", home: Home = None, as_json: Json = False
) -> None:
    """Keep, sealed, what a student or a guardian says is wrong."""
    from records.corrections import enter

    told = _typed(words)
    with data_home(home) as opened:
        number = enter(opened, the_institution(opened, institution), student, words=told, actor=actor())
    say({"request": number}, as_json, f"รับคำขอแล้ว เลขที่ {number} · request {number} was taken down")


def list_corrections(
    every: All = False, institution: InstitutionCode = "", home: Home = None, as_json: Json = False
) -> None:
    """The requests that wait for an answer, with the words of whoever asked; the look is recorded."""
    from records.corrections import corrections

    with data_home(home) as opened:
        code = the_institution(opened, institution)
        found = corrections(opened, code, actor=actor(), only_open=not every)
    lines = [_request(one) for one in found]
    say([asdict(one) for one in found], as_json, "\n".join(lines) or "ไม่มีคำขอที่รอคำตอบ · no request waits")


def _request(one: "Correction") -> str:
    from records.clock import buddhist, local_day

    state_th, state = {
        "corrected": ("แก้แล้ว", "corrected"),
        "refused": ("ไม่แก้", "refused"),
    }.get(one.decision, (f"ตอบภายใน {buddhist(local_day(one.due_at))}", f"answer by {local_day(one.due_at)}"))
    return f"{one.id}  {one.student_id}  {state_th} · {state}\n  {one.words}"


def decide_correction(
    request: Request, corrected: Corrected, answer: Answer = "-", home: Home = None, as_json: Json = False
) -> None:
    """Answer a request: mended in its source and imported again, or not, and why."""
    from records.corrections import decide

    told = _typed(answer)
    with data_home(home) as opened:
        decide(opened, request, corrected=corrected, answer=told, actor=actor())
    said = "แก้แล้ว · corrected" if corrected else "ไม่แก้ · refused"
    say({"request": request, "corrected": corrected}, as_json, f"บันทึกคำตอบแล้ว: {said} · the answer is kept")


def prune(dry_run: DryRun = False, home: Home = None, as_json: Json = False) -> None:
    """Delete what is over its time by the settings: scores, old looks, sessions, kept rows. Run it every night."""
    from records.retention import prune as prune_home

    with data_home(home) as opened:
        found = prune_home(opened, now=datetime.now(UTC), dry_run=dry_run, actor=actor())
    done = ("จะลบ", "would be deleted") if dry_run else ("ลบแล้ว", "deleted")
    lines = [f"{done[0]} · {done[1]}:"]
    lines += [f"  {one.rows:>8,}  {one.label.th} · {one.label.en}" for one in found if one.rows]
    nothing = "ไม่มีข้อมูลที่ครบกำหนดลบ · nothing is over its time"
    told = {"dry_run": dry_run, "rows": {one.kind: one.rows for one in found}}
    say(told, as_json, "\n".join(lines) if any(one.rows for one in found) else nothing)
