"""The command of compaction: many small files of the log into few large ones."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, Json, data_home, progress_line, say, today_in_bangkok

if TYPE_CHECKING:
    from records.compaction import Compaction

Institutions = Annotated[
    list[str] | None, typer.Option("--institution", help="Only this institution; may be given again. Default: all.")
]


def compact(institution: Institutions = None, home: Home = None, as_json: Json = False) -> None:
    """Gather the files of closed weeks into one a table for each shard of institutions; what was told stays the same.

    Imports may run at the same time. The old files are removed a day later.
    """
    from datetime import UTC, datetime

    from records.compaction import compact as compact_shard
    from records.intake.importing import sweep_files
    from records.shards import shards_of

    monday = _monday(today_in_bangkok())
    with data_home(home) as opened, progress_line("compact", quiet=as_json) as progress:
        done = []
        for shard in shards_of(opened, institution or ()):
            done.append(compact_shard(opened, shard, monday))
            progress(shard.name, done[-1].rows)
        removed = sweep_files(opened, datetime.now(UTC))
    told = [_document(one) for one in done]
    say({"closed_before": monday, "shards": told, "removed": removed}, as_json, _text(done, removed))


def _monday(today: date) -> date:
    """The first day of this week: all weeks before it are closed."""
    return today - timedelta(days=today.weekday())


def _document(done: "Compaction") -> dict[str, object]:
    return {
        "shard": done.shard.name,
        "institutions": len(done.shard.institutions),
        "rows": done.rows,
        "files_before": done.files[0],
        "files_after": done.files[1],
        "mb_before": round(done.bytes[0] / 1e6, 3),
        "mb_after": round(done.bytes[1] / 1e6, 3),
    }


def _text(done: "list[Compaction]", removed: int) -> str:
    changed = [one for one in done if one.rows]
    lines = [_line(one) for one in changed]
    if not changed:
        lines = ["ไม่มีแฟ้มใหม่ของสัปดาห์ที่ปิดแล้วให้รวม · There is nothing new of closed weeks to compact"]
    if removed:
        lines.append(f"ลบแฟ้มเดิมที่ไม่ใช้แล้ว {removed:,} แฟ้ม · {removed:,} old files that nothing reads were removed")
    return "\n".join(lines)


def _line(done: "Compaction") -> str:
    (files, fewer), (mb, less) = done.files, (size / 1e6 for size in done.bytes)
    return (
        f"{done.shard.name}: รวม {done.rows:,} แถว จาก {files:,} แฟ้ม ({mb:,.1f} MB) เหลือ {fewer:,} แฟ้ม ({less:,.1f} MB) · "
        f"{done.rows:,} rows, from {files:,} files ({mb:,.1f} MB) to {fewer:,} ({less:,.1f} MB)"
    )
