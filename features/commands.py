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
    chosen_day,
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
    from records.home import DataHome


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
    except NobodyEnrolled as nobody:
        raise ConfigurationGap(why_nobody(log, nobody)) from None


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
    from records.clock import buddhist

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
    from features.wording import both

    lines = []
    for domain in Domain:
        asked = [feature for feature in WITH_SENSITIVE if feature.domain is domain]
        if asked:
            lines += ["", f"{both(domain.label)} ({len(asked)})", *map(_row, asked)]
    lines += ["", *_LEGEND]
    say([_brief(feature) for feature in WITH_SENSITIVE], as_json, "\n".join(lines).lstrip())


def show_feature(
    name: Annotated[str, typer.Argument(help="`zerodrop features list` names them.")], as_json: Json = False
) -> None:
    """One feature: everything that is declared of it."""
    from features.catalogue import WITH_SENSITIVE
    from features.wording import both
    from records.errors import UserError

    known = {feature.name: feature for feature in WITH_SENSITIVE}
    if name not in known:
        near = difflib.get_close_matches(name.strip().lower(), known, n=3, cutoff=0.4)
        near += [one.name for one in known.values() if name.strip() in f"{one.label.th} {one.label.en}"]
        near = list(dict.fromkeys(near))[:3]
        like, like_th = (f"Near it: {', '.join(near)}.", f"ชื่อใกล้เคียง: {', '.join(near)}") if near else ("", "")
        raise UserError(
            " ".join(f"There is no feature '{name}'. {like} `zerodrop features list` names them all. · ".split())
            + " "
            + " ".join(f"ไม่มีตัวบ่งชี้ชื่อ '{name}' {like_th} ดูทั้งหมดด้วยคำสั่ง zerodrop features list".split())
        )
    feature = known[name]
    lines = [f"{feature.name}", both(feature.label), ""]
    lines += [f"{both(label)}: {both(said)}" for label, said in _declared(feature)]
    declared = {label.en: {"th": said.th, "en": said.en} for label, said in _declared(feature)}
    say({**_brief(feature), "declared": declared}, as_json, "\n".join(lines))


_ARROWS = {"RISES": "+", "FALLS": "-", "EITHER": "·"}
_LEGEND = (
    "+ ค่ามากขึ้น ความเสี่ยงไม่ลดลง · more never lowers the risk    - ค่ามากขึ้น ความเสี่ยงไม่เพิ่มขึ้น · more never raises it    "
    "· ไม่กำหนดทิศทาง · either way",
    "[อ่อนไหว · sensitive] แสดงชื่อเฉพาะผู้มีสิทธิ์ · named only to roles with that permission    "
    "[ปิดไว้ · off] ไม่ใช้จนกว่าสถานศึกษาจะเปิด · in no model unless a deployment switches it on",
)
# A value of each unit as it may well be, to show a sentence with.
EXAMPLES = {
    "DAYS": 3, "PERIODS": 4, "YEARS": 1.5, "MINUTES": 40, "SHARE": 0.25, "SHARE_PER_WEEK": 0.05, "COURSES": 2, "POINTS": 1.75,
    "MARKS": 40, "SCORE": 45, "BAHT": 2500, "BAHT_A_DAY": 60, "PEOPLE": 2, "SDQ_SCORE": 18, "KILOMETRES": 12, "WEEKS": 5, "CREDITS": 3,
    "TIMES": 2, "LEVEL": 1, "DEVIATIONS": 1.5, "YES": 1,
}  # fmt: skip
_EXAMPLE_AGE, _EXAMPLE_POINTS_LESS = 17.5, 0.25


def _row(feature: "Feature") -> str:
    from features.wording import UNITS, both, window_shortly

    hidden = " [อ่อนไหว · sensitive]" if feature.personal.name == "SENSITIVE" else ""
    hidden += " [ปิดไว้ · off]" if feature.table.sensitive else ""
    return (
        f"  {feature.name:34} {_ARROWS[feature.risk.name]} {UNITS[feature.unit].en:20} "
        f"{window_shortly(feature.window).en:22} {both(feature.label)}{hidden}"
    )


def _brief(feature: "Feature") -> dict[str, Any]:
    """The short form for machines."""
    from features.wording import window_shortly

    return {
        "name": feature.name,
        "domain": feature.domain.value,
        "unit": feature.unit.value,
        "risk": feature.risk.name.lower(),
        "window": window_shortly(feature.window).en,
        "privacy": feature.personal.value,
        "off_by_default": feature.table.sensitive,
        "label": {"th": feature.label.th, "en": feature.label.en},
    }


def _declared(feature: "Feature") -> list[tuple[Text, Text]]:
    """What is declared of a feature, as pairs of what it is and what was said."""
    from features import wording

    asked = [(Text(th="การเช็คชื่อ", en="sessions"), wording.SESSIONS[feature.sessions])]
    return [
        (Text(th="ด้าน", en="domain"), feature.domain.label),
        (Text(th="ตัวอย่างเหตุผลที่แสดง", en="shown as, for example"), _example(feature)),
        (Text(th="ควรถาม", en="ask"), feature.asks),
        (Text(th="ตาราง", en="table"), feature.table.label),
        (Text(th="คำนวณจาก", en="measure"), wording.measure_in_words(feature.measure, feature.table)),
        (Text(th="ช่วงเวลา", en="window"), wording.window_in_words(feature.window)),
        *(asked if feature.table.name == "attendance" else []),
        (Text(th="หน่วย", en="unit"), wording.UNITS[feature.unit]),
        (Text(th="ทศนิยม", en="decimals"), Text(th=str(feature.decimals), en=str(feature.decimals))),
        (Text(th="ทิศทาง", en="direction"), wording.RISKS[feature.risk]),
        (Text(th="เมื่อไม่มีข้อมูล", en="without a record"), wording.absence_in_words(feature.absent_means)),
        (Text(th="เปลี่ยนได้", en="can be changed"), Text(th="ได้", en="yes") if feature.changeable else Text(th="ไม่ได้", en="no")),
        (Text(th="ชั้นความลับ", en="privacy"), wording.PERSONAL[feature.personal]),
        (Text(th="ที่มา", en="source"), Text(th=feature.source, en=feature.source)),
    ]  # fmt: skip


def _example(feature: "Feature") -> Text:
    """The reason as it may be shown, with a value of its unit; where a fall is what counts, with a fall."""
    value: float = _EXAMPLE_AGE if type(feature.measure).__name__ == "Age" else EXAMPLES[feature.unit.name]
    if "{value:+" in feature.reason.en and feature.risk.name == "FALLS":
        value = -_EXAMPLE_POINTS_LESS if feature.unit.name == "POINTS" else -value
    told = {"value": value, "percent": 100 * value}
    return Text(th=feature.reason.th.format(**told), en=feature.reason.en.format(**told))


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

    day = chosen_day(as_of) if as_of else None
    with data_home(home) as opened:
        code = the_institution(opened, institution)
        found = entry_lags(opened, code, day, today=today_in_bangkok(), actor=actor())
    lines = [line for lag in found for line in lines_of(lag)]
    nothing = "ยังไม่มีการนำเข้าประจำ มีแต่ข้อมูลย้อนหลัง · nothing was imported in operation yet, only history"
    say([asdict(lag) for lag in found], as_json, "\n".join(lines) or nothing)
