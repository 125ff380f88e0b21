"""The front door: the `zerodrop` command. It gathers each room's commands, nothing else.

Beside them stand the two that span the rooms: `simulate` and `demo`. Every command imports what it needs only when it
runs, so that help is instant; and nothing is imported before `main` can be told to stop.
"""

import io
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pathlib import Path

    import typer

    from records.home import DataHome
    from records.text import Text

    Commands = Mapping[str, Callable[..., None] | typer.Typer]


def command_line() -> "typer.Typer":
    """The `zerodrop` command with all its sub-commands, in the order in which a college needs them."""
    import typer

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Early warning for Zero Dropout: export files in, a weekly list with reasons out. "
        "ระบบเตือนล่วงหน้าเพื่อป้องกันการออกกลางคัน",
    )
    for name, command, short in _single():
        app.command(name, short_help=short)(command)
    for name, short, commands in _groups():
        group = typer.Typer(no_args_is_help=True, help=short)
        for word, command in commands.items():
            if isinstance(command, typer.Typer):
                group.add_typer(command, name=word)
            else:
                group.command(word)(command)
        app.add_typer(group, name=name, short_help=short)
    return app


def _single() -> list[tuple[str, Callable[..., None], str]]:
    """The commands that stand alone: (word, command, what it is for)."""
    from records.backup_commands import restore
    from records.commands import check, import_
    from records.compaction_commands import compact
    from records.intake.source_commands import sources, template
    from records.privacy_commands import prune
    from serving.commands import init, replay, serve
    from serving.score_commands import score
    from training.commands import base_rates, train
    from training.doctor_commands import doctor
    from training.model_commands import card, compare, promote, rollback
    from training.monitor_commands import monitor

    spanning = _spanning()
    return [
        ("init", init, "ตั้งค่าวิทยาลัย · set up the college"),
        ("check", check, "ดูว่ายังขาดอะไร · what is missing"),
        ("simulate", spanning["simulate"], "ไฟล์ของวิทยาลัยจำลอง · files of a simulated college"),
        ("import", import_, "นำเข้าไฟล์ · take a file in"),
        ("sources", sources, "ไฟล์แบบใดบ้างที่รับได้ · which files can come in"),
        ("template", template, "แบบฟอร์มเปล่าของแหล่งข้อมูล · an empty workbook of a source"),
        ("compact", compact, "รวมแฟ้มของสัปดาห์ที่ปิดแล้ว · few large files of closed weeks"),
        ("replay", replay, "คำนวณใหม่จากที่ทราบในตอนนั้น · what was known then"),
        ("base-rates", base_rates, "ออกกลางคันเท่าไร · how many leave"),
        ("doctor", doctor, "หาข้อมูลที่รั่วจากอนาคต · look for leaks from the future"),
        ("train", train, "ฝึกแบบจำลอง · learn from past terms"),
        ("card", card, "บัตรแบบจำลอง · a model's card"),
        ("compare", compare, "ใครจะเข้าหรือออก · who would enter and leave"),
        ("promote", promote, "ลงนามให้รับหน้าที่ · put a model in charge"),
        ("rollback", rollback, "กลับไปใช้ของก่อนหน้า · put the model before back in charge"),
        ("score", score, "ออกรายชื่อของสัปดาห์ · publish the week's list"),
        ("monitor", monitor, "คะแนนยังตรงกับความจริงไหม · do the scores still hold"),
        ("prune", prune, "ลบข้อมูลที่ครบกำหนด · delete what is over its time"),
        ("restore", restore, "กู้คืนข้อมูลสำรอง · put a backup into a new data home"),
        ("serve", serve, "เปิดหน้าจอ · show the pages"),
        ("demo", spanning["demo"], "ลองทั้งระบบ · try it all on a simulated college"),
    ]


def _groups() -> "list[tuple[str, str, Commands]]":
    """The commands that come in groups: (word, what it is about, its commands or groups of them)."""
    from features.build_commands import build_features
    from features.commands import entry_lag, list_features, show_feature
    from records.intake import commands as intake
    from records.people_commands import different, doubts, same
    from records.roster_commands import compare, confirm
    from serving.account_commands import account_commands
    from serving.list_commands import restore_list, show_lists
    from training.model_commands import mlflow_ui

    rows: Mapping[str, Callable[..., None]] = {
        "list": intake.quarantine_list,
        "export": intake.quarantine_export,
        "retry": intake.quarantine_retry,
        "discard": intake.quarantine_discard,
    }
    return [
        ("quarantine", "แถวที่กักไว้ · rows that could not be taken", rows),
        ("roster", "เทียบทะเบียนสองครั้ง · compare two rosters", {"compare": compare, "confirm": confirm}),
        (
            "people",
            "คู่ที่อาจเป็นคนเดียวกัน · pairs who may be one person",
            {"doubts": doubts, "same": same, "different": different},
        ),
        (
            "features",
            "ตัวบ่งชี้และความช้าของข้อมูล · features and entry lag",
            {"list": list_features, "show": show_feature, "lag": entry_lag, "build": build_features},
        ),
        ("lists", "รายชื่อที่เผยแพร่แล้ว · the published lists", {"show": show_lists, "restore": restore_list}),
        ("account", "บัญชีผู้ใช้และกุญแจ · accounts and keys", account_commands()),
        *_store_groups(),
        *_privacy_groups(),
        ("mlflow", "การฝึกทุกครั้ง · the runs of training", {"ui": mlflow_ui}),
    ]


def _store_groups() -> "list[tuple[str, str, Commands]]":
    from records import database_commands
    from records.audit_commands import audit_commands

    return [
        (
            "db",
            "ดูแลฐานข้อมูล · look after the databases",
            {"migrate": database_commands.migrate, "check": database_commands.check, "move": database_commands.move},
        ),
        (
            "audit",
            "บันทึกการเข้าดู · who looked, and whether that trail is whole",
            audit_commands(_in_words),
        ),
    ]


def _privacy_groups() -> "list[tuple[str, str, Commands]]":
    """The commands for what persons may ask of their own data, and for copies of it."""
    from records import backup_commands
    from records.privacy_commands import person_commands

    backups: Commands = {
        "make": backup_commands.make,
        "verify": backup_commands.verify,
    }
    own = person_commands(_in_words)
    return [
        ("person", "สิทธิของเจ้าของข้อมูล · what a person may ask of their own data", own),
        ("backup", "สำรองข้อมูล · backups", backups),
    ]


def _in_words(stored: Mapping[str, Any]) -> "Text":
    from serving.person_words import in_words

    return in_words(stored)


def _spanning() -> dict[str, Callable[..., None]]:
    """The commands that span the rooms: they are asked here and done below."""
    from pathlib import Path

    import typer

    def simulate(
        out: Annotated[Path, typer.Option(help="A new or empty folder for the files.")],
        students: Annotated[int, typer.Option(min=60)] = 1200,
        years: Annotated[int, typer.Option(min=1, max=8)] = 3,
        seed: int = 7,
        as_json: Annotated[
            bool, typer.Option("--json", help="One JSON document on standard output, for machines.")
        ] = False,
    ) -> None:
        """Write what a simulated college would hand over; all persons in it are invented."""
        _simulate(out, students=students, years=years, seed=seed, as_json=as_json)

    def demo(
        serve_pages: Annotated[
            bool, typer.Option("--serve/--no-serve", help="Keep serving, or check that the page answers and stop.")
        ] = True,
        students: Annotated[int, typer.Option(min=300, help="Of few the absence rule makes the list.")] = 3000,
        port: int = 8000,
        home: Annotated[Path, typer.Option("--home", help="Where to make the demo's data home.")] = Path("var/demo"),
        again: Annotated[
            bool, typer.Option("--again", help="Only serve the demo that is there, with new passwords.")
        ] = False,
    ) -> None:
        """From nothing to a published list: simulate a college, import its files, train, promote, score, serve.

        Its pages are those of the Monday of that list, whatever day it is: a list is out of date after 14 days.
        """
        if not again:
            _make_demo(home, students=students)
        _show_demo(home, port=port, serve_pages=serve_pages)

    return {"simulate": simulate, "demo": demo}


def _simulate(out: "Path", *, students: int, years: int = 3, seed: int = 7, as_json: bool = False) -> None:
    from xlsxwriter.exceptions import FileCreateError

    from records.console import folder_for_writing, progress_line, say
    from records.errors import UserError
    from simulation.college import UNFINISHED, write_college

    folder_for_writing(out, left_over=UNFINISHED)
    try:
        with progress_line("simulate", quiet=as_json) as progress:
            write_college(out, students=students, years=years, seed=seed, progress=progress)
    except (OSError, FileCreateError) as error:
        raise UserError.not_written(out, error) from None
    files = sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file())
    say({"out": str(out), "files": files}, as_json, f"{len(files)} files in {out}")


def _make_demo(home: "Path", *, students: int) -> None:
    from records.console import data_home, progress_line
    from serving.score_commands import score

    monday = _take_in_simulated_college(home, home.with_name(home.name + "-files"), students)
    with data_home(home) as opened, progress_line("train", quiet=False) as progress:
        _train_and_sign(opened, monday, progress)
    score(as_of=datetime.combine(monday, time.min), home=home)


def _show_demo(home: "Path", *, port: int, serve_pages: bool) -> None:
    """Serve the demo by password alone: whoever tries it has no phone enrolled for an invented person."""
    from contextlib import closing

    import typer

    from records.home import open_home
    from records.settings import Settings
    from serving.preflight import Reach
    from serving.server import answers_once, serve

    with closing(open_home(Settings(home=home, second_factor_roles=()))) as opened:
        monday = _monday_of_demo(opened)
        _say_where_to_look(opened, home, monday, port)
        if serve_pages:
            serve(opened, Reach(port=port), today=lambda: monday, secure_cookies=False)
        else:
            answers_once(opened, today=lambda: monday)
            typer.echo("The page answers. หน้าเว็บตอบสนองแล้ว")


def _monday_of_demo(home: "DataHome") -> date:
    """The day of the demo's list. Raises ConfigurationGap for any other home: nobody's real password is made anew."""
    from records.errors import ConfigurationGap
    from records.ledger import institutions
    from records.lists import current_publication
    from simulation.rosters import INSTITUTION_CODE

    with home.database.read() as session:
        published = current_publication(session, INSTITUTION_CODE)
    if published is None or [row.code for row in institutions(home.database)] != [INSTITUTION_CODE]:
        raise ConfigurationGap(
            "This data home is no finished demo. Make one with `zerodrop demo`; `zerodrop serve` serves any other home. · "
            "ที่เก็บข้อมูลนี้ไม่ใช่การสาธิตที่ทำเสร็จแล้ว สร้างด้วยคำสั่ง zerodrop demo ส่วนที่เก็บข้อมูลอื่นให้ใช้ zerodrop serve"
        )
    return published.as_of


# The demo, step by step: the same rooms that the commands above use


def _take_in_simulated_college(home: "Path", files: "Path", students: int) -> date:
    """Simulate a college and import its files as they would have arrived; returns the newest Monday."""
    from records.clock import BANGKOK
    from records.errors import ConfigurationGap
    from serving.commands import init

    there = [str(path) for path in (home, files) if path.exists()]
    if there:
        raise ConfigurationGap(
            f"There is {' and '.join(there)} already, and the demo starts from nothing. "
            "Serve it once more with --again, remove what is left of it, or choose another --home. · "
            f"มี {' และ '.join(there)} อยู่แล้ว การสาธิตต้องเริ่มจากที่ว่าง เปิดของเดิมด้วย --again ลบของเดิม หรือเลือก --home อื่น"
        )
    _simulate(files, students=students)
    init(workbook=files / "college.xlsx", codes=False, home=home)
    for term in sorted((files / "history").iterdir()):
        _import_folder(home, term, history=True)
    mondays = sorted((files / "weeks").iterdir())
    for folder in mondays:
        sunday = datetime.combine(date.fromisoformat(folder.name) - timedelta(days=1), time(20), tzinfo=BANGKOK)
        _import_folder(home, folder, received_at=sunday)
    return date.fromisoformat(mondays[-1].name)


def _import_folder(home: "Path", folder: "Path", *, history: bool = False, received_at: datetime | None = None) -> None:
    import typer

    from records.console import data_home, progress_line
    from records.intake.folders import in_order
    from records.intake.importing import ImportRequest, import_file

    with data_home(home) as opened, progress_line(folder.name, quiet=False) as progress:
        for file in in_order(folder):
            request = ImportRequest(path=file, history=history, received_at=received_at)
            for report in import_file(opened, request, progress):
                typer.echo(report.text(), err=True)


def _train_and_sign(home: "DataHome", monday: date, progress: Callable[[str, int], None]) -> None:
    import typer

    from records.console import actor, the_institution
    from records.errors import ModelRefused
    from training.promote import promote_model
    from training.train import train as train_model

    code = the_institution(home, "")
    trained = train_model(home, [code], today=monday, actor=actor(), progress=progress)
    typer.echo(trained.card_text)
    try:
        promote_model(
            home, institution=code, digest=trained.digest, signed_by="demo", reason="simulated college, nobody's child"
        )
    except ModelRefused as refused:  # an honest answer on so small a college: the demo goes on with the simple list
        typer.echo(f"{refused.shown}\nใช้รายชื่อตามการขาดเรียนแทน · The absence rule makes the list instead.", err=True)


def _say_where_to_look(opened: "DataHome", home: "Path", monday: date, port: int) -> None:
    import typer

    from records.console import the_institution
    from records.staff import accounts_of
    from serving.accounts import set_password
    from serving.dates import written
    from serving.passwords import random_password

    with opened.database.read() as session:
        accounts = accounts_of(session, the_institution(opened, ""))
    one_per_role = {account.role: account.login for account in reversed(accounts)}
    typer.echo("\nบัญชีตัวอย่างของแต่ละบทบาท รหัสผ่านแสดงครั้งนี้ครั้งเดียว · one account for each role, passwords shown only now:")
    for role, login in one_per_role.items():
        password = random_password()
        set_password(opened, login=login, password=password)
        typer.echo(f"  {role:10} {login:12} {password}")
    address = f"http://127.0.0.1:{port}"
    typer.echo(f"\nดูรายชื่อที่ · the list: {address}/    API: {address}/api/v1/lists/current")
    typer.echo("ลองทำ: เข้าใช้เป็นครูที่ปรึกษาแล้วเป็นคณะกรรมการ เปลี่ยนภาษา เปิดหน้านักเรียน พิมพ์หน้านั้น")
    typer.echo("Try: sign in as advisor and as committee, switch the language, open a student, print the page.")
    typer.echo(
        "บัญชีตัวอย่างไม่ถามรหัสจากแอปยืนยันตัวตน ของจริงถามทุกบทบาทยกเว้นครูที่ปรึกษา · "
        "The demo asks for no authenticator app; in earnest every role but the advisor needs one."
    )
    typer.echo(
        f"ในการสาธิต วันนี้คือวันจันทร์ที่ {written(monday, 'th')} · In the demo today is Monday, {written(monday, 'en')}.\n"
        f"เปิดอีกครั้ง · to serve it again: zerodrop demo --again --home {home}"
    )


def _speak_utf8() -> None:
    """A redirected stream of a Thai Windows machine is cp874, which has Thai letters but not all of our signs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")


def main() -> None:
    """Run the command; what a person can mend is a sentence and an exit code of its own, never a traceback."""
    from records.stopping import STOPPED, Stopped, stopped_by_signals

    _speak_utf8()
    try:
        with stopped_by_signals():
            command_line()(prog_name="zerodrop")
    except Stopped:
        print(STOPPED, file=sys.stderr)
        raise
    except Exception as error:
        from records.errors import UserError

        if not isinstance(error, UserError):
            raise
        print(error.shown, file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
