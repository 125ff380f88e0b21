"""PostgreSQL's own tools, where they are on the path: `pg_dump` for a backup, `pg_restore` into an empty database.

The password goes by the environment, never by the command line, which every account of a machine can read.
"""

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from records.errors import UserError

_SECONDS = 4 * 3600


def dump(address: str, to: Path, *, only: str = "", without: str = "") -> None:
    """Dump a database in PostgreSQL's custom format: one schema, or all but one. Raises UserError."""
    chosen = [f"--schema={only}"] if only else [f"--exclude-schema={without}"] if without else []
    # Row-level security shows a job of the deployment every row; without the option pg_dump refuses such tables.
    words = ["--format=custom", "--enable-row-security", "--no-owner", f"--file={to}", *chosen]
    _run("pg_dump", [*words, f"--dbname={_where(address)}"], password=_password(address))
    to.chmod(0o600)


def restore_dump(address: str, dumped: Path) -> None:
    """Fill an empty database from a dump, all of it or nothing. Raises UserError."""
    words = ["--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={_where(address)}"]
    _run("pg_restore", [*words, str(dumped)], password=_password(address))


def rows_in(dumped: Path, table: str) -> int:
    """How many rows of a table a dump holds. Raises UserError."""
    told = _run("pg_restore", ["--data-only", f"--table={table}", "--file=-", str(dumped)]).splitlines()
    begins = next((place for place, line in enumerate(told) if line.startswith("COPY ")), None)
    return 0 if begins is None else told.index("\\.", begins) - begins - 1


def _run(tool: str, words: list[str], *, password: str = "") -> str:
    """What the tool writes to its standard output."""
    found = shutil.which(tool)
    if found is None:
        raise UserError(
            f"{tool} is not on the path, and a PostgreSQL database is copied by PostgreSQL's own tools alone. Install the "
            f"PostgreSQL client of the server's version, or let its administrator make the backup. · "
            f"ไม่พบโปรแกรม {tool} ในเครื่องนี้ ติดตั้งชุดโปรแกรมลูกข่าย PostgreSQL รุ่นเดียวกับเครื่องแม่ข่าย หรือให้ผู้ดูแลฐานข้อมูลสำรองให้"
        )
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(
        [found, *words], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["?"])[0]
        raise UserError(f"{tool} stopped: {why} · {tool} ทำงานไม่สำเร็จ: {why}")
    return done.stdout


def _where(address: str) -> str:
    """The address in the words of PostgreSQL's tools, with all that it says (certificates too) but the password."""
    url = make_url(address)
    told = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    told |= {"options": f"{told.get('options', '')} -c app.job=on".strip(), "dbname": url.database or ""}
    told |= {
        name: str(value) for name, value in (("host", url.host), ("port", url.port), ("user", url.username)) if value
    }
    return make_conninfo("", **told)


def _password(address: str) -> str:
    return str(make_url(address).password or "")
