"""TR2xx: did the model see what nobody could have known? A leak makes every other figure worthless."""

from models.card_words import LISTS
from models.horizon import HORIZONS
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
from training.entrants import FOREST, LOGISTIC
from training.evidence import MODEL, Evidence
from training.leaks import seen

TOO_GOOD_AUC = 0.95
"""One published AUC for leaving within three months is higher: .965, on balanced random halves (Şara and others 2015)."""
TOO_GOOD_ALONE = 0.90
"""Above every published model but that one; Wisconsin's, on grades, attendance and conduct, has about .87."""
LEARNT_LISTS = (MODEL, LOGISTIC, FOREST)
LEAST_NEW_STUDENTS = 0.10


def _after_training(evidence: Evidence) -> Finding | None:
    newest, trained_on = evidence.training.newest_as_of, evidence.training.trained_on
    if newest < trained_on:
        return None
    return finding(
        th=f"แถวที่ใช้เรียนรู้ลงวันที่ {newest} ไม่ก่อนวันฝึก {trained_on}",
        en=f"A training row is of {newest}, not before the day of training, {trained_on}.",
    )


def _label_not_yet_known(evidence: Evidence) -> Finding | None:
    newest, trained_on = evidence.training.newest_as_of, evidence.training.trained_on
    end = HORIZONS[evidence.horizon].end(newest)
    if end is None:
        raise not_applicable(
            th="ขอบเวลาสิ้นสุดที่รอบนับทะเบียน ไม่ใช่จำนวนวัน",
            en="the horizon ends at a roster count, not after a number of days",
        )
    if end < trained_on:
        return None
    return finding(
        th=f"แถวของวันที่ {newest} ทราบผลวันที่ {end} ซึ่งไม่ก่อนวันฝึก {trained_on}",
        en=f"The outcome of a row of {newest} was open until {end}, not before the day of training, {trained_on}.",
    )


def _leaks(evidence: Evidence) -> Finding | None:
    if not evidence.leaks:
        return None
    found = [seen(leak) for leak in evidence.leaks]
    return finding(
        th=f"พบสัญญาณข้อมูลรั่ว: {named(one.th for one in found)}", en=f"Signs of a leak: {named(one.en for one in found)}."
    )


def _one_list_too_good(evidence: Evidence) -> Finding | None:
    tested(evidence)
    alone = {name: found.auc.value for name, found in evidence.lists.items() if name not in LEARNT_LISTS}
    if not alone:
        raise not_applicable(th="ไม่มีรายชื่ออย่างง่ายให้เทียบ", en="there is no simple list beside the model")
    strange = [(LISTS[name], f"({auc:.2f})") for name, auc in alone.items() if auc > TOO_GOOD_ALONE]
    if not strange:
        return None
    return finding(
        th=f"รายชื่ออย่างง่ายเรียงได้แม่นผิดปกติ: {named(f'{one.th} {auc}' for one, auc in strange)}",
        en=f"A simple list ranks suspiciously well: {named(f'{one.en} {auc}' for one, auc in strange)}.",
    )


def _model_too_good(evidence: Evidence) -> Finding | None:
    tested(evidence)
    auc = told(evidence.lists[MODEL].auc.value)
    if auc <= TOO_GOOD_AUC:
        return None
    return finding(th=f"AUC {auc:.3f} สูงผิดปกติ", en=f"An AUC of {auc:.3f} is too good to be true.")


def _nobody_new(evidence: Evidence) -> Finding | None:
    test = tested(evidence)
    share = told(1 - test.students_also_trained / test.students if test.students else float("nan"))
    if share >= LEAST_NEW_STUDENTS:
        return None
    return finding(
        th=f"นักเรียนในภาคเรียนทดสอบเพียง {percent(share)} ไม่เคยอยู่ในข้อมูลที่ใช้เรียนรู้",
        en=f"Only {percent(share)} of the students tested were never trained on.",
    )


CHECKS = (
    Check(
        code="TR201",
        title=Text(th="ไม่มีแถวหลังวันฝึก", en="No row after the day of training"),
        passes_when=Text(th="ทุกแถวที่ใช้เรียนรู้ลงวันที่ก่อนวันฝึก", en="Every training row is of a day before the training."),
        severity=Severity.BLOCKING,
        why=Text(
            th="แบบจำลองที่เรียนจากอนาคตดูแม่นในการทดสอบ แต่ใช้จริงไม่ได้",
            en="A model that learned from the future shines in the test and fails in use.",
        ),
        what_to_do=Text(
            th="ตรวจวันที่ของข้อมูลและวันที่ฝึก (--as-of) แล้วฝึกใหม่",
            en="Look at the days of the data and at the day of training (--as-of), and train again.",
        ),
        run=_after_training,
    ),
    Check(
        code="TR202",
        title=Text(th="ผลของทุกแถวทราบก่อนวันฝึก", en="Every outcome was known by the day of training"),
        passes_when=Text(
            th="ขอบเวลาของทุกแถวสิ้นสุดก่อนวันฝึก", en="The horizon of every training row ended before the training."
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="แถวที่ยังไม่ทราบผลจะถูกนับว่ายังเรียนอยู่ ทำให้ความเสี่ยงต่ำกว่าจริง",
            en="A row whose outcome is still open counts as staying, which makes risks too low.",
        ),
        what_to_do=Text(
            th="ฝึกใหม่เมื่อขอบเวลาของสัปดาห์นั้นจบแล้ว ถ้ายังเกิดซ้ำ แจ้งผู้ดูแลระบบ",
            en="Train again once the horizon of that week has ended; if it comes back, tell who maintains the software.",
        ),
        run=_label_not_yet_known,
    ),
    Check(
        code="TR203",
        title=Text(th="ไม่พบข้อมูลรั่ว", en="No leak was found"),
        passes_when=Text(th="ตัวตรวจข้อมูลรั่วทุกตัวเงียบ", en="All leakage probes are silent."),
        severity=Severity.BLOCKING,
        why=Text(
            th="ตัวบ่งชี้ที่รู้ผลล่วงหน้าทำให้ตัวเลขทุกตัวสูงเกินจริง",
            en="A feature that knows the outcome makes every figure too good.",
        ),
        what_to_do=Text(
            th="รัน zerodrop doctor แล้วแก้แหล่งข้อมูลของตัวบ่งชี้ที่ระบุ",
            en="Run zerodrop doctor, and mend the source of the named feature.",
        ),
        run=_leaks,
    ),
    Check(
        code="TR204",
        title=Text(th="ไม่มีรายชื่ออย่างง่ายที่แม่นผิดปกติ", en="No simple list is suspiciously good"),
        passes_when=Text(
            th=f"AUC ของรายชื่ออย่างง่ายทุกแบบไม่เกิน {TOO_GOOD_ALONE}",
            en=f"No simple list has an AUC above {TOO_GOOD_ALONE}.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="การคัดกรองหรือการขาดเรียนเพียงอย่างเดียวไม่น่าบอกผลได้แม่นขนาดนี้ อาจถูกแก้หลังนักเรียนออก",
            en="Screening or absences alone do not tell so much; they may have been edited after students left.",
        ),
        what_to_do=Text(
            th="ตรวจว่าข้อมูลนั้นบันทึกเมื่อไรจริง และรัน zerodrop doctor",
            en="Find out when that data was really entered, and run zerodrop doctor.",
        ),
        run=_one_list_too_good,
    ),
    Check(
        code="TR205",
        title=Text(th="แบบจำลองไม่แม่นผิดปกติ", en="The model is not suspiciously good"),
        passes_when=Text(th=f"AUC ของแบบจำลองไม่เกิน {TOO_GOOD_AUC}", en=f"The model's AUC is at most {TOO_GOOD_AUC}."),
        severity=Severity.ADVICE,
        why=Text(
            th="ความแม่นระดับนี้มักมาจากนักเรียนที่ออกไปแล้วแต่ยังไม่บันทึก หรือจากข้อมูลรั่ว",
            en="Such skill mostly comes from students who had left already, or from a leak.",
        ),
        what_to_do=Text(
            th="ดูเหตุผลที่แบบจำลองใช้มากที่สุด และรัน zerodrop doctor ก่อนลงนาม",
            en="Look at the reasons that the model uses most, and run zerodrop doctor before signing.",
        ),
        run=_model_too_good,
    ),
    Check(
        code="TR206",
        title=Text(th="มีนักเรียนใหม่ในภาคเรียนทดสอบ", en="Some students tested are new"),
        passes_when=Text(
            th=f"นักเรียนที่ไม่เคยเรียนรู้มีอย่างน้อย {percent(LEAST_NEW_STUDENTS)}",
            en=f"{percent(LEAST_NEW_STUDENTS)} or more of the students tested were never trained on.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="นักเรียนคนเดียวอยู่ได้ทั้งสองส่วนเพราะเวลาเดินไปข้างหน้า แต่ถ้าเกือบทุกคนซ้ำ ตัวเลขไม่บอกเรื่องนักเรียนใหม่",
            en="A student may be in both since time moves forward; but if nearly all are, nothing is said of newcomers.",
        ),
        what_to_do=Text(
            th="อ่านตัวเลขว่าเป็นของนักเรียนเดิม และดูผลของการเว้นสถานศึกษา",
            en="Read the figures as those of known students, and look at the test that leaves institutions out.",
        ),
        run=_nobody_new,
    ),
)
