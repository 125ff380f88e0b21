"""Reports of checks: in fixed sections, failed ones with why and what to do, and all of it on the card."""

import json
from dataclasses import replace

import pytest

from tests.training.drawn_evidence import EVIDENCE
from training.checks import CHECKS, Section, as_json, blocking, lines, run_checks
from training.evidence import Leak

assert EVIDENCE.lead_time is not None
MIXED = replace(
    EVIDENCE,
    leaks=(Leak(probe="identity", feature="gpa_last", strength=0.93),),
    churn=None,
    lead_time=replace(EVIDENCE.lead_time, median_days=3),
)
"""A leak blocks, a late list is advice, and what became of lists was not measured."""


def test_results_stand_in_fixed_sections_by_code() -> None:
    results = run_checks(MIXED)
    sections = [one.section for one in results]
    assert sections == sorted(sections, key=list(Section).index)
    assert [one.check.code for one in results[:2]] == ["TR203", "TR306"]
    assert [one.check.code for one in results if one.section is Section.NOT_APPLICABLE] == ["TR603", "TR604", "TR605"]
    assert [one.check.code for one in blocking(results)] == ["TR203"]


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_report_says_of_failed_checks_why_and_what_to_do(language: str) -> None:
    results = run_checks(MIXED)
    said = lines(results, language)
    assert said[0] == f"{Section.BLOCKING.title.in_language(language)} (1)"
    page = "\n".join(said)
    for one in results:
        failed = one.section in (Section.BLOCKING, Section.ADVICE)
        assert (f"  {one.check.code} {one.check.title.in_language(language)}" in page) != failed
        assert (one.check.what_to_do.in_language(language) in page) == failed
        assert one.said is None or one.said.in_language(language) in page
    assert any("\u0e01" <= letter <= "\u0e5b" for letter in page) == (language == "th")


def test_a_section_without_results_is_not_shown() -> None:
    assert lines(run_checks(EVIDENCE), "en")[0] == f"Passed ({len(CHECKS)})"


def test_the_card_holds_all_that_showing_and_refusing_need() -> None:
    first, *others = json.loads(json.dumps(as_json(run_checks(MIXED)), allow_nan=False))
    assert first["code"] == "TR203"
    assert (first["severity"], first["section"]) == ("blocking", "blocking")
    assert set(first["said"]) == set(first["why"]) == set(first["what_to_do"]) == set(first["title"]) == {"th", "en"}
    assert len(others) == len(CHECKS) - 1
    assert next(one for one in others if one["code"] == "TR101")["said"] is None
