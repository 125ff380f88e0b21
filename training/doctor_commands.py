"""The command `zerodrop doctor`."""

from datetime import datetime
from typing import Annotated

import typer

from records.console import Home, InstitutionCode, Json, actor, chosen_day, data_home, progress_line, say


def doctor(
    institution: InstitutionCode = "",
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Look at what was known that day; today when left out."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Plant ten kinds of leak in a copy of the data and find each; then say what the data show as they are.

    Ends with code 1 when a planted leak was missed or the data show signs of one. Nothing in the data home changes, save
    one audit row for reading the log.
    """
    from records.console import the_institution
    from training.doctor import as_numbers, examine, told

    today = chosen_day(as_of)
    with data_home(home) as opened, progress_line("doctor", quiet=as_json) as progress:
        code = the_institution(opened, institution)
        found = examine(opened, code, today=today, actor=actor(), progress=progress)
    say(as_numbers(found), as_json, told(found))
    if not found.healthy:
        raise typer.Exit(1)
