"""Questions about the flagpole, homeroom and class periods, for institutions that record more than whole days."""

from features.attendance import ASK_ABSENCE, ASK_RIGHT, ASK_SKIPPED, MISSED, SKIPPED
from features.declaration import Feature
from features.vocabulary import Count, Domain, InTerm, Last, Margin, Risk, Sessions, Share, Unit, WorstCourse
from records.tables import ATTENDANCE
from records.text import Text

_ASK_MORNING = Text(
    th="ถามว่ามาถึงสถานศึกษากี่โมง ตอนเช้าติดธุระอะไร และเข้าแถวกับเพื่อนสบายใจหรือไม่",
    en="Ask when they arrive, what keeps them in the morning and whether they feel at ease at the assembly",
)
_ASK_HOMEROOM = Text(
    th="ชวนคุยนอกชั่วโมงโฮมรูมว่าสบายใจกับกลุ่มและครูที่ปรึกษาหรือไม่",
    en="Talk outside homeroom: are they at ease with the group and the advisor?",
)
_ASK_COURSE = Text(
    th="ถามว่าวิชานั้นติดขัดเรื่องใด และประสานครูผู้สอนเรื่องการเรียนชดเชย",
    en="Ask what is hard about that course, and arrange with its teacher how to make up for it",
)
_APART = "domain 2.3 (flagpole, homeroom and periods are counted apart)"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="flag_missed_share_28d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=28), sessions=Sessions.FLAG,
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันที่ขาดเข้าแถวหน้าเสาธงใน 28 วัน", en="Share of flagpole assemblies missed in the last 28 days"),
        reason=Text(th="ขาดเข้าแถวหน้าเสาธงร้อยละ {percent:.0f} ของครั้งที่บันทึกใน 28 วันที่ผ่านมา", en="missed {value:.0%} of recorded flagpole assemblies in the last 28 days"),
        asks=_ASK_MORNING, source=_APART,
    ),
    Feature(
        name="homeroom_missed_share_28d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=28), sessions=Sessions.HOMEROOM,
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนโฮมรูมที่ขาดใน 28 วัน", en="Share of homerooms missed in the last 28 days"),
        reason=Text(th="ขาดโฮมรูมร้อยละ {percent:.0f} ของครั้งที่บันทึกใน 28 วันที่ผ่านมา", en="missed {value:.0%} of recorded homerooms in the last 28 days"),
        asks=_ASK_HOMEROOM, source=_APART,
    ),
    Feature(
        name="period_missed_share_28d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=28), sessions=Sessions.PERIODS,
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนคาบที่ขาดใน 28 วัน", en="Share of class periods missed in the last 28 days"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของคาบที่บันทึกใน 28 วันที่ผ่านมา", en="missed {value:.0%} of recorded class periods in the last 28 days"),
        asks=ASK_ABSENCE, source=_APART,
    ),
    Feature(
        name="period_skipped_28d", table=ATTENDANCE, measure=Count(where=SKIPPED), window=Last(days=28), sessions=Sessions.PERIODS,
        unit=Unit.PERIODS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="คาบที่โดดเรียนใน 28 วัน", en="Class periods left without leave in the last 28 days"),
        reason=Text(th="มาแล้วไม่เข้าเรียน (โดดเรียน) {value:.0f} คาบใน 28 วันที่ผ่านมา", en="left {value:.0f} class periods without leave in the last 28 days"),
        asks=ASK_SKIPPED, source="domain 2.5 (skip count)",
    ),
    Feature(
        name="worst_course_missed_share_term", table=ATTENDANCE, measure=WorstCourse(where=MISSED), window=InTerm(), sessions=Sessions.PERIODS,
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนคาบที่ขาดของวิชาที่ขาดมากที่สุดในภาคเรียนนี้", en="Share of periods missed in the course missed most this term"),
        reason=Text(th="วิชาที่ขาดมากที่สุดขาดไปร้อยละ {percent:.0f} ของคาบที่บันทึกในภาคเรียนนี้", en="missed {value:.0%} of recorded periods of one course this term"),
        asks=_ASK_COURSE, source="domain 2.5 (80 % rule by course, absences in more than 3 courses)",
    ),
    Feature(
        name="absences_left_worst_course", table=ATTENDANCE, measure=Margin(rule="attendance_share", per_course=True), window=InTerm(), sessions=Sessions.PERIODS,
        unit=Unit.PERIODS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="จำนวนคาบที่ขาดได้อีกก่อนหมดสิทธิ์สอบ (ขร./มส.) ของวิชาที่เหลือน้อยที่สุด", en="Periods left to miss before the right to examination is lost, in the course with the fewest"),
        reason=Text(th="มีวิชาที่ขาดได้อีก {value:.0f} คาบก่อนหมดสิทธิ์สอบ (ขร./มส.) ถ้าติดลบคือขาดเกินแล้ว", en="in one course {value:.0f} periods left to miss before the right to examination is lost (below 0: already over)"),
        asks=ASK_RIGHT, source="domain 2.5 (80 % rule by course), 3.2 (absences left before ขร.)",
    ),
)  # fmt: skip
