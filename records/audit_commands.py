"""`zerodrop audit`: whether the trail is whole, its head to keep elsewhere, and who saw a student."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, Json, actor, data_home, say

if TYPE_CHECKING:
    from records.looks import Look
    from records.person_export import Words

Student = Annotated[str, typer.Argument(help="The student's UUID, as it stands in the address of their page.")]


def audit_commands(words: "Words") -> Mapping[str, Callable[..., None]]:
    """The commands of `zerodrop audit`; `words` turns what the trail says was done into the words of the page of looks."""

    def who_saw(student: Student, home: Home = None, as_json: Json = False) -> None:
        """Everything that was done about one student and every list that showed them; asking is recorded too."""
        from records.looks import student_looks

        with data_home(home) as opened:
            found = student_looks(opened, student, actor=actor())
        rows = [
            {"at": one.at.isoformat(), "actor": one.actor, "name": one.name, "role": one.role, "action": one.action}
            for one in found
        ]
        lines = [_line(one, words) for one in found]
        say({"looks": rows}, as_json, "\n".join(lines) or "ยังไม่มีใครเปิดดู · nobody has looked")

    return {"verify": verify, "head": head, "who-saw": who_saw}


def _line(look: "Look", words: "Words") -> str:
    from records.clock import BANGKOK

    who = f"{look.actor} ({look.name})" if look.name else look.actor
    done = words({"action": look.action})
    return f"{look.at.astimezone(BANGKOK):%Y-%m-%d %H:%M}  {who}: {done.th} · {done.en}"


def verify(
    head: Annotated[
        str, typer.Option("--head", help="A head that was printed earlier, such as 1234-9f3a11c077de02b1.")
    ] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Read the whole audit trail and say whether rows were altered, deleted or cut off; exit 11 when they were."""
    from records import audit

    with data_home(home) as opened:
        verdict = audit.verify(opened.database, printed=head)
    told = {
        "sound": verdict.sound,
        "rows": verdict.rows,
        "rows_before_the_chain": verdict.unchained,
        "head": verdict.head,
        "findings": [
            {"row": one.row, "certain": one.certain, "th": one.text.th, "en": one.text.en} for one in verdict.findings
        ],
        "more_findings": verdict.more,
    }
    lines = [f"อ่านบันทึก {verdict.rows} แถว เลขท้าย {verdict.head} · {verdict.rows} rows read, head {verdict.head}"]
    if verdict.unchained:
        lines.append(
            f"{verdict.unchained} แถวแรกเก่ากว่าการร้อยบันทึก จึงตรวจไม่ได้ · the first {verdict.unchained} are older than the chain and cannot be checked"
        )
    lines += [f"  {'!' if one.certain else '?'} {one.text.th} · {one.text.en}" for one in verdict.findings]
    if verdict.more:
        lines.append(f"  และอีก {verdict.more} จุด · and {verdict.more} more")
    if verdict.sound:
        lines.append("บันทึกครบถ้วน ไม่มีการแก้ไข · the trail is whole")
    say(told, as_json, "\n".join(lines))
    if not verdict.sound:
        raise audit.AuditBroken.found(verdict)


def head(home: Home = None, as_json: Json = False) -> None:
    """The end of the audit trail: print it, or write it down outside of this machine."""
    from records import audit

    with data_home(home) as opened, opened.database.read() as session:
        found = audit.head(session)
    say({"head": found}, as_json, found)
