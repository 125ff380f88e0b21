"""Questions about results and handing in work."""

from features.declaration import Feature
from features.vocabulary import (
    Count,
    CountNewest,
    DaysSince,
    Domain,
    Ever,
    FromMedian,
    GroupMean,
    InTerm,
    Last,
    Latest,
    Margin,
    Mean,
    Relative,
    Risk,
    Share,
    StepChange,
    Sum,
    Term,
    Unit,
)
from records import codes
from records.tables import GRADES, TERM_GPA
from records.text import Text

_GRADE = GRADES["grade"]
NOT_SUBMITTED = _GRADE.is_in("NOT_SUBMITTED")
FAILED = _GRADE.is_in(*codes.FAILED_GRADES)
INCOMPLETE = _GRADE.is_in("R", "KHP", "KHS")
NO_RIGHT = _GRADE.is_in("KHR", "MS")
WITHDRAWN = _GRADE.is_in("THL", "THN")
SCORED = _GRADE.is_in("SCORED")
WORK = _GRADE.is_in("NOT_SUBMITTED", "SCORED")
# The result of a whole course, whatever it is: every mark but those of single pieces of work.
COURSE_RESULT = _GRADE.is_in(*(mark for mark in codes.GRADES.values if mark not in ("NOT_SUBMITTED", "SCORED")))

_ASK_COURSE = Text(
    th="ถามว่าวิชาใดตามไม่ทัน งานใดค้าง และต้องการให้ช่วยเรื่องใด",
    en="Ask which course is hard, what work is outstanding and what help is wanted",
)
_ASK_MEND = Text(
    th="ชวนดูว่าวิชาใดต้องแก้ เหลือเวลาเท่าไร และช่วยนัดครูผู้สอนให้",
    en="Look at which courses must be made good and by when, and help to arrange it with the teachers",
)
_ASK_PLAN = Text(
    th="ชวนวางแผนการเรียนภาคนี้กับครูที่ปรึกษา ว่าควรยกเกรดวิชาใดและต้องการใครช่วยสอน",
    en="Plan this term together: which grades to lift, and who can help",
)
_ASK_EXAM = Text(
    th="ถามว่าได้สอบและส่งงานครบทุกวิชาหรือไม่ แล้วตรวจกับงานทะเบียน",
    en="Ask whether they sat every examination and handed in all work, and check with the registrar",
)
_ASK_LATE = Text(
    th="ถามว่างานชิ้นใดทำไม่ทัน ติดเรื่องเวลา อุปกรณ์ หรือยังไม่เข้าใจ และช่วยนัดครูผู้สอนให้",
    en="Ask which work they could not finish in time, whether time, tools or the subject stood in the way, and help to arrange it with the teachers",
)
_SOURCE = "domain 2.6 (grades and marks), 2.8 (first-term GPA, ขร. and 0 marks)"
_WEIGHTS = "domain 2.6 (marks of a course are the sum of its pieces of work); shared data: weights of assessments"
_LATE = "shared data: 31 of 100 scores come in after the day they were due; docs/adr/0026"
_GPAX = "domain 2.6 (GPAX ≥ 2.00 to finish; the college's own bar), T5b"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="gpa_term", table=GRADES, measure=Mean(column="grade", weight="credits"), window=InTerm(),
        unit=Unit.POINTS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="เกรดเฉลี่ยของวิชาที่ประกาศผลแล้วในภาคเรียนนี้", en="GPA of the courses released this term"),
        reason=Text(th="วิชาที่ประกาศผลแล้วในภาคเรียนนี้ได้เกรดเฉลี่ย {value:.2f}", en="GPA {value:.2f} in the courses released this term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="gpa_previous_term", table=GRADES, measure=Mean(column="grade", weight="credits"), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.POINTS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยภาคเรียนก่อน", en="GPA of the previous term"),
        reason=Text(th="เกรดเฉลี่ยภาคเรียนก่อน {value:.2f}", en="GPA {value:.2f} in the previous term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="gpax", table=TERM_GPA, measure=Latest(column="gpax"), window=Ever(),
        unit=Unit.POINTS, decimals=2, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยสะสมล่าสุด (GPAX)", en="Latest GPA over all terms (GPAX)"),
        reason=Text(th="เกรดเฉลี่ยสะสม {value:.2f}", en="GPA over all terms {value:.2f}"),
        asks=_ASK_PLAN, source=_GPAX,
    ),
    Feature(
        name="gpax_margin", table=TERM_GPA, measure=Margin(rule="gpa_minimum"), window=Ever(),
        unit=Unit.POINTS, decimals=2, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="เกรดเฉลี่ยสะสมเทียบกับเกณฑ์ขั้นต่ำของสถานศึกษา", en="GPA over all terms against the college's own bar"),
        reason=Text(th="เกรดเฉลี่ยสะสมต่างจากเกณฑ์ขั้นต่ำของสถานศึกษา {value:+.2f} (ติดลบคือต่ำกว่าเกณฑ์)", en="GPA over all terms is {value:+.2f} from the college's own bar (below 0: under it)"),
        asks=_ASK_PLAN, source=_GPAX,
    ),
    Feature(
        name="gpa_step_change", table=TERM_GPA, measure=StepChange(column="gpa"), window=Ever(),
        unit=Unit.POINTS, decimals=2, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยภาคล่าสุดเทียบกับภาคก่อนหน้า", en="Latest term's GPA against the term before"),
        reason=Text(th="เกรดเฉลี่ยภาคล่าสุดเปลี่ยนไป {value:+.2f} จากภาคก่อนหน้า", en="GPA moved by {value:+.2f} between the last two terms"),
        asks=_ASK_COURSE, source="domain 2.6, T5b; design: GPA now, before and change",
    ),
    Feature(
        name="failed_courses_term", table=GRADES, measure=Count(where=FAILED, among=COURSE_RESULT), window=InTerm(),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ไม่ผ่านในภาคเรียนนี้", en="Courses failed this term"),
        reason=Text(th="ไม่ผ่านแล้ว {value:.0f} วิชาในภาคเรียนนี้ (รวม ขร. และ มส.)", en="{value:.0f} courses failed or blocked so far this term"),
        asks=_ASK_MEND, source=_SOURCE,
    ),
    Feature(
        name="failed_courses_previous_term", table=GRADES, measure=Count(where=FAILED, among=COURSE_RESULT), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ไม่ผ่านในภาคเรียนก่อน", en="Courses failed in the previous term"),
        reason=Text(th="ไม่ผ่าน {value:.0f} วิชาในภาคเรียนก่อน (รวม ขร. และ มส.)", en="{value:.0f} courses failed or blocked in the previous term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="failed_credits_previous_term", table=GRADES, measure=Sum(column="credits", where=FAILED), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.CREDITS, decimals=1, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="หน่วยกิตที่ไม่ผ่านในภาคเรียนก่อน", en="Credits failed in the previous term"),
        reason=Text(th="ไม่ผ่านรวม {value:g} หน่วยกิตในภาคเรียนก่อน", en="{value:g} credits failed in the previous term"),
        asks=_ASK_MEND, source=_SOURCE,
    ),
    Feature(
        name="failed_share_previous_term", table=GRADES, measure=Share(where=FAILED, among=COURSE_RESULT), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.SHARE, decimals=4, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนผลการเรียนที่ไม่ผ่านในภาคเรียนก่อน", en="Share of results failed in the previous term"),
        reason=Text(th="ไม่ผ่านร้อยละ {percent:.0f} ของผลการเรียนที่บันทึกในภาคเรียนก่อน", en="{value:.0%} of the results recorded in the previous term failed or blocked"),
        asks=_ASK_MEND, source=_SOURCE,
    ),
    Feature(
        name="zero_grades_previous_term", table=GRADES, measure=Count(where=_GRADE.is_in("0"), among=COURSE_RESULT), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ได้เกรด 0 ในภาคเรียนก่อน", en="Courses with grade 0 in the previous term"),
        reason=Text(th="ได้เกรด 0 จำนวน {value:.0f} วิชาในภาคเรียนก่อน", en="grade 0 in {value:.0f} courses of the previous term"),
        asks=_ASK_MEND, source=_SOURCE,
    ),
    Feature(
        name="no_right_marks_previous_term", table=GRADES, measure=Count(where=NO_RIGHT, among=COURSE_RESULT), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ติด ขร. หรือ มส. ในภาคเรียนก่อน", en="Courses without the right to examination in the previous term"),
        reason=Text(th="ติด ขร. หรือ มส. {value:.0f} วิชาในภาคเรียนก่อน", en="no right to examination in {value:.0f} courses of the previous term"),
        asks=_ASK_MEND, source="domain 2.5 (80 % rule), 2.6 (ขร., มส.), 2.8",
    ),
    Feature(
        name="incomplete_marks_ever", table=GRADES, measure=CountNewest(where=INCOMPLETE, by="course_code", besides=WORK), window=Ever(),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ยังติด ร ขป. หรือ ขส.", en="Courses still incomplete"),
        reason=Text(th="ยังติด ร ขป. หรือ ขส. อยู่ {value:.0f} วิชา", en="{value:.0f} courses still incomplete"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="r_marks_ever", table=GRADES, measure=CountNewest(where=_GRADE.is_in("R"), by="course_code", besides=WORK), window=Ever(),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่มีผล ร", en="Courses marked incomplete (R)"),
        reason=Text(th="มีผล ร อยู่ {value:.0f} วิชา", en="{value:.0f} courses marked incomplete (R)"),
        asks=_ASK_MEND, source="domain 2.6 (marks 0, ร, มส, มผ)",
    ),
    Feature(
        name="activity_failed_ever", table=GRADES, measure=Count(where=_GRADE.is_in("MP"), among=COURSE_RESULT), window=Ever(),
        unit=Unit.TIMES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="กิจกรรมที่ไม่ผ่าน (มผ.)", en="Activities failed"),
        reason=Text(th="กิจกรรมไม่ผ่าน (มผ.) {value:.0f} ครั้ง", en="activities failed {value:.0f} times"),
        asks=_ASK_MEND, source="domain 2.6 (activities must be passed every term), 2.7 (มผ. in the screening form)",
    ),
    Feature(
        name="withdrawn_courses_ever", table=GRADES, measure=Count(where=WITHDRAWN, among=COURSE_RESULT), window=Ever(),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="วิชาที่เคยถอน (ถล. ถน.)", en="Courses withdrawn from"),
        reason=Text(th="เคยถอนรายวิชา {value:.0f} วิชา", en="withdrew from {value:.0f} courses"),
        asks=_ASK_COURSE, source="domain 2.6 (ถ.ล., ถ.น.)",
    ),
    Feature(
        name="results_previous_term", table=GRADES, measure=Count(where=COURSE_RESULT), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="จำนวนวิชาที่มีผลการเรียนในภาคเรียนก่อน", en="Courses with a result in the previous term"),
        reason=Text(th="มีผลการเรียน {value:.0f} วิชาในภาคเรียนก่อน", en="{value:.0f} courses with a result in the previous term"),
        asks=_ASK_EXAM, source="domain T5; design: missing marks",
    ),
    Feature(
        name="score_mean_term", table=GRADES, measure=Mean(column="score", where=SCORED), window=InTerm(),
        unit=Unit.SCORE, decimals=2, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="คะแนนเก็บเฉลี่ยในภาคเรียนนี้", en="Mean score of work this term"),
        reason=Text(th="คะแนนเก็บเฉลี่ย {value:.0f} จาก 100 ในภาคเรียนนี้", en="mean score {value:.0f} of 100 this term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="score_mean_by_weight_term", table=GRADES, measure=Mean(column="score", weight="weight", where=SCORED), window=InTerm(),
        unit=Unit.SCORE, decimals=2, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="คะแนนเก็บเฉลี่ยถ่วงน้ำหนักในภาคเรียนนี้", en="Mean score of work this term, by the weight of each piece"),
        reason=Text(th="คะแนนเก็บเฉลี่ยถ่วงน้ำหนัก {value:.0f} จาก 100 ในภาคเรียนนี้", en="mean score {value:.0f} of 100 this term, by the weight of each piece of work"),
        asks=_ASK_COURSE, source=_WEIGHTS,
    ),
    Feature(
        name="not_submitted_term", table=GRADES, measure=Count(where=NOT_SUBMITTED, among=WORK), window=InTerm(),
        unit=Unit.TIMES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="งานที่ครบกำหนดแล้วยังไม่ส่ง", en="Work due and not handed in"),
        reason=Text(th="มีงานครบกำหนดแล้วยังไม่ส่ง {value:.0f} ชิ้น", en="{value:.0f} pieces of work due and not handed in"),
        asks=_ASK_COURSE, source="domain 2.6; shared data: due and not handed in is a main signal",
    ),
    Feature(
        name="not_submitted_28d", table=GRADES, measure=Count(where=NOT_SUBMITTED, among=WORK), window=Last(days=28),
        unit=Unit.TIMES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="งานที่ครบกำหนดใน 28 วันแล้วยังไม่ส่ง", en="Work due in the last 28 days and not handed in"),
        reason=Text(th="มีงานครบกำหนดใน 28 วันที่ผ่านมาแล้วยังไม่ส่ง {value:.0f} ชิ้น", en="{value:.0f} pieces of work due in the last 28 days and not handed in"),
        asks=_ASK_COURSE, source="domain 2.6; shared data: due and not handed in is a main signal",
    ),
    Feature(
        name="not_submitted_share_term", table=GRADES, measure=Share(where=NOT_SUBMITTED, among=WORK), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนงานที่ยังไม่ส่ง", en="Share of due work not handed in"),
        reason=Text(th="ยังไม่ส่งงานร้อยละ {percent:.0f} ของงานที่ครบกำหนดในภาคเรียนนี้", en="{value:.0%} of the work due this term not handed in"),
        asks=_ASK_COURSE, source="domain 2.6; shared data: due and not handed in is a main signal",
    ),
    Feature(
        name="not_submitted_weight_term", table=GRADES, measure=Sum(column="weight", where=NOT_SUBMITTED), window=InTerm(),
        unit=Unit.MARKS, decimals=1, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="คะแนนเต็มรวมของงานที่ครบกำหนดแล้วยังไม่ส่ง", en="Marks at stake in work due and not handed in"),
        reason=Text(th="งานที่ครบกำหนดแล้วยังไม่ส่งมีคะแนนเต็มรวม {value:.0f} คะแนน", en="work due and not handed in is worth {value:.0f} marks"),
        asks=_ASK_COURSE, source=_WEIGHTS,
    ),
    Feature(
        name="not_submitted_weight_share_term", table=GRADES, measure=Share(where=NOT_SUBMITTED, among=WORK, weight="weight"), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนคะแนนเต็มของงานที่ครบกำหนดแล้วยังไม่ส่ง", en="Share of the marks of this term's work that stand in work not handed in"),
        reason=Text(th="งานที่ยังไม่ส่งคิดเป็นร้อยละ {percent:.0f} ของคะแนนเต็มของงานที่ครบกำหนดแล้วในภาคเรียนนี้", en="work not handed in is {value:.0%} of the marks of this term's work so far"),
        asks=_ASK_COURSE, source=_WEIGHTS,
    ),
    Feature(
        name="work_days_late_term", table=GRADES, measure=Mean(column="days_late", where=SCORED), window=InTerm(),
        unit=Unit.DAYS, decimals=2, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ส่งงานช้ากว่ากำหนดเฉลี่ยกี่วันในภาคเรียนนี้", en="Days late that work was handed in this term, on average"),
        reason=Text(th="งานที่ส่งในภาคเรียนนี้ช้ากว่ากำหนดเฉลี่ย {value:.1f} วัน", en="work of this term was handed in {value:.1f} days late on average"),
        asks=_ASK_LATE, source=_LATE,
    ),
    Feature(
        name="days_since_scored", table=GRADES, measure=DaysSince(where=SCORED), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.GRADES, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันตั้งแต่ได้คะแนนครั้งล่าสุด", en="Days since the last scored work"),
        reason=Text(th="ได้คะแนนชิ้นล่าสุดเมื่อ {value:.0f} วันก่อน", en="last scored work {value:.0f} days ago"),
        asks=_ASK_COURSE, source="shared data",
    ),
    Feature(
        name="scored_count_28d", table=GRADES, measure=Count(where=SCORED, among=WORK), window=Last(days=28),
        unit=Unit.TIMES, decimals=0, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="งานที่ได้คะแนนใน 28 วัน", en="Work scored in the last 28 days"),
        reason=Text(th="มีงานที่ได้คะแนน {value:.0f} ชิ้นใน 28 วันที่ผ่านมา", en="{value:.0f} pieces of work scored in the last 28 days"),
        asks=_ASK_COURSE, source="shared data",
    ),
    Feature(
        name="gpa_previous_term_in_group", table=GRADES, measure=Relative(of="gpa_previous_term"), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยภาคเรียนก่อนเทียบกับเพื่อนในกลุ่ม", en="Previous term's GPA against the class group"),
        reason=Text(th="เกรดเฉลี่ยภาคเรียนก่อนต่างจากค่าเฉลี่ยของกลุ่มเรียน {value:+.1f} เท่าของความต่างปกติ", en="GPA of the previous term differs from the class group by {value:+.1f} times the usual difference"),
        asks=_ASK_COURSE, source="design: relation to the class group",
    ),
    Feature(
        name="score_mean_term_in_group", table=GRADES, measure=Relative(of="score_mean_term"), window=InTerm(),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="คะแนนเก็บเทียบกับเพื่อนในกลุ่ม", en="Scores against the class group"),
        reason=Text(th="คะแนนเก็บต่างจากค่าเฉลี่ยของกลุ่มเรียน {value:+.1f} เท่าของความต่างปกติ", en="scores differ from the class group by {value:+.1f} times the usual difference"),
        asks=_ASK_COURSE, source="design: relation to the class group",
    ),
    Feature(
        name="score_mean_by_weight_in_group", table=GRADES, measure=Relative(of="score_mean_by_weight_term"), window=InTerm(),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="คะแนนเก็บถ่วงน้ำหนักเทียบกับเพื่อนในกลุ่ม", en="Scores by weight against the class group"),
        reason=Text(th="คะแนนเก็บถ่วงน้ำหนักต่างจากค่าเฉลี่ยของกลุ่มเรียน {value:+.1f} เท่าของความต่างปกติ", en="scores, by the weight of each piece, differ from the class group by {value:+.1f} times the usual difference"),
        asks=_ASK_COURSE, source="design: relation to the class group",
    ),
    Feature(
        name="days_since_scored_in_group", table=GRADES, measure=FromMedian(of="days_since_scored"), window=InTerm(),
        unit=Unit.DAYS, decimals=1, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันตั้งแต่ได้คะแนนครั้งล่าสุดเทียบกับเพื่อนในกลุ่ม", en="Days since the last scored work against the class group"),
        reason=Text(th="ได้คะแนนชิ้นล่าสุดก่อนเพื่อนในกลุ่มเรียน {value:.0f} วัน", en="last scored work {value:.0f} days before the class group did"),
        asks=_ASK_COURSE, source="domain 2.6; relation to the class group: work falls due for all of it on the same days",
    ),
    Feature(
        name="group_not_submitted_share_term", table=GRADES, measure=GroupMean(of="not_submitted_share_term"), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.GRADES, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="สัดส่วนงานที่ยังไม่ส่งเฉลี่ยของทั้งกลุ่มเรียน", en="Share of due work not handed in, mean of the class group"),
        reason=Text(th="ทั้งกลุ่มเรียนยังไม่ส่งงานเฉลี่ยร้อยละ {percent:.0f} ของงานที่ครบกำหนดในภาคเรียนนี้", en="the whole class group has not handed in {value:.0%} of the work due this term on average"),
        asks=_ASK_COURSE, source="docs/adr/0023: the level of a place, apart from the student's own",
    ),
    Feature(
        name="results_missing_in_group", table=GRADES, measure=FromMedian(of="results_previous_term"), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.COURSES, decimals=1, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="จำนวนผลการเรียนภาคเรียนก่อนเทียบกับเพื่อนในกลุ่ม (ติดลบคือยังขาดผล)", en="Results of the previous term against the class group (below 0: some are missing)"),
        reason=Text(th="ผลการเรียนภาคเรียนก่อนยังไม่ครบเท่าเพื่อนในกลุ่มเรียน ({value:+g} วิชา)", en="fewer results of the previous term than the class group ({value:+g} courses)"),
        asks=_ASK_EXAM, source="design: missing marks; relation to the class group",
    ),
)  # fmt: skip
