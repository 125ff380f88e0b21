"""A whole card drawn: of the model with which nothing is wrong, or of one that a test spoils."""

from typing import Any

from models.bands import ObservedRate
from tests.models.cards import complete_card
from tests.training.drawn_evidence import EVIDENCE
from training.card_content import card_content
from training.checks import run_checks
from training.evidence import Evidence
from training.fit import Form
from training.search import Searched

STEADY = {
    "asked": 0.8, "features_survive": 0.8312, "domains_survive": 0.9644, "shown": 2, "reasons": 2.36,
    "reasons_before": 3.45, "rows": 2000, "compared": ["seed 11 alone", "persons drawn again"],
}  # fmt: skip
RATES = (
    ObservedRate(band="high", rows=800, left=116, low=0.119, high=0.176),
    ObservedRate(band="watch", rows=0, left=0, low=0.0, high=1.0),
    ObservedRate(band="none", rows=24_000, left=360, low=0.013, high=0.0178),
)
ABSTAINED = {"rows": 123, "of": 24_923, "left": 7}
_CHOSEN, _OTHER = Form(trees=150, min_data=120, extra_trees=True, linear=0.5), Form(trees=300, min_data=40, linear=0.0)
SEARCHED = Searched(form=_CHOSEN, beyond_best={_CHOSEN: (0.00012, 0.0002), _OTHER: (0.0, 0.0)})


def draw_card(evidence: Evidence = EVIDENCE, **changed: Any) -> dict[str, Any]:
    """As training writes it; `changed` are parts of the card to set."""
    tested = evidence.test is not None
    stability = {**complete_card()["stability"], **STEADY}
    content = card_content(
        evidence,
        run_checks(evidence),
        stability=stability,
        bands=RATES if tested else (),
        abstained=ABSTAINED if tested else None,
        gone_visited=17 if tested else None,
        panel_fingerprint="fedcba9876543210" * 4,
        searched=SEARCHED,
    )
    return {**content, **changed}
