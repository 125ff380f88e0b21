"""The command `monitor`: what the published lists said beside what became known since, with what each alert asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, Json, actor, data_home, progress_line, say, today_in_bangkok

if TYPE_CHECKING:
    from records.monitoring import MonitoredWeek

EVERYBODY = "*"


def monitor(
    institution: Annotated[list[str] | None, typer.Option(help="One or several; all when left out.")] = None,
    fail_on_alert: Annotated[bool, typer.Option(help="Exit code 1 when the newest week has an alert.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Expected against observed leavers, completeness, drift and churn of the published lists; stored for the page."""
    from records.ledger import institutions, require_institution
    from training.monitor import monitor as look_back
    from training.monitor import unread_models

    with data_home(home) as opened, progress_line("monitor", quiet=as_json) as progress:
        known = institution or [row.code for row in institutions(opened.database)]
        chosen = [require_institution(opened.database, code).code for code in dict.fromkeys(known)]
        found = look_back(opened, chosen, today=today_in_bangkok(), actor=actor(), progress=progress)
        unread = unread_models(opened, found)
    told = {code: [{**asdict(week), "as_of": str(week.as_of)} for week in weeks] for code, weeks in found.items()}
    document = {"weeks": told, "alerts": _meanings(found), "unread_models": unread}
    say(document, as_json, "\n".join(_lines(found, unread)))
    if fail_on_alert and any(weeks[-1].alerts for weeks in found.values()):
        raise typer.Exit(1)


def _meanings(found: "Mapping[str, Sequence[MonitoredWeek]]") -> dict[str, dict[str, dict[str, str]]]:
    """What each alert means and asks for, of those that occur."""
    from records.monitoring import ALERT_OF

    codes = sorted({code for weeks in found.values() for week in weeks for code in week.alerts})
    return {
        code: {"means": asdict(ALERT_OF[code].means), "what_to_do": asdict(ALERT_OF[code].what_to_do)} for code in codes
    }


def _lines(found: "Mapping[str, Sequence[MonitoredWeek]]", unread: Collection[str] = ()) -> list[str]:
    if not found:
        return [
            "ยังไม่มีรายชื่อที่เผยแพร่ให้ติดตาม ออกรายชื่อก่อนด้วย zerodrop score · "
            "No list was published yet: publish one with `zerodrop score` first."
        ]
    return [line for code, weeks in found.items() for line in _of_institution(code, weeks, unread)]


def _of_institution(code: str, weeks: "Sequence[MonitoredWeek]", unread: Collection[str]) -> list[str]:
    from records.clock import buddhist

    newest = next((week for week in reversed(weeks) if week.students), weeks[-1])  # a week of a break has no list
    whose_th, whose = ("ทุกแห่งรวมกัน", "all together") if code == EVERYBODY else (code, code)
    return [
        f"{whose_th} รายชื่อล่าสุดวันที่ {buddhist(newest.as_of)} การส่งข้อมูลดูถึงวันนี้ · "
        f"{whose}, newest list of {newest.as_of}; deliveries are looked at as of today",
        *_leavings(weeks),
        *_records(newest),
        *_unread(weeks, unread),
        *_alerts([week for week in weeks if week.as_of >= newest.as_of]),
    ]


def _leavings(weeks: "Sequence[MonitoredWeek]") -> list[str]:
    charted = [week for week in weeks if week.expected is not None]
    settled = [week for week in weeks if week.settled_expected is not None]
    lines = []
    if charted:
        due, told = sum(week.expected or 0 for week in charted), sum(week.observed or 0 for week in charted)
        last = charted[-1]
        lines += [
            f"  การออกที่แจ้งมาแล้ว {told} คน ตามคะแนนควรแจ้งแล้ว {due:.1f} คน · "
            f"{told} leavings told, {due:.1f} should have been by now",
            f"  แผนภูมิ: มากขึ้น {last.up:.2f} น้อยลง {last.down:.2f} เตือนที่ {last.threshold:.2f} · "
            f"chart: more {last.up:.2f}, fewer {last.down:.2f}, alarm at {last.threshold:.2f}",
        ]
    else:
        lines.append(
            "  ยังทำแผนภูมิไม่ได้: ต้องมีรายชื่อที่มีคะแนนของแบบจำลอง และภาคเรียนที่จบแล้วซึ่งมีผู้แจ้งการออก · "
            "no chart yet: it needs lists with a model's scores, and closed terms in which leavings were told"
        )
    if settled:
        due, left = (
            sum(week.settled_expected or 0 for week in settled),
            sum(week.settled_observed or 0 for week in settled),
        )
        lines.append(
            f"  {len(settled)} สัปดาห์ที่ทราบผลแล้ว: ออกจริงต่อที่คาด {left}/{due:.1f} ({left / max(due, 1e-9):.2f}) · "
            f"{len(settled)} settled weeks: left over expected {left}/{due:.1f} ({left / max(due, 1e-9):.2f})"
        )
    return lines


def _records(week: "MonitoredWeek") -> list[str]:
    from features.catalogue import FEATURE_OF
    from features.vocabulary import Domain
    from records.intake.sources import source_label
    from records.tables import TABLE_OF

    parts = [(Domain(name), share) for name, share in week.completeness.items()]
    th = " ".join(f"{domain.label.th} {share:.0%}" for domain, share in parts)
    en = ", ".join(f"{domain.label.en} {share:.0%}" for domain, share in parts)
    lines = [f"  ข้อมูลครบ: {th} · known: {en}"] if parts else []
    if week.staying is not None:
        lines.append(
            f"  กลุ่มเร่งด่วนของสัปดาห์ก่อนยังอยู่ {week.staying:.0%} · {week.staying:.0%} of last week's high band stay"
        )
    if week.drift is not None:
        moved = [FEATURE_OF[name].label for name in week.drifted if name in FEATURE_OF]
        mostly_th = f" มากที่สุดคือ {', '.join(label.th for label in moved)}" if moved else ""
        mostly = f", most of all {', '.join(label.en for label in moved)}" if moved else ""
        lines.append(
            f"  ข้อมูลที่แบบจำลองใช้ขยับจากปีก่อน {week.drift:.3f}{mostly_th} · "
            f"inputs moved from earlier years by {week.drift:.3f}{mostly}"
        )
    stale = [(source_label(lag["source"]), TABLE_OF[lag["table"]].label) for lag in week.lags if lag["stale"]]
    if stale:
        silent_th = ", ".join(f"{table.th} จาก{source.th}" for source, table in stale)
        silent = ", ".join(f"{table.en} from {source.en}" for source, table in stale)
        lines.append(f"  เงียบไป: {silent_th} · silent: {silent}")
    return lines


def _unread(weeks: "Sequence[MonitoredWeek]", unread: Collection[str]) -> list[str]:
    own = [week.model_digest for week in weeks if week.students and week.model_digest in unread]
    if not own:
        return []
    names = ", ".join(digest[:12] for digest in dict.fromkeys(own))
    return [
        f"  ไม่ทราบว่าข้อมูลที่แบบจำลองใช้ขยับเพียงใดใน {len(own)} สัปดาห์ เพราะที่นี่อ่านแบบจำลอง {names} ไม่ได้แล้ว "
        "(แฟ้มเสียหาย หรือทำไว้กับตัวบ่งชี้ชุดก่อน) ส่วนอื่นยังติดตามได้ตามปกติ · "
        f"how far inputs moved is not known for {len(own)} weeks, for model {names} can no longer be read here (it is "
        "damaged, or was made for another feature catalogue); all else is monitored as before"
    ]


def _alerts(weeks: "Sequence[MonitoredWeek]") -> list[str]:
    """Of the newest list, and of the weeks of a break since."""
    from records.monitoring import ALERT_OF

    told = [ALERT_OF[code] for code in dict.fromkeys(code for week in weeks for code in week.alerts)]
    if not told:
        return ["  ไม่มีการเตือน · no alert"]
    return [
        line
        for alert in told
        for line in (
            f"  ! {alert.code}: {alert.means.th} · {alert.means.en}",
            f"    {alert.what_to_do.th} · {alert.what_to_do.en}",
        )
    ]
