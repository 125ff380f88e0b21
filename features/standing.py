"""Questions about where a student stands in the course of study."""

from features.declaration import Feature
from features.vocabulary import Domain, Ever, InTerm, Latest, LeadDays, Risk, Unit, WeekOfTerm
from records.tables import ENROLMENTS
from records.text import Text

_ASK_START = Text(th="ถามว่าปรับตัวกับสาขาและเพื่อนได้อย่างไร", en="Ask how they have settled into the programme and the group")

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
        name="returned_before", table=ENROLMENTS, measure=Latest(column="entry_route"), window=InTerm(),
        unit=Unit.YES, decimals=0, domain=Domain.STANDING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="เคยออกแล้วกลับมาเรียน", en="Came back after leaving"),
        reason=Text(th="เคยออกกลางคันแล้วกลับเข้าเรียน", en="left once and came back"),
        asks=_ASK_START, source="domain 2.8 (returned before)",
    ),
    Feature(
        name="credits_taken", table=ENROLMENTS, measure=Latest(column="credits"), window=InTerm(),
        unit=Unit.CREDITS, decimals=1, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="หน่วยกิตที่ลงทะเบียน", en="Credits taken"),
        reason=Text(th="ลงทะเบียน {value:.0f} หน่วยกิต", en="{value:.0f} credits taken"),
        asks=_ASK_START, source="shared data",
    ),
    Feature(
        name="registered_lead_days", table=ENROLMENTS, measure=LeadDays(column="registered_on"), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.STANDING, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="ลงทะเบียนก่อนเปิดเรียนกี่วัน", en="Days registered before the opening"),
        reason=Text(th="ลงทะเบียนก่อนเปิดเรียน {value:.0f} วัน (ติดลบคือหลังเปิดเรียน)", en="registered {value:.0f} days before the opening (negative: after)"),
        asks=_ASK_START, source="domain T2 (registered date); shared data",
    ),
    Feature(
        name="entry_gpa", table=ENROLMENTS, measure=Latest(column="entry_gpa"), window=Ever(),
        unit=Unit.POINTS, decimals=2, domain=Domain.STANDING, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="เกรดเฉลี่ยแรกเข้า", en="GPA at entry"),
        reason=Text(th="เกรดเฉลี่ยแรกเข้า {value:.2f}", en="GPA {value:.2f} at entry"),
        asks=_ASK_START, source="domain T2",
    ),
)  # fmt: skip
