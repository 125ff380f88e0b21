"""The commands about the databases themselves: bring their tables up to date, look them over, move them to PostgreSQL."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, Json, progress_line, say

if TYPE_CHECKING:
    from records.checking import Checked
    from records.migrating import Migrated
    from records.settings import Settings

To = Annotated[
    list[str] | None,
    typer.Option(
        "--to", help="A revision such as ledger:0001, also an earlier one; may be given again. Default: the newest."
    ),
]

Trainings = Annotated[
    bool,
    typer.Option(
        "--trainings/--no-trainings", help="Look at the list of trainings too; pages and lists do without it."
    ),
]


def migrate(to: To = None, home: Home = None, as_json: Json = False) -> None:
    """Bring the tables to those of this program, or back (--to). Stop the service before.

    The files of SQLite are copied beside themselves first; on PostgreSQL make a backup yourself.
    """
    from records import migrating
    from records.home import databases_of, require_home

    settings = _settings(home)
    require_home(settings)
    wanted = _wanted(to or [])
    databases = databases_of(settings)
    try:
        done = []
        for database, chain in ((databases.ledger, migrating.LEDGER), (databases.vault, migrating.VAULT)):
            target = wanted.get(chain.name, "")
            current = migrating.current_of(database, chain)
            goes_back = bool(target) and current is not None and target < current
            if not to or target:
                step = migrating.downgrade if goes_back else migrating.upgrade
                done.append(step(database, chain, target))
    finally:
        databases.close()
    say([_document(one) for one in done], as_json, "\n".join(_line(one) for one in done))


def check(trainings: Trainings = True, home: Home = None, as_json: Json = False) -> None:
    """Look whether the databases and the list of trainings are whole, of this program, and closed to other accounts.

    Exit code 1: something is wrong.
    """
    from records.checking import check as look
    from records.home import require_home

    settings = _settings(home)
    require_home(settings)
    found = look(settings, trainings=trainings)
    told = [
        {"where": one.where, "what": one.what, "found": one.found, "wrong": one.wrong.en if one.wrong else None}
        for one in found
    ]
    say(told, as_json, "\n".join(_checked_line(one) for one in found))
    if any(one.wrong for one in found):
        raise typer.Exit(1)


def move(home: Home = None, as_json: Json = False) -> None:
    """Copy the SQLite files of a home into the empty PostgreSQL databases that the environment names.

    Stop the service, set ZERODROP_DATABASE_URL and ZERODROP_VAULT_URL, and run this once. The files stay as they are.
    """
    from records.moving import move as move_home

    with progress_line("move", quiet=as_json) as progress:
        moved = move_home(_settings(home), progress)
    told = {
        one.chain: {name: {"rows": table.rows, "digest": table.digest} for name, table in one.tables.items()}
        for one in moved
    }
    lines = [
        f"{one.chain}: {sum(table.rows for table in one.tables.values())} แถวใน {len(one.tables)} ตาราง ตรงกันทุกแถว · "
        f"{sum(table.rows for table in one.tables.values())} rows in {len(one.tables)} tables, the same on both sides"
        for one in moved
    ]
    say(told, as_json, "\n".join(lines))


def _settings(home: Path | None) -> "Settings":
    from records.settings import Settings

    return Settings(home=home) if home else Settings()


def _wanted(to: list[str]) -> dict[str, str]:
    """The revision that was asked for, by chain."""
    from records.errors import ConfigurationGap
    from records.migrating import CHAINS

    wanted = {}
    for one in to:
        chain, _, revision = one.partition(":")
        if chain not in CHAINS or not revision:
            raise ConfigurationGap(
                f"--to {one} names no revision. Write it as ledger:0001 or vault:0001. · "
                f"--to {one} ไม่ใช่รุ่นของตาราง ให้เขียนเช่น ledger:0001 หรือ vault:0001"
            )
        wanted[chain] = revision
    return wanted


def _document(done: "Migrated") -> dict[str, object]:
    return {
        "chain": done.chain,
        "before": done.before,
        "after": done.after,
        "adopted": done.adopted,
        "copy": str(done.copy) if done.copy else None,
    }


def _line(done: "Migrated") -> str:
    if done.before == done.after:
        return f"{done.chain}: {done.after} เป็นรุ่นที่ต้องการอยู่แล้ว · already there, nothing was changed"
    kept = f" สำเนาเดิมอยู่ที่ · the copy from before: {done.copy}" if done.copy else ""
    return f"{done.chain}: {done.before or '-'} → {done.after} ปรับตารางแล้ว · the tables were changed.{kept}"


def _checked_line(one: "Checked") -> str:
    told = f"{one.wrong.th} · {one.wrong.en}" if one.wrong else "ปกติ · fine"
    return f"{one.where} {one.what}: {one.found}: {told}"
