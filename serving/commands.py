"""The commands of serving: init (it opens accounts), replay (of a day, or of a published list) and serve."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from features.commands import for_table, replay_day, write_table, written
from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    chosen_day,
    data_home,
    for_writing,
    progress_line,
    say,
    the_institution,
    today_in_bangkok,
)

if TYPE_CHECKING:
    import pandas as pd

    from records.college import Rule, StaffMember
    from records.home import DataHome
    from records.lists import NewPublication
    from records.setup_records import CalendarChange
    from serving.replaying import AgainstPublished


# A lower least share of days present is more likely a slip (0.08 for 0.8): it is asked about, but taken.
_UNLIKELY_SHARE = 0.5


def init(
    workbook: Annotated[Path | None, typer.Option("--from", help="The filled set-up workbook.")] = None,
    template: Annotated[Path | None, typer.Option(help="Write an empty set-up workbook here and stop.")] = None,
    codes: Annotated[bool, typer.Option(help="Print an activation code for every new account.")] = True,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a data home and enter what no export carries: terms, holidays, staff, class groups, capacity, rules."""
    from records.questions import ask_college
    from records.setup import apply_college, read_college
    from records.setup_records import import_calendar, import_rules
    from serving.account_commands import told_codes

    if template is not None:
        _write_template(template, as_json)
        return
    college = read_college(workbook) if workbook else ask_college(typer.prompt)
    with data_home(home, create=True) as opened:
        new = apply_college(opened, college, today_in_bangkok())
        calendar = import_calendar(opened, college)
        left_out = import_rules(opened, college)
        activation = _give_codes(opened, new) if codes else {}
    told = {
        "institution": college.institution.code,
        "accounts": activation,
        **_as_document(calendar),
        "rules": [asdict(rule) for rule in college.rules],
        "rules_left_out": [asdict(rule) for rule in left_out],
    }
    lines = [
        f"ตั้งค่า{college.institution.name_th} ({college.institution.code}) แล้วใน {opened.settings.home} · "
        f"set up in {opened.settings.home}",
        f"กุญแจ สำรองแยกจากข้อมูล · the key, to be backed up apart from the data: {opened.settings.key_path}",
        *told_codes(activation),
        *_changed(calendar),
        *_taken_in(college.rules),
        *_still_in_force(left_out),
    ]
    say(told, as_json, "\n".join(lines))


def _write_template(path: Path, as_json: bool) -> None:
    from records.college import write_workbook

    write_workbook(for_writing(path, replaces=False))
    text = f"กรอก {path} แล้วสั่ง · fill in {path}, then run: zerodrop init --from {path}"
    say({"template": str(path)}, as_json, text)


def _give_codes(home: "DataHome", new: "Sequence[StaffMember]") -> dict[str, str]:
    """An activation code for each new account, by login."""
    from serving.accounts import give_code

    now = datetime.now(UTC)
    return {member.login: give_code(home, member.login, actor=actor(), now=now) for member in new}


def _as_document(calendar: "CalendarChange") -> dict[str, list[str]]:
    return {
        "days_withdrawn": [str(day) for day in calendar.withdrawn],
        "days_changed": [str(day) for day in calendar.changed],
        "days_kept": [str(day) for day in calendar.kept],
        "terms_left_out": [term.label for term in calendar.left_out],
    }


def _changed(calendar: "CalendarChange") -> list[str]:
    """What the workbook changed in the calendar, and the days and terms of which it says nothing new."""
    told = [
        (calendar.withdrawn, "ถอนออกจากปฏิทิน", "เพราะแบบตั้งค่าไม่มีแล้ว",
         "days withdrawn from the calendar, since the workbook no longer has them"),
        (calendar.changed, "เปลี่ยนประเภทวันในปฏิทิน", "ตามแบบตั้งค่า", "days of the calendar changed by the workbook"),
        (calendar.kept, "คงไว้ตามไฟล์ที่นำเข้า", "เพราะแบบตั้งค่าบอกเหมือนเดิม (ถ้าจะแก้ นำเข้าวันนั้นอีกครั้งด้วย import --table calendar)",
         "days kept as a file told them, since the workbook says what it said before (to change one, import it again with "
         "--table calendar)"),
    ]  # fmt: skip
    lines = [
        f"{did_th} {_days_th(days)} {why_th} · {did_en}: {_days_en(days)}"
        for days, did_th, why_th, did_en in told
        if days
    ]
    if calendar.left_out:
        terms = ", ".join(term.label for term in calendar.left_out)
        lines.append(f"ภาคเรียนที่ไม่อยู่ในแบบตั้งค่าแล้วแต่ยังใช้อยู่ · terms no longer in the workbook that still hold: {terms}")
    return lines


def _days_th(days: Sequence[date]) -> str:
    from records.clock import buddhist

    return f"{len(days):,} วัน ระหว่าง {buddhist(days[0])}–{buddhist(days[-1])}"


def _days_en(days: Sequence[date]) -> str:
    return f"{len(days):,} from {days[0]} to {days[-1]}"


def _taken_in(rules: "Sequence[Rule]") -> list[str]:
    """The rules said back, so that a slip is seen: a share of 0.08 for 0.8 is a value that a rule may have."""
    if not rules:
        return []
    lines = ["ระเบียบที่รับไว้ · rules as they were taken in:"]
    for rule in rules:
        lines.append(f"  {rule.told.th} · {rule.told.en}")
        if rule.name == "attendance_share" and 0 < rule.value < _UNLIKELY_SHARE:
            lines.append(
                f"    ใส่เวลาเรียนขั้นต่ำไว้เพียง{rule.shown_value.th} ถูกต้องหรือไม่ ถ้าไม่ใช่ แก้ในแบบตั้งค่าแล้วสั่ง zerodrop init อีกครั้ง · "
                f"{rule.told.en}: is that meant? If not, mend the workbook and run zerodrop init again"
            )
    return lines


def _still_in_force(rules: "Sequence[Rule]") -> list[str]:
    """What to say of rules that the workbook no longer has: its silence ends none of them."""
    from records.college import RULE_LIMITS

    if not rules:
        return []
    return [
        "ระเบียบที่ไม่อยู่ในแบบตั้งค่าแล้วแต่ยังใช้อยู่ · rules no longer in the workbook that still hold:",
        *(
            f"  {rule.told.th} (ถ้าเลิกใช้ ให้ใส่แถวนี้กลับ โดยใส่ค่า {off:g}) · {rule.told.en} "
            f"(to end it, put its row back with the value {off:g})"
            for rule in rules
            for off in [RULE_LIMITS[rule.name].off]
        ),
    ]


def replay(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day to ask about, from what was known that morning."),
    ] = None,
    known_now: Annotated[
        bool, typer.Option("--known-now", help="With --as-of: beside it the same day from all that is known now.")
    ] = False,
    list_: Annotated[
        UUID | None,
        typer.Option("--list", help="A published list to make again and compare; `score` prints its number."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table here: a name ending in .csv or .parquet.")] = None,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """The features of a day, or a published list, from what was known then. Exit code 1 when the list differs."""
    if (as_of is None) == (list_ is None):
        raise typer.BadParameter("give either --as-of or --list · ระบุ --as-of หรือ --list อย่างใดอย่างหนึ่ง")
    if known_now and as_of is None:
        raise typer.BadParameter("--known-now goes with --as-of · --known-now ใช้คู่กับ --as-of")
    day = chosen_day(as_of) if as_of else None
    with data_home(home) as opened:
        code = the_institution(opened, institution)
        if day is not None:
            replay_day(opened, code, day, beside_now=known_now, out=out, as_json=as_json)
        if list_ is not None:
            _replay_list(opened, code, list_, out, as_json)


def _replay_list(home: "DataHome", institution: str, publication_id: UUID, out: Path | None, as_json: bool) -> None:
    from serving.replaying import replay_list

    if out is not None:
        for_table(out)
    with progress_line("replay", quiet=as_json) as progress:
        found = replay_list(home, publication_id, institution, actor=actor(), progress=progress)
    if out is not None:
        write_table(_table(found.again), out)
    _say_list(found, out, as_json)


def _say_list(found: "AgainstPublished", out: Path | None, as_json: bool) -> None:
    from records.clock import buddhist
    from serving.replaying import why_different

    published, differs = found.published, list(why_different(found))
    told = {
        "publication": published.id,
        "institution": published.institution,
        "as_of": published.as_of,
        "status": published.status,
        "ledger_number": published.ledger_number,
        "students": len(found.again.entries),
        "identical": found.identical,
        "published_digest": published.digest,
        "digest": found.again.digest(),
        "differences": asdict(found.differences),
        "differs": [asdict(text) for text in differs],
        "out": str(out or ""),
    }
    same_th, same = ("เหมือนเดิมทุกตัวอักษร", "identical, byte for byte")
    if found.differs_by_erasure_alone:
        same_th, same = ("เหมือนเดิม ยกเว้นผู้ที่ถูกลบข้อมูล", "the same save for erased persons")
    elif not found.identical:
        same_th, same = ("ไม่เหมือนเดิม", "not the same as published")
    lines = [
        f"รายชื่อ ณ วันที่ {buddhist(published.as_of)} จากชุดนำเข้าถึงเลขที่ {published.ledger_number}: {same_th}",
        f"list of {published.as_of} from the batches up to {published.ledger_number}: {same}",
    ]
    lines += [f"  {text.th} · {text.en}" for text in differs]
    lines += written(out)
    say(told, as_json, "\n".join(lines))
    if not (found.identical or found.differs_by_erasure_alone):
        raise typer.Exit(1)


def _table(again: "NewPublication") -> "pd.DataFrame":
    """A list by student number, in order of rank; never a name. Rules, reasons and domains are JSON."""
    import json

    import pandas as pd

    columns = (
        "number",
        "class_group",
        "rank",
        "band",
        "cause",
        "logit",
        "probability",
        "ordering",
        "cut_off",
        "listed_probability",
    )
    entries = sorted(again.entries, key=lambda entry: entry.rank)
    rows = [{name: getattr(entry, name) for name in columns} for entry in entries]
    table = pd.DataFrame(rows, columns=columns).rename(columns={"number": "student"})
    for name in ("must_see", "reasons", "missing", "unknown_domains", "domains", "what_if"):
        table[name] = [json.dumps(getattr(entry, name), ensure_ascii=False) for entry in entries]
    return table.astype(dict.fromkeys(("logit", "probability", "cut_off"), "float64"))


def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    name: Annotated[list[str] | None, typer.Option(help="A host name it answers to beside this machine's own.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file of the certificate chain, with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key.")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A TLS proxy stands in front.")] = False,
    proxy_address: Annotated[
        list[str] | None, typer.Option(help="Whose forwarded headers are believed (default: this machine's).")
    ] = None,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, envvar="ZERODROP_METRICS_PORT", help="Metrics on 127.0.0.1 here; 0: none.")
    ] = 0,
    home: Home = None,
) -> None:
    """Show each person the students they care for, on this machine or behind a TLS proxy."""
    from records.settings import Settings
    from serving.preflight import Reach, require_sound_files, require_sound_reach
    from serving.server import serve as run_server

    if (tls_cert is None) != (tls_key is None):
        raise typer.BadParameter("--tls-cert and --tls-key go together · --tls-cert และ --tls-key ต้องระบุคู่กัน")
    reach = Reach(
        host=host,
        port=port,
        tls=(tls_cert, tls_key) if tls_cert and tls_key else None,
        behind_proxy=behind_proxy,
        proxy_addresses=tuple(proxy_address or ()),
        names=tuple(name or ()),
        metrics_port=metrics_port,
    )
    require_sound_reach(reach)
    require_sound_files(Settings(home=home) if home else Settings())
    with data_home(home) as opened:
        run_server(opened, reach, today=today_in_bangkok)
