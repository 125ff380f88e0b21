"""Promotion and rollback: a named person puts a trained bundle (or the simple list) in charge; bytes copied, act recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.bundle import keep, read_bundle, verify
from models.card import card_in
from models.signed import is_whole
from records.errors import ModelRefused
from records.home import DataHome
from records.ledger import institutions, require_institution
from records.lists import EVERY_INSTITUTION, RULE_LIST, champion, promote
from records.promotions import before, history, holding, left_out_before, roll_back
from records.runs_file import require_whole_runs
from training.evidence import MODEL


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """A digest, or the name of the simple list. `mlflow_waits`: signed, but MLflow could not be told.

    `elsewhere` is what is in charge of institutions where the card did not choose a model that all others get.
    """

    in_charge: str
    mlflow_waits: bool
    elsewhere: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RolledBack(Promoted):
    left: str


def promote_model(home: DataHome, *, institution: str, digest: str | None, signed_by: str, reason: str) -> Promoted:
    """Copy the bundle's bytes to the data home, prove that they load here, and sign.

    `digest` may be the first letters of one, None for the newest run, or RULE_LIST to go back to the simple list.
    Raises ModelRefused without a signature, for a model whose card has a failed blocking check (there is no way around
    one), and where its card chose another list or does not name the institution. For EVERY_INSTITUTION such places are
    left out for as long as this decision holds: the absence rule is in charge where the card chose that, else what was
    before; a place that is added later follows. MLflow is told after the signature; where it cannot be, the next decision
    or training tells it.
    """
    _require_signature("promotion", home, institution, signed_by, reason)
    require_whole_runs(home.settings)
    chosen, elsewhere = (RULE_LIST, {}) if digest == RULE_LIST else _kept(home, digest, institution)
    promote(
        home.database,
        institution=institution,
        model_digest=chosen,
        signed_by=signed_by,
        reason=reason,
        elsewhere=elsewhere,
    )
    return Promoted(in_charge=chosen, mlflow_waits=not _told_to_mlflow(home), elsewhere=elsewhere)


def roll_back_model(home: DataHome, *, institution: str, signed_by: str, reason: str) -> RolledBack:
    """Put in charge again what was before the newest promotion of this institution (or EVERY_INSTITUTION), signed.

    For EVERY_INSTITUTION the places that the promotion before left out are left out again, with what was in charge there.
    What would be in charge is held to what a promotion is held to: for this institution it may never have been promoted.
    Raises ModelRefused without a signature, without a promotion to take back, for a bundle that can no longer be read,
    where promote_model would refuse it, and where promote_model would leave more places out. MLflow is told as promote_model tells it.
    """
    _require_signature("rollback", home, institution, signed_by, reason)
    require_whole_runs(home.settings)
    with home.database.read() as session:
        held, digest = before(session, institution)
        elsewhere = left_out_before(session, held.id) if institution == EVERY_INSTITUTION else {}
    if digest != RULE_LIST:
        read_bundle(home.models, digest)
        card = card_in(home.models / digest, digest)
        _require_checks(card, digest)
        if undecided := [code for code in _undecided(home, card, institution) if code not in elsewhere]:
            raise _not_chosen(card, digest, undecided)
    roll_back(
        home.database,
        institution=institution,
        undoes=held.id,
        in_charge_again=digest,
        signed_by=signed_by,
        reason=reason,
    )
    waits = not _told_to_mlflow(home)
    return RolledBack(left=held.model_digest, in_charge=digest, mlflow_waits=waits, elsewhere=elsewhere)


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


def _kept(home: DataHome, digest: str | None, institution: str) -> tuple[str, dict[str, str]]:
    """The digest of the bundle, and what is in charge elsewhere."""
    folder, trained = model_folder(home, digest)
    verify(folder, trained)  # the very bytes of that run, not what its folder holds by now
    card = card_in(folder, trained)
    _require_checks(card, trained)
    elsewhere = _elsewhere(home, card, trained, institution)
    chosen = keep(folder, home.models)
    read_bundle(home.models, chosen)
    return chosen, elsewhere


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


def _elsewhere(home: DataHome, card: dict[str, Any], digest: str, institution: str) -> dict[str, str]:
    """What is in charge of the places that would follow, though the card did not choose the model there.

    Raises ModelRefused for an institution itself, and where the card chose the model nowhere.
    """
    chosen, undecided = chosen_lists(card), _undecided(home, card, institution)
    if undecided and MODEL not in {chosen.get(code) for code in _concerned(home, institution)}:
        raise _not_chosen(card, digest, undecided)
    with home.database.read() as session:
        held = {code: champion(session, code) for code in undecided}
    return {code: RULE_LIST if code in chosen or held[code] == digest else held[code] for code in undecided}


def _undecided(home: DataHome, card: dict[str, Any], institution: str) -> list[str]:
    """Where the card did not choose the model and nothing was put in charge by a decision of the place: it would be it."""
    chosen = chosen_lists(card)
    with home.database.read() as session:
        own = {place for place, one in holding(history(session)).items() if not one.with_all} - {institution}
    return [code for code in _concerned(home, institution) if chosen.get(code) != MODEL and code not in own]


def _concerned(home: DataHome, institution: str) -> list[str]:
    return [row.code for row in institutions(home.database)] if institution == EVERY_INSTITUTION else [institution]


def chosen_lists(card: Mapping[str, Any]) -> dict[str, str]:
    """Which list the card of a model chose for each institution where it was judged."""
    return {one["institution"]: one["chosen"] for one in card.get("evidence", {}).get("institutions", ())}


def _not_chosen(card: dict[str, Any], digest: str, codes: Sequence[str]) -> ModelRefused:
    chosen = chosen_lists(card)
    simple, unjudged = [code for code in codes if code in chosen], [code for code in codes if code not in chosen]
    th, en = [], []
    if simple:
        th.append(f"บัตรของแบบจำลอง {digest[:12]} เลือกรายชื่อตามการขาดเรียนที่ {', '.join(simple)}")
        en.append(f"The card of model {digest[:12]} chose the absence rule at {', '.join(simple)}.")
    if unjudged:
        th.append(f"แบบจำลอง {digest[:12]} ยังไม่เคยถูกตัดสินที่ {', '.join(unjudged)} (ฝึกใหม่เมื่อที่นั่นมีภาคเรียนที่จบแล้ว)")
        en.append(
            f"Model {digest[:12]} was never judged at {', '.join(unjudged)}; train again once a term has closed there."
        )
    ways = "\n".join(f"zerodrop promote {RULE_LIST} --institution {code}" for code in (*simple, *unjudged))
    return ModelRefused(
        f"{' '.join(en)} Put the absence rule in charge there · {' '.join(th)} ให้รายชื่อตามการขาดเรียนรับหน้าที่ที่นั่น:\n{ways}"
    )


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
