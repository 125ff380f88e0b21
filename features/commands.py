"""The commands of features: replay of a day, the catalogue in words, and how late records come."""

import difflib
import os
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    data_home,
    for_writing,
    say,
    the_institution,
    today_in_bangkok,
)
from records.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from features.declaration import Feature
    from features.known_now import KnownNow
    from features.snapshot import Snapshot
    from features.vocabulary import Window
    from records.home import DataHome
    from records.tables import Where


# Replay of a day


def replay_day(
    home: "DataHome", institution: str, as_of: date, *, beside_now: bool, out: Path | None, as_json: bool
) -> None:
    """Say and write the feature table of a day; with `beside_now` what is known of that day today stands beside it."""
    from features.cohort import NobodyEnrolled
    from features.known_now import known_now, require_past, why_nobody
    from features.snapshot import replay
    from records.access import open_log
    from records.errors import ConfigurationGap

    if beside_now:
        require_past(as_of, today_in_bangkok())
    if out is not None:
        for_table(out)
    log = open_log(home, institution, actor=actor(), purpose="replay")
    try:
        if beside_now:
            _say_beside(known_now(log, as_of, today_in_bangkok()), out, as_json)
        else:
            _say_day(next(iter(replay(log, [as_of]))), out, as_json)
    except NobodyEnrolled:
        raise ConfigurationGap(why_nobody(log, as_of)) from None


def for_table(out: Path) -> Path:
    """A file that a table can be written to. Raises UserError before any work is done for it."""
    from records.errors import UserError

    for_writing(out)
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise UserError(
            f"{out.name}: a table is written as CSV (Excel opens it) or as Parquet. "
            "Give the file a name that ends in .csv or .parquet. · "
            f"{out.name}: ตารางเขียนได้เฉพาะ CSV (เปิดใน Excel ได้) หรือ Parquet ตั้งชื่อไฟล์ให้ลงท้ายด้วย .csv หรือ .parquet"
        )
    return out


def write_table(frame: "pd.DataFrame", out: Path) -> None:
    """By the ending of its name, for its owner alone: rows about students stay so without a name. Raises UserError."""
    from records.errors import UserError

    for_table(out)
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            out.chmod(0o600)  # a file that was there may have been open to others
            if out.suffix.lower() == ".csv":
                file.write(_guarded(frame).to_csv(index=False).encode("utf-8-sig"))  # Excel reads its Thai by the mark
            else:
                frame.to_parquet(file, index=False)
    except OSError as error:
        raise UserError.not_written(out, error) from None


def _guarded(frame: "pd.DataFrame") -> "pd.DataFrame":
    """With an apostrophe before every text that a spreadsheet would compute."""
    from pandas.api.types import is_numeric_dtype

    safe = frame.copy()
    for name in safe:
        if not is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_as_text)
    return safe


def _as_text(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def written(out: Path | None) -> list[str]:
    """Where a table went, as a line; none when it went nowhere."""
    return [f"เขียนตารางลง {out} แล้ว · the table is in {out}"] if out is not None else []


def _say_day(snapshot: "Snapshot", out: Path | None, as_json: bool) -> None:
    from records.college import buddhist

    frame, day = snapshot.frame(), snapshot.as_of
    if out is not None:
        write_table(frame, out)
    told = {"as_of": str(day), "students": len(frame), "features": len(snapshot.features), "out": str(out or "")}
    summary = frame.drop(columns=["student", "class_group"]).agg(["count", "mean"]).T.to_string(float_format="%.3f")
    head = f"นักเรียน {len(frame):,} คน ตามที่ทราบก่อนวันที่ {buddhist(day)} · {len(frame)} students as of {day}"
    say(told, as_json, "\n".join([head, summary, *written(out)]))


def _say_beside(found: "KnownNow", out: Path | None, as_json: bool) -> None:
    from features.known_now import as_document, lines_of

    if out is not None:
        write_table(found.table, out)
    say({**as_document(found), "out": str(out or "")}, as_json, "\n".join([*lines_of(found), *written(out)]))


# The catalogue in words


def list_features(as_json: Json = False) -> None:
    """All features: name, unit, which way risk goes, window, privacy, and what each asks."""
    from features.catalogue import WITH_SENSITIVE
    from features.vocabulary import Domain

    lines = []
    for domain in Domain:
        asked = [feature for feature in WITH_SENSITIVE if feature.domain is domain]
        if asked:
            lines += ["", f"{_both(domain.label)} ({len(asked)})", *map(_row, asked)]
    lines += ["", *_LEGEND]
    say([_brief(feature) for feature in WITH_SENSITIVE], as_json, "\n".join(lines).lstrip())


def show_feature(
    name: Annotated[str, typer.Argument(help="`zerodrop features list` names them.")], as_json: Json = False
) -> None:
    """One feature: everything that is declared of it."""
    from features.catalogue import WITH_SENSITIVE
    from records.errors import UserError

    known = {feature.name: feature for feature in WITH_SENSITIVE}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        like, like_th = (f"Near it: {', '.join(near)}.", f"ชื่อใกล้เคียง: {', '.join(near)}") if near else ("", "")
        raise UserError(
            " ".join(f"There is no feature '{name}'. {like} `zerodrop features list` names them all. · ".split())
            + " "
            + " ".join(f"ไม่มีตัวบ่งชี้ชื่อ '{name}' {like_th} ดูทั้งหมดด้วยคำสั่ง zerodrop features list".split())
        )
    feature = known[name]
    lines = [f"{feature.name}", _both(feature.label), ""]
    lines += [f"{_both(label)}: {_both(said)}" for label, said in _declared(feature)]
    declared = {label.en: {"th": said.th, "en": said.en} for label, said in _declared(feature)}
    say({**_brief(feature), "declared": declared}, as_json, "\n".join(lines))


_ARROWS = {"RISES": "+", "FALLS": "-", "EITHER": "·"}
_LEGEND = (
    "+ ค่ามากขึ้น ความเสี่ยงไม่ลดลง · more never lowers the risk    - ค่ามากขึ้น ความเสี่ยงไม่เพิ่มขึ้น · more never raises it    "
    "· ไม่กำหนดทิศทาง · either way",
    "[อ่อนไหว · sensitive] แสดงชื่อเฉพาะผู้มีสิทธิ์ · named only to roles with that permission    "
    "[ปิดไว้ · off] ไม่ใช้จนกว่าสถานศึกษาจะเปิด · in no model unless a deployment switches it on",
)
_RISKS = {
    "RISES": Text(th="ค่ามากขึ้น ความเสี่ยงไม่ลดลง", en="more never lowers the risk"),
    "FALLS": Text(th="ค่ามากขึ้น ความเสี่ยงไม่เพิ่มขึ้น", en="more never raises the risk"),
    "EITHER": Text(th="ไม่กำหนดทิศทาง", en="either way"),
}
_PRIVACY = {
    "ORDINARY": Text(th="ทั่วไป", en="ordinary"),
    "SENSITIVE": Text(th="อ่อนไหว แสดงชื่อเฉพาะผู้มีสิทธิ์", en="sensitive: named only to roles with that permission"),
}
SESSIONS = {
    "DAY": Text(th="ผลทั้งวัน ถ้าไม่มีจึงดูจากคาบเรียนของวันนั้น", en="the whole day, or its class periods where it has no mark"),
    "FLAG": Text(th="หน้าเสาธง", en="flagpole"),
    "HOMEROOM": Text(th="โฮมรูม", en="homeroom"),
    "ACTIVITY": Text(th="กิจกรรม", en="activity"),
    "PERIODS": Text(th="คาบเรียน ทุกคาบนับแยกกัน", en="class periods, each one record"),
}
UNITS = {
    "DAYS": Text(th="วัน", en="days"),
    "PERIODS": Text(th="คาบ", en="class periods"),
    "YEARS": Text(th="ปี", en="years"),
    "MINUTES": Text(th="นาที", en="minutes"),
    "SHARE": Text(th="สัดส่วน 0–1", en="share 0–1"),
    "SHARE_PER_WEEK": Text(th="สัดส่วนต่อสัปดาห์", en="share per week"),
    "COURSES": Text(th="วิชา", en="courses"),
    "POINTS": Text(th="เกรด 0–4", en="grade points 0–4"),
    "SCORE": Text(th="คะแนนเต็ม 100", en="score of 100"),
    "BAHT": Text(th="บาทต่อเดือน", en="baht a month"),
    "BAHT_A_DAY": Text(th="บาทต่อวัน", en="baht a day"),
    "PEOPLE": Text(th="คน", en="people"),
    "SDQ_SCORE": Text(th="คะแนนเต็ม 40", en="score of 40"),
    "KILOMETRES": Text(th="กิโลเมตร", en="km"),
    "WEEKS": Text(th="สัปดาห์", en="weeks"),
    "CREDITS": Text(th="หน่วยกิต", en="credits"),
    "TIMES": Text(th="ครั้งหรือชิ้น", en="times or pieces"),
    "LEVEL": Text(th="ระดับ", en="level"),
    "DEVIATIONS": Text(th="ส่วนเบี่ยงเบนมาตรฐาน", en="standard deviations"),
    "YES": Text(th="1 = ใช่", en="1 = yes"),
}
# A value of each unit as it may well be, to show a sentence with.
EXAMPLES = {
    "DAYS": 3, "PERIODS": 4, "YEARS": 1.5, "MINUTES": 40, "SHARE": 0.25, "SHARE_PER_WEEK": 0.05, "COURSES": 2, "POINTS": 1.75,
    "SCORE": 45, "BAHT": 2500, "BAHT_A_DAY": 60, "PEOPLE": 2, "SDQ_SCORE": 18, "KILOMETRES": 12, "WEEKS": 5, "CREDITS": 3,
    "TIMES": 2, "LEVEL": 1, "DEVIATIONS": 1.5, "YES": 1,
}  # fmt: skip
_EXAMPLE_AGE, _EXAMPLE_POINTS_LESS = 17.5, 0.25
MEASURES = {
    "Count": Text(th="จำนวนรายการที่ตรง", en="how many records match"),
    "CountNewest": Text(th="จำนวนเรื่องที่รายการล่าสุดตรง", en="for how many the newest record matches"),
    "Share": Text(th="สัดส่วนของรายการที่ตรง", en="the share of records that match"),
    "Sum": Text(th="ผลรวม", en="the sum"),
    "Mean": Text(th="ค่าเฉลี่ย", en="the mean"),
    "Latest": Text(th="ค่าล่าสุด", en="the newest value"),
    "Highest": Text(th="ค่าสูงสุด", en="the largest value"),
    "StepChange": Text(th="ค่าล่าสุดลบด้วยค่าก่อนหน้า", en="the newest value less the one before it"),
    "WeeksSame": Text(th="จำนวนสัปดาห์ที่ค่าล่าสุดไม่เปลี่ยน", en="whole weeks since the newest value has held"),
    "Matches": Text(th="รายการล่าสุดตรงหรือไม่", en="whether the newest record matches"),
    "NoRecord": Text(th="ไม่มีรายการที่ตรงเลย", en="whether no record matches"),
    "DaysSince": Text(th="จำนวนวันตั้งแต่รายการล่าสุดที่ตรง", en="days since the newest record that matches"),
    "LongestRun": Text(th="จำนวนวันติดต่อกันที่ตรง", en="the run of days that match"),
    "Slope": Text(th="การเปลี่ยนต่อสัปดาห์ของสัดส่วนวันที่ตรง", en="the change per week of the share of days that match"),
    "Change": Text(th="สัดส่วนช่วงหลังลบด้วยช่วงก่อนหน้า", en="the share of late days less the share before"),
    "Unrecorded": Text(th="สัดส่วนวันเรียนที่ไม่มีการบันทึก", en="the part of teaching days on which nothing was recorded"),
    "WorstCourse": Text(th="สัดส่วนมากที่สุดในบรรดารายวิชา", en="the largest share over the courses"),
    "Margin": Text(th="ระยะห่างจากเกณฑ์ของสถานศึกษา", en="how far from a rule of the institution"),
    "Relative": Text(
        th="ต่างจากค่าเฉลี่ยของกลุ่มเรียนกี่ส่วนเบี่ยงเบนมาตรฐาน", en="standard deviations from the mean of the class group"
    ),
    "FromMedian": Text(th="ต่างจากมัธยฐานของกลุ่มเรียน", en="less the median of the class group"),
    "Age": Text(th="จำนวนปีตั้งแต่วันที่ในช่อง", en="years since a date"),
    "Own": Text(th="ตัวบ่งชี้ของนักวิเคราะห์เอง", en="an analyst's own question"),
    "WeekOfTerm": Text(th="สัปดาห์ที่เท่าไรของภาคเรียน", en="whole weeks since the term opened, from 1"),
    "LeadDays": Text(th="จำนวนวันจนถึงวันเปิดภาคเรียน", en="days until the opening of the term"),
}

PARTS = {
    "column": Text(th="ช่อง", en="column"),
    "weight": Text(th="ถ่วงน้ำหนักด้วย", en="weighted by"),
    "among": Text(th="จากรายการที่", en="among records whose"),
    "by": Text(th="แยกตาม", en="one for each"),
    "besides": Text(th="ไม่นับรายการที่", en="leaving out records whose"),
    "weekdays": Text(th="เฉพาะวัน (จันทร์ = 0)", en="of weekdays (Monday = 0)"),
    "current": Text(th="นับถึงวันนี้", en="up to now"),
    "short_days": Text(th="จำนวนวันช่วงหลัง", en="late days"),
    "of": Text(th="ของ", en="of"),
    "least": Text(th="อย่างน้อย", en="of at least"),
    "rule": Text(th="เกณฑ์", en="rule"),
    "per_course": Text(th="แยกรายวิชา", en="by course"),
    "reads": Text(th="อ่านช่อง", en="reads"),
}


def _both(text: Text) -> str:
    return text.th if text.th == text.en else f"{text.th} · {text.en}"


def _row(feature: "Feature") -> str:
    hidden = " [อ่อนไหว · sensitive]" if feature.personal.name == "SENSITIVE" else ""
    hidden += " [ปิดไว้ · off]" if feature.table.sensitive else ""
    return (
        f"  {feature.name:34} {_ARROWS[feature.risk.name]} {UNITS[feature.unit.name].en:20} "
        f"{_window(feature.window).en:22} {_both(feature.label)}{hidden}"
    )


def _brief(feature: "Feature") -> dict[str, Any]:
    """The short form for machines."""
    return {
        "name": feature.name,
        "domain": feature.domain.value,
        "unit": feature.unit.value,
        "risk": feature.risk.name.lower(),
        "window": _window(feature.window).en,
        "privacy": feature.personal.value,
        "off_by_default": feature.table.sensitive,
        "label": {"th": feature.label.th, "en": feature.label.en},
    }


def _window(window: "Window") -> Text:
    from features.vocabulary import Last, Term

    if isinstance(window, Last):
        return Text(th=f"{window.days} วันก่อนวันที่ถาม", en=f"last {window.days} days")
    match getattr(window, "term", None):
        case Term.THIS:
            return Text(th="ภาคเรียนนี้", en="this term")
        case Term.PREVIOUS:
            return Text(th="ภาคเรียนก่อน", en="previous term")
        case _:
            return Text(th="ทั้งหมดที่ทราบ", en="all that is known")


def _declared(feature: "Feature") -> list[tuple[Text, Text]]:
    """What is declared of a feature, as pairs of what it is and what was said."""
    absence = Text(th="ไม่ทราบค่า (ไม่ใช่ศูนย์)", en="not known (not zero)")
    if feature.absent_means is not None:
        absence = Text(th=f"ถือว่าเป็น {feature.absent_means:g}", en=f"counts as {feature.absent_means:g}")
    asked = [(Text(th="การเช็คชื่อ", en="sessions"), SESSIONS[feature.sessions.name])]
    return [
        (Text(th="ด้าน", en="domain"), feature.domain.label),
        (Text(th="ตัวอย่างเหตุผลที่แสดง", en="shown as, for example"), _example(feature)),
        (Text(th="ควรถาม", en="ask"), feature.asks),
        (Text(th="ตาราง", en="table"), feature.table.label),
        (Text(th="คำนวณจาก", en="measure"), _measured(feature)),
        (Text(th="ช่วงเวลา", en="window"), _window(feature.window)),
        *(asked if feature.table.name == "attendance" else []),
        (Text(th="หน่วย", en="unit"), UNITS[feature.unit.name]),
        (Text(th="ทศนิยม", en="decimals"), Text(th=str(feature.decimals), en=str(feature.decimals))),
        (Text(th="ทิศทาง", en="direction"), _RISKS[feature.risk.name]),
        (Text(th="เมื่อไม่มีข้อมูล", en="without a record"), absence),
        (Text(th="เปลี่ยนได้", en="can be changed"), Text(th="ได้", en="yes") if feature.changeable else Text(th="ไม่ได้", en="no")),
        (Text(th="ชั้นความลับ", en="privacy"), _PRIVACY[feature.personal.name]),
        (Text(th="ที่มา", en="source"), Text(th=feature.source, en=feature.source)),
    ]  # fmt: skip


def _example(feature: "Feature") -> Text:
    """The reason as it may be shown, with a value of its unit; where a fall is what counts, with a fall."""
    value: float = _EXAMPLE_AGE if type(feature.measure).__name__ == "Age" else EXAMPLES[feature.unit.name]
    if "{value:+" in feature.reason.en and feature.risk.name == "FALLS":
        value = -_EXAMPLE_POINTS_LESS if feature.unit.name == "POINTS" else -value
    told = {"value": value, "percent": 100 * value}
    return Text(th=feature.reason.th.format(**told), en=feature.reason.en.format(**told))


def _measured(feature: "Feature") -> Text:
    """The measure in words, with what its declaration fills in; codes by their labels."""
    from dataclasses import fields

    said = [MEASURES[type(feature.measure).__name__]]
    for item in fields(feature.measure):
        value = getattr(feature.measure, item.name)
        if item.name in ("where", "also") and value is not None:
            said.append(_condition(feature, value))
        elif item.name in ("among", "besides") and value is not None:
            part, told = PARTS[item.name], _condition(feature, value)
            said.append(Text(th=f"{part.th} {told.th}", en=f"{part.en} {told.en}"))
        elif value is True:
            said.append(PARTS[item.name])
        elif value not in (None, (), False) and not callable(value):
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            said.append(Text(th=f"{PARTS[item.name].th} {shown}", en=f"{PARTS[item.name].en} {shown}"))
    return Text(th="; ".join(text.th for text in said), en="; ".join(text.en for text in said))


def _condition(feature: "Feature", where: "Where") -> Text:
    codes = feature.table[where.column].codes
    labels = [code.label for code in codes.codes if code.value in where.values] if codes else []
    return Text(
        th=f"{where.column} เป็น {' หรือ '.join(label.th for label in labels)}",
        en=f"{where.column} is {' or '.join(label.en for label in labels)}",
    )


# How late records come


def entry_lag(
    institution: InstitutionCode = "",
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As known that morning (default: all that is known).")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """How late records usually come, by source and table, and which sources have gone silent."""
    from dataclasses import asdict

    from features.lag import entry_lags, lines_of

    day = as_of.date() if as_of else None
    with data_home(home) as opened:
        code = the_institution(opened, institution)
        found = entry_lags(opened, code, day, today=today_in_bangkok(), actor=actor())
    lines = [line for lag in found for line in lines_of(lag)]
    nothing = "ยังไม่มีการนำเข้าประจำ มีแต่ข้อมูลย้อนหลัง · nothing was imported in operation yet, only history"
    say([asdict(lag) for lag in found], as_json, "\n".join(lines) or nothing)
