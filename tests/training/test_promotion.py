"""Putting a model in charge: never past a failed blocking check, only where its card chose it, always signed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.bundle import keep, write_bundle
from models.card import card_in
from models.risk_model import Calibration
from records import lists
from records.college import Institution
from records.errors import ModelRefused
from records.home import DataHome
from records.ledger import add_institution
from records.lists import RULE_LIST, promote
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION
from tests.models.one_split import one_split
from tests.training.drawn_card import draw_card
from tests.training.drawn_evidence import EVIDENCE
from tests.training.drawn_home import make_home
from training.evidence import Leak
from training.promote import model_folder, promote_model, roll_back_model

[ONLY] = EVIDENCE.institutions
HERE = replace(EVIDENCE, institutions=(replace(ONLY, institution=INSTITUTION),))
"""As EVIDENCE, of the institution of these tests."""
SIGNED = {"signed_by": "ครูมาลี ตัวอย่าง", "reason": "เทียบกับรายชื่ออย่างง่ายแล้ว"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    made = make_home(tmp_path, [*calendar([(2025, 1)]), *roster(range(1, 4), (2025, 1))])
    yield made
    made.close()


def trained(home: DataHome, card: dict[str, Any], *, offset: float = 0.0) -> str:
    """A bundle in the data home; another `offset` makes another digest."""
    model = one_split("missed_share_28d", above=0.25, calibration=Calibration(offset=offset))
    folder = home.settings.home / f"trained {offset}"
    write_bundle(folder, model, card, "card", bonus=0.0)
    return keep(folder, home.models)


def champion(home: DataHome, institution: str = INSTITUTION) -> str:
    with home.database.read() as session:
        return lists.champion(session, institution)


def test_a_model_whose_checks_passed_is_put_in_charge(home: DataHome) -> None:
    digest = trained(home, draw_card(HERE))
    done = promote_model(home, institution="*", digest=digest[:8], **SIGNED)
    assert (done.in_charge, done.mlflow_waits) == (digest, False)
    assert champion(home) == digest


def test_no_signature_overrides_a_failed_blocking_check(home: DataHome) -> None:
    leak = Leak(probe="identity", feature="gpa_last", strength=0.93)
    digest = trained(home, draw_card(replace(HERE, leaks=(leak,))))
    with pytest.raises(ModelRefused) as refused:
        promote_model(home, institution="*", digest=digest, **SIGNED)
    said = str(refused.value)
    assert said.startswith(
        f"Model {digest[:12]} failed 1 blocking check(s), and no signature overrides one · "
        f"แบบจำลอง {digest[:12]} ไม่ผ่านการตรวจสอบที่ต้องผ่าน 1 ข้อ ลงนามข้ามไม่ได้:\nTR203 "
    )
    assert "zerodrop doctor" in said
    assert champion(home) == RULE_LIST


def test_a_card_without_checks_is_refused(home: DataHome) -> None:
    card = draw_card(HERE)
    del card["checks"]
    digest = trained(home, card)
    with pytest.raises(ModelRefused, match="holds no checks, so nobody can see whether it may serve"):
        promote_model(home, institution="*", digest=digest, **SIGNED)


def rule_here() -> dict[str, Any]:
    """A card that chose the absence rule at this institution and the model at another."""
    here = replace(ONLY, institution=INSTITUTION, chosen="absences_28d")
    return draw_card(replace(EVIDENCE, institutions=(here, replace(ONLY, institution="elsewhere"))))


def add(home: DataHome, *codes: str) -> None:
    for code in codes:
        add_institution(home.database, Institution(code=code, name_th="ใหม่", name_en="New"))


@pytest.mark.parametrize("institution", ["*", INSTITUTION])
def test_where_the_card_chose_the_simple_list_the_model_is_not_put_in_charge(home: DataHome, institution: str) -> None:
    digest = trained(home, rule_here())
    with pytest.raises(ModelRefused) as refused:
        promote_model(home, institution=institution, digest=digest, **SIGNED)
    assert str(refused.value) == (
        f"The card of model {digest[:12]} chose the absence rule at {INSTITUTION}. Put the absence rule in charge there · "
        f"บัตรของแบบจำลอง {digest[:12]} เลือกรายชื่อตามการขาดเรียนที่ {INSTITUTION} ให้รายชื่อตามการขาดเรียนรับหน้าที่ที่นั่น:\n"
        f"zerodrop promote {RULE_LIST} --institution {INSTITUTION}"
    )
    assert champion(home) == RULE_LIST


def test_where_a_model_was_never_judged_it_is_not_put_in_charge(home: DataHome) -> None:
    add(home, "new")
    digest = trained(home, draw_card(HERE))
    with pytest.raises(ModelRefused) as refused:
        promote_model(home, institution="new", digest=digest, **SIGNED)
    assert str(refused.value) == (
        f"Model {digest[:12]} was never judged at new; train again once a term has closed there. "
        f"Put the absence rule in charge there · "
        f"แบบจำลอง {digest[:12]} ยังไม่เคยถูกตัดสินที่ new (ฝึกใหม่เมื่อที่นั่นมีภาคเรียนที่จบแล้ว) "
        f"ให้รายชื่อตามการขาดเรียนรับหน้าที่ที่นั่น:\nzerodrop promote {RULE_LIST} --institution new"
    )
    assert champion(home, "new") == RULE_LIST


def test_a_promotion_for_all_puts_the_model_in_charge_only_where_the_card_chose_it(home: DataHome) -> None:
    add(home, "elsewhere", "new")
    digest = trained(home, rule_here())
    done = promote_model(home, institution="*", digest=digest, **SIGNED)
    assert (done.in_charge, done.elsewhere) == (digest, {INSTITUTION: RULE_LIST, "new": RULE_LIST})
    assert (champion(home, "elsewhere"), champion(home), champion(home, "new")) == (digest, RULE_LIST, RULE_LIST)


def test_a_place_that_the_card_does_not_name_keeps_the_model_that_it_has(home: DataHome) -> None:
    add(home, "elsewhere")
    both = replace(HERE, institutions=(*HERE.institutions, replace(ONLY, institution="elsewhere")))
    first, second = trained(home, draw_card(both)), trained(home, draw_card(HERE), offset=0.5)
    promote_model(home, institution="*", digest=first, **SIGNED)
    assert promote_model(home, institution="*", digest=second, **SIGNED).elsewhere == {"elsewhere": first}
    assert (champion(home), champion(home, "elsewhere")) == (second, first)


def test_what_was_decided_for_a_place_before_is_not_signed_again(home: DataHome) -> None:
    add(home, "elsewhere")
    digest = trained(home, rule_here())
    promote_model(home, institution=INSTITUTION, digest=RULE_LIST, **SIGNED)
    assert promote_model(home, institution="*", digest=digest, **SIGNED).elsewhere == {}
    assert (champion(home), champion(home, "elsewhere")) == (RULE_LIST, digest)


def test_a_rollback_for_all_is_refused_where_it_would_reach_a_place_never_judged(home: DataHome) -> None:
    for digest in (trained(home, draw_card(HERE)), RULE_LIST):
        promote_model(home, institution="*", digest=digest, **SIGNED)
    add(home, "new")
    with pytest.raises(ModelRefused, match="was never judged at new"):
        roll_back_model(home, institution="*", **SIGNED)
    promote_model(home, institution="new", digest=RULE_LIST, **SIGNED)
    roll_back_model(home, institution="*", **SIGNED)
    assert champion(home, "new") == RULE_LIST


def test_a_rollback_puts_the_model_before_in_charge_and_both_are_told(home: DataHome) -> None:
    first, second = trained(home, draw_card(HERE)), trained(home, draw_card(HERE), offset=0.5)
    for digest in (first, second):
        promote_model(home, institution="*", digest=digest, **SIGNED)
    done = roll_back_model(home, institution="*", **SIGNED)
    assert (done.left, done.in_charge) == (second, first)
    assert champion(home) == first


def test_a_rollback_to_a_bundle_that_is_gone_changes_nothing(home: DataHome) -> None:
    first, second = trained(home, draw_card(HERE)), trained(home, draw_card(HERE), offset=0.5)
    for digest in (first, second):
        promote_model(home, institution="*", digest=digest, **SIGNED)
    (home.models / first).rename(home.settings.home / "away")
    with pytest.raises(ModelRefused, match=f"There is no model {first[:12]}"):
        roll_back_model(home, institution="*", **SIGNED)
    assert champion(home) == second


def test_a_place_that_was_left_out_has_no_decision_of_its_own_to_take_back(home: DataHome) -> None:
    add(home, "elsewhere")
    digest = trained(home, rule_here())
    promote_model(home, institution="*", digest=digest, **SIGNED)
    with pytest.raises(ModelRefused, match=f"No promotion for {INSTITUTION} is left to take back"):
        roll_back_model(home, institution=INSTITUTION, **SIGNED)
    assert (champion(home), champion(home, "elsewhere")) == (RULE_LIST, digest)


def test_an_institution_does_not_go_back_to_a_model_that_its_card_did_not_choose_there(home: DataHome) -> None:
    digest = trained(home, rule_here())
    for held, institution in ((digest, "*"), (RULE_LIST, INSTITUTION)):
        promote(home.database, institution=institution, model_digest=held, **SIGNED)
    with pytest.raises(ModelRefused, match=f"chose the absence rule at {INSTITUTION}"):
        roll_back_model(home, institution=INSTITUTION, **SIGNED)
    assert champion(home) == RULE_LIST


def both() -> dict[str, Any]:
    """A card that chose the model at this institution and another."""
    return draw_card(replace(HERE, institutions=(*HERE.institutions, replace(ONLY, institution="elsewhere"))))


def test_a_rollback_for_all_takes_back_what_was_signed_for_the_places_left_out(home: DataHome) -> None:
    add(home, "elsewhere")
    first, second = trained(home, both()), trained(home, rule_here(), offset=0.5)
    for digest in (first, second):
        promote_model(home, institution="*", digest=digest, **SIGNED)
    assert (champion(home), champion(home, "elsewhere")) == (RULE_LIST, second)
    assert roll_back_model(home, institution="*", **SIGNED).elsewhere == {}
    assert (champion(home), champion(home, "elsewhere")) == (first, first)


def test_the_next_promotion_for_all_reaches_a_place_left_out_and_a_rollback_leaves_it_out_again(home: DataHome) -> None:
    add(home, "elsewhere")
    first, second = trained(home, rule_here()), trained(home, both(), offset=0.5)
    promote_model(home, institution="*", digest=first, **SIGNED)
    assert promote_model(home, institution="*", digest=second, **SIGNED).elsewhere == {}
    assert (champion(home), champion(home, "elsewhere")) == (second, second)
    assert roll_back_model(home, institution="*", **SIGNED).elsewhere == {INSTITUTION: RULE_LIST}
    assert (champion(home), champion(home, "elsewhere")) == (RULE_LIST, first)


def test_what_mlflow_could_not_be_told_is_signed_and_says_so(home: DataHome) -> None:
    """The address is that of the records, which MLflow does not get."""
    digest = trained(home, draw_card(HERE))
    wrong = replace(home, settings=home.settings.model_copy(update={"mlflow_url": home.settings.database_address}))
    assert promote_model(wrong, institution="*", digest=digest, **SIGNED).mlflow_waits
    assert champion(home) == digest
    assert roll_back_model(wrong, institution="*", **SIGNED).mlflow_waits
    assert champion(home) == RULE_LIST


def test_following_the_others_is_no_decision_against_a_model_that_was_not_chosen_there(home: DataHome) -> None:
    for digest in (trained(home, draw_card(HERE)), RULE_LIST):
        promote_model(home, institution="*" if digest != RULE_LIST else INSTITUTION, digest=digest, **SIGNED)
    roll_back_model(home, institution=INSTITUTION, **SIGNED)
    with pytest.raises(ModelRefused, match="chose the absence rule at"):
        promote_model(home, institution="*", digest=trained(home, rule_here(), offset=0.5), **SIGNED)


@pytest.mark.parametrize(("signed_by", "reason"), [("", "why"), ("ครู", " \n")])
def test_a_rollback_needs_a_name_and_a_reason(home: DataHome, signed_by: str, reason: str) -> None:
    promote_model(home, institution="*", digest=trained(home, draw_card(HERE)), **SIGNED)
    with pytest.raises(ModelRefused, match=r"A rollback needs the name of who signs \(--signed-by\) and a reason"):
        roll_back_model(home, institution="*", signed_by=signed_by, reason=reason)


def test_letters_that_several_models_share_name_none(home: DataHome) -> None:
    for name in ("abc1", "abc2"):
        (home.models / name).mkdir(parents=True)
    with pytest.raises(ModelRefused, match="2 models begin with abc: abc1, abc2"):
        model_folder(home, "abc")


def test_the_card_of_a_promoted_model_is_the_one_that_was_signed(home: DataHome) -> None:
    digest = trained(home, draw_card(HERE))
    assert card_in(home.models / digest, digest) == draw_card(HERE)
    (home.models / digest / "card.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelRefused, match=r"card\.json is missing or was changed after signing"):
        card_in(home.models / digest, digest)
