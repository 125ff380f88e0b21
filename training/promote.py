"""Promotion and rollback: a named person puts a trained bundle (or the simple list) in charge; bytes copied, act recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.bundle import keep, read_bundle, verify
from models.card import card_in
from models.signed import is_whole
from records.errors import ModelRefused
from records.home import DataHome
from records.ledger import require_institution
from records.lists import EVERY_INSTITUTION, FOLLOWS_ALL, RULE_LIST, promote
from records.promotions import Signed, before, history, roll_back
from records.runs_file import require_whole_runs


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """A digest, or the name of the simple list. `mlflow_waits`: signed, but MLflow could not be told."""

    in_charge: str
    mlflow_waits: bool


@dataclass(frozen=True, kw_only=True)
class RolledBack(Promoted):
    left: str


def promote_model(home: DataHome, *, institution: str, digest: str | None, signed_by: str, reason: str) -> Promoted:
    """Copy the bundle's bytes to the data home, prove that they load here, and sign.

    `digest` may be the first letters of one, None for the newest run, or RULE_LIST to go back to the simple list.
    Raises ModelRefused without a signature, and for a model whose card has a failed blocking check: there is no way
    around one. MLflow is told after the signature; where it cannot be, the next decision or training tells it.
    """
    _require_signature("promotion", home, institution, signed_by, reason)
    require_whole_runs(home.settings)
    chosen = RULE_LIST if digest == RULE_LIST else _kept(home, digest, institution)
    promote(home.database, institution=institution, model_digest=chosen, signed_by=signed_by, reason=reason)
    return Promoted(in_charge=chosen, mlflow_waits=not _told_to_mlflow(home))


def roll_back_model(home: DataHome, *, institution: str, signed_by: str, reason: str) -> RolledBack:
    """Put in charge again what was before the newest promotion of this institution (or EVERY_INSTITUTION), signed.

    What would be in charge is held to what a promotion is held to: for this institution it may never have been promoted.
    Raises ModelRefused without a signature, without a promotion to take back, for a bundle that can no longer be read,
    and where promote_model would refuse it. MLflow is told as promote_model tells it.
    """
    _require_signature("rollback", home, institution, signed_by, reason)
    require_whole_runs(home.settings)
    with home.database.read() as session:
        held, digest = before(session, institution)
    if digest != RULE_LIST:
        read_bundle(home.models, digest)
        _require_may_serve(home, card_in(home.models / digest, digest), digest, institution)
    roll_back(
        home.database,
        institution=institution,
        undoes=held.id,
        in_charge_again=digest,
        signed_by=signed_by,
        reason=reason,
    )
    return RolledBack(left=held.model_digest, in_charge=digest, mlflow_waits=not _told_to_mlflow(home))


def _require_signature(act: str, home: DataHome, institution: str, signed_by: str, reason: str) -> None:
    if not signed_by.strip() or not reason.strip():
        raise ModelRefused(
            f"A {act} needs the name of who signs (--signed-by) and a reason (--reason). · "
            "ต้องระบุชื่อผู้ลงนาม (--signed-by) และเหตุผล (--reason)"
        )
    if institution != EVERY_INSTITUTION:
        require_institution(home.database, institution)


def model_folder(home: DataHome, digest: str | None) -> tuple[Path, str]:
    """The bundle whose digest begins so: one that was promoted here, else one of MLflow's runs (the newest where None).

    Where what was promoted is damaged, MLflow's copy of it is taken, if there is one: promoting it again mends it.
    Raises ModelRefused when there is none, or more than one was promoted.
    """
    known = sorted(path.name for path in home.models.glob(f"{digest}*")) if digest and digest.isalnum() else []
    if len(known) > 1:
        raise ModelRefused(
            f"{len(known)} models begin with {digest}: {', '.join(name[:16] for name in known)}. Give more letters. · "
            f"มีแบบจำลอง {len(known)} แบบที่ขึ้นต้นด้วย {digest} ใส่ตัวอักษรให้มากขึ้น"
        )
    if known and (is_whole(home.models / known[0], known[0]) or not _has_runs(home)):
        return home.models / known[0], known[0]
    from training.tracking import bundle_folder

    try:
        return bundle_folder(home, known[0] if known else digest)
    except ModelRefused:
        if known:
            return home.models / known[0], known[0]
        raise


def _kept(home: DataHome, digest: str | None, institution: str) -> str:
    folder, trained = model_folder(home, digest)
    verify(folder, trained)  # the very bytes of that run, not what its folder holds by now
    _require_may_serve(home, card_in(folder, trained), trained, institution)
    chosen = keep(folder, home.models)
    read_bundle(home.models, chosen)
    return chosen


def _require_may_serve(home: DataHome, card: dict[str, Any], digest: str, institution: str) -> None:
    _require_checks(card, digest)
    _require_no_worse_place(home, card, digest, institution)


def _require_checks(card: dict[str, Any], digest: str) -> None:
    if "checks" not in card:
        raise ModelRefused.train_anew(
            f"The card of model {digest[:12]} holds no checks, so nobody can see whether it may serve.",
            th=f"บัตรของแบบจำลอง {digest[:12]} ไม่มีผลการตรวจสอบ จึงไม่ทราบว่าใช้งานได้หรือไม่",
        )
    failed = [one for one in card["checks"] if one["section"] == "blocking"]
    if failed:
        told = "\n".join(_sentence(one) for one in failed)
        raise ModelRefused(
            f"Model {digest[:12]} failed {len(failed)} blocking check(s), and no signature overrides one · "
            f"แบบจำลอง {digest[:12]} ไม่ผ่านการตรวจสอบที่ต้องผ่าน {len(failed)} ข้อ ลงนามข้ามไม่ได้:\n{told}"
        )


def _require_no_worse_place(home: DataHome, card: dict[str, Any], digest: str, institution: str) -> None:
    """An institution where the model is clearly worse keeps a list of its own: decided there before, or not at all."""
    worse = [one["institution"] for one in card["evidence"]["institutions"] if one["clearly_worse"]]
    with home.database.read() as session:
        undecided = [code for code in worse if institution == code or not _decided(history(session, code), digest)]
    if institution in (EVERY_INSTITUTION, *undecided) and undecided:
        codes = ", ".join(undecided)
        raise ModelRefused(
            f"Model {digest[:12]} reaches clearly fewer leavers than a simple list at {codes}. Put the absence rule in "
            f"charge there: zerodrop promote {RULE_LIST} --institution {undecided[0]} · "
            f"แบบจำลอง {digest[:12]} พบผู้ออกน้อยกว่ารายชื่ออย่างง่ายอย่างชัดเจนที่ {codes} "
            f"ให้รายชื่อตามการขาดเรียนรับหน้าที่ที่นั่น: zerodrop promote {RULE_LIST} --institution {undecided[0]}"
        )


def _decided(decisions: Sequence[Signed], digest: str) -> bool:
    """Whether something else was put in charge of this institution by itself."""
    return bool(decisions) and decisions[-1].model_digest not in (digest, FOLLOWS_ALL)


def _sentence(check: dict[str, Any]) -> str:
    said, todo = check["said"] or check["title"], check["what_to_do"]
    return f"{check['code']} {said['en']} {todo['en']} · {said['th']} {todo['th']}"


def _has_runs(home: DataHome) -> bool:
    return (home.settings.home / "mlflow").is_dir() or bool(home.settings.mlflow_url)


def _told_to_mlflow(home: DataHome) -> bool:
    """MLflow copies what holds, all of it every time; a machine that only serves has none to tell."""
    if not _has_runs(home):
        return True
    from training.tracking import point_aliases

    try:
        point_aliases(home)
    except Exception:  # the decision is signed and holds, whatever its copy says: an error would read as a refusal
        return False
    return True
