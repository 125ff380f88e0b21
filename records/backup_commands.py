"""The commands for backups: make one, look whether one is whole, and put one back into a new data home."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from records.console import Home, Json, ask_first, data_home, say

To = Annotated[
    Path, typer.Option("--to", help="A folder for backups, best on another disk: the oldest make way there.")
]
Backup = Annotated[Path, typer.Argument(help="A backup: a folder named zerodrop-….")]
Into = Annotated[Path, typer.Option("--into", help="The new data home; nothing may be there.")]
Key = Annotated[Path | None, typer.Option("--key", help="The vault's key file, which no backup holds.")]
Erasures = Annotated[
    list[Path] | None, typer.Option("--erasures", help="A newer erasures.jsonl, as of the home that was lost.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def make(to: To, home: Home = None, as_json: Json = False) -> None:
    """Copy the databases, the log, the models and their trainings, checked, while work goes on; never the vault's key.

    Exit code 1 when the list of trainings is damaged or lost, or the backup before is damaged: this one is made all the same.
    """
    from records.backup import backup

    with data_home(home) as opened:
        made = backup(opened, to, now=datetime.now(UTC))
        key = opened.settings.key_path
    lines = [
        f"สำรองแล้ว: {made.path} ({made.files:,} ไฟล์ {made.bytes / 1e6:,.1f} MB ใช้ร่วมกับชุดก่อน {made.shared:,} ไฟล์)",
        f"backed up: {made.path} ({made.files:,} files, {made.bytes / 1e6:,.1f} MB, {made.shared:,} shared with the one before)",
        f"กุญแจไม่อยู่ในชุดสำรอง เก็บ {key} แยกไว้ที่อื่น · the key is not in it: keep {key} somewhere else",
    ]
    lines.append(made.runs_wrong or _runs_told(made.runs))
    lines += [f"ลบชุดเก่า: {one.name} · made way: {one.name}" for one in made.removed]
    lines += [f"! {one}" for one in made.earlier_wrong]
    told = {
        "path": made.path, "files": made.files, "bytes": made.bytes, "shared": made.shared, "counts": dict(made.counts),
        "removed": list(made.removed), "runs": made.runs, "runs_wrong": made.runs_wrong,
        "earlier_wrong": list(made.earlier_wrong),
    }  # fmt: skip
    say(told, as_json, "\n".join(lines))
    if made.runs_wrong or made.earlier_wrong:
        raise typer.Exit(1)


def _runs_told(runs: int | None) -> str:
    if runs is not None:
        return f"การฝึกที่เสร็จแล้วในชุดนี้ {runs} ครั้ง · finished trainings in it: {runs}"
    return (
        "ไม่มีการฝึกแบบจำลองในชุดนี้ เพราะรายการอยู่ที่ ZERODROP_MLFLOW_URL ให้สำรองฐานข้อมูลนั้น แล้วสำรองโฟลเดอร์ mlflow/artifacts "
        "ของที่เก็บข้อมูล · the trainings are not in it, for ZERODROP_MLFLOW_URL lists them: back up that database, and then the "
        "folder mlflow/artifacts of the data home"
    )


def verify(backup: Backup, as_json: Json = False) -> None:
    """Read every byte of a backup and hold it against its manifest. Exit code 1 when something is wrong."""
    from records.backup import verify as look

    wrong = look(backup)
    say({"path": backup, "wrong": wrong}, as_json, "\n".join(wrong) or "สมบูรณ์ · whole")
    if wrong:
        raise typer.Exit(1)


def restore(
    backup: Backup, into: Into, key: Key = None, erasures: Erasures = None, yes: Yes = False, as_json: Json = False
) -> None:
    """Put a backup into a new data home: checked first, and whoever was erased since is erased again."""
    from records.restoring import restore as put_back
    from records.settings import Settings

    if not yes:
        ask_first(f"กู้คืน {backup} ไปที่ {into} ยืนยันหรือไม่ · Restore {backup} into {into}?")
    settings = Settings(home=into, key_file=key) if key else Settings(home=into)
    done = put_back(backup, settings, erasures=erasures or [])
    lines = [
        f"กู้คืนแล้วที่ {done.home} ข้อมูลเมื่อ {done.made_at} · restored into {done.home}, as of {done.made_at}",
        f"ลบผู้ที่ขอให้ลบไว้หลังสำรองอีกครั้ง {done.erased} คน · erased again: {done.erased}",
        "บัญชี รหัสผ่าน และกุญแจของเครื่องเป็นของวันนั้น ตรวจว่ามีใครที่ต้องปิดบัญชีหรือไม่ ทุกคนต้องเข้าระบบใหม่ · "
        "accounts, passwords and machines' keys are of that day: see whose must be closed again. Everybody signs in anew",
    ]
    say(
        {"home": done.home, "made_at": done.made_at, "counts": done.counts, "erased": done.erased},
        as_json,
        "\n".join(lines),
    )
