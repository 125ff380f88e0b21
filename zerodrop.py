"""The front door: the `zerodrop` command. It gathers what the rooms can do and says what happened, nothing else.

Every command imports its room only when it runs, so that help is instant.
"""

import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from records.home import DataHome
    from records.intake.importing import ImportReport

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Early warning for Zero Dropout: export files in, a weekly list with reasons out. ระบบเตือนล่วงหน้าเพื่อป้องกันการออกกลางคัน",
)

Home = Annotated[Path | None, typer.Option("--home", help="Data home (default: ZERODROP_HOME, else ./var).")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for machines.")]
InstitutionCode = Annotated[str, typer.Option("--institution", help="Institution code; not needed while there is one.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@app.command()
def init(
    workbook: Annotated[Path | None, typer.Option("--from", help="The filled set-up workbook.")] = None,
    template: Annotated[Path | None, typer.Option(help="Write an empty set-up workbook here and stop.")] = None,
    passwords: Annotated[bool, typer.Option(help="Print a first password for every new account.")] = True,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a data home and enter what no export carries: terms, holidays, staff, class groups, capacity, rules."""
    from records.college import write_workbook
    from records.questions import ask_college
    from records.setup import apply_college, import_calendar, read_college
    from serving.accounts import random_password, set_password

    if template is not None:
        write_workbook(template)
        _say({"template": str(template)}, as_json, f"Fill in {template} and run: zerodrop init --from {template}")
        return
    college = read_college(workbook) if workbook else ask_college(typer.prompt)
    with _home(home, create=True) as opened:
        new = apply_college(opened, college)
        import_calendar(opened, college)
        first = {member.login: random_password() for member in new} if passwords else {}
        for login, password in first.items():
            set_password(opened, login=login, password=password)
    told = {"institution": college.institution.code, "accounts": first}
    lines = [f"{college.institution.name_th} ({college.institution.code}) is set up in {opened.settings.home}."]
    lines += [f"  {login}: {password}   (shown only now)" for login, password in first.items()]
    _say(told, as_json, "\n".join(lines))


@app.command()
def check(institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """What is missing, and what that costs. Exit code 1 when something blocks the weekly list."""
    from records.setup import gaps

    with _home(home) as opened:
        found = gaps(opened, _one(opened, institution))
    told = [{"what": gap.what.en, "costs": gap.costs.en, "blocking": gap.blocking} for gap in found]
    marks = [
        f"{'!' if gap.blocking else '-'} {gap.what.th} ({gap.what.en}): {gap.costs.th} · {gap.costs.en}"
        for gap in found
    ]
    _say(told, as_json, "\n".join(marks) or "Nothing is missing. ครบแล้ว")
    if any(gap.blocking for gap in found):
        raise typer.Exit(1)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    students: Annotated[int, typer.Option(min=60)] = 1200,
    years: Annotated[int, typer.Option(min=1, max=8)] = 3,
    seed: int = 7,
    as_json: Json = False,
) -> None:
    """Write what a simulated college would hand over; all persons in it are invented."""
    from simulation.college import write_college

    with _progress("simulate", quiet=as_json) as progress:
        write_college(out, students=students, years=years, seed=seed, progress=progress)
    files = sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file())
    _say({"out": str(out), "files": files}, as_json, f"{len(files)} files in {out}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The export file, or the folder of a data set.")],
    institution: InstitutionCode = "",
    source: Annotated[
        str, typer.Option(help="dmc, roster, attendance, oulad or plain; recognised when left out.")
    ] = "",
    table: Annotated[str, typer.Option(help="For a plain file: which table it is.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Rows from before operation: their entry time is reconstructed.")
    ] = False,
    received_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When a kept file came in (Bangkok).")
    ] = None,
    confirm_shrink: Annotated[bool, typer.Option("--confirm-shrink", help="The roster really is that small.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take a file in: good rows into the log, bad rows into quarantine with their reason, nothing lost."""
    from records.clock import BANGKOK
    from records.intake.importing import ImportRequest, import_file

    request = ImportRequest(
        path=file,
        institution=institution,
        source=source,
        table=table,
        history=history,
        received_at=received_at.replace(tzinfo=BANGKOK) if received_at else None,
        confirm_shrink=confirm_shrink,
    )
    with _home(home) as opened, _progress("import", quiet=as_json) as progress:
        reports = import_file(opened, request, progress)
    _say([_plain(report) for report in reports], as_json, "\n".join(_import_lines(report) for report in reports))


@app.command()
def replay(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day to ask about.")],
    out: Annotated[Path | None, typer.Option(help="Write the table here as Parquet.")] = None,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """The feature table of a day from what was known that morning; no later record is read."""
    from features.snapshot import replay as replayed
    from records.access import open_log

    with _home(home) as opened:
        log = open_log(opened, _one(opened, institution), actor=_actor(), purpose="replay")
        snapshot = next(iter(replayed(log, [as_of.date()])))
    frame = snapshot.frame()
    if out is not None:
        frame.to_parquet(out)
    told = {
        "as_of": str(snapshot.as_of),
        "students": len(frame),
        "features": len(snapshot.features),
        "out": str(out or ""),
    }
    summary = frame.drop(columns=["student", "class_group"]).agg(["count", "mean"]).T.to_string(float_format="%.3f")
    _say(told, as_json, f"{len(frame)} students as of {snapshot.as_of}\n{summary}")


@app.command()
def train(
    institution: Annotated[list[str] | None, typer.Option(help="One or several; all when left out.")] = None,
    horizon: Annotated[str, typer.Option(help="days_56 (lists), days_28 or next_count.")] = "days_56",
    as_of: Day = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Learn from past terms, judge forward in time against the simple lists, log the run with its card and bundle."""
    from models.horizon import HORIZONS
    from records.errors import ModelRefused
    from records.ledger import institutions
    from training.train import train as train_model

    if horizon not in HORIZONS:
        raise ModelRefused(f"There is no horizon '{horizon}'. Horizons: {', '.join(HORIZONS)}.")
    with _home(home) as opened, _progress("train", quiet=as_json) as progress:
        chosen = institution or [row.code for row in institutions(opened.database)]
        today = as_of.date() if as_of else _today()
        trained = train_model(opened, chosen, today=today, actor=_actor(), horizon=HORIZONS[horizon], progress=progress)
    told = {"digest": trained.digest, "run": trained.run_id, "card": trained.card}
    _say(
        told,
        as_json,
        f"{trained.card_text}\nModel {trained.digest}\nPut it in charge: zerodrop promote --signed-by NAME --reason WHY",
    )


@app.command()
def promote(
    signed_by: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    digest: Annotated[
        str, typer.Argument(help="First letters of the model; the newest run when left out; absence_rule to go back.")
    ] = "",
    institution: Annotated[str, typer.Option(help="For one institution; for all when left out.")] = "*",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put a trained model in charge: its bytes are copied, hashed and signed for by a named person."""
    from training.promote import promote_model

    with _home(home) as opened:
        chosen = promote_model(
            opened, institution=institution, digest=digest or None, signed_by=signed_by, reason=reason
        )
    _say({"digest": chosen, "institution": institution}, as_json, f"Model {chosen[:12]} is in charge of {institution}.")


@app.command()
def score(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A Monday of a teaching week.")],
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Score everybody, make this week's list by capacity and publish it; running it again changes nothing."""
    from serving.weekly import run_week

    with _home(home) as opened, _progress("score", quiet=as_json) as progress:
        report = run_week(opened, _one(opened, institution), as_of.date(), actor=_actor(), progress=progress)
    kind = "no model yet: rule list by absence" if report.model == "absence_rule" else f"model {report.model[:12]}"
    default = " (capacity is a default: enter it with zerodrop init)" if report.capacity_is_default else ""
    text = (
        f"{report.outcome.value}: list of {report.as_of} for {report.institution}, {kind}\n"
        f"{report.students} students scored, {report.high} to visit, {report.watch} to talk to, "
        f"{report.must_see} must be seen by rule{default}"
    )
    _say(_plain(report), as_json, text)


@app.command()
def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A TLS proxy stands in front.")] = False,
    home: Home = None,
) -> None:
    """Show each person the students they care for, on this machine or behind a TLS proxy."""
    from serving.server import serve as run_server

    with _home(home) as opened:
        run_server(opened, host=host, port=port, behind_proxy=behind_proxy, today=_today)


@app.command()
def demo(
    serve_pages: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Keep serving, or check that the page answers and stop.")
    ] = True,
    students: Annotated[int, typer.Option(min=300)] = 1200,
    port: int = 8000,
    home: Home = None,
) -> None:
    """From nothing to a published list: simulate a college, import its files, train, promote, score, serve."""
    chosen = home or Path("var")
    college_files = chosen.with_name(chosen.name + "-demo-files")
    monday = _take_in_simulated_college(chosen, college_files, students)
    with _home(chosen) as opened, _progress("train", quiet=False) as progress:
        _train_and_sign(opened, monday, progress)
    score(as_of=datetime.combine(monday, time.min), home=chosen)
    _say_where_to_look(chosen, port)
    if serve_pages:
        serve(port=port, home=chosen)
    else:
        _check_that_pages_answer(chosen)


# The demo, step by step: the same rooms that the commands above use


def _take_in_simulated_college(home: Path, files: Path, students: int) -> date:
    """Simulate a college and import its files as they would have arrived; returns the newest Monday."""
    from records.clock import BANGKOK

    if home.exists() or files.exists():
        raise _user_error(
            f"{home} or {files} exists already. The demo starts from nothing: remove them, or choose another --home."
        )
    simulate(out=files, students=students)
    init(workbook=files / "college.xlsx", passwords=False, home=home)
    for term in sorted((files / "history").iterdir()):
        _import_folder(home, term, history=True)
    mondays = sorted((files / "weeks").iterdir())
    for folder in mondays:
        sunday = datetime.combine(date.fromisoformat(folder.name) - timedelta(days=1), time(20), tzinfo=BANGKOK)
        _import_folder(home, folder, received_at=sunday)
    return date.fromisoformat(mondays[-1].name)


# Rosters first: every other file speaks of students that they bring.
_ORDER = ("roster", "-1-student", "-2-student", "-3-student", "attendance")


def _import_folder(home: Path, folder: Path, *, history: bool = False, received_at: datetime | None = None) -> None:
    from records.intake.importing import ImportRequest, import_file

    def place(file: Path) -> int:
        return next((index for index, part in enumerate(_ORDER) if part in file.name), len(_ORDER))

    with _home(home) as opened, _progress(folder.name, quiet=False) as progress:
        for file in sorted(folder.iterdir(), key=place):
            request = ImportRequest(path=file, history=history, received_at=received_at)
            for report in import_file(opened, request, progress):
                typer.echo(_import_lines(report), err=True)


def _train_and_sign(home: "DataHome", monday: date, progress: Callable[[str, int], None]) -> None:
    from training.promote import promote_model
    from training.train import train as train_model

    code = _one(home, "")
    trained = train_model(home, [code], today=monday, actor=_actor(), progress=progress)
    typer.echo(trained.card_text)
    promote_model(
        home, institution=code, digest=trained.digest, signed_by="demo", reason="simulated college, nobody's child"
    )


def _say_where_to_look(home: Path, port: int) -> None:
    from records.staff import accounts_of
    from serving.accounts import random_password, set_password

    with _home(home) as opened:
        with opened.database.read() as session:
            accounts = accounts_of(session, _one(opened, ""))
        one_per_role = {account.role: account.login for account in reversed(accounts)}
        typer.echo("\nOne account for each role (passwords are shown only now):")
        for role, login in one_per_role.items():
            password = random_password()
            set_password(opened, login=login, password=password)
            typer.echo(f"  {role:10} {login:12} {password}")
    typer.echo(f"\nThe list: http://127.0.0.1:{port}/    the API: http://127.0.0.1:{port}/api/v1/lists/current")
    typer.echo("Try: sign in as advisor and as committee, switch the language, open a student, print the page.")


def _check_that_pages_answer(home: Path) -> None:
    """Start the real service on a free port, ask it once, and stop it."""
    from serving.server import answers_once

    with _home(home) as opened:
        answers_once(opened, today=_today)
    typer.echo("The page answers. หน้าเว็บตอบสนองแล้ว")


# What all commands share


def _user_error(sentence: str) -> Exception:
    from records.errors import ConfigurationGap

    return ConfigurationGap(sentence)


def _today() -> date:
    from records.clock import BANGKOK

    return datetime.now(BANGKOK).date()


def _actor() -> str:
    return f"command line: {getpass.getuser()}"


@contextmanager
def _home(chosen: Path | None, *, create: bool = False) -> "Iterator[DataHome]":
    from records.home import create_home, open_home
    from records.settings import Settings

    settings = Settings(home=chosen) if chosen else Settings()
    opened = create_home(settings) if create else open_home(settings)
    try:
        yield opened
    finally:
        opened.close()


def _one(home: "DataHome", institution: str) -> str:
    """The institution that was named, or the only one there is."""
    from records.errors import ConfigurationGap
    from records.ledger import institutions, require_institution

    if institution:
        return require_institution(home.database, institution).code
    known = [row.code for row in institutions(home.database)]
    if len(known) != 1:
        raise ConfigurationGap.which_institution(known=known)
    return known[0]


@contextmanager
def _progress(what: str, *, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """A line on standard error with the step, the rows done and the rate; nothing where nobody is watching."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,.0f} rows"))
    rate = TextColumn("{task.speed:,.0f} rows/s") if sys.stderr.isatty() else TextColumn("")
    bar = Progress(
        *columns, rate, TimeElapsedColumn(), console=Console(stderr=True), disable=quiet or not sys.stderr.isatty()
    )
    with bar:
        task = bar.add_task(what, total=None)

        def advance(step: str, rows: int) -> None:
            bar.update(task, description=f"{what}: {step}", advance=rows)

        yield advance


def _plain(value: object) -> dict[str, Any]:
    """A report as JSON can say it."""
    from dataclasses import asdict
    from enum import Enum

    def said(item: Any) -> Any:
        if isinstance(item, Enum):
            return item.value
        if isinstance(item, dict):
            return {key: said(one) for key, one in item.items()}
        if isinstance(item, list | tuple):
            return [said(one) for one in item]
        return item if isinstance(item, str | int | float | bool | None) else str(item)

    return {name: said(item) for name, item in asdict(value).items()}  # type: ignore[call-overload]


def _import_lines(report: "ImportReport") -> str:
    """The import report: rows by verdict, then every reason with its lines and what to mend."""
    from records.intake.problems import PROBLEM_OF

    lines = [
        f"{report.file} ({report.source}) -> {report.institution}, batch {report.ledger_number}: {report.rows:,} rows, "
        f"{report.accepted:,} accepted, {report.known:,} known, {report.fixed:,} with cells left out, "
        f"{report.quarantined:,} in quarantine, {report.retracted:,} retracted"
    ]
    for code, found in report.lines.items():
        shown = ", ".join(map(str, found[:8])) + (" ..." if len(found) > 8 else "")
        problem = PROBLEM_OF[code].text
        lines.append(f"  {code} x{len(found)}, lines {shown}: {problem.th} · {problem.en}")
    lines += [f"  {note.th} · {note.en}" for note in report.notes]
    return "\n".join(lines)


def _say(told: object, as_json: bool, text: str) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, default=str) if as_json else text)


def main() -> None:
    """Run the command; what a person can mend is a sentence and an exit code of its own, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        from records.errors import UserError

        if not isinstance(error, UserError):
            raise
        typer.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
