"""The commands of training: train and promote."""

from datetime import datetime
from typing import Annotated

import typer

from records.console import Home, Json, actor, data_home, progress_line, say, today_in_bangkok


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
    from training.train import train as train_model

    if horizon not in HORIZONS:
        raise ModelRefused(f"There is no horizon '{horizon}'. Horizons: {', '.join(HORIZONS)}.")
    with data_home(home) as opened, progress_line("train", quiet=as_json) as progress:
        chosen = institution or [row.code for row in institutions(opened.database)]
        today = as_of.date() if as_of else today_in_bangkok()
        trained = train_model(opened, chosen, today=today, actor=actor(), horizon=HORIZONS[horizon], progress=progress)
    told = {"digest": trained.digest, "run": trained.run_id, "card": trained.card}
    say(
        told,
        as_json,
        f"{trained.card_text}\nModel {trained.digest}\n"
        "ให้แบบจำลองนี้รับหน้าที่ · Put it in charge: zerodrop promote --signed-by NAME --reason WHY",
    )


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

    with data_home(home) as opened:
        chosen = promote_model(
            opened, institution=institution, digest=digest or None, signed_by=signed_by, reason=reason
        )
    whose_th, whose = ("ทุกสถานศึกษา", "every institution") if institution == "*" else (institution, institution)
    which_th, which = ("รายชื่อตามการขาดเรียน", "The absence rule")
    if chosen != "absence_rule":
        which_th, which = f"แบบจำลอง {chosen[:12]}", f"Model {chosen[:12]}"
    text = (
        f"{which_th} รับหน้าที่ของ{whose_th}ตั้งแต่การออกรายชื่อครั้งต่อไป\n"
        f"{which} is in charge of {whose} from the next `zerodrop score` on."
    )
    say({"digest": chosen, "institution": institution}, as_json, text)
