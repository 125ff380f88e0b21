"""Questions about where a student stands in the course of study."""

from features.declaration import Feature
from features.vocabulary import (
    Age,
    Domain,
    Ever,
    FromMedian,
    InTerm,
    Latest,
    LeadDays,
    Matches,
    Personal,
    Risk,
    Unit,
    WeekOfTerm,
)
from records.tables import ENROLMENTS, HOUSEHOLD, STUDENTS
from records.text import Text

_ASK_START = Text(th="ถามว่าปรับตัวกับสาขาและเพื่อนได้อย่างไร", en="Ask how they have settled into the programme and the group")
_ASK_WORK = Text(
    th="ถามเรื่องงานในสถานประกอบการหรืองานประจำ เวลาพัก และการเดินทาง",
    en="Ask about the work in the company or the job, rest and travel",
)
_ASK_AGE = Text(
    th="ถามว่าเรียนร่วมกับรุ่นน้องสบายใจไหม และมีภาระนอกเวลาเรียนอะไรบ้าง",
    en="Ask whether they are at ease among younger classmates, and what duties they have outside class",
)
_ASK_TRAVEL = Text(th="ถามเรื่องการเดินทางและที่พักใกล้สถานศึกษา", en="Ask about travel and lodging near the college")

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="week_of_term", table=ENROLMENTS, measure=WeekOfTerm(), window=InTerm(),
        unit=Unit.WEEKS, decimals=0, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="สัปดาห์ที่ของภาคเรียน", en="Week of the term"),
        reason=Text(th="สัปดาห์ที่ {value:.0f} ของภาคเรียน", en="week {value:.0f} of the term"),
        asks=_ASK_START, source="domain 2.8 (timing of leaving)",
    ),
    Feature(
        name="year_of_level", table=ENROLMENTS, measure=Latest(column="level"), window=InTerm(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="ชั้นปีในหลักสูตร", en="Year of the programme"),
        reason=Text(th="เรียนชั้นปีที่ {value:.0f} ของหลักสูตร", en="year {value:.0f} of the programme"),
        asks=_ASK_START, source="domain 2.8 (first-year loss)",
    ),
    Feature(
        name="earlier_attempts", table=ENROLMENTS, measure=Latest(column="earlier_attempts"), window=InTerm(),
        unit=Unit.TIMES, decimals=0, domain=Domain.STANDING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="จำนวนครั้งที่เคยเรียนมาก่อน", en="Earlier attempts"),
        reason=Text(th="เคยเรียนมาก่อน {value:.0f} ครั้ง", en="{value:.0f} earlier attempts"),
        asks=_ASK_START, source="domain 2.8 (returned before)",
    ),
    Feature(
        name="returned_before", table=ENROLMENTS, measure=Matches(where=ENROLMENTS["entry_route"].is_in("RETURNED")), window=InTerm(),
        unit=Unit.YES, decimals=0, domain=Domain.STANDING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="เคยออกแล้วกลับมาเรียน", en="Came back after leaving"),
        reason=Text(th="เคยออกกลางคันแล้วกลับเข้าเรียน", en="left once and came back"),
        asks=_ASK_START, source="domain 2.8 (returned before)",
    ),
    Feature(
        name="credits_taken", table=ENROLMENTS, measure=Latest(column="credits"), window=InTerm(),
        unit=Unit.CREDITS, decimals=1, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="หน่วยกิตที่ลงทะเบียน", en="Credits taken"),
        reason=Text(th="ลงทะเบียน {value:g} หน่วยกิต", en="{value:g} credits taken"),
        asks=_ASK_START, source="shared data",
    ),
    Feature(
        name="registered_lead_days", table=ENROLMENTS, measure=LeadDays(column="registered_on"), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.STANDING, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="ลงทะเบียนก่อนเปิดเรียนกี่วัน", en="Days registered before the opening"),
        reason=Text(th="ลงทะเบียนเทียบกับวันเปิดเรียน {value:+.0f} วัน (ติดลบคือหลังเปิดเรียน)", en="registered {value:+.0f} days ahead of the opening (negative: after it)"),
        asks=_ASK_START, source="domain T2 (registered date); shared data",
    ),
    Feature(
        name="education_before", table=ENROLMENTS, measure=Latest(column="education_before", telling=True), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.STANDING, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="วุฒิก่อนเข้าเรียน", en="Education completed before"),
        reason=Text(th="วุฒิก่อนเข้าเรียนอยู่ระดับ {value:.0f} (0 ไม่มีวุฒิ 1 ประถม 2 ม.ต้น 3 ม.ปลายหรือ ปวช. 5 ปวส. 6 ปริญญาตรี 7 ปริญญาโทขึ้นไป)", en="education completed before is at level {value:.0f} (0 none, 1 primary, 2 lower secondary, 3 upper secondary, 5 short tertiary, 6 bachelor, 7 master or higher)"),
        asks=_ASK_START, source="ISCED 2011, levels of attainment (UNESCO); docs/adr/0028",
    ),
    Feature(
        name="entry_gpa", table=ENROLMENTS, measure=Latest(column="entry_gpa", telling=True), window=Ever(),
        unit=Unit.POINTS, decimals=2, domain=Domain.STANDING, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยแรกเข้า", en="GPA at entry"),
        reason=Text(th="เกรดเฉลี่ยแรกเข้า {value:.2f}", en="GPA {value:.2f} at entry"),
        asks=_ASK_START, source="domain T2",
    ),
    Feature(
        name="dual_system", table=ENROLMENTS, measure=Matches(where=ENROLMENTS["study_mode"].is_in("DUAL")), window=InTerm(),
        unit=Unit.YES, decimals=0, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="เรียนระบบทวิภาคี", en="In the dual system"),
        reason=Text(th="เรียนระบบทวิภาคี", en="studies in the dual system"),
        asks=_ASK_WORK, source="domain 2.3 (dual system), 2.8",
    ),
    Feature(
        name="evening_study", table=ENROLMENTS, measure=Matches(where=ENROLMENTS["study_mode"].is_in("EVENING")), window=InTerm(),
        unit=Unit.YES, decimals=0, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="เรียนภาคสมทบ", en="Studies in the evening"),
        reason=Text(th="เรียนภาคสมทบ", en="studies in the evening"),
        asks=_ASK_WORK, source="domain 2.3 (ภาคสมทบ)",
    ),
    Feature(
        name="transferred_in", table=ENROLMENTS, measure=Matches(where=ENROLMENTS["entry_route"].is_in("TRANSFER_IN")), window=InTerm(),
        unit=Unit.YES, decimals=0, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="ย้ายมาจากสถานศึกษาอื่น", en="Transferred in"),
        reason=Text(th="ย้ายมาจากสถานศึกษาอื่น", en="came from another school or college"),
        asks=_ASK_START, source="domain T2 (entry route), 1.5 (moved away)",
    ),
    Feature(
        name="age_years", table=STUDENTS, measure=Age(column="birth_month"), window=Ever(),
        unit=Unit.YEARS, decimals=2, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="อายุ", en="Age"),
        reason=Text(th="อายุ {value:.1f} ปี", en="{value:.1f} years old"),
        asks=_ASK_START, source="domain 1.4 (age bands), T1",
    ),
    Feature(
        name="travel_min", table=HOUSEHOLD, measure=Latest(column="travel_min", telling=True), window=Ever(),
        unit=Unit.MINUTES, decimals=0, domain=Domain.STANDING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="เวลาเดินทางมาเรียนเที่ยวเดียว", en="Travel time, one way"),
        reason=Text(th="เดินทางมาเรียนเที่ยวละ {value:.0f} นาที", en="travels {value:.0f} minutes each way"),
        asks=_ASK_TRAVEL, personal=Personal.SENSITIVE, source="domain 2.7 (form 5–6: minutes), 2.8 (commute)",
    ),
    Feature(
        name="age_over_group", table=STUDENTS, measure=FromMedian(of="age_years"), window=Ever(),
        unit=Unit.YEARS, decimals=2, domain=Domain.STANDING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="อายุเทียบกับเพื่อนในกลุ่ม", en="Age against the class group"),
        reason=Text(th="อายุมากกว่าเพื่อนในกลุ่มเรียน {value:.1f} ปี", en="{value:.1f} years older than the class group"),
        asks=_ASK_AGE, source="domain 1.6, T2; design: age for level",
    ),
)  # fmt: skip
