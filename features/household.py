"""Questions about the household; all sensitive: most students have no survey, and none is not rich."""

from features.declaration import Feature
from features.vocabulary import Domain, Ever, Latest, Personal, Risk, Unit
from records.tables import HOUSEHOLD
from records.text import Text

_ASK_MONEY = Text(
    th="ถามเรื่องค่าใช้จ่าย ทุนการศึกษา และงานที่ทำหารายได้ โดยคุยเป็นการส่วนตัว",
    en="Ask, in private, about costs, scholarships and paid work",
)
_ASK_TRAVEL = Text(th="ถามเรื่องการเดินทางและที่พักใกล้สถานศึกษา", en="Ask about travel and lodging near the college")

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="income_per_head", table=HOUSEHOLD, measure=Latest(column="income_per_head"), window=Ever(),
        unit=Unit.BAHT, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="รายได้ต่อคนต่อเดือน", en="Income per head and month"),
        reason=Text(th="รายได้ครัวเรือนเฉลี่ย {value:,.0f} บาทต่อคนต่อเดือน", en="household income {value:,.0f} baht per head and month"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (criterion 3,000 baht), 2.8",
    ),
    Feature(
        name="poverty_class", table=HOUSEHOLD, measure=Latest(column="poverty_class"), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ระดับความยากจน (0 ไม่ผ่านเกณฑ์ 1 ยากจน 2 ยากจนพิเศษ)", en="Poverty class (0 not poor, 1 poor, 2 extremely poor)"),
        reason=Text(th="ระดับความยากจน {value:.0f} (1 ยากจน 2 ยากจนพิเศษ)", en="poverty class {value:.0f} (1 poor, 2 extremely poor)"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7, 2.8",
    ),
    Feature(
        name="poverty_score", table=HOUSEHOLD, measure=Latest(column="poverty_score"), window=Ever(),
        unit=Unit.SHARE, decimals=3, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="คะแนนความยากจน (1 ยากจนที่สุด)", en="Poverty score (1 poorest)"),
        reason=Text(th="คะแนนความยากจน {value:.2f} จาก 1", en="poverty score {value:.2f} of 1"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (proxy means test)",
    ),
    Feature(
        name="travel_km", table=HOUSEHOLD, measure=Latest(column="travel_km"), window=Ever(),
        unit=Unit.KILOMETRES, decimals=1, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ระยะทางจากบ้าน", en="Distance from home"),
        reason=Text(th="บ้านอยู่ห่าง {value:.0f} กิโลเมตร", en="lives {value:.0f} km away"),
        asks=_ASK_TRAVEL, personal=Personal.SENSITIVE, source="domain 2.8 (commute over 20 km)",
    ),
    Feature(
        name="works_parttime", table=HOUSEHOLD, measure=Latest(column="works_parttime"), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ทำงานพิเศษ", en="Works part-time"),
        reason=Text(th="ทำงานพิเศษระหว่างเรียน", en="works part-time"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 1.6 (works for the family)",
    ),
)  # fmt: skip
