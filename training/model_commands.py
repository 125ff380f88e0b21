"""The commands between a trained model and a list: card, compare, promote, rollback, and MLflow's own pages."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    chosen_day,
    data_home,
    for_writing,
    say,
    the_institution,
    today_in_bangkok,
)

if TYPE_CHECKING:
    from records.home import DataHome
    from training.compare import Comparison
    from training.promote import Promoted

SignedBy = Annotated[str, typer.Option(help="Who answers for it.")]
Reason = Annotated[str, typer.Option(help="Why.")]
Whose = Annotated[str, typer.Option("--institution", help="For one institution; for all when left out.")]


def _as_written(digest: str) -> str:
    """As digests are written, however it was pasted."""
    return digest.strip().lower()


Digest = Annotated[
    str, typer.Argument(help="First letters of the model; the newest run when left out.", callback=_as_written)
]
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def card(
    digest: Digest = "",
    html: Annotated[Path | None, typer.Option(help="Write it here as one page for screen and A4 instead.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show a model's card: what it is for and never for, what was found, its checks, and who signed."""
    from models.card import card_in, render, render_html
    from records.errors import UserError
    from records.promotions import of_model
    from training.promote import model_folder

    path = None if html is None else for_writing(html)
    with data_home(home) as opened:
        folder, whole = model_folder(opened, digest or None)
        content = card_in(folder, whole)
        with opened.database.read() as session:
            signed = of_model(session, whole)
    if path is None:
        told = {"digest": whole, "card": content, "signed": [asdict(one) for one in signed]}
        say(told, as_json, f"{render(content, signed)}\nModel {whole}")
        return
    page = render_html(content, signed)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError.not_written(path, error) from None
    say({"digest": whole, "html": str(path)}, as_json, f"บัตรของแบบจำลอง {whole[:12]} อยู่ที่ · the card is in: {path}")


def compare(
    digest: Digest = "",
    institution: InstitutionCode = "",
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Another week; else that of the newest list.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Before a switch: who would enter and leave this week's list (numbers and class groups only), and both models' figures."""
    from training.compare import compare_models
    from training.compare_words import told

    day = chosen_day(as_of) if as_of else None
    with data_home(home) as opened:
        found: Comparison = compare_models(
            opened,
            the_institution(opened, institution),
            digest=digest or None,
            today=today_in_bangkok(),
            as_of=day,
            actor=actor(),
        )
    say(asdict(found), as_json, "\n".join(told(found)))


def promote(
    signed_by: SignedBy,
    reason: Reason,
    digest: Annotated[
        str,
        typer.Argument(
            help="First letters of the model; the newest run when left out; absence_rule to go back.",
            callback=_as_written,
        ),
    ] = "",
    institution: Whose = "*",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put a trained model in charge where its card chose it and no blocking check failed; a named person signs."""
    from training.promote import promote_model

    with data_home(home) as opened:
        done = promote_model(opened, institution=institution, digest=digest or None, signed_by=signed_by, reason=reason)
        others = _apart(opened, done.in_charge, institution)
    told = {
        "digest": done.in_charge, "institution": institution, "decided_apart": others, "mlflow_waits": done.mlflow_waits,
    }  # fmt: skip
    say(told, as_json, _in_charge(done, institution, others))


def rollback(
    signed_by: SignedBy,
    reason: Reason,
    institution: Whose = "*",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put back in charge what was before the newest promotion; signed and recorded like a promotion."""
    from training.promote import roll_back_model

    with data_home(home) as opened:
        done = roll_back_model(opened, institution=institution, signed_by=signed_by, reason=reason)
        others = _apart(opened, done.in_charge, institution)
    told = {
        "digest": done.in_charge, "instead_of": done.left, "institution": institution, "decided_apart": others,
        "mlflow_waits": done.mlflow_waits,
    }  # fmt: skip
    say(told, as_json, _in_charge(done, institution, others))


def _apart(home: "DataHome", digest: str, institution: str) -> dict[str, str]:
    """After a decision for every institution: those that something else is in charge of."""
    from records.promotions import apart

    if institution != "*":
        return {}
    with home.database.read() as session:
        return apart(session, digest)


def _in_charge(done: "Promoted", institution: str, others: dict[str, str]) -> str:
    whose_th, whose = ("ทุกสถานศึกษา", "every institution") if institution == "*" else (institution, institution)
    which_th, which = _named(done.in_charge)
    lines = [
        f"{which_th} รับหน้าที่ของ {whose_th} ตั้งแต่การออกรายชื่อครั้งต่อไป",
        f"{which} is in charge of {whose} from the next `zerodrop score` on.",
    ]
    for code, held in others.items():
        held_th, held_en = _named(held)
        if done.elsewhere.get(code) == held:
            lines += [
                f"ยกเว้น {code}: {held_th} รับหน้าที่ เพราะบัตรไม่ได้เลือกแบบจำลองนี้ที่นั่น",
                f"Except at {code}: {held_en} is in charge, since the card did not choose the model there.",
            ]
        else:
            lines += [
                f"ยกเว้น {code}: {held_th} รับหน้าที่ตามที่ลงนามไว้สำหรับแห่งนี้เอง ถ้าจะเปลี่ยนให้ระบุ --institution {code}",
                f"Except at {code}: {held_en} stays in charge, by a decision of its own. To change it: --institution {code}",
            ]
    if institution == "*" and done.in_charge != "absence_rule":
        lines += [
            "สถานศึกษาที่เพิ่มภายหลังจะใช้แบบจำลองนี้ด้วย แม้บัตรไม่ได้ตัดสินที่นั่น ถ้าไม่ต้องการ: zerodrop promote absence_rule "
            "--institution รหัสสถานศึกษา",
            "An institution that is added later follows, though the card does not speak for it. Not wanted there: "
            "zerodrop promote absence_rule --institution CODE",
        ]
    if done.mlflow_waits:
        lines += [
            "ลงนามแล้วและมีผลแล้ว แต่ยังแจ้ง MLflow ไม่ได้ ชื่อ champion ที่นั่นจึงยังเป็นของเดิม การลงนามหรือการฝึกครั้งถัดไปจะแจ้งให้เอง",
            "It is signed and holds. MLflow could not be told, so `champion` there is still the one before; the next "
            "decision or training tells it.",
        ]
    return "\n".join(lines)


def _named(digest: str) -> tuple[str, str]:
    if digest == "absence_rule":
        return "รายชื่อตามการขาดเรียน", "The absence rule"
    return f"แบบจำลอง {digest[:12]}", f"Model {digest[:12]}"


def mlflow_ui(
    host: Annotated[str, typer.Option(help="This machine only: 127.0.0.1.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5000,
    home: Home = None,
) -> None:
    """Open MLflow's pages of all runs on this machine alone, until Ctrl-C."""
    from records.errors import CannotServe
    from training.tracking import require_free, user_interface

    if host not in _LOOPBACK:
        raise CannotServe(
            f"{host} is not this machine. MLflow's pages have no sign-in, so they are served on 127.0.0.1 alone. "
            "From elsewhere, sign in to this machine by ssh and forward the port. · "
            "หน้าจอ MLflow ไม่มีการลงชื่อเข้าใช้ จึงเปิดได้เฉพาะเครื่องนี้ (127.0.0.1)"
        )
    require_free(port)
    with data_home(home) as opened:
        typer.echo(f"http://127.0.0.1:{port}  (Ctrl-C หยุด · stops)")
        raise typer.Exit(user_interface(opened, port=port))
