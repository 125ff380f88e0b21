"""What all commands share: opening the data home, choosing the institution, progress on long work, saying what happened."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from records.home import DataHome

Home = Annotated[Path | None, typer.Option("--home", help="Data home (default: ZERODROP_HOME, else ./var).")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for machines.")]
InstitutionCode = Annotated[str, typer.Option("--institution", help="Institution code; not needed while there is one.")]


def today_in_bangkok() -> date:
    from records.clock import BANGKOK

    return datetime.now(BANGKOK).date()


def chosen_day(as_of: datetime | None) -> date:
    """The day of an option, today when it was left out. Raises UserError for a day that was probably mistyped."""
    from records.weeks import require_plausible

    today = today_in_bangkok()
    if as_of is None:
        return today
    require_plausible(as_of.date(), today)
    return as_of.date()


def actor() -> str:
    return f"command line: {getpass.getuser()}"


@contextmanager
def data_home(chosen: Path | None, *, create: bool = False) -> "Iterator[DataHome]":
    from records.home import create_home, open_home
    from records.settings import Settings

    settings = Settings(home=chosen) if chosen else Settings()
    opened = create_home(settings) if create else open_home(settings)
    try:
        yield opened
    finally:
        opened.close()


def the_institution(home: "DataHome", institution: str) -> str:
    """The institution that was named, or the only one there is."""
    from records.errors import ConfigurationGap
    from records.ledger import institutions, require_institution

    if institution:
        return require_institution(home.database, institution).code
    known = [row.code for row in institutions(home.database)]
    if len(known) != 1:
        raise ConfigurationGap.which_institution(known=known)
    return known[0]


def for_writing(path: Path, *, replaces: bool = True) -> Path:
    """A file that can be written here. Raises UserError before any work is done for it."""
    from records.errors import UserError

    with _looking_at(path):
        if not path.absolute().parent.is_dir():
            raise UserError(
                f"There is no folder {path.parent} to write {path.name} into. Make it, or choose another path. · "
                f"ไม่มีโฟลเดอร์ {path.parent} สำหรับเก็บไฟล์ {path.name} สร้างโฟลเดอร์ก่อน หรือเลือกที่เก็บอื่น"
            )
        if path.is_dir():
            raise UserError(f"{path} is a folder. Give the name of a file in it. · {path} เป็นโฟลเดอร์ ใส่ชื่อไฟล์ต่อท้ายด้วย")
        if path.exists() and not replaces:
            raise UserError(
                f"{path} exists already and is not replaced. Choose another name, or move it away. · "
                f"มีไฟล์ {path} อยู่แล้วและระบบไม่เขียนทับ ตั้งชื่ออื่น หรือย้ายไฟล์เดิมออกก่อน"
            )
        if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            raise UserError.may_not_write(path)
    return path


def folder_for_writing(path: Path, *, left_over: str = "") -> Path:
    """A folder that is new or empty and can be written here. Raises UserError before any work is done for it.

    `left_over` is the name of what the same command may have left in it, and removes itself.
    """
    from records.errors import UserError

    with _looking_at(path):
        if path.exists() and not path.is_dir():
            raise UserError(f"{path} is a file. Give the name of a folder. · {path} เป็นไฟล์ ใส่ชื่อโฟลเดอร์แทน")
        if path.exists() and any(one.name != left_over for one in path.iterdir()):
            raise UserError(
                f"{path} is not empty, and nothing in it is replaced. Choose another folder, or empty it. · "
                f"โฟลเดอร์ {path} มีไฟล์อยู่แล้วและระบบไม่เขียนทับ เลือกโฟลเดอร์อื่น หรือย้ายไฟล์เดิมออกก่อน"
            )
        nearest = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
        if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
            raise UserError.may_not_write(path)
    return path


@contextmanager
def _looking_at(path: Path) -> Iterator[None]:
    """A place that cannot even be looked at cannot be written."""
    from records.errors import UserError

    try:
        yield
    except OSError:
        raise UserError.may_not_write(path) from None


@contextmanager
def progress_line(what: str, *, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """A line on standard error with the step, the rows done and the rate; nothing where nobody is watching."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.completed:,.0f} rows"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=None, rate="")

        def advance(step: str, rows: int) -> None:
            bar.update(task, description=f"{what}: {step}", advance=rows)
            speed = bar.tasks[task].speed  # none until something was done twice
            bar.update(task, rate=f"{speed:,.0f} rows/s" if speed else "")

        yield advance


def _json_value(value: object) -> str:
    """Days, ids and enums in JSON."""
    return str(getattr(value, "value", value))


def ask_first(question: str) -> None:
    """Go on only when somebody says yes; else, also where nobody can answer, end with a sentence and exit code 1."""
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:  # the end of the input: by a timer or another program
        agreed = False
        typer.echo(err=True)
    if not agreed:
        typer.echo("ยังไม่ได้ทำอะไร ใส่ --yes ถ้าไม่ต้องให้ถาม · nothing was done; with --yes it is not asked", err=True)
        raise typer.Exit(1)


def say(told: object, as_json: bool, text: str) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, default=_json_value) if as_json else text)
