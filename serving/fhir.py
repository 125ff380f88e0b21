"""One student's risk as a FHIR R4 RiskAssessment, field by field, so that a health referral can carry it.

Nothing is added to what the account sees: no name, and no probability where there is none to tell. An expired score has
neither prediction nor mitigation; an assessment that was not made, too little being known, is `cancelled`.
"""

from html import escape
from typing import Any

from models.horizon import HORIZONS
from records.text import Text
from serving.shown import Head, ShownStudent

MEDIA_TYPE = "application/fhir+json"
_MODEL, _FEATURE, _BAND = "urn:zerodrop:model", "urn:zerodrop:feature", "urn:zerodrop:band"
_OUTCOME = Text(th="ออกจากการศึกษากลางคัน", en="leaves education early")
_CODE = Text(
    th="ความเสี่ยงออกกลางคัน เรียงตามกำลังดูแลของสถานศึกษา",
    en="Risk of leaving early, ranked by what the college has time for",
)
_NOT_A_VERDICT = Text(
    th="คะแนนเป็นการประมาณเพื่อเรียงลำดับการดูแล ไม่ใช่คำตัดสิน และห้ามใช้ลงโทษหรือปฏิเสธความช่วยเหลือ",
    en="The score is an estimate that orders care. It is no verdict, and never a ground for punishment or for refusing help.",
)
_EXPIRED = Text(
    th="ผลประเมินนี้หมดอายุแล้ว จึงไม่แสดงระดับและความน่าจะเป็น",
    en="This assessment has expired: its band and probability are no longer given.",
)
_TOO_LITTLE = Text(th="ข้อมูลยังไม่พอสำหรับการประเมิน: {domains}", en="Too little is known for an assessment: {domains}")
_BANDS = {
    "high": Text(th="ควรเยี่ยมบ้านสัปดาห์นี้", en="to be visited this week"),
    "watch": Text(th="ควรพูดคุยสัปดาห์นี้", en="to be talked to this week"),
}


def risk_assessment(head: Head, student: ShownStudent, language: str) -> dict[str, Any]:
    """The resource; its sentences are in `language` (th or en)."""
    person = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{student.student_id}"}
    resource: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "language": language,
        "text": _narrative(head, student, language),
        "status": "final" if student.scored else "cancelled",
        "method": {"coding": [{"system": _MODEL, "code": head.model_digest}]},
        "code": {"text": _CODE.in_language(language)},
        "subject": {"reference": person["value"], "type": "Patient", "identifier": person},
        "occurrenceDateTime": head.as_of.isoformat(),
        "basis": _basis(student, language),
        "prediction": _prediction(head, student, language),
        "mitigation": ""
        if head.stale
        else " · ".join(dict.fromkeys(one.asks.in_language(language) for one in student.reasons)),
        "note": [{"text": note} for note in _notes(head, student, language)],
    }
    # An element without content is left out: FHIR knows no empty text and no empty list.
    return {name: value for name, value in resource.items() if value}


def _basis(student: ShownStudent, language: str) -> list[dict[str, Any]]:
    facts = [(one.feature, one.sentence) for one in student.reasons]
    facts += [(one.feature, one.sentence) for one in student.missing]
    return [
        {"identifier": {"system": _FEATURE, "value": feature}, "display": sentence.in_language(language)}
        for feature, sentence in facts
    ]


def _prediction(head: Head, student: ShownStudent, language: str) -> list[dict[str, Any]]:
    if head.stale or not student.scored:
        return []
    prediction: dict[str, Any] = {"outcome": {"text": _OUTCOME.in_language(language)}}
    if student.probability is not None:
        prediction["probabilityDecimal"] = round(100 * student.probability, 4)  # FHIR counts in percent
    if student.band in _BANDS:
        prediction["qualitativeRisk"] = {
            "coding": [{"system": _BAND, "code": student.band, "display": _BANDS[student.band].in_language(language)}]
        }
    prediction["whenPeriod"] = _period(head)
    rationale = " · ".join(one.sentence.in_language(language) for one in student.reasons)
    if rationale:
        prediction["rationale"] = rationale
    return [prediction]


def _period(head: Head) -> dict[str, str]:
    """The days that count; without an end where the next roster count says."""
    horizon = HORIZONS.get(head.horizon)
    end = horizon.end(head.as_of) if horizon else None
    return {"start": head.as_of.isoformat(), **({"end": end.isoformat()} if end else {})}


def _notes(head: Head, student: ShownStudent, language: str) -> list[str]:
    notes = [_NOT_A_VERDICT.in_language(language)]
    if head.stale:
        notes.append(_EXPIRED.in_language(language))
    if not student.scored:
        domains = ", ".join(domain.label.in_language(language) for domain in student.unknown_domains)
        notes.append(_TOO_LITTLE.in_language(language).format(domains=domains))
    return notes


def _narrative(head: Head, student: ShownStudent, language: str) -> dict[str, str]:
    said = [_CODE.in_language(language), *_notes(head, student, language)]
    said += [one.sentence.in_language(language) for one in student.reasons]
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in said)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'}
