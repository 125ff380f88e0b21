"""Questions about coming to class."""

from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    Domain,
    InTerm,
    Last,
    LongestRun,
    Relative,
    Risk,
    Share,
    Slope,
    Unit,
)
from records.tables import ATTENDANCE
from records.text import Text

_STATUS = ATTENDANCE["status"]
MISSED = _STATUS.is_in("A", "K")  # absent without leave, or left class
ABSENT_OR_LEAVE = _STATUS.is_in("A", "K", "S", "B")
LATE = _STATUS.is_in("L")
LEAVE = _STATUS.is_in("S", "B")
SEEN = _STATUS.is_in("P", "L", "E", "O", "I")

_ASK_ABSENCE = Text(
    th="ถามเรื่องสุขภาพ การเดินทาง งานพิเศษ และสิ่งที่ทำให้มาเรียนไม่ได้",
    en="Ask about health, travel, paid work and what keeps them from coming",
)
_ASK_LATE = Text(th="ถามเรื่องการเดินทางและภาระตอนเช้า", en="Ask about travel and duties in the morning")
_LITERATURE = "domain 2.5 (80 % rule, rule alerts) and 2.8 (absence trend)"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="missed_days_28d", table=ATTENDANCE, measure=Count(where=MISSED), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันขาดเรียนใน 28 วัน", en="Days absent in the last 28"),
        reason=Text(th="ขาดเรียน {value:.0f} วันใน 28 วันที่ผ่านมา", en="absent {value:.0f} days in the last 28"),
        asks=_ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_14d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=14),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดใน 14 วัน", en="Share of days absent in the last 14"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกใน 14 วันที่ผ่านมา", en="absent on {value:.0%} of recorded days in the last 14"),
        asks=_ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_28d", table=ATTENDANCE, measure=Share(where=MISSED), window=Last(days=28),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดใน 28 วัน", en="Share of days absent in the last 28"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกใน 28 วันที่ผ่านมา", en="absent on {value:.0%} of recorded days in the last 28"),
        asks=_ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="missed_share_term", table=ATTENDANCE, measure=Share(where=MISSED), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันขาดในภาคเรียนนี้", en="Share of days absent this term"),
        reason=Text(th="ขาดเรียนร้อยละ {percent:.0f} ของวันที่บันทึกในภาคเรียนนี้", en="absent on {value:.0%} of recorded days this term"),
        asks=_ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="away_share_term", table=ATTENDANCE, measure=Share(where=ABSENT_OR_LEAVE), window=InTerm(),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="สัดส่วนวันที่ไม่ได้มา (ขาดและลา) ในภาคเรียนนี้", en="Share of days away (absent or on leave) this term"),
        reason=Text(th="ไม่ได้มาเรียนร้อยละ {percent:.0f} ของวันที่บันทึกในภาคเรียนนี้ (ขาดและลา)", en="away (absent or on leave) on {value:.0%} of recorded days this term"),
        asks=_ASK_ABSENCE, source="domain 2.5: the 80 % rule counts time in class",
    ),
    Feature(
        name="late_days_28d", table=ATTENDANCE, measure=Count(where=LATE), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="วันมาสายใน 28 วัน", en="Days late in the last 28"),
        reason=Text(th="มาสาย {value:.0f} วันใน 28 วันที่ผ่านมา", en="late {value:.0f} days in the last 28"),
        asks=_ASK_LATE, source=_LITERATURE,
    ),
    Feature(
        name="leave_days_28d", table=ATTENDANCE, measure=Count(where=LEAVE), window=Last(days=28),
        unit=Unit.DAYS, decimals=2, domain=Domain.ATTENDANCE, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="วันลาใน 28 วัน", en="Days on leave in the last 28"),
        reason=Text(th="ลา {value:.0f} วันใน 28 วันที่ผ่านมา", en="on leave {value:.0f} days in the last 28"),
        asks=_ASK_ABSENCE, source=_LITERATURE,
    ),
    Feature(
        name="longest_missed_run_term", table=ATTENDANCE, measure=LongestRun(where=MISSED), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ขาดติดต่อกันนานที่สุดในภาคเรียนนี้", en="Longest run of absence this term"),
        reason=Text(th="เคยขาดติดต่อกัน {value:.0f} วันเรียนในภาคเรียนนี้", en="was absent {value:.0f} teaching days in a row this term"),
        asks=_ASK_ABSENCE, source="domain 2.5: rules of 3, 5 and 15 days in a row",
    ),
    Feature(
        name="missed_run_now", table=ATTENDANCE, measure=LongestRun(where=MISSED, current=True), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ขาดติดต่อกันถึงวันนี้", en="Run of absence up to now"),
        reason=Text(th="ขาดติดต่อกันมาแล้ว {value:.0f} วันเรียนจนถึงวันล่าสุดที่บันทึก", en="absent for the last {value:.0f} recorded teaching days in a row"),
        asks=_ASK_ABSENCE, source="domain 2.5: rules of 3, 5 and 15 days in a row",
    ),
    Feature(
        name="days_since_seen", table=ATTENDANCE, measure=DaysSince(where=SEEN), window=InTerm(),
        unit=Unit.DAYS, decimals=0, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="จำนวนวันตั้งแต่มาเรียนครั้งล่าสุด", en="Days since last seen"),
        reason=Text(th="มาเรียนครั้งล่าสุดเมื่อ {value:.0f} วันก่อน", en="last seen {value:.0f} days ago"),
        asks=_ASK_ABSENCE, source="domain T9: last day seen",
    ),
    Feature(
        name="missed_slope_56d", table=ATTENDANCE, measure=Slope(where=MISSED), window=Last(days=56),
        unit=Unit.SHARE_PER_WEEK, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="แนวโน้มการขาดเรียนใน 8 สัปดาห์", en="Trend of absence over 8 weeks"),
        reason=Text(th="ขาดเรียนเพิ่มขึ้นสัปดาห์ละร้อยละ {percent:.1f} ในช่วง 8 สัปดาห์", en="absence has grown by {value:.1%} a week over 8 weeks"),
        asks=_ASK_ABSENCE, source="domain 2.8: absence rate trend",
    ),
    Feature(
        name="missed_change_14d", table=ATTENDANCE, measure=Change(where=MISSED, short_days=14), window=Last(days=56),
        unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดเรียน 14 วันหลังเทียบก่อนหน้า", en="Absence in the last 14 days against before"),
        reason=Text(th="ขาดเรียนใน 14 วันหลังเพิ่มจากก่อนหน้าร้อยละ {percent:.0f}", en="absence in the last 14 days has risen by {value:.0%} from before"),
        asks=_ASK_ABSENCE, source="domain 2.8: absence rate trend",
    ),
    Feature(
        name="missed_share_28d_in_group", table=ATTENDANCE, measure=Relative(of="missed_share_28d"), window=Last(days=28),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดเรียนเทียบกับเพื่อนในกลุ่ม", en="Absence against the class group"),
        reason=Text(th="ขาดเรียนมากกว่าเพื่อนในกลุ่มเรียน {value:.1f} เท่าของความต่างปกติ", en="more absent than the class group by {value:.1f} times the usual difference"),
        asks=_ASK_ABSENCE, source="domain 2.5; design: relation to the class group",
    ),
    Feature(
        name="missed_share_term_in_group", table=ATTENDANCE, measure=Relative(of="missed_share_term"), window=InTerm(),
        unit=Unit.DEVIATIONS, decimals=3, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="การขาดทั้งภาคเรียนเทียบกับเพื่อนในกลุ่ม", en="Absence this term against the class group"),
        reason=Text(th="ทั้งภาคเรียนขาดมากกว่าเพื่อนในกลุ่มเรียน {value:.1f} เท่าของความต่างปกติ", en="more absent this term than the class group by {value:.1f} times the usual difference"),
        asks=_ASK_ABSENCE, source="domain 2.5; design: relation to the class group",
    ),
)  # fmt: skip
