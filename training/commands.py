"""The commands of training: how many leave, and learning who."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from records.console import Home, Json, actor, chosen_day, data_home, progress_line, say


def base_rates(
    institution: Annotated[list[str] | None, typer.Option(help="One or several; all when left out.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As known that day; today when left out.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """How many leave, by week and horizon, with who was not counted: moved, finished, died, gone unknown, not settled yet.

    Both readings: with those who went missing, and confirmed alone.
    """
    from records.ledger import institutions
    from training.base_rates import as_numbers, by_term, told
    from training.base_rates import base_rates as rates_of

    with data_home(home) as opened:
        chosen = institution or [row.code for row in institutions(opened.database)]
        found = rates_of(opened, chosen, known_until=chosen_day(as_of), actor=actor())
    say({"weeks": as_numbers(found), "terms": as_numbers(by_term(found))}, as_json, told(found))


def train(
    institution: Annotated[list[str] | None, typer.Option(help="One or several; all when left out.")] = None,
    horizon: Annotated[str, typer.Option(help="days_56 (lists), days_28 or next_count.")] = "days_56",
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Train with what was known that day.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Learn from past terms, judge forward in time against the simple lists, log the run with its card and bundle."""
    from models.horizon import HORIZONS
    from records.errors import ModelRefused
    from records.ledger import institutions
    from training.checks import blocking
    from training.train import train as train_model

    if horizon not in HORIZONS:
        raise ModelRefused(
            f"There is no horizon '{horizon}'. Horizons: {', '.join(HORIZONS)}. · "
            f"ไม่มีช่วงเวลาชื่อ '{horizon}' เลือกได้: {', '.join(HORIZONS)}"
        )
    today = chosen_day(as_of)
    with data_home(home) as opened, progress_line("train", quiet=as_json) as progress:
        chosen = institution or [row.code for row in institutions(opened.database)]
        trained = train_model(
            opened, chosen, today=today, actor=actor(), horizon=HORIZONS[horizon], processes=True, progress=progress
        )
    blocked = [failed.check.code for failed in blocking(trained.checks)]
    told = {"digest": trained.digest, "run": trained.run_id, "blocked_by": blocked, "card": trained.card}
    say(told, as_json, f"{trained.card_text}\nModel {trained.digest}\n{_what_next(blocked)}")


def _what_next(blocked: Sequence[str]) -> str:
    if blocked:
        codes = ", ".join(blocked)
        return (
            f"แบบจำลองนี้ยังรับหน้าที่ไม่ได้ เพราะไม่ผ่าน {codes} รายชื่อที่ใช้อยู่ยังคงเดิม · "
            f"This model cannot be put in charge: {codes} failed. The list in use stays as it is."
        )
    return "ให้แบบจำลองนี้รับหน้าที่ · Put it in charge: zerodrop promote --signed-by NAME --reason WHY"
