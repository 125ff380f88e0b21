"""TR6xx: do lists and reasons stay when nothing but time, seeds or a refit has changed?"""

from records.text import Text
from training.check_declaration import Check, Finding, Severity, finding, not_applicable, percent, tested, told
from training.evidence import Churn, Evidence
from training.stability import WANTED_DOMAINS, WANTED_FEATURES

LEAST_STAYING = 0.80
MOST_RECALL_LOST = 0.02
LEAST_SAME_AFTER_RETRAINING = 0.80
"""One more term of training left .83 to .86 of the list the same where it was measured (top tenth, OULAD)."""
MOST_ABSTAINED = 0.10
"""Of whom too little is known nothing is said; when that is one student in ten, the list is no list of the college."""


def _domains_change(evidence: Evidence) -> Finding | None:
    share = told(evidence.stability.domains_survive)
    if share >= WANTED_DOMAINS:
        return None
    return finding(
        th=f"ด้านของเหตุผลคงเดิม {percent(share)} เมื่อฝึกใหม่ น้อยกว่า {percent(WANTED_DOMAINS)}",
        en=f"After a refit {percent(share)} of the domains of reasons remain, fewer than {percent(WANTED_DOMAINS)}.",
    )


def _reasons_change(evidence: Evidence) -> Finding | None:
    share = told(evidence.stability.features_survive)
    if share >= WANTED_FEATURES:
        return None
    return finding(
        th=f"เหตุผลคงเดิม {percent(share)} เมื่อฝึกใหม่ น้อยกว่า {percent(WANTED_FEATURES)}",
        en=f"After a refit {percent(share)} of the reasons remain, fewer than {percent(WANTED_FEATURES)}.",
    )


def _churn(evidence: Evidence) -> Churn:
    tested(evidence)
    if evidence.churn is None:
        raise not_applicable(th="ไม่ได้วัดการเปลี่ยนของรายชื่อ", en="the change of lists was not measured")
    return evidence.churn


def _list_changes(evidence: Evidence) -> Finding | None:
    share = told(_churn(evidence).staying_share)
    if share >= LEAST_STAYING:
        return None
    return finding(
        th=f"แต่ละสัปดาห์ {percent(share)} ของรายชื่อเดิมยังอยู่ น้อยกว่า {percent(LEAST_STAYING)}",
        en=f"From week to week {percent(share)} of the list stay, fewer than {percent(LEAST_STAYING)}.",
    )


def _dear_bonus(evidence: Evidence) -> Finding | None:
    lost = told(_churn(evidence).recall_lost)
    if lost <= MOST_RECALL_LOST:
        return None
    return finding(
        th=f"การทำให้รายชื่อนิ่งทำให้พบผู้ออกน้อยลง {100 * lost:.1f}% ของผู้ออก",
        en=f"Keeping the list steady costs {100 * lost:.1f}% of the leavers in recall.",
    )


def _other_after_retraining(evidence: Evidence) -> Finding | None:
    share = told(_churn(evidence).same_after_retraining_share)
    if share >= LEAST_SAME_AFTER_RETRAINING:
        return None
    return finding(
        th=f"หลังฝึกใหม่ รายชื่อสัปดาห์เดียวกันตรงกัน {percent(share)}",
        en=f"After retraining {percent(share)} of the same week's list is the same.",
    )


def _silent_too_often(evidence: Evidence) -> Finding | None:
    share = told(evidence.stability.abstained_share)
    if share <= MOST_ABSTAINED:
        return None
    return finding(
        th=f"ระบบงดให้คะแนน {percent(share)} ของนักเรียนเพราะข้อมูลไม่พอ",
        en=f"Of {percent(share)} of the students too little is known to say anything.",
    )


CHECKS = (
    Check(
        code="TR601",
        title=Text(th="ด้านของเหตุผลคงเดิม", en="Domains of reasons remain"),
        passes_when=Text(
            th=f"ด้านคงเดิมอย่างน้อย {percent(WANTED_DOMAINS)} เมื่อฝึกใหม่",
            en=f"{percent(WANTED_DOMAINS)} or more of the domains come back in a refit.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ถ้าฝึกใหม่แล้วด้านเปลี่ยน ครูจะได้คำแนะนำคนละเรื่องสำหรับเด็กคนเดิม",
            en="A teacher must not be sent after another matter because a model was fitted again.",
        ),
        what_to_do=Text(
            th="อ่านเหตุผลอย่างระวัง และฝึกด้วยภาคเรียนที่มากขึ้น",
            en="Read reasons with care, and train on more terms.",
        ),
        run=_domains_change,
    ),
    Check(
        code="TR602",
        title=Text(th="เหตุผลคงเดิม", en="Reasons remain"),
        passes_when=Text(
            th=f"เหตุผลคงเดิมอย่างน้อย {percent(WANTED_FEATURES)} เมื่อฝึกใหม่",
            en=f"{percent(WANTED_FEATURES)} or more of the reasons come back in a refit.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="เหตุผลที่เปลี่ยนตามการฝึกไม่ใช่ข้อเท็จจริงของเด็ก",
            en="A reason that changes with the fit is no fact about a student.",
        ),
        what_to_do=Text(
            th="ให้ครูดูด้านก่อนเหตุผลย่อย และฝึกด้วยภาคเรียนที่มากขึ้น",
            en="Let teachers read domains before single reasons, and train on more terms.",
        ),
        run=_reasons_change,
    ),
    Check(
        code="TR603",
        title=Text(th="รายชื่อนิ่งพอ", en="The list is steady"),
        passes_when=Text(
            th=f"รายชื่อเดิมยังอยู่อย่างน้อย {percent(LEAST_STAYING)} ในสัปดาห์ถัดไป",
            en=f"{percent(LEAST_STAYING)} or more of the list stay from week to week.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="รายชื่อที่เปลี่ยนเกือบหมดทุกสัปดาห์ทำให้การช่วยเหลือไม่ต่อเนื่อง",
            en="A list that turns over every week breaks off the help it began.",
        ),
        what_to_do=Text(
            th="ดูว่าการมาเรียนถูกบันทึกครบทุกสัปดาห์หรือเข้ามาเป็นก้อน",
            en="Look whether attendance comes every week or in lumps.",
        ),
        run=_list_changes,
    ),
    Check(
        code="TR604",
        title=Text(th="ความนิ่งไม่แพงเกินไป", en="Steadiness is not too dear"),
        passes_when=Text(
            th=f"ความนิ่งทำให้พบผู้ออกน้อยลงไม่เกิน {percent(MOST_RECALL_LOST)}",
            en=f"The bonus that keeps the list steady costs at most {percent(MOST_RECALL_LOST)} in recall.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="การคงชื่อเดิมไว้แย่งที่ของคนที่เสี่ยงกว่าในสัปดาห์นี้",
            en="A place kept for last week's student is lost to another at higher risk.",
        ),
        what_to_do=Text(
            th="คณะกรรมการชั่งระหว่างความต่อเนื่องกับการพบคนใหม่",
            en="Weigh steady help against finding new students.",
        ),
        run=_dear_bonus,
    ),
    Check(
        code="TR605",
        title=Text(th="รายชื่อคงเดิมหลังฝึกใหม่", en="The list survives retraining"),
        passes_when=Text(
            th=f"รายชื่อก่อนและหลังฝึกใหม่ตรงกันอย่างน้อย {percent(LEAST_SAME_AFTER_RETRAINING)}",
            en=f"Old and new model share {percent(LEAST_SAME_AFTER_RETRAINING)} or more of the list.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="เมื่อเปลี่ยนแบบจำลอง คนที่กำลังช่วยไม่ควรหลุดจากรายชื่อโดยไม่มีเหตุ",
            en="Students who are being helped must not drop off the list because the model was changed.",
        ),
        what_to_do=Text(
            th="รัน zerodrop compare ดูว่าใครเข้าและออกก่อนเปลี่ยน แล้วแจ้งครูที่ปรึกษา",
            en="Run zerodrop compare to see who enters and leaves before the switch, and tell the advisors.",
        ),
        run=_other_after_retraining,
    ),
    Check(
        code="TR606",
        title=Text(th="บอกได้เกือบทุกคน", en="Something is said of nearly everybody"),
        passes_when=Text(
            th=f"งดให้คะแนนไม่เกิน {percent(MOST_ABSTAINED)} ของนักเรียน",
            en=f"The model abstains on at most {percent(MOST_ABSTAINED)} of the students.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="คนที่ระบบงดให้คะแนนอาจเป็นคนที่เสี่ยงที่สุด",
            en="Those of whom nothing is said may be those most at risk.",
        ),
        what_to_do=Text(
            th="ติดตามข้อมูลที่ขาด และให้ครูที่ปรึกษาดูรายชื่อผู้ที่ระบบงดให้คะแนน",
            en="Ask for the missing data, and let advisors look at those of whom nothing is said.",
        ),
        run=_silent_too_often,
    ),
)
