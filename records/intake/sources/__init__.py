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

SOURCES: tuple[Source, ...] = tuple(
    module.SOURCE
    for module in (
        dmc,
        oneroster,
        moe_term,
        moe_dropouts,
        vec_scores,
        sdq,
        google_form,
        screening_summary,
        screening_ovec9,
        screening_obec11,
        home_visit,
        roster,
        household,
        attendance,
        attendance_wide,
        attendance_totals,
        vec_roster,
        oulad,
        plain,
    )
)
SOURCE_OF: dict[str, Source] = {source.name: source for source in SOURCES}
