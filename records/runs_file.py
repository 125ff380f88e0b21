"""MLflow's runs as files of the home: looked at before anything is asked, for MLflow answers damage with a traceback."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from records.errors import RunsWrong
from records.settings import Settings

_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def runs_file(settings: Settings) -> Path | None:
    """The SQLite file that lists the runs; None where another database does."""
    address = settings.mlflow_address
    return Path(make_url(address).database or "") if address.startswith("sqlite") else None


def artifacts_of_runs(settings: Settings) -> Path:
    """The folder with what each run left: its bundle, card and figures, below the run's id."""
    return (settings.home / "mlflow" / "artifacts").absolute()


def require_whole_runs(settings: Settings) -> None:
    """Raises RunsWrong where the runs lie in an SQLite file that is damaged; of a busy one MLflow says so itself."""
    path = runs_file(settings)
    if path is not None and path.is_file() and not _is_whole(path):
        raise damaged_runs(path)


def damaged_runs(path: Path) -> RunsWrong:
    return RunsWrong(
        f"{path}, which lists the trained models, is damaged. Restore it from a backup, or move it away: the runs of "
        "before are then not listed any more, and promoted models go on serving. · "
        f"แฟ้ม {path} ซึ่งเก็บรายการแบบจำลองที่ฝึกไว้ เสียหาย กู้จากข้อมูลสำรอง หรือย้ายแฟ้มนี้ออกไป "
        "แล้วการฝึกก่อนหน้านี้จะไม่อยู่ในรายการอีก แต่แบบจำลองที่รับหน้าที่แล้วยังใช้งานต่อได้"
    )


def silent_runs(settings: Settings, said: str) -> RunsWrong:
    """`said` is the kind of error alone: what a driver says may name an address with its password."""
    path = runs_file(settings) or "ZERODROP_MLFLOW_URL"
    return RunsWrong(
        f"{path}, which lists the trained models, cannot be read by this MLflow ({said}), so no training was begun. See "
        "that it answers and is not of a newer MLflow, or restore it from a backup. · "
        f"อ่านรายการแบบจำลองที่ฝึกไว้ใน {path} ไม่ได้ ({said}) จึงยังไม่เริ่มฝึก ตรวจว่าฐานข้อมูลนี้เปิดอยู่และไม่ได้มาจาก MLflow รุ่นใหม่กว่า "
        "หรือกู้จากข้อมูลสำรอง"
    )


def require_listed_runs(settings: Settings, listed: Collection[object]) -> None:
    """Raises RunsWrong where nothing is listed though bundles of runs are there: the list was lost, not never begun."""
    folder = artifacts_of_runs(settings)
    if listed or not any(folder.glob("*/artifacts/bundle")):
        return
    path = runs_file(settings) or "ZERODROP_MLFLOW_URL"
    raise RunsWrong(
        f"{path} lists no trained model, though {folder} holds what was trained: the list was lost, or is another one. "
        "Restore it from a backup, or train again with `zerodrop train`: the runs of before are then not listed any more, "
        "and promoted models go on serving. · "
        f"ไม่มีรายการแบบจำลองใน {path} แต่ผลการฝึกยังอยู่ที่ {folder} รายการจึงหายไปหรือไม่ใช่ชุดเดิม กู้จากข้อมูลสำรอง "
        "หรือฝึกใหม่ด้วยคำสั่ง zerodrop train แล้วการฝึกก่อนหน้านี้จะไม่อยู่ในรายการอีก แต่แบบจำลองที่รับหน้าที่แล้วยังใช้งานต่อได้"
    )


def statuses_of_runs(path: Path) -> dict[str, str]:
    """The runs that a whole file lists, by id; none where MLflow has made no tables in it yet."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        if opened.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'runs'").fetchone() is None:
            return {}
        return dict(opened.execute("SELECT run_uuid, status FROM runs"))


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            return bool(opened.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as problem:
        return (problem.sqlite_errorcode & 0xFF) not in _DAMAGED  # the low byte is the class of an extended code
