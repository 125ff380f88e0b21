"""The model card: what a model is for, on what it rests, what was found, and who signed; Thai first, English after.

A card is plain values, written once at training (training/card_content.py) and hashed with the model; who signed is
read from the promotions whenever it is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from models.bundle import verify
from models.card_about import checks, data, decision, glossary, limits, purpose, signatures
from models.card_blocks import Block, Heading, as_html, as_markdown
from models.card_chosen import chosen
from models.card_fairness import fairness
from models.card_found import bands, calibration, skill, sources, steadiness, timing
from models.card_words import Telling
from models.json_file import read_object
from records.errors import ModelRefused
from records.promotions import Signed

_TITLE = "บัตรแบบจำลอง · Model card"
_SECTIONS = (
    purpose, signatures, decision, checks, data, chosen, skill, bands, calibration, timing, sources, fairness, steadiness, limits, glossary,
)  # fmt: skip
_NEEDED = (
    "evidence", "checks", "words", "stability", "bands", "test_term", "abstained", "panel_fingerprint", "linear",
    "form", "search",
)  # fmt: skip
_STYLE = "card.css"


def card_in(folder: Path, digest: str) -> dict[str, Any]:
    """The card of a bundle whose bytes are those that were signed. Raises ModelRefused for any other."""
    signed = verify(folder, digest)
    return dict(read_object(signed.contents["card.json"], f"Model {digest[:12]}: card.json").held)


def render(card: Mapping[str, Any], signed: Sequence[Signed] = ()) -> str:
    """The card as Markdown. Raises ModelRefused for the card of an older zerodrop."""
    thai, english = (list(_blocks(card, language, signed)) for language in ("th", "en"))
    return as_markdown([Heading(text=_TITLE, level=1), *thai, Heading(text="In English", level=1), *english])


def render_html(card: Mapping[str, Any], signed: Sequence[Signed] = ()) -> str:
    """The card as one HTML file that needs nothing else: no script, no address, styles for screen and A4 inside."""
    style = files("models").joinpath(_STYLE).read_text(encoding="utf-8")
    thai, english = (as_html(list(_blocks(card, language, signed))) for language in ("th", "en"))
    return f"""<!doctype html>
<html lang="th">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_TITLE}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{_TITLE}</h1><p lang="en"><a href="#english">In English</a></p></header>
<main>
<section lang="th">
{thai}
</section>
<section lang="en" id="english">
<h1>Model card</h1>
{english}
</section>
</main>
</body>
</html>
"""


def _blocks(card: Mapping[str, Any], language: str, signed: Sequence[Signed]) -> Iterator[Block]:
    missing = [name for name in _NEEDED if name not in card]
    if missing:
        raise ModelRefused.train_anew(
            f"This card was written by another zerodrop: it holds no {', '.join(missing)}.",
            th=f"บัตรนี้มาจาก zerodrop รุ่นอื่น จึงไม่มี {', '.join(missing)}",
        )
    told = Telling(card=card, language=language, signed=signed)
    for section in _SECTIONS:
        yield from section(told)
