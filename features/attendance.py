"""Questions about coming to class, by days; flagpole, homeroom and class periods have features/class_periods.py."""

from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    Domain,
    GroupMean,
    InTerm,
    Last,
    LongestRun,
    Margin,
    Relative,
    Risk,
    Share,
    Slope,
    Term,
    Unit,
    Unrecorded,
)
from records.tables import ATTENDANCE
from records.text import Text

_STATUS = ATTENDANCE["status"]
MISSED = _STATUS.is_in("A", "K")  # absent without leave, or left class
ABSENT_OR_LEAVE = _STATUS.is_in("A", "K", "S", "B")
LATE = _STATUS.is_in("L")
LEAVE = _STATUS.is_in("S", "B")
SKIPPED = _STATUS.is_in("K")
SEEN = _STATUS.is_in("P", "L", "E", "O", "I")
_MONDAY_AND_FRIDAY = (0, 4)

ASK_ABSENCE = Text(
    th="ถามเรื่องสุขภาพ การเดินทาง งานพิเศษ และสิ่งที่ทำให้มาเรียนไม่ได้",
    en="Ask about health, travel, paid work and what keeps them from coming",
)
ASK_SKIPPED = Text(
    th="ถามว่าเลี่ยงวิชาหรือช่วงเวลาใด เพราะอะไร และเพื่อนในห้องเป็นอย่างไร",
    en="Ask which classes or hours they avoid, why, and how they get on with the class",
)
ASK_RIGHT = Text(
    th="ชวนดูด้วยกันว่าเหลือวันขาดเท่าไร วิชาใดเสี่ยงหมดสิทธิ์สอบ และจะช่วยให้มาเรียนได้อย่างไร",
    en="Look together at how many absences are left, which course is at stake and what would help them come",
)
_ASK_LATE = Text(th="ถามเรื่องการเดินทางและภาระตอนเช้า", en="Ask about travel and duties in the morning")
_ASK_LEAVE = Text(
    th="ถามด้วยความห่วงใยว่าลาเพราะอะไร และต้องการให้ช่วยตามบทเรียนหรือไม่",
    en="Ask, with care, what the leave was for and whether they want help to catch up",
)
_ASK_WEEKEND = Text(
    th="ถามว่าวันจันทร์กับวันศุกร์ติดอะไร เช่น กลับบ้าน ทำงาน หรือช่วยที่บ้าน",
    en="Ask what happens on Mondays and Fridays: going home, paid work, helping the family",
)
_ASK_REGISTER = Text(
    th="ตรวจสมุดเช็กชื่อและบันทึกวันที่ยังไม่มีข้อมูล ก่อนคุยกับนักเรียน",
    en="Check the register and enter the days without a record before you talk to the student",
)
_LITERATURE = "domain 2.5 (80 % rule, rule alerts) and 2.8 (absence trend)"
_RUNS = "domain 2.5: rules of 3, 5 and 15 days in a row"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="missed_days_7d", table=ATTENDANCE, measure=Count(where=MISSED), window=Last(days=7),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันขาดเรียนใน 7 วัน", en="Days absent in the last 7"),
        reason=Text(th="ขาดเรียน {value:.0f} วันใน 7 วันที่ผ่านมา", en="absent {value:.0f} days in the last 7"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_days_14d", table=ATTENDANCE, measure=Count(where=MISSED), window=Last(days=14),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันขาดเรียนใน 14 วัน", en="Days absent in the last 14"),
        reason=Text(th="ขาดเรียน {value:.0f} วันใน 14 วันที่ผ่านมา", en="absent {value:.0f} days in the last 14"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_days_28d", table=ATTENDANCE, measure=Count(where=MISSED), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันขาดเรียนใน 28 วัน", en="Days absent in the last 28"),
        reason=Text(th="ขาดเรียน {value:.0f} วันใน 28 วันที่ผ่านมา", en="absent {value:.0f} days in the last 28"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_days_56d", table=ATTENDANCE, measure=Count(where=MISSED), window=Last(days=56),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันขาดเรียนใน 8 สัปดาห์", en="Days absent in the last 8 weeks"),
        reason=Text(th="ขาดเรียน {value:.0f} วันใน 8 สัปดาห์ที่ผ่านมา", en="absent {value:.0f} days in the last 8 weeks"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_days_term", table=ATTENDANCE, measure=Count(where=MISSED), window=InTerm(),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันขาดเรียนในภาคเรียนนี้", en="Days absent this term"),
        reason=Text(th="ขาดเรียนแล้ว {value:.0f} วันในภาคเรียนนี้", en="absent {value:.0f} days so far this term"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_7d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=7),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดใน 7 วัน", en="Share of days absent in the last 7"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกใน 7 วันที่ผ่านมา", en="absent on {value:.0%} of recorded days in the last 7"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_14d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=14),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดใน 14 วัน", en="Share of days absent in the last 14"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกใน 14 วันที่ผ่านมา", en="absent on {value:.0%} of recorded days in the last 14"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_28d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=28),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดใน 28 วัน", en="Share of days absent in the last 28"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกใน 28 วันที่ผ่านมา", en="absent on {value:.0%} of recorded days in the last 28"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_56d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=56),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดใน 8 สัปดาห์", en="Share of days absent in the last 8 weeks"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกใน 8 สัปดาห์ที่ผ่านมา", en="absent on {value:.0%} of recorded days in the last 8 weeks"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_term", table=ATTENDANCE, measure=Share(where=MISSED), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดในภาคเรียนนี้", en="Share of days absent this term"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกในภาคเรียนนี้", en="absent on {value:.0%} of recorded days this term"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_previous_term", table=ATTENDANCE, measure=Share(where=MISSED), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="สัดส่วนวันขาดในภาคเรียนก่อน", en="Share of days absent in the previous term"),
        reason=Text(th="ภาคเรียนก่อนขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึก", en="absent on {value:.0%} of recorded days in the previous term"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="monday_friday_missed_share_56d", table=ATTENDANCE, measure=Share(where=MISSED, weekdays=_MONDAY_AND_FRIDAY), window=Last(days=56),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดของวันจันทร์และวันศุกร์ใน 8 สัปดาห์", en="Share of Mondays and Fridays absent in the last 8 weeks"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันจันทร์และวันศุกร์ใน 8 สัปดาห์ที่ผ่านมา", en="absent on {value:.0%} of recorded Mondays and Fridays in the last 8 weeks"),
        asks=_ASK_WEEKEND, source="domain 2.8 (dips on Mondays and Fridays)",
    ),
    Feature(
        name="away_share_term", table=ATTENDANCE, measure=Share(where=ABSENT_OR_LEAVE), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันที่ไม่ได้มา (ขาดและลา) ในภาคเรียนนี้", en="Share of days away (absent or on leave) this term"),
        reason=Text(th="ไม่ได้มาเรียนร้อยละ {percent:.0f} ของวันที่บันทึกในภาคเรียนนี้ (ขาดและลา)", en="away (absent or on leave) on {value:.0%} of recorded days this term"),
        asks=ASK_ABSENCE, source="domain 2.5: the 80 % rule counts time in class",
    ),
    Feature(
        name="late_days_14d", table=ATTENDANCE, measure=Count(where=LATE), window=Last(days=14),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันมาสายใน 14 วัน", en="Days late in the last 14"),
        reason=Text(th="มาสาย {value:.0f} วันใน 14 วันที่ผ่านมา", en="late {value:.0f} days in the last 14"),
        asks=_ASK_LATE, source=_LITERATURE,
    ),
    Feature(
        name="late_days_28d", table=ATTENDANCE, measure=Count(where=LATE), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันมาสายใน 28 วัน", en="Days late in the last 28"),
        reason=Text(th="มาสาย {value:.0f} วันใน 28 วันที่ผ่านมา", en="late {value:.0f} days in the last 28"),
        asks=_ASK_LATE, source=_LITERATURE,
    ),
    Feature(
        name="late_share_term", table=ATTENDANCE, measure=Share(where=LATE), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันมาสายในภาคเรียนนี้", en="Share of days late this term"),
        reason=Text(th="มาสายร้อยละ {percent:.0f} ของวันที่บันทึกในภาคเรียนนี้", en="late on {value:.0%} of recorded days this term"),
        asks=_ASK_LATE, source="domain 2.5 (lates counted as absence), 2.8 (lates)",
    ),
    Feature(
        name="late_share_previous_term", table=ATTENDANCE, measure=Share(where=LATE), window=InTerm(term=Term.PREVIOUS),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="สัดส่วนวันมาสายในภาคเรียนก่อน", en="Share of days late in the previous term"),
        reason=Text(th="ภาคเรียนก่อนมาสายร้อยละ {percent:.0f} ของวันที่บันทึก", en="late on {value:.0%} of recorded days in the previous term"),
        asks=_ASK_LATE, source="domain 2.8 (lates)",
    ),
    Feature(
        name="leave_days_28d", table=ATTENDANCE, measure=Count(where=LEAVE), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="วันลาใน 28 วัน", en="Days on leave in the last 28"),
        reason=Text(th="ลา {value:.0f} วันใน 28 วันที่ผ่านมา", en="on leave {value:.0f} days in the last 28"),
        asks=ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="leave_share_term", table=ATTENDANCE, measure=Share(where=LEAVE), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันลาในภาคเรียนนี้", en="Share of days on leave this term"),
        reason=Text(th="ลาร้อยละ {percent:.0f} ของวันที่บันทึกในภาคเรียนนี้", en="on leave on {value:.0%} of recorded days this term"),
        asks=_ASK_LEAVE, source="domain 2.5 (leave and the 80 % rule)",
    ),
    Feature(
        name="skipped_days_28d", table=ATTENDANCE, measure=Count(where=SKIPPED), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันที่โดดเรียนใน 28 วัน", en="Days of leaving class without leave in the last 28"),
        reason=Text(th="มาแล้วไม่เข้าเรียน (โดดเรียน) {value:.0f} วันใน 28 วันที่ผ่านมา", en="left class without leave on {value:.0f} days in the last 28"),
        asks=ASK_SKIPPED, source="domain 2.5 (skip count)",
    ),
    Feature(
        name="skipped_days_term", table=ATTENDANCE, measure=Count(where=SKIPPED), window=InTerm(),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันที่โดดเรียนในภาคเรียนนี้", en="Days of leaving class without leave this term"),
        reason=Text(th="มาแล้วไม่เข้าเรียน (โดดเรียน) {value:.0f} วันในภาคเรียนนี้", en="left class without leave on {value:.0f} days so far this term"),
        asks=ASK_SKIPPED, source="domain 2.5 (skip count)",
    ),
    Feature(
        name="longest_missed_run_term", table=ATTENDANCE, measure=LongestRun(where=MISSED), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ขาดติดต่อกันนานที่สุดในภาคเรียนนี้", en="Longest run of absence this term"),
        reason=Text(th="เคยขาดติดต่อกัน {value:.0f} วันเรียนในภาคเรียนนี้", en="was absent {value:.0f} teaching days in a row this term"),
        asks=ASK_ABSENCE, source=_RUNS,
    ),
    Feature(
        name="missed_run_now", table=ATTENDANCE, measure=LongestRun(where=MISSED, current=True), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ขาดติดต่อกันถึงวันนี้", en="Run of absence up to now"),
        reason=Text(th="ขาดติดต่อกันมาแล้ว {value:.0f} วันเรียนจนถึงวันล่าสุดที่บันทึก", en="absent for the last {value:.0f} recorded teaching days in a row"),
        asks=ASK_ABSENCE, source=_RUNS,
    ),
    Feature(
        name="days_since_seen", table=ATTENDANCE, measure=DaysSince(where=SEEN, from_opening=True), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันตั้งแต่มาเรียนครั้งล่าสุด", en="Days since last seen"),
        reason=Text(th="มาเรียนครั้งล่าสุดเมื่อ {value:.0f} วันก่อน (ถ้ายังไม่เคยมา นับจากวันเปิดภาคเรียนหรือวันลงทะเบียน)", en="last seen {value:.0f} days ago (if never yet: counted from the opening of the term or the registration)"),
        asks=ASK_ABSENCE, source="domain T9: last day seen",
    ),
    Feature(
        name="missed_slope_56d", table=ATTENDANCE, measure=Slope(where=MISSED), window=Last(days=56),
        unit=Unit.SHARE_PER_WEEK, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="แนวโน้มการขาดเรียนใน 8 สัปดาห์", en="Trend of absence over 8 weeks"),
        reason=Text(th="ขาดเรียนเพิ่มขึ้นสัปดาห์ละ {percent:.1f} จุดร้อยละ ในช่วง 8 สัปดาห์", en="absence has grown by {percent:.1f} percentage points a week over 8 weeks"),
        asks=ASK_ABSENCE, source="domain 2.8: absence rate trend",
    ),
    Feature(
        name="missed_change_14d", table=ATTENDANCE, measure=Change(where=MISSED, short_days=14), window=Last(days=56),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดเรียน 14 วันหลังเทียบก่อนหน้า", en="Absence in the last 14 days against before"),
        reason=Text(th="ขาดเรียนใน 14 วันหลังเพิ่มจากก่อนหน้า {percent:.0f} จุดร้อยละ", en="absence in the last 14 days is {percent:.0f} percentage points above the time before"),
        asks=ASK_ABSENCE, source="domain 2.8: absence rate trend",
    ),
    Feature(
        name="missed_change_28d_term", table=ATTENDANCE, measure=Change(where=MISSED, short_days=28), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดเรียน 28 วันหลังเทียบกับก่อนหน้านั้นในภาคเรียนนี้", en="Absence in the last 28 days against earlier this term"),
        reason=Text(th="ขาดเรียนใน 28 วันหลังเพิ่มจากก่อนหน้านั้นในภาคเรียนนี้ {percent:.0f} จุดร้อยละ", en="absence in the last 28 days is {percent:.0f} percentage points above earlier this term"),
        asks=ASK_ABSENCE, source="domain 2.8: absence rate trend; docs/adr/0028",
    ),
    Feature(
        name="absences_left_term", table=ATTENDANCE, measure=Margin(rule="attendance_share"), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันที่ขาดได้อีกก่อนหมดสิทธิ์สอบ (ขร./มส.)", en="Absences left before the right to examination is lost"),
        reason=Text(th="ขาดได้อีก {value:.0f} วันก่อนหมดสิทธิ์สอบ (ขร./มส.) ถ้าติดลบคือขาดเกินแล้ว", en="{value:.0f} absences left before the right to examination is lost (below 0: already over)"),
        asks=ASK_RIGHT, source="domain 2.5 (80 % rule, ⌊N·20 %⌋), 3.2 (absences left before ขร.)",
    ),
    Feature(
        name="missed_run_left", table=ATTENDANCE, measure=Margin(rule="absent_run_dismissal"), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันที่ขาดติดต่อกันได้อีกก่อนถึงเกณฑ์พ้นสภาพ", en="Days in a row left before the rule on losing the place"),
        reason=Text(th="ถ้าขาดติดต่อกันอีก {value:.0f} วันจะถึงเกณฑ์ที่อาจพ้นสภาพ ถ้าติดลบคือเกินเกณฑ์แล้ว", en="{value:.0f} more days absent in a row before the place may be lost (below 0: already over)"),
        asks=ASK_ABSENCE, source="domain 2.5: absent more than 15 days in a row",
    ),
    Feature(
        name="unrecorded_share_28d", table=ATTENDANCE, measure=Unrecorded(), window=Last(days=28),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันเรียนที่ยังไม่ได้บันทึกการมาเรียนใน 28 วัน", en="Share of teaching days without an attendance record in the last 28"),
        reason=Text(th="บันทึกการมาเรียนยังขาดอยู่ร้อยละ {percent:.0f} ของวันเรียนใน 28 วันที่ผ่านมา (ข้อมูลไม่ครบ ไม่ใช่การขาดเรียน)", en="no attendance was recorded on {value:.0%} of teaching days in the last 28 (a gap in the record, not absence)"),
        asks=_ASK_REGISTER, source="domain 2.5 (blank is not present), 2.8 (5–10 % unrecorded days)",
    ),
    Feature(
        name="missed_share_28d_in_group", table=ATTENDANCE, measure=Relative(of="missed_share_28d"), window=Last(days=28),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดเรียนเทียบกับเพื่อนในกลุ่ม", en="Absence against the class group"),
        reason=Text(th="ขาดเรียนมากกว่าเพื่อนในกลุ่มเรียน {value:.1f} เท่าของความต่างปกติ", en="more absent than the class group by {value:.1f} times the usual difference"),
        asks=ASK_ABSENCE, source="domain 2.5; design: relation to the class group",
    ),
    Feature(
        name="missed_share_term_in_group", table=ATTENDANCE, measure=Relative(of="missed_share_term"), window=InTerm(),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดทั้งภาคเรียนเทียบกับเพื่อนในกลุ่ม", en="Absence this term against the class group"),
        reason=Text(th="ทั้งภาคเรียนขาดมากกว่าเพื่อนในกลุ่มเรียน {value:.1f} เท่าของความต่างปกติ", en="more absent this term than the class group by {value:.1f} times the usual difference"),
        asks=ASK_ABSENCE, source="domain 2.5; design: relation to the class group",
    ),
    Feature(
        name="group_missed_share_28d", table=ATTENDANCE, measure=GroupMean(of="missed_share_28d"), window=Last(days=28),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="การขาดเฉลี่ยของทั้งกลุ่มเรียนใน 28 วัน", en="Absence of the whole class group in the last 28 days"),
        reason=Text(th="ทั้งกลุ่มเรียนขาดเฉลี่ยร้อยละ {percent:.0f} ใน 28 วันที่ผ่านมา", en="the whole class group missed {value:.0%} of the last 28 days on average"),
        asks=ASK_ABSENCE, source="docs/adr/0023: the level of a place, apart from the student's own",
    ),
    Feature(
        name="group_missed_share_term", table=ATTENDANCE, measure=GroupMean(of="missed_share_term"), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="การขาดเฉลี่ยของทั้งกลุ่มเรียนในภาคเรียน", en="Absence of the whole class group this term"),
        reason=Text(th="ทั้งกลุ่มเรียนขาดเฉลี่ยร้อยละ {percent:.0f} ในภาคเรียนนี้", en="the whole class group missed {value:.0%} of this term on average"),
        asks=ASK_ABSENCE, source="docs/adr/0023: the level of a place, apart from the student's own",
    ),
)  # fmt: skip
