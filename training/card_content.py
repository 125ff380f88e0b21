"""What a model's card holds, put together once at training: evidence, checks, and the words to read them by."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from models.bands import ObservedRate
from training.audit_groups import ATTRIBUTE_OF, group_label
from training.checks import CheckResult
from training.checks import as_json as checks_as_json
from training.evidence import Evidence, as_json
from training.search import Searched

SCHEMA_VERSION = 5
"""1 held no evidence and no checks, 2 did not say what the straight part is worth, 3 not what was searched, 4 not how many
visits fell to students who had left already."""


def card_content(
    evidence: Evidence,
    checks: Sequence[CheckResult],
    *,
    stability: Mapping[str, Any],
    bands: Sequence[ObservedRate],
    abstained: Mapping[str, int] | None,
    gone_visited: int | None,
    panel_fingerprint: str,
    searched: Searched,
) -> dict[str, Any]:
    """The card as plain values, ready for models.card.

    `stability` is training.stability's, by feature; `bands`, `abstained` and `gone_visited` come from the lists of the test terms
    and are empty and None without one. A count that `abstained` leaves out as too small is null. The words stand in the card because it is read years later, by other code.
    """
    test = evidence.test
    return {
        "schema_version": SCHEMA_VERSION,
        "evidence": as_json(evidence),
        "checks": checks_as_json(checks),
        "words": _words(evidence),
        "stability": dict(stability),
        "bands": [asdict(one) for one in bands],
        "test_term": ", ".join(test.terms) if test and bands else None,
        "abstained": None if abstained is None else {"left": None, **abstained},
        "gone_visited": gone_visited,
        "panel_fingerprint": panel_fingerprint,
        "linear": searched.form.linear,
        "form": asdict(searched.form),
        "search": searched.as_numbers(),
    }


def _words(evidence: Evidence) -> dict[str, Any]:
    """The labels of the attributes and groups that the card tells of."""
    return {
        one.attribute: {
            "label": asdict(ATTRIBUTE_OF[one.attribute].label),
            "groups": {group.group: asdict(group_label(one.attribute, group.group)) for group in one.groups},
        }
        for one in evidence.fairness
    }
