"""Questions about results and handing in work."""

from features.declaration import Feature
from features.vocabulary import Count, DaysSince, Domain, Ever, InTerm, Last, Mean, Relative, Risk, Share, Term, Unit
from records.codes import FAILED_GRADES
from records.tables import GRADES
from records.text import Text

_GRADE = GRADES["grade"]
NOT_SUBMITTED = _GRADE.is_in("NOT_SUBMITTED")
FAILED = _GRADE.is_in(*FAILED_GRADES)
INCOMPLETE = _GRADE.is_in("R", "KHP", "KHS")
SCORED = _GRADE.is_in("SCORED")

_ASK_COURSE = Text(
    th="ถามว่าวิชาใดตามไม่ทัน งานใดค้าง และต้องการให้ช่วยเรื่องใด",
    en="Ask which course is hard, what work is outstanding and what help is wanted",
)
_SOURCE = "domain 2.6 (grades and marks), 2.8 (first-term GPA, ขร. and 0 marks)"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="gpa_previous_term", table=GRADES, measure=Mean(column="grade", weight="credits"), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.POINTS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยภาคเรียนก่อน", en="GPA of the previous term"),
        reason=Text(th="เกรดเฉลี่ยภาคเรียนก่อน {value:.2f}", en="GPA {value:.2f} in the previous term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="failed_courses_previous_term", table=GRADES, measure=Count(where=FAILED), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ไม่ผ่านในภาคเรียนก่อน", en="Courses failed in the previous term"),
        reason=Text(th="ไม่ผ่าน {value:.0f} วิชาในภาคเรียนก่อน (รวม ขร. และ มส.)", en="{value:.0f} courses failed or blocked in the previous term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="incomplete_marks_ever", table=GRADES, measure=Count(where=INCOMPLETE), window=Ever(),
        unit=Unit.COURSES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วิชาที่ยังติด ร ขป. หรือ ขส.", en="Courses still incomplete"),
        reason=Text(th="ยังติด ร ขป. หรือ ขส. อยู่ {value:.0f} วิชา", en="{value:.0f} courses still incomplete"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="score_mean_term", table=GRADES, measure=Mean(column="score", where=SCORED), window=InTerm(),
        unit=Unit.SCORE, decimals=2, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="คะแนนเก็บเฉลี่ยในภาคเรียนนี้", en="Mean score of work this term"),
        reason=Text(th="คะแนนเก็บเฉลี่ย {value:.0f} จาก 100 ในภาคเรียนนี้", en="mean score {value:.0f} of 100 this term"),
        asks=_ASK_COURSE, source=_SOURCE,
    ),
    Feature(
        name="not_submitted_term", table=GRADES, measure=Count(where=NOT_SUBMITTED), window=InTerm(),
        unit=Unit.TIMES, decimals=0, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="งานที่ครบกำหนดแล้วยังไม่ส่ง", en="Work due and not handed in"),
        reason=Text(th="มีงานครบกำหนดแล้วยังไม่ส่ง {value:.0f} ชิ้น", en="{value:.0f} pieces of work due and not handed in"),
        asks=_ASK_COURSE, source="domain 2.6; shared data: due and not handed in is a main signal",
    ),
    Feature(
        name="not_submitted_share_term", table=GRADES, measure=Share(where=NOT_SUBMITTED), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.GRADES, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนงานที่ยังไม่ส่ง", en="Share of due work not handed in"),
        reason=Text(th="ยังไม่ส่งงานร้อยละ {percent:.0f} ของงานที่ครบกำหนดในภาคเรียนนี้", en="{value:.0%} of the work due this term not handed in"),
        asks=_ASK_COURSE, source="domain 2.6; shared data: due and not handed in is a main signal",
    ),
    Feature(
        name="days_since_scored", table=GRADES, measure=DaysSince(where=SCORED), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.GRADES, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันตั้งแต่ได้คะแนนครั้งล่าสุด", en="Days since the last scored work"),
        reason=Text(th="ได้คะแนนชิ้นล่าสุดเมื่อ {value:.0f} วันก่อน", en="last scored work {value:.0f} days ago"),
        asks=_ASK_COURSE, source="shared data",
    ),
    Feature(
        name="score_mean_term_in_group", table=GRADES, measure=Relative(of="score_mean_term"), window=InTerm(),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="คะแนนเก็บเทียบกับเพื่อนในกลุ่ม", en="Scores against the class group"),
        reason=Text(th="คะแนนเก็บต่างจากค่าเฉลี่ยของกลุ่มเรียน {value:+.1f} เท่าของความต่างปกติ", en="scores differ from the class group by {value:+.1f} times the usual difference"),
        asks=_ASK_COURSE, source="design: relation to the class group",
    ),
    Feature(
        name="scored_count_28d", table=GRADES, measure=Count(where=SCORED), window=Last(days=28),
        unit=Unit.TIMES, decimals=0, domain=Domain.GRADES, risk=Risk.FALLS, absent_means=0, changeable=True,
        label=Text(th="งานที่ได้คะแนนใน 28 วัน", en="Work scored in the last 28 days"),
        reason=Text(th="มีงานที่ได้คะแนน {value:.0f} ชิ้นใน 28 วันที่ผ่านมา", en="{value:.0f} pieces of work scored in the last 28 days"),
        asks=_ASK_COURSE, source="shared data",
    ),
)  # fmt: skip
