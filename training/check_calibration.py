"""TR4xx: do as many leave as the probabilities say?

Nothing hides a probability once its model is in charge: the list prints rates, the API gives probabilities, and
monitoring counts on them. So probabilities that are clearly wrong block; those that may be wrong are advice.
"""

from records.text import Text
from training.check_declaration import Check, Finding, Severity, finding, shown, tested, told
from training.evidence import MODEL, Evidence, Interval, ListFigures

LEAST_OBSERVED, MOST_OBSERVED = 0.85, 1.20
"""Leavers seen over leavers expected: what a committee that plans visits can live with (the project's own bounds)."""
MOST_ECE = 0.03
RIGHT_SLOPE = 1.0
"""Below it high probabilities are too high and low ones too low (Cox 1958; Van Calster and others 2016)."""


def outside(ratio: Interval) -> bool:
    """Whether a ratio of leavers seen to expected is out of bounds with its whole interval."""
    return ratio.high < LEAST_OBSERVED or ratio.low > MOST_OBSERVED


def _figures(evidence: Evidence) -> ListFigures:
    tested(evidence)
    return evidence.lists[MODEL]


def _wrong_numbers(evidence: Evidence) -> Finding | None:
    ratio = _figures(evidence).observed_expected
    told(ratio.low)
    if not outside(ratio):
        return None
    return finding(
        th=f"ผู้ออกจริงเป็น {shown(ratio)} เท่าของที่คาด อยู่นอก {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f} ทั้งช่วง",
        en=f"Leavers seen over expected: {shown(ratio)}, wholly outside {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f}.",
    )


def _wrong_probabilities(evidence: Evidence) -> Finding | None:
    error = _figures(evidence).ece
    if told(error.low) <= MOST_ECE:
        return None
    return finding(
        th=f"ความน่าจะเป็นคลาดเคลื่อนเฉลี่ย {shown(error, 3)} เกิน {MOST_ECE} ทั้งช่วง",
        en=f"Probabilities are off by {shown(error, 3)} on average, wholly above {MOST_ECE}.",
    )


def _worse_than_one_number(evidence: Evidence) -> Finding | None:
    skill = _figures(evidence).brier_skill
    if told(skill.high) >= 0:
        return None
    return finding(
        th=f"ทักษะบรายเออร์ {shown(skill, 3)} ต่ำกว่า 0 ทั้งช่วง",
        en=f"The Brier skill is {shown(skill, 3)}, wholly below 0.",
    )


def _maybe_wrong(evidence: Evidence) -> Finding | None:
    figures = _figures(evidence)
    ratio, error = told(figures.observed_expected.value), told(figures.ece.value)
    if LEAST_OBSERVED <= ratio <= MOST_OBSERVED and error <= MOST_ECE:
        return None
    return finding(
        th=f"ผู้ออกจริงต่อที่คาด {shown(figures.observed_expected)} คลาดเคลื่อนเฉลี่ย {shown(figures.ece, 3)}",
        en=f"Seen over expected {shown(figures.observed_expected)}; off by {shown(figures.ece, 3)} on average.",
    )


def _wrong_spread(evidence: Evidence) -> Finding | None:
    slope = _figures(evidence).calibration_slope
    if told(slope.low) <= RIGHT_SLOPE <= told(slope.high):
        return None
    return finding(
        th=f"ความชันของการปรับเทียบ {shown(slope)} ไม่ครอบคลุม 1",
        en=f"The calibration slope is {shown(slope)}, which excludes 1.",
    )


CHECKS = (
    Check(
        code="TR401",
        title=Text(th="จำนวนที่คาดไม่ผิดชัดเจน", en="Expected numbers are not clearly wrong"),
        passes_when=Text(
            th=f"ช่วงของผู้ออกจริงต่อที่คาด แตะ {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f}",
            en=f"The interval of leavers seen over expected touches {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f}.",
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="คณะกรรมการวางแผนจากจำนวนที่คาด ถ้าผิดชัดเจนจะจัดคนและเงินผิด",
            en="A committee plans by expected numbers; when they are clearly wrong, so is the plan.",
        ),
        what_to_do=Text(
            th="ฝึกใหม่พร้อมภาคเรียนที่จบล่าสุด ถ้ายังผิด ตรวจว่าอัตราการออกหรือวิธีบันทึกเปลี่ยนไปหรือไม่",
            en="Train again with the newest closed term; if it stays, look whether leaving or its recording has changed.",
        ),
        run=_wrong_numbers,
    ),
    Check(
        code="TR402",
        title=Text(th="ความน่าจะเป็นไม่ผิดชัดเจน", en="Probabilities are not clearly wrong"),
        passes_when=Text(
            th=f"ขอบล่างของความคลาดเคลื่อนเฉลี่ย (ECE) ไม่เกิน {MOST_ECE}",
            en=f"The lower bound of the expected calibration error is at most {MOST_ECE}.",
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="ตัวเลข 14 ใน 100 ต้องหมายถึง 14 ใน 100 จริง ไม่เช่นนั้นครูถูกทำให้เข้าใจผิด",
            en="14 of 100 must mean 14 of 100, or teachers are misled.",
        ),
        what_to_do=Text(
            th="ดูกราฟการปรับเทียบในการ์ด แล้วฝึกใหม่พร้อมภาคเรียนที่จบล่าสุด",
            en="Look at the calibration figure of the card, and train again with the newest closed term.",
        ),
        run=_wrong_probabilities,
    ),
    Check(
        code="TR403",
        title=Text(
            th="ความน่าจะเป็นไม่แย่กว่าตัวเลขเดียวชัดเจน",
            en="Probabilities are not clearly worse than one number for everybody",
        ),
        passes_when=Text(th="ขอบบนของทักษะบรายเออร์ไม่ต่ำกว่า 0", en="The upper bound of the Brier skill is not below 0."),
        severity=Severity.BLOCKING,
        why=Text(
            th="ถ้าบอกอัตราเฉลี่ยของทุกคนยังใกล้ความจริงกว่า ความน่าจะเป็นรายคนก็ไม่ควรแสดง",
            en="Where the average told of everybody is nearer the truth, no student's own number should be told.",
        ),
        what_to_do=Text(
            th="ใช้รายชื่ออย่างง่ายต่อไป และฝึกใหม่เมื่อมีข้อมูลเพิ่ม",
            en="Stay with the simple list, and train again with more data.",
        ),
        run=_worse_than_one_number,
    ),
    Check(
        code="TR404",
        title=Text(th="จำนวนและความน่าจะเป็นอยู่ในเกณฑ์", en="Numbers and probabilities within bounds"),
        passes_when=Text(
            th=f"ผู้ออกจริงต่อที่คาดอยู่ใน {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f} และ ECE ไม่เกิน {MOST_ECE}",
            en=f"Seen over expected lies in {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f}, and the ECE is at most {MOST_ECE}.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ค่ากลางอยู่นอกเกณฑ์ แต่ข้อมูลน้อยเกินกว่าจะยืนยันว่าผิด",
            en="The figure is out of bounds, though too few left to be sure.",
        ),
        what_to_do=Text(
            th="บอกผู้ใช้ว่าตัวเลขเป็นค่าประมาณ และดู zerodrop monitor ทุกสัปดาห์",
            en="Tell readers that the numbers are rough, and look at zerodrop monitor every week.",
        ),
        run=_maybe_wrong,
    ),
    Check(
        code="TR405",
        title=Text(th="ช่วงของความน่าจะเป็นพอดี", en="Probabilities are spread as they should be"),
        passes_when=Text(th="ช่วงของความชันครอบคลุม 1", en="The interval of the calibration slope holds 1."),
        severity=Severity.ADVICE,
        why=Text(
            th="ความชันต่ำกว่า 1 แปลว่าคนเสี่ยงสูงถูกบอกสูงเกินไป สูงกว่า 1 แปลว่าบอกต่ำเกินไป",
            en="A slope below 1 says too much of those at high risk, above 1 too little.",
        ),
        what_to_do=Text(
            th="ดูว่าความชันของการทดสอบและที่ใช้จริงต่างกันเพียงใด แล้วฝึกใหม่เมื่อจบภาคเรียน",
            en="Compare the slope of the test with the one in use, and train again when the term has closed.",
        ),
        run=_wrong_spread,
    ),
)
