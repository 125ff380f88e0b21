"""PostgreSQL's own tools, where they are on the path: `pg_dump` for a backup, `pg_restore` into an empty database.

The password goes by the environment, never by the command line, which every account of a machine can read.
"""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from records.errors import UserError

_SECONDS = 4 * 3600


def dump(address: str, to: Path, *, only: str = "", without: str = "") -> None:
    """Dump a database in PostgreSQL's custom format: one schema, or all but one. Raises UserError."""
    chosen = [f"--schema={only}"] if only else [f"--exclude-schema={without}"] if without else []
    # Row-level security shows a job of the deployment every row; without the option pg_dump refuses such tables.
    words = ["--format=custom", "--enable-row-security", "--no-owner", f"--file={to}", *chosen]
    _run("pg_dump", address, words)
    to.chmod(0o600)


def restore_dump(address: str, dumped: Path) -> None:
    """Fill an empty database from a dump, all of it or nothing. Raises UserError."""
    name = make_url(address).database or ""
    _run(
        "pg_restore",
        address,
        ["--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={name}", str(dumped)],
    )


def _run(tool: str, address: str, words: list[str]) -> None:
    found = shutil.which(tool)
    if found is None:
        raise UserError(
            f"{tool} is not on the path, and a PostgreSQL database is copied by PostgreSQL's own tools alone. Install the "
            f"PostgreSQL client of the server's version, or let its administrator make the backup. · "
            f"ไม่พบโปรแกรม {tool} ในเครื่องนี้ ติดตั้งชุดโปรแกรมลูกข่าย PostgreSQL รุ่นเดียวกับเครื่องแม่ข่าย หรือให้ผู้ดูแลฐานข้อมูลสำรองให้"
        )
    done = subprocess.run(
        [found, *words], env={**os.environ, **_connection(address)}, capture_output=True, text=True, timeout=_SECONDS,
        check=False,
    )  # fmt: skip
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["?"])[0]
        raise UserError(f"{tool} stopped: {why} · {tool} ทำงานไม่สำเร็จ: {why}")


def _connection(address: str) -> dict[str, str]:
    url = make_url(address)
    host = url.host or str(url.query.get("host", ""))
    told = {
        "PGHOST": host, "PGPORT": str(url.port or url.query.get("port", "")), "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""), "PGDATABASE": url.database or "", "PGOPTIONS": "-c app.job=on",
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}
