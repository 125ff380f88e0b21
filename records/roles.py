"""Who may do what, as two tables that a non-programmer can read: permissions, and roles as sets of them."""

from dataclasses import dataclass
from enum import Enum

from records.text import Text


class Permission(Enum):
    SEE_OWN_STUDENTS = "see the students of one's own class groups"
    SEE_ALL_STUDENTS = "see every student of one's institution"
    SEE_HOUSEHOLD = "see household and poverty by name of the feature"
    SEE_SENSITIVE_SCREENING = "see screening of drugs, violence, sexual behaviour, health, SDQ and disability"
    SEE_PSEUDONYMS = "see pseudonymous rows, never a name"
    SEE_MODELS = "see model cards and how good the models are"
    SEE_SUMMARIES = "see counts of one's institution"
    SEE_PROVINCE = "see counts of every institution of the province"
    SEE_AUDIT = "see who looked at whom"
    MANAGE_ACCOUNTS = "manage accounts and keys"
    MANAGE_RECORDS = "take files in, mend rows, correct and erase"
    PUBLISH = "publish and restore lists"
    SCORE = "score rows that are sent and not kept"
    RECORD_CARE = "write down contacts, ratings and what a visit found"
    PLAN_VISITS = "book, move and cancel home visits"


@dataclass(frozen=True, kw_only=True)
class Role:
    name: str
    label: Text
    permissions: frozenset[Permission]


def _role(name: str, th: str, en: str, *permissions: Permission) -> Role:
    return Role(name=name, label=Text(th=th, en=en), permissions=frozenset(permissions))


_P = Permission
ROLES: tuple[Role, ...] = (
    _role("advisor", "ครูที่ปรึกษา", "advisor", _P.SEE_OWN_STUDENTS, _P.RECORD_CARE),
    _role("department_head", "หัวหน้าแผนกวิชา", "department head", _P.SEE_OWN_STUDENTS, _P.RECORD_CARE),
    _role(
        "committee", "คณะกรรมการระบบดูแลช่วยเหลือ", "care committee",
        _P.SEE_ALL_STUDENTS, _P.SEE_HOUSEHOLD, _P.RECORD_CARE, _P.PLAN_VISITS,
    ),
    _role(
        "counsellor", "ครูแนะแนว", "counsellor",
        _P.SEE_ALL_STUDENTS, _P.SEE_HOUSEHOLD, _P.SEE_SENSITIVE_SCREENING, _P.RECORD_CARE, _P.PLAN_VISITS,
    ),
    _role(
        "scholarship", "งานทุนการศึกษา", "scholarship officer",
        _P.SEE_ALL_STUDENTS, _P.SEE_HOUSEHOLD, _P.RECORD_CARE,
    ),
    _role("director", "ผู้อำนวยการ", "director", _P.SEE_ALL_STUDENTS, _P.SEE_SUMMARIES, _P.SEE_MODELS),
    _role("province", "ระดับจังหวัด", "province", _P.SEE_PROVINCE),
    _role("analyst", "นักวิเคราะห์", "analyst", _P.SEE_MODELS, _P.SEE_PSEUDONYMS, _P.SEE_SUMMARIES, _P.SCORE),
    _role("data_steward", "งานทะเบียนและข้อมูล", "data steward", _P.MANAGE_RECORDS, _P.PUBLISH, _P.SEE_AUDIT),
    _role("admin", "ผู้ดูแลระบบ", "administrator", _P.MANAGE_ACCOUNTS, _P.SEE_AUDIT),
)  # fmt: skip
ROLE_OF: dict[str, Role] = {role.name: role for role in ROLES}
