"""What would change it, as it is stored and as a person reads it: what the model says, never a promise."""

import json
from dataclasses import replace

import pytest

from features.catalogue import FEATURE_OF
from features.declaration import Feature
from features.vocabulary import Domain, Personal
from models.what_if import Lever, WhatIf
from models.what_if_words import effect_word, stored, told_what_if
from serving.pages.writer import PageWriter
from serving.texts import load_texts

ABSENCE = Lever(features=("missed_days_28d",), domain=Domain.ATTENDANCE, before=6.0, after=2.0, effect=-0.41)
GRADES = Lever(
    features=("score_mean_term", "not_submitted_term"), domain=Domain.GRADES, before=None, after=None, effect=-0.9
)


def kept(*levers: Lever, exit_: Lever | None = None) -> dict[str, object]:
    """What comes back from the database."""
    return json.loads(json.dumps(stored(WhatIf(levers=levers, exit=exit_))))


def test_what_is_stored_is_small_and_comes_back() -> None:
    assert kept(ABSENCE, GRADES) == {
        "levers": [
            {"feature": "missed_days_28d", "domain": "attendance", "before": 6.0, "after": 2.0, "effect": -0.41},
            {"feature": None, "domain": "grades", "before": None, "after": None, "effect": -0.9},
        ],
        "exit": None,
    }


def test_a_lever_is_told_in_both_languages() -> None:
    [told] = told_what_if(kept(ABSENCE), FEATURE_OF, permissions=frozenset())
    assert told.label == FEATURE_OF["missed_days_28d"].label
    assert told.now is not None
    assert told.now.th == "ขาดเรียน 6 วันใน 28 วันที่ผ่านมา"
    assert told.then.th == "ขาดเรียน 2 วันใน 28 วันที่ผ่านมา (ระดับเดียวกับเพื่อนที่ทำได้ดี)"
    assert told.then.en == "absent 2 days in the last 28 (as of fellow students who do well)"
    assert (told.effect, told.leaves) == ("clear", False)


def test_a_domain_is_told_by_its_name_and_the_exit_comes_last() -> None:
    told = told_what_if(kept(GRADES, exit_=ABSENCE), FEATURE_OF, permissions=frozenset())
    assert [(one.effect, one.leaves) for one in told] == [("much", False), ("clear", True)]
    assert told[0].now is None
    assert told[0].then.th == "ทุกข้อด้านผลการเรียนที่เปลี่ยนได้อยู่ระดับเดียวกับเพื่อนที่ทำได้ดีพร้อมกัน"
    assert told[0].then.en == "everything under Grades that can change, together, as of fellow students who do well"
    assert told[1].then.en == "absent 2 days in the last 28"


@pytest.mark.parametrize(
    "changed",
    [None, {"changeable": False}, {"personal": Personal.SENSITIVE}],
    ids=["gone", "fixed", "sensitive"],
)
def test_what_the_catalogue_no_longer_offers_is_left_out(changed: dict[str, object] | None) -> None:
    catalogue: dict[str, Feature] = {}
    if changed is not None:
        catalogue["missed_days_28d"] = replace(FEATURE_OF["missed_days_28d"], **changed)  # type: ignore[arg-type]
    assert told_what_if(kept(ABSENCE, exit_=ABSENCE), catalogue, permissions=frozenset()) == []


def test_what_reads_the_same_after_rounding_is_left_out() -> None:
    hardly = replace(ABSENCE, features=("missed_share_28d",), before=0.334, after=0.3333)
    assert told_what_if(kept(exit_=hardly), FEATURE_OF, permissions=frozenset()) == []


@pytest.mark.parametrize(
    ("effect", "word"), [(-0.05, "little"), (-0.199, "little"), (-0.2, "clear"), (-0.799, "clear"), (-0.8, "much"), (-3.0, "much")]
)  # fmt: skip
def test_effects_are_told_in_words(effect: float, word: str) -> None:
    assert effect_word(effect) == word


def page(language: str, band: str | None, *levers: Lever, exit_: Lever | None = None) -> str:
    writer = PageWriter(load_texts())
    template = writer._environments[language].from_string(
        '{% import "_what_if.html" as what_if with context %}{{ what_if.section(levers, band) }}'
    )
    return template.render(
        levers=told_what_if(kept(*levers, exit_=exit_), FEATURE_OF, permissions=frozenset()), band=band
    )


def test_the_page_says_what_the_model_says_and_promises_nothing() -> None:
    thai, english = (page(language, "watch", ABSENCE, exit_=GRADES) for language in ("th", "en"))
    assert "ถ้าขาดเรียน 2 วันใน 28 วันที่ผ่านมา (ระดับเดียวกับเพื่อนที่ทำได้ดี) แบบจำลองจะจัดลำดับนักเรียนคนนี้ต่ำลงอย่างเห็นได้ชัด" in thai
    assert "ตอนนี้: ขาดเรียน 6 วันใน 28 วันที่ผ่านมา" in thai
    assert "แบบจำลองจะไม่จัดนักเรียนคนนี้ไว้ในรายชื่อของสัปดาห์นี้" in thai
    assert "not what helping will do" in english
    assert (
        "absent 2 days in the last 28 (as of fellow students who do well), the model would rank this student clearly lower"
        in english
    )
    assert "the model would not put this student on this week&#39;s list" in english
    for html in (thai, english):
        assert "%" not in html
        assert "-0.4" not in html


def test_a_visit_is_not_called_the_whole_list() -> None:
    """Who is no longer visited first may still be on the advisor's list."""
    assert "among those to visit first this week" in page("en", "high", ABSENCE, exit_=ABSENCE)
    assert "week&#39;s list" not in page("en", "high", ABSENCE, exit_=ABSENCE)
    assert "ควรเยี่ยมก่อน" in page("th", "high", ABSENCE, exit_=ABSENCE)
    assert "With this alone" not in page("en", None, ABSENCE, exit_=ABSENCE)


def test_without_levers_there_is_no_section() -> None:
    assert page("th", "watch").strip() == ""
