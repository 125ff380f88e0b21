"""TR1xx: is there enough to learn from and to judge by, and does it come in time?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Domain
from records.text import Text
from training.check_declaration import (
    Check,
    Finding,
    Severity,
    finding,
    named,
    not_applicable,
    percent,
    tested,
    told,
)
from training.evidence import Evidence

LEAST_LEAVERS = 100
"""Collins, Ogundimu and Altman (2016), Statistics in Medicine 35, 214-226: a model is judged by 100 events or more."""
TEST_TERMS = 2
"""The newest two closed terms together decide: one term may be unlike others."""
MOST_RECONSTRUCTED = 0.5
MOST_IMMATURE_WEEKS = 26
"""A term of 18 weeks and a horizon of 8: when more weeks wait, it is a roster count that is missing."""
MOST_SKIPPED = 0.5
MOST_GONE = 0.05
"""Of the test rows: the lists of a college where one row in twenty had left already are lists of the past."""
LATEST_DAYS = 14
"""Lists are weekly: what nine records in ten take longer than two lists to tell comes too late for either."""
LEAST_CONFIRMED = 0.5
NOTHING_KNOWN = 0.99


def silent_domains(features: Sequence[Feature], values: npt.NDArray[np.floating[Any]]) -> tuple[str, ...]:
    """The domains whose features are missing in nearly every row of `values` (rows, features): the newest term's."""
    missing = np.isnan(values).mean(axis=0) if len(values) else np.ones(len(features))
    known = {feature.domain for feature, share in zip(features, missing, strict=True) if share < NOTHING_KNOWN}
    asked = {feature.domain for feature in features}
    return tuple(domain.value for domain in Domain if domain in asked - known)


def _few_to_learn_from(evidence: Evidence) -> Finding | None:
    leavers = evidence.training.leavers
    if leavers >= LEAST_LEAVERS:
        return None
    return finding(
        th=f"ภาคเรียนที่ใช้เรียนรู้มีผู้ออกกลางคัน {leavers:,} คน น้อยกว่า {LEAST_LEAVERS}",
        en=f"The training terms have {leavers:,} leavers, fewer than {LEAST_LEAVERS}.",
    )


def _few_to_judge_by(evidence: Evidence) -> Finding | None:
    leavers = tested(evidence).leavers
    if leavers >= LEAST_LEAVERS:
        return None
    return finding(
        th=f"ภาคเรียนทดสอบมีผู้ออกกลางคัน {leavers:,} คน น้อยกว่า {LEAST_LEAVERS}",
        en=f"The test terms have {leavers:,} leavers, fewer than {LEAST_LEAVERS}.",
    )


def _no_test_term(evidence: Evidence) -> Finding | None:
    if evidence.test is not None:
        return None
    return finding(
        th="ไม่มีภาคเรียนที่จบแล้วให้ทดสอบ โดยเรียนรู้จากภาคเรียนก่อนหน้านั้น",
        en="No closed term can be tested with a model that learned from the terms before it.",
    )


def _one_test_term(evidence: Evidence) -> Finding | None:
    terms = tested(evidence).terms
    if len(terms) >= TEST_TERMS:
        return None
    return finding(th=f"ทดสอบกับภาคเรียน {named(terms)} เท่านั้น", en=f"Tested on one term only: {named(terms)}.")


def _reconstructed(evidence: Evidence) -> Finding | None:
    share = told(evidence.training.reconstructed_share)
    if share <= MOST_RECONSTRUCTED:
        return None
    return finding(
        th=f"ข้อมูลที่ใช้เรียนรู้ {percent(share)} เป็นข้อมูลย้อนหลังซึ่งประมาณวันที่ทราบ",
        en=f"Of the training data {percent(share)} came as history, with an estimated day of entry.",
    )


def _immature(evidence: Evidence) -> Finding | None:
    weeks = evidence.training.immature_weeks
    if weeks <= MOST_IMMATURE_WEEKS:
        return None
    return finding(
        th=f"มี {weeks} สัปดาห์ที่ยังบอกไม่ได้ว่าใครออก มากกว่า {MOST_IMMATURE_WEEKS}",
        en=f"Of {weeks} weeks nobody can say yet who left, more than {MOST_IMMATURE_WEEKS}.",
    )


def _skipped(evidence: Evidence) -> Finding | None:
    test = tested(evidence)
    share = told(test.skipped_weeks / test.weeks if test.weeks else float("nan"))
    if share <= MOST_SKIPPED:
        return None
    return finding(
        th=f"สัปดาห์ทดสอบ {percent(share)} ไม่มีผู้ออกกลางคันเลย",
        en=f"In {percent(share)} of the test weeks nobody was about to leave.",
    )


def _gone(evidence: Evidence) -> Finding | None:
    test = tested(evidence)
    everybody = test.rows + test.gone_rows
    share = told(test.gone_rows / everybody if everybody else float("nan"))
    if share <= MOST_GONE:
        return None
    return finding(
        th=f"{percent(share)} ของแถวในภาคเรียนทดสอบเป็นผู้ที่ออกไปแล้วโดยที่ยังไม่มีใครบันทึก",
        en=f"Of the rows of the test terms {percent(share)} are students who had left before anybody recorded it.",
    )


def _late(evidence: Evidence) -> Finding | None:
    if evidence.lags is None:
        raise not_applicable(th="ไม่ได้ตรวจความล่าช้าของแหล่งข้อมูล", en="entry lags were not looked at")
    late = [lag for lag in evidence.lags if lag.stale or lag.nine_in_ten_days > LATEST_DAYS]
    if not late:
        return None
    return finding(
        th=f"มาช้ากว่า {LATEST_DAYS} วันหรือขาดหายไป: {named(f'{lag.institution} {lag.table_label.th}' for lag in late)}",
        en=f"Later than {LATEST_DAYS} days, or silent: {named(f'{lag.institution} {lag.table_label.en}' for lag in late)}.",
    )


def _silent(evidence: Evidence) -> Finding | None:
    if evidence.silent_domains is None:
        raise not_applicable(th="ไม่ได้ตรวจว่าด้านใดไม่มีข้อมูล", en="missing domains were not looked for")
    silent = [Domain(name).label for name in evidence.silent_domains]
    if not silent:
        return None
    return finding(
        th=f"ภาคเรียนล่าสุดไม่มีข้อมูลด้าน {named(one.th for one in silent)}",
        en=f"The newest term has no data on: {named(one.en for one in silent)}.",
    )


def _default_capacity(evidence: Evidence) -> Finding | None:
    if not tested(evidence).capacity_is_default:
        return None
    return finding(
        th="มีสถานศึกษาที่ยังไม่ได้บันทึกจำนวนเยี่ยมต่อสัปดาห์ หรือบันทึกเป็น 0 จึงตัดสินที่หนึ่งในสิบของนักเรียน",
        en="An institution has entered no visits a week, or 0; it was judged at a tenth of its students.",
    )


def _unconfirmed(evidence: Evidence) -> Finding | None:
    training = evidence.training
    share = told(training.strict_base_rate / training.base_rate if training.base_rate else float("nan"))
    if share >= LEAST_CONFIRMED:
        return None
    return finding(
        th=f"ยืนยันได้เพียง {percent(share)} ของผู้ที่นับว่าออก ที่เหลือหายไปโดยไม่มีบันทึก",
        en=f"Only {percent(share)} of those counted as leaving are confirmed; the others went missing.",
    )


CHECKS = (
    Check(
        code="TR101",
        title=Text(th="มีผู้ออกกลางคันพอให้เรียนรู้", en="Enough leavers to learn from"),
        passes_when=Text(
            th=f"มีผู้ออกในภาคเรียนที่ใช้เรียนรู้อย่างน้อย {LEAST_LEAVERS} คน",
            en=f"The training terms have {LEAST_LEAVERS} leavers or more.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="เมื่อมีผู้ออกน้อย เหตุผลและความน่าจะเป็นขึ้นกับคนไม่กี่คน",
            en="With few leavers, reasons and probabilities rest on a handful of people.",
        ),
        what_to_do=Text(
            th="นำเข้าภาคเรียนเก่าเพิ่ม หรือฝึกร่วมกับสถานศึกษาอื่นในกลุ่ม",
            en="Import more past terms, or train together with other institutions.",
        ),
        run=_few_to_learn_from,
    ),
    Check(
        code="TR102",
        title=Text(th="มีผู้ออกกลางคันพอให้ตัดสิน", en="Enough leavers to judge by"),
        passes_when=Text(
            th=f"มีผู้ออกในภาคเรียนทดสอบอย่างน้อย {LEAST_LEAVERS} คน",
            en=f"The test terms have {LEAST_LEAVERS} leavers or more.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ตัวเลขที่ได้จากผู้ออกไม่ถึงร้อยคนคลาดเคลื่อนได้มาก",
            en="Figures from fewer than a hundred leavers may be far from the truth.",
        ),
        what_to_do=Text(
            th="อ่านช่วงความเชื่อมั่นแทนตัวเลขเดี่ยว และตัดสินร่วมกับกลุ่ม",
            en="Read the intervals, not the figures, and judge the institution with its group.",
        ),
        run=_few_to_judge_by,
    ),
    Check(
        code="TR103",
        title=Text(th="มีภาคเรียนทดสอบ", en="There is a test term"),
        passes_when=Text(
            th="มีภาคเรียนที่จบแล้วอย่างน้อยหนึ่งภาคซึ่งไม่ได้ใช้เรียนรู้", en="At least one closed term was kept from training."
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="แบบจำลองที่ไม่เคยถูกทดสอบกับภาคเรียนที่ไม่เคยเห็น ไม่มีใครรับรองได้",
            en="Nobody can answer for a model that was never tested on a term it had not seen.",
        ),
        what_to_do=Text(
            th="นำเข้าภาคเรียนเก่าอย่างน้อยสามภาคพร้อมทะเบียนรายชื่อ ระหว่างนี้ใช้รายชื่อตามการขาดเรียน",
            en="Import at least three past terms with their rosters. Until then stay with the absence rule.",
        ),
        run=_no_test_term,
    ),
    Check(
        code="TR104",
        title=Text(th="ทดสอบกับสองภาคเรียน", en="Two test terms"),
        passes_when=Text(th=f"ทดสอบอย่างน้อย {TEST_TERMS} ภาคเรียน", en=f"{TEST_TERMS} closed terms or more were tested."),
        severity=Severity.ADVICE,
        why=Text(
            th="ภาคเรียนเดียวอาจไม่เหมือนภาคเรียนอื่น",
            en="One term may be unlike the others.",
        ),
        what_to_do=Text(
            th="ระวังข้อสรุป และฝึกใหม่เมื่อจบภาคเรียนถัดไป",
            en="Be careful with conclusions, and train again when the next term has closed.",
        ),
        run=_one_test_term,
    ),
    Check(
        code="TR105",
        title=Text(th="ทราบวันที่บันทึกจริง", en="Real days of entry"),
        passes_when=Text(
            th=f"ข้อมูลย้อนหลังไม่เกิน {percent(MOST_RECONSTRUCTED)}",
            en=f"At most {percent(MOST_RECONSTRUCTED)} of the training data came as history.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ข้อมูลย้อนหลังไม่มีวันที่ทราบจริง แบบจำลองอาจได้เห็นข้อมูลเร็วกว่าที่จะเป็นในการใช้งาน",
            en="History does not tell when it was entered, so the model may have seen things earlier than it will in use.",
        ),
        what_to_do=Text(
            th="นำเข้าข้อมูลทุกสัปดาห์ แล้วฝึกใหม่เมื่อมีภาคเรียนที่นำเข้าตามเวลาจริง",
            en="Import every week, and train again once a term has come in as it happened.",
        ),
        run=_reconstructed,
    ),
    Check(
        code="TR106",
        title=Text(th="สัปดาห์ล่าสุดทราบผลแล้ว", en="Outcomes are settled in time"),
        passes_when=Text(
            th=f"รอผลไม่เกิน {MOST_IMMATURE_WEEKS} สัปดาห์ (หนึ่งภาคเรียนกับขอบเวลา)",
            en=f"At most {MOST_IMMATURE_WEEKS} weeks wait for their outcome: a term and a horizon.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="สัปดาห์ที่ยังไม่ทราบว่าใครออก ใช้เรียนรู้ไม่ได้",
            en="A week teaches nothing until it is known who left.",
        ),
        what_to_do=Text(
            th="นำเข้าทะเบียนรายชื่อของรอบนับล่าสุด",
            en="Import the roster of the newest count.",
        ),
        run=_immature,
    ),
    Check(
        code="TR107",
        title=Text(th="สัปดาห์ทดสอบส่วนใหญ่มีผู้ออก", en="Most test weeks have leavers"),
        passes_when=Text(
            th=f"สัปดาห์ที่ไม่มีผู้ออกไม่เกิน {percent(MOST_SKIPPED)}",
            en=f"At most {percent(MOST_SKIPPED)} of the test weeks are without a leaver.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="สัปดาห์ที่ไม่มีใครออกบอกไม่ได้ว่าเรียงลำดับถูกหรือไม่",
            en="A week in which nobody leaves cannot tell a good order from a bad one.",
        ),
        what_to_do=Text(
            th="ตัดสินร่วมกับสถานศึกษาอื่น หรือตรวจว่าบันทึกวันออกครบ",
            en="Judge together with other institutions, or look whether days of leaving are recorded.",
        ),
        run=_skipped,
    ),
    Check(
        code="TR108",
        title=Text(th="บันทึกการออกทันเวลา", en="Leaving is recorded in time"),
        passes_when=Text(
            th=f"แถวของผู้ที่ออกไปแล้วไม่เกิน {percent(MOST_GONE)}",
            en=f"At most {percent(MOST_GONE)} of the rows are of students who had left already.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ผู้ที่ออกไปแล้วแต่ไม่มีใครบันทึก จะยังอยู่ในรายชื่อและแย่งที่คนที่ยังช่วยได้",
            en="Students who have left unrecorded stay on the list and take the place of those who can still be helped.",
        ),
        what_to_do=Text(
            th="ให้งานทะเบียนบันทึกการลาออกภายในสัปดาห์",
            en="Ask the registrar to record withdrawals within the week.",
        ),
        run=_gone,
    ),
    Check(
        code="TR109",
        title=Text(th="แหล่งข้อมูลมาทันเวลา", en="Sources come in time"),
        passes_when=Text(
            th=f"เก้าในสิบรายการมาถึงภายใน {LATEST_DAYS} วัน และไม่มีแหล่งใดเงียบหาย",
            en=f"Nine records in ten come within {LATEST_DAYS} days, and no source is silent.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ข้อมูลที่มาหลังออกรายชื่อช่วยรายชื่อนั้นไม่ได้ และข้อมูลที่หายไปไม่ได้แปลว่ามาเรียนครบ",
            en="What comes after the list cannot help it, and silence does not mean perfect attendance.",
        ),
        what_to_do=Text(
            th="ติดตามผู้ส่งข้อมูลของแหล่งที่ระบุ",
            en="Ask those who send the named sources.",
        ),
        run=_late,
    ),
    Check(
        code="TR110",
        title=Text(th="มีข้อมูลครบทุกด้าน", en="Every domain has data"),
        passes_when=Text(th="ทุกด้านมีข้อมูลในภาคเรียนล่าสุด", en="The newest term has data on every domain."),
        severity=Severity.ADVICE,
        why=Text(
            th="ด้านที่แบบจำลองเคยใช้แต่ตอนนี้ไม่มีข้อมูล จะไม่บอกเหตุของใครเลย",
            en="A domain without data can give nobody a reason.",
        ),
        what_to_do=Text(
            th="นำเข้าข้อมูลด้านนั้น หรือรับทราบว่ารายชื่อไม่ได้ดูด้านนั้น",
            en="Import that domain, or know that the list does not look at it.",
        ),
        run=_silent,
    ),
    Check(
        code="TR111",
        title=Text(th="ทราบจำนวนที่ดูแลได้จริง", en="Real capacity is known"),
        passes_when=Text(
            th="ทุกสถานศึกษาบันทึกจำนวนเยี่ยมต่อสัปดาห์ไว้มากกว่า 0",
            en="Every institution has entered its visits a week, more than 0.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="รายชื่อที่ดีขึ้นกับความยาว และความยาวที่ถูกคือจำนวนที่ไปเยี่ยมได้จริง",
            en="How good a list is depends on its length, and the right length is what can be visited.",
        ),
        what_to_do=Text(
            th="บันทึกจำนวนเยี่ยมบ้านต่อสัปดาห์ของสถานศึกษา แล้วฝึกใหม่",
            en="Enter the institution's visits a week, and train again.",
        ),
        run=_default_capacity,
    ),
    Check(
        code="TR112",
        title=Text(th="ยืนยันการออกได้", en="Leaving is confirmed"),
        passes_when=Text(
            th=f"ยืนยันการออกได้อย่างน้อย {percent(LEAST_CONFIRMED)}",
            en=f"{percent(LEAST_CONFIRMED)} or more of those counted as leaving are confirmed.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ผู้ที่หายไปจากทะเบียนบางคนย้ายสถานศึกษา แบบจำลองจะเรียนรู้การย้ายแทนการออก",
            en="Some who go missing have moved: the model then learns who moves, not who leaves.",
        ),
        what_to_do=Text(
            th="ติดตามและบันทึกว่าผู้ที่หายไปย้าย ออก หรือกลับมา",
            en="Trace those who went missing, and record whether they moved, left or came back.",
        ),
        run=_unconfirmed,
    ),
)
