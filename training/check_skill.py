"""TR3xx: does the model reach more leavers than the simple list that a college could keep without it?"""

import math

from features.vocabulary import Domain
from models.card_words import LISTS
from records.lists import RULE_LIST
from records.text import Text
from training.check_declaration import Check, Finding, Severity, finding, named, not_applicable, shown, tested, told
from training.decision import LEAST_LEAVERS
from training.entrants import LOGISTIC
from training.evidence import MODEL, Evidence, Gain, ListFigures

CHANCE = 0.5
LEAST_LEAD_DAYS = 14
"""Two weekly lists: time for one visit before the last day seen."""
TIE_AUC = 0.01
"""Differences below .01 AUC were within what seeds and samples move on every data set that was measured."""


def _against_simple(evidence: Evidence) -> Finding | None:
    tested(evidence)
    if evidence.gain is None:
        return finding(
            th="ยังไม่ได้เทียบกับรายชื่ออย่างง่ายที่ดีที่สุด",
            en="The model was not compared with the best simple list.",
        )
    gain = evidence.gain
    if gain.per_week.low > 0:
        return None
    against = LISTS[gain.against]
    th, en = ("", "") if evidence.opponent_chosen_before is not False else _NONE_BEFORE
    return finding(
        th=f"เทียบกับ {against.th}{th} พบผู้ออกเพิ่มสัปดาห์ละ {shown(gain.per_week)} ขอบล่างไม่เกิน 0",
        en=f"Beyond {against.en}{en}: {shown(gain.per_week)} leavers more a week; the lower bound is not above 0.",
    )


_NONE_BEFORE = (
    " (ดีที่สุดในภาคเรียนทดสอบเอง เพราะไม่มีภาคเรียนก่อนหน้า)",
    " (the best on the test terms themselves, there being no earlier ones)",
)


def _of_model(evidence: Evidence) -> ListFigures:
    tested(evidence)
    return evidence.lists[MODEL]


def _no_signal(evidence: Evidence) -> Finding | None:
    auc = _of_model(evidence).auc
    if auc.low > CHANCE:
        return None
    return finding(
        th=f"AUC {shown(auc)} แยกจากการจับสลากไม่ได้",
        en=f"An AUC of {shown(auc)} cannot be told from a lottery.",
    )


def _none_within(evidence: Evidence) -> Finding | None:
    auc = _of_model(evidence).auc_within
    if auc.low > CHANCE:
        return None
    return finding(
        th=f"ภายในสถานศึกษา AUC {shown(auc)} แยกจากการจับสลากไม่ได้",
        en=f"Within institutions an AUC of {shown(auc)} cannot be told from a lottery.",
    )


def _simple_here(evidence: Evidence) -> Finding | None:
    tested(evidence)
    if not evidence.institutions:
        raise not_applicable(th="ยังไม่ได้ตัดสินรายสถานศึกษา", en="no institution was judged")
    simple = [(one.institution, LISTS[one.chosen]) for one in evidence.institutions if one.chosen != MODEL]
    if not simple:
        return None
    return finding(
        th=f"{len(simple)} แห่งควรใช้รายชื่ออย่างง่าย: {named(f'{code} → {chosen.th}' for code, chosen in simple)}",
        en=f"{len(simple)} institution(s) are served by a simple list: "
        f"{named(f'{code} → {chosen.en}' for code, chosen in simple)}.",
    )


def _logistic_is_enough(evidence: Evidence) -> Finding | None:
    gain = _gain_over(evidence, LOGISTIC)
    if told(gain.per_week.low) > 0:
        return None
    return finding(
        th=f"พบผู้ออกเพิ่มจากสมการโลจิสติกสัปดาห์ละ {shown(gain.per_week)} ยังไม่มากกว่า 0 อย่างชัดเจน",
        en=f"Beyond logistic regression: {shown(gain.per_week)} leavers more a week, not clearly above 0.",
    )


def _gain_over(evidence: Evidence, name: str) -> Gain:
    tested(evidence)
    for gain in evidence.gains:
        if gain.against == name:
            return gain
    raise not_applicable(th=f"ไม่ได้เทียบกับ{LISTS[name].th}", en=f"there is no comparison with {LISTS[name].en}")


def _too_late(evidence: Evidence) -> Finding | None:
    tested(evidence)
    if evidence.lead_time is None:
        raise not_applicable(th="ไม่มีผู้ออกให้วัดเวลาล่วงหน้า", en="there is no leaver whose lead time could be measured")
    days = told(evidence.lead_time.median_days)
    if days >= LEAST_LEAD_DAYS:
        return None
    return finding(
        th=f"ในผู้ออกที่ขึ้นรายชื่อ ครึ่งหนึ่งขึ้นก่อนวันสุดท้ายที่พบไม่เกิน {days:.0f} วัน",
        en=f"Half of the leavers who were listed came on the list at most {days:.0f} days before they were last seen.",
    )


def _idle_sources(evidence: Evidence) -> Finding | None:
    told_of = [one for one in evidence.sources if not math.isnan(one.auc_lost.high)]
    if not told_of:
        raise not_applicable(th="ไม่ได้ลองเอาแหล่งข้อมูลออก", en="no source was taken away to see what it adds")
    idle = [one.name for one in told_of if one.auc_lost.high < TIE_AUC]
    if not idle:
        return None
    return finding(
        th=f"เอาออกแล้วแทบไม่เสียความแม่น: {named(_domain(name).th for name in idle)}",
        en=f"Next to nothing is lost without: {named(_domain(name).en for name in idle)}.",
    )


def _domain(name: str) -> Text:
    labels = {domain.value: domain.label for domain in Domain}
    return labels.get(name, Text(th=name, en=name))


def _dear_constraints(evidence: Evidence) -> Finding | None:
    if evidence.constraints is None:
        raise not_applicable(th="ไม่ได้วัดผลของข้อบังคับทิศทาง", en="the cost of the constraints was not measured")
    lost = evidence.constraints.auc_lost
    if told(lost.low) <= TIE_AUC:
        return None
    return finding(
        th=f"ข้อบังคับทิศทางทำให้ AUC ลดลง {shown(lost, 3)}",
        en=f"The constraints of direction cost {shown(lost, 3)} AUC.",
    )


CHECKS = (
    Check(
        code="TR301",
        title=Text(th="ดีกว่ารายชื่ออย่างง่ายที่ดีที่สุด", en="Beats the best simple list"),
        passes_when=Text(
            th="ขอบล่างของผู้ออกที่พบเพิ่มต่อสัปดาห์ เทียบกับรายชื่ออย่างง่ายที่ดีที่สุดในภาคเรียนก่อนภาคเรียนทดสอบ "
            "(ถ้าไม่มี ในภาคเรียนทดสอบเอง) มากกว่า 0",
            en="The lower 95 % bound of the leavers reached a week beyond the simple list that did best on terms before the "
            "test terms (where there are none: on the test terms themselves) is above 0.",
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="รายชื่ออย่างง่ายอธิบายได้และไม่มีค่าใช้จ่าย แบบจำลองต้องพบผู้ออกมากกว่าด้วยจำนวนเยี่ยมเท่ากัน",
            en="A simple list costs nothing and needs no trust: a model must reach more leavers with the same visits.",
        ),
        what_to_do=Text(
            th="ใช้รายชื่ออย่างง่ายต่อไป และฝึกใหม่เมื่อมีภาคเรียนหรือแหล่งข้อมูลเพิ่ม",
            en="Stay with the simple list, and train again with more terms or sources.",
        ),
        run=_against_simple,
    ),
    Check(
        code="TR302",
        title=Text(th="มีสัญญาณจริง", en="There is a signal"),
        passes_when=Text(th=f"ขอบล่างของ AUC มากกว่า {CHANCE}", en=f"The lower bound of the AUC is above {CHANCE}."),
        severity=Severity.BLOCKING,
        why=Text(
            th="รายชื่อที่ไม่ต่างจากการจับสลากทำให้เสียเวลาและติดป้ายเด็กโดยไม่มีเหตุ",
            en="A list no better than a lottery wastes visits and singles children out for nothing.",
        ),
        what_to_do=Text(
            th="ตรวจว่าข้อมูลการมาเรียนและวันออกถูกต้อง ใช้รายชื่อตามการขาดเรียนไปก่อน",
            en="Look whether attendance and days of leaving are right; stay with the absence rule.",
        ),
        run=_no_signal,
    ),
    Check(
        code="TR303",
        title=Text(th="แยกได้ภายในสถานศึกษา", en="Tells students of one institution apart"),
        passes_when=Text(
            th=f"ขอบล่างของ AUC ภายในสถานศึกษามากกว่า {CHANCE}",
            en=f"The lower bound of the AUC within institutions is above {CHANCE}.",
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="แบบจำลองที่รู้เพียงว่าสถานศึกษาใดมีผู้ออกมาก ช่วยครูเลือกคนไม่ได้",
            en="A model that only knows which institution loses many cannot help a teacher choose whom to visit.",
        ),
        what_to_do=Text(
            th="ฝึกด้วยข้อมูลรายคนที่ละเอียดขึ้น เช่น การมาเรียนรายวัน",
            en="Train with finer data about students, such as daily attendance.",
        ),
        run=_none_within,
    ),
    Check(
        code="TR304",
        title=Text(th="ใช้ได้กับทุกสถานศึกษาในกลุ่ม", en="Serves every institution of the group"),
        passes_when=Text(
            th="ไม่มีสถานศึกษาใดที่แบบจำลองแย่กว่าอย่างชัดเจน หรือยังพิสูจน์ไม่ได้ "
            f"(ที่ใดมีผู้ออกน้อยกว่า {LEAST_LEAVERS} คน ใช้ผลพิสูจน์ของทั้งกลุ่ม)",
            en="At no institution is the model clearly worse or unproven (with fewer than "
            f"{LEAST_LEAVERS} leavers there, the proof is that of the whole group).",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="แบบจำลองของกลุ่มอาจแย่กว่ารายชื่ออย่างง่ายในบางแห่ง แห่งนั้นต้องได้รายชื่อที่ดีกว่า",
            en="A model of a group can be worse than a simple list at one place; that place gets the better list.",
        ),
        what_to_do=Text(
            th="ให้รายชื่อตามการขาดเรียน ซึ่งเป็นรายชื่ออย่างง่ายแบบเดียวที่ zerodrop จัดทำให้ รับหน้าที่ในสถานศึกษานั้น: "
            f"zerodrop promote {RULE_LIST} --institution รหัสสถานศึกษา",
            en="Put the absence rule, the only simple list that zerodrop makes for an institution, in charge there: "
            f"zerodrop promote {RULE_LIST} --institution CODE",
        ),
        run=_simple_here,
    ),
    Check(
        code="TR305",
        title=Text(th="ดีกว่าสมการที่ง่ายกว่า", en="Beats the simpler equation"),
        passes_when=Text(
            th="ขอบล่างของผู้ออกที่พบเพิ่มจากสมการโลจิสติกมากกว่า 0",
            en="The lower bound of the leavers reached beyond logistic regression is above 0.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="เมื่อสมการโลจิสติกได้ผลเท่ากัน ควรเลือกสิ่งที่ตรวจสอบง่ายกว่า",
            en="Where logistic regression does as well, the one that is easier to check is to be preferred.",
        ),
        what_to_do=Text(
            th="ชั่งดูว่าต้นไม้ตัดสินใจให้อะไรเพิ่ม เช่น เหตุผลที่ละเอียดกว่า ก่อนลงนาม",
            en="Weigh before signing what the trees add, such as closer reasons.",
        ),
        run=_logistic_is_enough,
    ),
    Check(
        code="TR306",
        title=Text(th="เตือนทันเวลา", en="Warns in time"),
        passes_when=Text(
            th=f"ในผู้ออกที่ขึ้นรายชื่อ ครึ่งหนึ่งขึ้นก่อนวันสุดท้ายที่พบอย่างน้อย {LEAST_LEAD_DAYS} วัน",
            en=f"Half of the leavers listed come on the list {LEAST_LEAD_DAYS} days or more before they are last seen.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ถ้าขึ้นรายชื่อไม่กี่วันก่อนหายไป ครูไปเยี่ยมไม่ทัน",
            en="A student who is listed days before the last day seen cannot be visited in time.",
        ),
        what_to_do=Text(
            th="เร่งการบันทึกการมาเรียน และใช้ขอบเวลาที่ยาวขึ้น",
            en="Have attendance entered sooner, and look at a longer horizon.",
        ),
        run=_too_late,
    ),
    Check(
        code="TR307",
        title=Text(th="ไม่มีแหล่งข้อมูลใดไร้ประโยชน์ชัดเจน", en="No source clearly adds nothing"),
        passes_when=Text(
            th=f"เอาด้านใดออกแล้ว AUC อาจลดลงถึง {TIE_AUC}",
            en=f"Without any one domain the AUC may fall by {TIE_AUC} or more.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ข้อมูลส่วนบุคคลควรเก็บเท่าที่จำเป็น (พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล มาตรา 22)",
            en="Personal data is collected as far as it is needed (Personal Data Protection Act, section 22).",
        ),
        what_to_do=Text(
            th="พิจารณาว่ายังต้องใช้ด้านนี้กับแบบจำลองหรือไม่",
            en="Consider whether the model still needs that domain.",
        ),
        run=_idle_sources,
    ),
    Check(
        code="TR308",
        title=Text(th="ข้อบังคับทิศทางไม่ทำให้เสียความแม่น", en="The constraints of direction cost nothing"),
        passes_when=Text(
            th=f"ข้อบังคับไม่ทำให้ AUC ลดลงเกิน {TIE_AUC} อย่างชัดเจน",
            en=f"The constraints do not clearly cost more than {TIE_AUC} AUC.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ถ้าเสียมาก แปลว่าทิศทางของตัวบ่งชี้บางตัวในทะเบียนไม่ตรงกับข้อมูล",
            en="A high cost means that some feature's declared direction is not that of the data.",
        ),
        what_to_do=Text(
            th="ดูตัวบ่งชี้ที่ทิศทางขัดกับข้อมูล ตรวจข้อมูลก่อนเปลี่ยนทะเบียน",
            en="Look which feature contradicts the data; check the data before changing the catalogue.",
        ),
        run=_dear_constraints,
    ),
)
