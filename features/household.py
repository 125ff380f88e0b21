"""Questions about the household; all sensitive: most students have no survey, and none is not rich."""

from features.declaration import Feature
from features.vocabulary import Domain, Ever, Latest, Matches, Personal, Risk, Unit
from records.tables import HOUSEHOLD
from records.text import Text

_ASK_MONEY = Text(
    th="ถามเรื่องค่าใช้จ่าย ทุนการศึกษา และงานที่ทำหารายได้ โดยคุยเป็นการส่วนตัว",
    en="Ask, in private, about costs, scholarships and paid work",
)
_ASK_HOME = Text(
    th="ถามด้วยความเข้าใจและเป็นการส่วนตัวว่าตอนนี้ใครดูแล และมีใครให้ปรึกษาเมื่อลำบาก",
    en="Ask, gently and in private, who looks after them now and whom they can turn to",
)
_ASK_LODGING = Text(
    th="ถามเรื่องที่พัก ค่าเช่า และความปลอดภัยของที่อยู่",
    en="Ask about the lodging, what it costs and whether they feel safe there",
)
_PARENTS = HOUSEHOLD["family_status"]
_ASK_TRAVEL = Text(th="ถามเรื่องการเดินทางและที่พักใกล้สถานศึกษา", en="Ask about travel and lodging near the college")

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="income_per_head", table=HOUSEHOLD, measure=Latest(column="income_per_head", telling=True), window=Ever(),
        unit=Unit.BAHT, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.FALLS, absent_means=None, changeable=False,
        label=Text(th="รายได้ต่อคนต่อเดือน", en="Income per head and month"),
        reason=Text(th="รายได้ครัวเรือนเฉลี่ย {value:,.0f} บาทต่อคนต่อเดือน", en="household income {value:,.0f} baht per head and month"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (criterion 3,000 baht), 2.8",
    ),
    Feature(
        name="poverty_class", table=HOUSEHOLD, measure=Latest(column="poverty_class", telling=True), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ระดับความยากจน (0 ไม่ผ่านเกณฑ์ 1 ยากจน 2 ยากจนพิเศษ)", en="Poverty class (0 not poor, 1 poor, 2 extremely poor)"),
        reason=Text(th="ระดับความยากจน {value:.0f} (1 ยากจน 2 ยากจนพิเศษ)", en="poverty class {value:.0f} (1 poor, 2 extremely poor)"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7, 2.8",
    ),
    Feature(
        name="poverty_score", table=HOUSEHOLD, measure=Latest(column="poverty_score", telling=True), window=Ever(),
        unit=Unit.SHARE, decimals=3, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="คะแนนความยากจน (1 ยากจนที่สุด)", en="Poverty score (1 poorest)"),
        reason=Text(th="คะแนนความยากจน {value:.2f} จาก 1", en="poverty score {value:.2f} of 1"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (proxy means test)",
    ),
    Feature(
        name="travel_km", table=HOUSEHOLD, measure=Latest(column="travel_km", telling=True), window=Ever(),
        unit=Unit.KILOMETRES, decimals=1, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ระยะทางจากบ้าน", en="Distance from home"),
        reason=Text(th="บ้านอยู่ห่าง {value:.0f} กิโลเมตร", en="lives {value:.0f} km away"),
        asks=_ASK_TRAVEL, personal=Personal.SENSITIVE, source="domain 2.8 (commute over 20 km)",
    ),
    Feature(
        name="works_parttime", table=HOUSEHOLD, measure=Latest(column="works_parttime", telling=True), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ทำงานพิเศษ", en="Works part-time"),
        reason=Text(th="ทำงานพิเศษระหว่างเรียน", en="works part-time"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 1.6 (works for the family)",
    ),
    Feature(
        name="dependants", table=HOUSEHOLD, measure=Latest(column="dependants", telling=True), window=Ever(),
        unit=Unit.PEOPLE, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="คนในบ้านที่ต้องมีคนดูแล", en="Dependants in the household"),
        reason=Text(th="ในบ้านมีคนที่ต้องดูแล {value:.0f} คน", en="{value:.0f} people at home depend on others"),
        asks=_ASK_HOME, personal=Personal.SENSITIVE, source="domain 2.7 (form 3.1: dependants), 1.5 (family necessity)",
    ),
    Feature(
        name="scholarship", table=HOUSEHOLD, measure=Latest(column="scholarship", telling=True), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.FALLS, absent_means=None, changeable=True,
        label=Text(th="ได้รับทุนการศึกษาหรือเงินกู้ยืม", en="Has a scholarship or loan"),
        reason=Text(th="ยังไม่ได้รับทุนการศึกษาหรือเงินกู้ยืม", en="has no grant or student loan yet"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (ทุนเสมอภาค and college scholarships), T6",
    ),
    Feature(
        name="state_card", table=HOUSEHOLD, measure=Latest(column="state_card", telling=True), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ครอบครัวมีบัตรสวัสดิการแห่งรัฐ", en="The family has a state welfare card"),
        reason=Text(th="ครอบครัวมีบัตรสวัสดิการแห่งรัฐ", en="the family has a state welfare card"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (form 1: state-welfare card)",
    ),
    Feature(
        name="parents_apart", table=HOUSEHOLD, measure=Matches(where=_PARENTS.is_in("SEPARATED", "DIVORCED", "FATHER_DEAD", "MOTHER_DEAD", "BOTH_DEAD", "ABANDONED")), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ครอบครัวไม่ได้อยู่พร้อมหน้าพ่อแม่", en="The parents are not together, or one is no longer there"),
        reason=Text(th="ครอบครัวไม่ได้อยู่พร้อมหน้าพ่อแม่", en="the parents are not together, or one is no longer there"),
        asks=_ASK_HOME, personal=Personal.SENSITIVE, source="domain 2.7 (form 1: family status), 2.8 (parents divorced)",
    ),
    Feature(
        name="lives_without_parents", table=HOUSEHOLD, measure=Matches(where=HOUSEHOLD["lives_with"].is_in("RELATIVE", "ALONE", "DORM", "EMPLOYER", "INSTITUTION", "SPOUSE")), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ไม่ได้พักอยู่กับพ่อแม่", en="Does not live with the parents"),
        reason=Text(th="ไม่ได้พักอยู่กับพ่อแม่", en="does not live with the parents"),
        asks=_ASK_HOME, personal=Personal.SENSITIVE, source="domain 2.7 (form 1: lives with)",
    ),
    Feature(
        name="rents_or_lodges", table=HOUSEHOLD, measure=Matches(where=HOUSEHOLD["housing"].is_in("RENT", "WITH_OTHERS", "DORM")), window=Ever(),
        unit=Unit.YES, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="เช่าบ้าน อยู่หอพัก หรืออาศัยผู้อื่น", en="Rents, boards or lives with others"),
        reason=Text(th="เช่าบ้าน อยู่หอพัก หรืออาศัยผู้อื่นอยู่", en="rents, boards or lives with others"),
        asks=_ASK_LODGING, personal=Personal.SENSITIVE, source="domain 2.7 (form 3.2: housing)",
    ),
    Feature(
        name="pocket_money_day", table=HOUSEHOLD, measure=Latest(column="pocket_money_day", telling=True), window=Ever(),
        unit=Unit.BAHT_A_DAY, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=Text(th="เงินมาเรียนต่อวัน", en="Pocket money a day"),
        reason=Text(th="ได้เงินมาเรียนวันละ {value:,.0f} บาท", en="pocket money {value:,.0f} baht a day"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (form 5–6: pocket money)",
    ),
    Feature(
        name="travel_cost_month", table=HOUSEHOLD, measure=Latest(column="travel_cost_month", telling=True), window=Ever(),
        unit=Unit.BAHT, decimals=0, domain=Domain.HOUSEHOLD, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="ค่าเดินทางต่อเดือน", en="Travel cost a month"),
        reason=Text(th="เสียค่าเดินทางเดือนละ {value:,.0f} บาท", en="travel costs {value:,.0f} baht a month"),
        asks=_ASK_TRAVEL, personal=Personal.SENSITIVE, source="domain 2.7 (form 5–6: cost of travel), 2.8 (commute)",
    ),
)  # fmt: skip
