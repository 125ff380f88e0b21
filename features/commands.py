"""The commands of features: replay of a day, the catalogue in words, and how late records come."""

import difflib
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
    from features.lag import Lag
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
    from features.known_now import known_now
    from features.snapshot import replay
    from records.access import open_log
    from records.errors import ConfigurationGap

    if beside_now:
        _require_past(as_of)
    if out is not None:
        for_writing(out)
    log = open_log(home, institution, actor=actor(), purpose="replay")
    try:
        if beside_now:
            _say_beside(known_now(log, as_of, today_in_bangkok()), out, as_json)
        else:
            _say_day(next(iter(replay(log, [as_of]))), out, as_json)
    except NobodyEnrolled as nobody:
        raise ConfigurationGap(str(nobody)) from None


def _require_past(as_of: date) -> None:
    from records.errors import UserError

    if as_of > today_in_bangkok():
        raise UserError(
            f"{as_of} is still to come, so nothing was told after it. Leave out --known-now, or take an earlier day. · "
            f"วันที่ {as_of} ยังมาไม่ถึง จึงยังไม่มีข้อมูลที่มาทีหลัง ตัด --known-now ออก หรือเลือกวันก่อนหน้า"
        )


def write_table(frame: "pd.DataFrame", out: Path) -> None:
    """As CSV (which Excel opens with its Thai) where the name ends so, else as Parquet. Raises UserError."""
    from records.errors import UserError

    try:
        if out.suffix.lower() == ".csv":
            frame.to_csv(out, index=False, encoding="utf-8-sig")
        else:
            frame.to_parquet(out, index=False)
    except OSError as error:
        raise UserError.not_written(out, error) from None


def _say_day(snapshot: "Snapshot", out: Path | None, as_json: bool) -> None:
    frame = snapshot.frame()
    if out is not None:
        write_table(frame, out)
    told = {
        "as_of": str(snapshot.as_of),
        "students": len(frame),
        "features": len(snapshot.features),
        "out": str(out or ""),
    }
    summary = frame.drop(columns=["student", "class_group"]).agg(["count", "mean"]).T.to_string(float_format="%.3f")
    head = f"นักเรียน {len(frame):,} คน ตามที่ทราบก่อนวันที่ {snapshot.as_of} · {len(frame)} students as of {snapshot.as_of}"
    say(told, as_json, f"{head}\n{summary}")


def _say_beside(found: "KnownNow", out: Path | None, as_json: bool) -> None:
    if out is not None:
        write_table(found.table, out)
    both = len(found.table) - found.only_then - found.only_now
    told = {
        "as_of": str(found.as_of),
        "students": both,
        "only_then": found.only_then,
        "only_now": found.only_now,
        "told_since": found.late.told_since,
        "about_before": found.late.about_before,
        "changed": {one.feature: one.students for one in found.changed},
        "out": str(out or ""),
    }
    lines = [
        f"วันที่ {found.as_of}: ตามที่ทราบเช้าวันนั้น เทียบกับที่ทราบวันนี้ · as known that morning, beside what is known now",
        f"ข้อมูลที่เข้ามาตั้งแต่วันนั้น {found.late.told_since:,} รายการ เป็นเรื่องก่อนวันนั้น {found.late.about_before:,} รายการ · "
        f"{found.late.told_since:,} records told since, {found.late.about_before:,} of them about days before it",
        f"นักเรียน {both:,} คนอยู่ในทั้งสองตาราง มีเฉพาะตอนนั้น {found.only_then:,} คน มีเฉพาะที่ทราบวันนี้ {found.only_now:,} คน · "
        f"{both:,} students in both, {found.only_then:,} only then, {found.only_now:,} only now",
    ]
    lines += [f"  {one.feature}: เปลี่ยน {one.students:,} คน · changed for {one.students:,}" for one in found.changed]
    if not found.changed:
        lines.append("ไม่มีตัวบ่งชี้ใดเปลี่ยน · no feature changed")
    say(told, as_json, "\n".join(lines))


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
    document = {label.en: {"th": said.th, "en": said.en} for label, said in _declared(feature)}
    say({**_brief(feature), **document, "decimals": feature.decimals}, as_json, "\n".join(lines))


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
MEASURES = {
    "Count": Text(th="จำนวนรายการที่ตรง", en="how many records match"),
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
        (Text(th="เหตุผลที่แสดง", en="shown as"), feature.reason),
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


def _measured(feature: "Feature") -> Text:
    """The measure in words, with what its declaration fills in; codes by their labels."""
    from dataclasses import fields

    said = [MEASURES[type(feature.measure).__name__]]
    for item in fields(feature.measure):
        value = getattr(feature.measure, item.name)
        if item.name in ("where", "also") and value is not None:
            said.append(_condition(feature, value))
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

    from features.lag import entry_lags

    day = as_of.date() if as_of else None
    with data_home(home) as opened:
        code = the_institution(opened, institution)
        found = entry_lags(opened, code, day, today=today_in_bangkok(), actor=actor())
    lines = [line for lag in found for line in _lag_lines(lag)]
    nothing = "ยังไม่มีการนำเข้าประจำ มีแต่ข้อมูลย้อนหลัง · nothing was imported in operation yet, only history"
    say([asdict(lag) for lag in found], as_json, "\n".join(lines) or nothing)


def _lag_lines(lag: "Lag") -> list[str]:
    interval = Text(th="มาครั้งเดียว ยังบอกรอบไม่ได้", en="came once: no usual interval yet")
    if lag.usual_interval_days is not None:
        interval = Text(
            th=f"ปกติทุก {lag.usual_interval_days:g} วัน", en=f"usually every {lag.usual_interval_days:g} days"
        )
    usual = Text(th="ปกติบันทึกในวันนั้น", en="usually entered on the day itself")
    if lag.median_days:
        usual = Text(th=f"ปกติบันทึกหลังจากนั้น {lag.median_days} วัน", en=f"usually entered after {lag.median_days} days")
    lines = [
        f"{lag.source}, {_both(lag.table_label)} ({lag.table}): {lag.rows:,} รายการ · records",
        f"  {usual.th} (9 ใน 10 ภายใน {lag.nine_in_ten_days} วัน) · {usual.en} (9 of 10 within {lag.nine_in_ten_days})",
        f"  ได้รับล่าสุด {lag.last_told_on} ข้อมูลถึงวันที่ {lag.newest_happened_on} {interval.th} · "
        f"last told on {lag.last_told_on} about days up to {lag.newest_happened_on}, {interval.en}",
    ]
    if lag.stale:
        lines.append(
            f"  ! เงียบไป {lag.silent_days} วัน: ให้อ่านว่าไม่ทราบ ไม่ใช่มาเรียนครบ · "
            f"silent for {lag.silent_days} days: read as unknown, not as perfect attendance"
        )
    return lines
