"""What can be wrong with a row: codes with a sentence each, in Thai for the clerk and in English, and what becomes of it."""

from dataclasses import dataclass

from records.text import Text


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A rule that rows can break; a `warning` is told and the row is taken all the same."""

    code: str
    text: Text
    warning: bool = False


def _problem(code: str, th: str, en: str) -> Problem:
    return Problem(code=code, text=Text(th=th, en=en))


def _warning(code: str, th: str, en: str) -> Problem:
    return Problem(code=code, text=Text(th=th, en=en), warning=True)


PROBLEMS: tuple[Problem, ...] = (
    # who it is about
    _problem("NO_STUDENT_ID", "ไม่มีเลขประจำตัวหรือรหัสนักเรียนที่ใช้ได้", "no usable student code or national number; fill it in"),
    _problem("BAD_IDENTIFIER", "เลขประจำตัวไม่ถูกต้อง (จำนวนหลักไม่ครบ หรือเป็นเลขสมมติ)", "an identifier that cannot be one (wrong length, or a dummy); look it up"),
    _problem("LOST_DIGITS", "เลขถูกโปรแกรมตารางตัดหลักทิ้ง (เช่น 1.1E+12) ตั้งช่องเป็นข้อความแล้วใส่เลขใหม่", "a spreadsheet cut digits off (1.1E+12); make the cell text and type the number again"),
    _problem("UNKNOWN_STUDENT", "ไม่พบรหัสนี้ในทะเบียน ให้นำเข้าทะเบียนก่อน", "this code is on no roster; import the roster first"),
    _problem("NATIONAL_TWO_NAMES", "เลขประจำตัวเดียวกันแต่ชื่อและนามสกุลต่างกันทั้งคู่ ตรวจว่าเป็นเลขของใคร", "one number, two different names: see whose number it is"),
    _problem("CODE_TWO_NAMES", "รหัสนักเรียนเดียวกันแต่เป็นคนละคน ตรวจว่าเป็นรหัสของใคร", "one student code, two different names: see whose code it is"),
    _problem("OTHER_INSTITUTION", "แถวนี้เป็นของสถานศึกษาอื่น (รหัสสถานศึกษาไม่ตรง)", "a row of another institution: its school code is not this institution's"),
    # cells
    _problem("MISSING_VALUE", "ช่องที่จำเป็นว่างอยู่", "a required cell is empty; fill it in"),
    _problem("UNKNOWN_CODE", "คำในช่องนี้ไม่อยู่ในรายการที่รู้จัก", "the word in a cell is not one of the known codes"),
    _problem("TWO_CODES", "มีสองคำในช่องเดียว เลือกให้เหลือคำเดียว", "two codes in one cell; leave one"),
    _problem("GROUP_AS_DATE", "โปรแกรมตารางเปลี่ยนชื่อกลุ่มหรือห้องเป็นวันที่ (เช่น 1/2 เป็น 1 ก.พ.) ตั้งช่องเป็นข้อความแล้วพิมพ์ชื่อใหม่", "a spreadsheet made a date of the name of a class group or room (1/2 as 1 Feb); make the cell text and type the name again"),
    _problem("BAD_DATE", "อ่านวันที่ไม่ได้ ใช้รูปแบบ วัน/เดือน/ปี พ.ศ.", "a date cannot be read; write day/month/year"),
    _problem("AMBIGUOUS_DATE", "วันที่อ่านได้มากกว่าหนึ่งแบบ ใช้รูปแบบ วัน/เดือน/ปี พ.ศ.", "a date can be read in more than one way; write day/month/year"),
    _problem("DATE_OUT_OF_RANGE", "วันที่อยู่นอกช่วงที่เป็นไปได้", "a date is out of range; look at the year"),
    _problem("DATE_IN_FUTURE", "วันที่อยู่หลังวันที่ได้รับไฟล์", "the date lies after the day the file was received"),
    _problem("BAD_NUMBER", "ช่องตัวเลขไม่ใช่ตัวเลข", "a number cannot be read"),
    _problem("OUT_OF_RANGE", "ตัวเลขอยู่นอกช่วงที่เป็นไปได้", "a number is out of range"),
    _problem("SENSITIVE_AREA", "ด้านนี้เป็นข้อมูลอ่อนไหว เก็บปิดผนึกไว้ ไม่นำเข้าบันทึกกลาง", "a sensitive area: kept sealed, not taken into the log"),
    _problem("SDQ_ITEMS_MISSING", "คำตอบ SDQ ไม่ครบ 25 ข้อ จึงคิดคะแนนไม่ได้", "fewer than the 25 SDQ answers; no score can be made"),
    _problem("RAGGED_ROW", "จำนวนช่องในแถวไม่ตรงกับหัวตาราง", "the row has more or fewer cells than the header"),
    # the row among others
    _problem("CONFLICTING_ROWS", "คนเดียวกัน เรื่องเดียวกัน แต่ไฟล์นี้บอกไม่ตรงกัน แก้ให้เหลือค่าเดียว", "the file tells one fact in two ways; leave one of the rows"),
    _problem("NOT_HISTORY", "เกิดขึ้นหลังเริ่มใช้งานจริง นำเข้าโดยไม่ใช้ --history", "happened after operation began; import it without --history"),
    _problem("OUTSIDE_TERM", "วันที่ของยอดรวมไม่อยู่ในภาคเรียนใดในปฏิทิน", "the day of the totals lies in no term of the calendar"),
    _problem("NEGATIVE_DIFFERENCE", "ยอดสะสมลดลงจากครั้งก่อน", "a cumulative total is lower than before"),
    _problem("OLDER_TOTAL", "มียอดสะสมของวันหลังกว่านี้แล้ว ยอดเก่าจะนับซ้ำ", "a total of a later day is known already; an older one would count twice"),
    _problem("TOTAL_TOO_LARGE", "ยอดรวมมากกว่าวันที่เปิดเรียน", "the days add up to more than the days held"),
    _problem("AFTER_DEATH", "มีรายการหลังวันที่แจ้งว่าเสียชีวิต ตรวจว่าเป็นแถวของใคร", "after the day of death that was told: see whose row it is"),
    # told, and taken all the same
    _warning("CHECK_DIGIT", "หลักสุดท้ายของเลขประจำตัวไม่ตรงสูตร อาจพิมพ์ผิด", "the check digit does not fit; a digit may be mistyped"),
    _warning("FIRST_DIGIT", "เลขประจำตัวขึ้นต้นด้วย 0 (บุคคลไม่มีสถานะทางทะเบียน) หรือ 9 ตรวจว่าพิมพ์ถูก", "the number begins with 0 (a person without status) or 9: see that it is typed right"),
    _warning("NAME_CHANGED", "ชื่อหรือนามสกุลต่างจากเดิม บันทึกชื่อใหม่แล้ว", "first or last name differs from before; the new one is kept"),
    _warning("LINKED_ID", "เชื่อมเลขใหม่กับคนเดิม (รหัส G ได้เลข 13 หลัก)", "a new number was linked to the same person (G-code to 13 digits)"),
    _warning("POSSIBLE_SAME_PERSON", "อาจเป็นคนเดียวกับคนที่มีอยู่แล้ว รอตรวจสอบ", "may be the same person as one already known; waits for review"),
    _warning("TWO_INSTITUTIONS", "มีชื่ออยู่ในทะเบียนของสถานศึกษาอื่นในภาคเรียนเดียวกัน", "is on another institution's roster in the same term"),
    _warning("WEEKEND", "เป็นวันเสาร์หรืออาทิตย์", "a Saturday or Sunday"),
    _warning("NOT_A_TEACHING_DAY", "ปฏิทินบอกว่าวันนี้ไม่มีเรียน", "the calendar says there was no teaching on this day"),
    _warning("OUTSIDE_CALENDAR", "วันที่ไม่อยู่ในภาคเรียนใดในปฏิทิน", "the day lies in no term of the calendar"),
    _warning("TERM_DOES_NOT_FIT", "ภาคเรียนที่เขียนไม่ตรงกับวันที่ข้อมูลตามปฏิทิน", "the term that is written does not fit the day, by the calendar"),
    _warning("NOT_ENROLLED", "ไม่มีชื่อในทะเบียนของภาคเรียนที่มีวันนี้", "on no roster of the term that has this day"),
    _warning("CAUSE_CONTRADICTS_STATUS", "แจ้งว่าหาตัวไม่พบ แต่ยังมีชื่อเรียนหรือมาเรียนอยู่", "told as not found, and yet enrolled or attending"),
    _warning("LEFT_AND_ATTENDS", "แจ้งว่าออกแล้ว แต่มีการมาเรียนหลังจากนั้น", "told as having left, and present after that"),
    _warning("RETURNED_NOT_ENROLLED", "แจ้งว่ากลับเข้าเรียน แต่ไม่มีชื่อในทะเบียน", "told as returned, and on no roster"),
    _warning("FINISHED_TOO_EARLY", "แจ้งว่าจบการศึกษา แต่ไม่ใช่ชั้นสุดท้าย", "told as finished at a level that is not a last one"),
    _warning("AGE_FOR_LEVEL", "อายุกับระดับชั้นไม่น่าเป็นไปได้ ตรวจวันเกิด", "age and level do not go together; look at the date of birth"),
    _warning("NUMBER_AND_NATIONALITY", "เลขประจำตัวเป็นของบุคคลสัญชาติไทย แต่ระบุว่าไม่ใช่สัญชาติไทย ตรวจอีกครั้ง", "a Thai person's number with another nationality; look again"),
    _warning("DEPENDANTS_ABOVE_MEMBERS", "ผู้อยู่ในภาวะพึ่งพิงมากกว่าสมาชิกในครัวเรือน อาจนับซ้ำ", "more dependants than members of the household; somebody may be counted twice"),
    _warning("GRADE_CONTRADICTS_SCORE", "เกรดไม่ตรงกับคะแนนตามเกณฑ์ 80/75/70/65/60/55/50", "the grade does not fit the score by the scale 80/75/70/65/60/55/50"),
    _warning("SCORES_DO_NOT_ADD_UP", "คะแนนรวมไม่เท่ากับผลบวกของคะแนนแต่ละส่วน", "the total is not the sum of its parts"),
    _warning("PERCENT_DOES_NOT_FIT", "ร้อยละเวลาเรียนไม่ตรงกับวันที่มาหารด้วยเวลาเรียนเต็ม ใช้จำนวนวัน", "the percentage is not days present of days held; the days count"),
    _warning("INCOME_DOES_NOT_ADD_UP", "รายได้ต่อหัวไม่เท่ากับรายได้รวมหารจำนวนสมาชิก", "income per head is not income divided by members"),
    _warning("SAME_AS_OTHERS", "คำตอบเหมือนกันทุกช่องกับนักเรียนหลายคน อาจคัดลอกมา", "every answer equals those of many other students; may have been copied"),
    _warning("SDQ_BAND_MISMATCH", "กลุ่มที่เขียนไม่ตรงกับคะแนน SDQ ตามเกณฑ์กรมสุขภาพจิต ใช้คะแนน", "the band that is written does not fit the SDQ score by the DMH cut-offs; the score counts"),
    _warning("SDQ_SCORES_DO_NOT_ADD_UP", "คะแนนรวม SDQ ไม่เท่ากับผลบวกสี่ด้าน", "the SDQ total is not the sum of the four scales"),
    _warning("SDQ_AGE", "อายุอยู่นอกช่วง 4–16 ปีของแบบ SDQ", "age outside the 4 to 16 years of the SDQ"),
    _warning("NOT_SCREENED", "ไม่มีคำตอบหรือเครื่องหมาย และครูยังไม่ยืนยัน นับเป็นยังไม่คัดกรอง", "nothing answered or ticked and not confirmed: counts as not screened"),
    _warning("SDQ_SCALE_SHIFTED", "คำตอบ SDQ เป็น 1–3 ปรับเป็น 0–2 แล้ว", "SDQ answers were 1 to 3; they were shifted to 0 to 2"),
    _warning("INCOME_PARTS_DO_NOT_ADD_UP", "รายได้รวมไม่เท่ากับผลบวกของรายได้แต่ละทาง ใช้รายได้รวม", "the income is not the sum of its parts; the income as written counts"),
    _warning("OVERALL_CONTRADICTS_AREAS", "กลุ่มรวมไม่ใช่กลุ่มของด้านที่หนักที่สุด", "the overall group is not that of the worst area"),
)  # fmt: skip
PROBLEM_OF: dict[str, Problem] = {problem.code: problem for problem in PROBLEMS}
