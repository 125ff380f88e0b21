"""What writing about a student begins with: who may, whose student it is, and what is recorded of a try."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from records import audit
from records.access import Principal, place_of, refuse
from records.home import DataHome
from records.roles import Permission

SENSITIVE_REASONS = frozenset({"R04", "R08"})
"""Health and disability: told to whoever wrote them down, and to those who see sensitive screening."""
_A_YEAR = timedelta(days=365)


class NotTheirs(Exception):
    """There is no such student for this account, or no such visit: whether they exist elsewhere is not told."""

    def __init__(self, student_id: UUID | None) -> None:
        super().__init__()
        self.student_id = student_id


class CareRefused(Exception):
    """What was asked does not go with what is there: `at` says where in the request, `why` is a code."""

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at}: {why}")
        self.at, self.why = at, why


def require_permission(
    home: DataHome, principal: Principal, *any_of: Permission, student_id: UUID | None = None
) -> None:
    """Raises NotAllowed for an account that may do none of these; the try is recorded."""
    if not any(principal.may(one) for one in any_of):
        refuse_care(home, principal, student_id)


def refuse_care(home: DataHome, principal: Principal, student_id: UUID | None = None) -> None:
    """Raises NotAllowed, after it was recorded that somebody tried."""
    refuse(
        home,
        principal,
        "refused care",
        f"The role '{principal.role.name}' may not do that. · บทบาท '{principal.role.label.th}' ทำเช่นนั้นไม่ได้",
        student_id,
    )


def record_refused(home: DataHome, principal: Principal, student_id: UUID | None) -> None:
    """Record that somebody asked about a student who is not theirs."""
    with home.database.write(principal.acting) as session:
        audit.record_look(
            session, actor=principal.login, action="refused student", institution=principal.institution,
            student_id=student_id,
        )  # fmt: skip


def place_or_refuse(session: Session, principal: Principal, student_id: UUID, on: date) -> str:
    """The institution at which this account may see a student. Raises NotTheirs."""
    institution = place_of(session, principal, student_id, on)
    if institution is None:
        raise NotTheirs(student_id)
    return institution


def require_theirs(home: DataHome, principal: Principal, student_id: UUID, on: date) -> None:
    """Raises NotTheirs for a student whom this account does not see: also before an answer is given once more."""
    with home.database.read(principal.acting) as session:
        place_or_refuse(session, principal, student_id, on)


def require_day(happened_on: date, on: date) -> None:
    """Raises CareRefused for a day to come, or a day so long ago that it was probably mistyped."""
    if happened_on > on:
        raise CareRefused("body.happened_on", "in_the_future")
    if happened_on < on - _A_YEAR:
        raise CareRefused("body.happened_on", "over_a_year_ago")


def reasons_for(principal: Principal, told: list[str], writer: UUID | None) -> list[str]:
    """The reasons that this account may read; the others are left out."""
    own = writer is not None and writer == principal.account_id
    if own or principal.may(Permission.SEE_SENSITIVE_SCREENING):
        return told
    return [one for one in told if one not in SENSITIVE_REASONS]
