"""The file that holds MLflow's runs: looked at before anything is asked of it, for MLflow answers damage with a traceback."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from records.errors import UserError
from records.home import DataHome

_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def require_whole_runs(home: DataHome) -> None:
    """Raises UserError where the runs lie in an SQLite file that is damaged; of a busy one MLflow says so itself."""
    address = home.settings.mlflow_address
    if not address.startswith("sqlite"):
        return
    path = Path(make_url(address).database or "")
    if path.is_file() and not _is_whole(path):
        raise UserError(
            f"{path}, which lists the trained models, is damaged. Restore it from a backup, or move it away: the runs of "
            "before are then not listed any more, and promoted models go on serving. · "
            f"แฟ้ม {path} ซึ่งเก็บรายการแบบจำลองที่ฝึกไว้ เสียหาย กู้จากข้อมูลสำรอง หรือย้ายแฟ้มนี้ออกไป "
            "แล้วการฝึกก่อนหน้านี้จะไม่อยู่ในรายการอีก แต่แบบจำลองที่รับหน้าที่แล้วยังใช้งานต่อได้"
        )


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            return bool(opened.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as problem:
        return (problem.sqlite_errorcode & 0xFF) not in _DAMAGED  # the low byte is the class of an extended code
