"""Oneself, and the erasure of a student."""

from datetime import UTC, datetime

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from records import submitted_erasures
from records.errors import NotAllowed, StoreUnavailable, UserError
from records.idempotency import Answered
from records.submitted_erasures import NobodyToErase
from serving.answers import Conflict
from serving.api.asking import OnceKey, answer_once, asked_once, limited, problems, topic
from serving.api.more_schemas import ErasedAnswer, MeAnswer, RoleAnswer
from serving.api.sent import SentErasure
from serving.api.telling import words
from serving.desk import AtDesk, SignedIn

router = topic("people")


@router.get("/me", operation_id="readMe", summary="Who is asking, and what they may do", responses=problems())
def read_me(reader: SignedIn) -> MeAnswer:
    return MeAnswer(
        login=reader.login,
        name=reader.name,
        role=RoleAnswer(code=reader.role.name, label=words(reader.role.label)),
        institution=reader.institution,
        institutions=sorted(reader.institutions),
        permissions=sorted(permission.name for permission in reader.permissions),
        key=reader.account_id is None,
    )


@router.post(
    "/erasures",
    operation_id="eraseStudent",
    summary="Erase all that is held on one student of one's institution",
    description="It cannot be taken back. The random id alone is kept, so that a restored backup loses the person again.",
    response_model=ErasedAnswer,
    responses=problems(403, 404, 409, 429),
    dependencies=[limited("erasing", 10)],
)
def erase_student(desk: AtDesk, reader: SignedIn, once: OnceKey, sent: SentErasure) -> JSONResponse:
    institution = sent.institution or reader.institution
    asked = asked_once(reader, "eraseStudent", once, sent)

    def change() -> Answered:
        return submitted_erasures.erase_once(
            desk.home, reader, institution, sent.student_id, reason=sent.reason, asked=asked, now=datetime.now(UTC)
        )

    try:
        return answer_once(change)
    except NobodyToErase:
        raise HTTPException(status_code=404) from None
    except (NotAllowed, StoreUnavailable):
        raise
    except UserError:
        raise Conflict("body", "stopped_ask_again") from None
