"""One file per source system; SOURCES is all of them, the most particular first."""

from records.intake.source import Source
from records.intake.sources import (
    attendance,
    attendance_totals,
    attendance_wide,
    dmc,
    google_form,
    home_visit,
    household,
    moe_dropouts,
    moe_term,
    oneroster,
    oulad,
    plain,
    roster,
    screening_obec11,
    screening_ovec9,
    screening_summary,
    sdq,
    vec_roster,
    vec_scores,
)
from records.text import Text

SOURCES: tuple[Source, ...] = (
    dmc.SOURCE,
    oneroster.SOURCE,
    moe_term.SOURCE,
    moe_dropouts.SOURCE,
    vec_scores.SOURCE,
    sdq.SOURCE,
    google_form.SOURCE,
    screening_summary.SOURCE,
    screening_ovec9.SOURCE,
    screening_obec11.SOURCE,
    home_visit.SOURCE,
    roster.SOURCE,
    household.SOURCE,
    attendance.SOURCE,
    attendance_wide.SOURCE,
    attendance_totals.SOURCE,
    vec_roster.SOURCE,
    oulad.SOURCE,
    plain.SOURCE,
)
SOURCE_OF: dict[str, Source] = {source.name: source for source in SOURCES}


def source_label(name: str) -> Text:
    """What a source is called; the profile of a clerk has only its name."""
    return SOURCE_OF[name].label if name in SOURCE_OF else Text(th=name, en=name)
