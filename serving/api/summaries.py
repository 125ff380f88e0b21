"""Counts by band, small ones hidden wherever they leave an institution, and the rows of a list by pseudonym for analysts."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.exceptions import HTTPException

from records import summaries
from records.errors import NotAllowed
from records.roles import Permission
from records.summaries import BandCounts, InstitutionCounts
from serving.api.asking import Cursor, Limit, after_word, problems, topic, word_cursor
from serving.api.lists import InstitutionCode
from serving.api.more_schemas import (
    BandsAnswer,
    InstitutionSummary,
    ProvinceSummary,
    PseudonymousRow,
    PseudonymPage,
)
from serving.api.telling import words
from serving.desk import AtDesk, SignedIn

router = topic("summaries")


@router.get(
    "/institutions/{code}/summary",
    operation_id="readSummary",
    summary="How many students the current list of an institution puts in each band",
    responses=problems(403, 404),
)
def read_summary(desk: AtDesk, reader: SignedIn, code: InstitutionCode) -> InstitutionSummary:
    told = summaries.summary(desk.home, reader)
    for one in told.institutions:
        if one.institution == code:
            return _institution(one)
    raise HTTPException(status_code=404)


@router.get(
    "/summary/province",
    operation_id="readProvinceSummary",
    summary="The same for every institution of one's province, and for all of them together",
    responses=problems(403),
)
def read_province(desk: AtDesk, reader: SignedIn) -> ProvinceSummary:
    if not reader.may(Permission.SEE_PROVINCE):
        raise NotAllowed(
            f"The role '{reader.role.name}' sees no province. · บทบาท '{reader.role.label.th}' ดูจำนวนทั้งจังหวัดไม่ได้"
        )
    told = summaries.summary(desk.home, reader)
    return ProvinceSummary(
        institutions=[_institution(one) for one in told.institutions],
        together=_bands(told.together),
        hides_small=told.hides_small,
    )


@router.get(
    "/pseudonyms",
    operation_id="readPseudonyms",
    summary="All scored students of a list by pseudonym; no name, no id",
    responses=problems(403, 404),
)
def read_pseudonyms(
    desk: AtDesk,
    reader: SignedIn,
    list_id: Annotated[UUID | None, Query(alias="list", description="left out: the current list")] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> PseudonymPage:
    after = after_word(cursor)
    found = summaries.pseudonymous_entries(desk.home, reader, reader.institution, list_id)
    if found is None:
        raise HTTPException(status_code=404)
    rest = [one for one in found if after is None or one.pseudonym > after]
    return PseudonymPage(
        rows=[
            PseudonymousRow(pseudonym=one.pseudonym, class_group=one.class_group, band=one.band, ordering=one.ordering)
            for one in rest[:limit]
        ],
        next=word_cursor(rest[limit - 1].pseudonym) if len(rest) > limit else None,
    )


def _institution(one: InstitutionCounts) -> InstitutionSummary:
    return InstitutionSummary(institution=one.institution, name=words(one.name), as_of=one.as_of, bands=_bands(one))


def _bands(one: BandCounts) -> BandsAnswer:
    return BandsAnswer(students=one.students, **one.by_band)
