"""Questions about the advisor's own screening; not screened is missing, never trust."""

from features.declaration import Feature
from features.vocabulary import (
    CountNewest,
    Domain,
    Ever,
    Highest,
    InTerm,
    Latest,
    NoRecord,
    Personal,
    Risk,
    Share,
    StepChange,
    Unit,
    WeeksSame,
)
from records.codes import AREAS
from records.tables import SCREENING
from records.text import Text

_AREA = SCREENING["area"]
_OVERALL = _AREA.is_in("OVERALL")
_SINGLE = _AREA.is_in(*(code for code in AREAS.values if code != "OVERALL"))
_CONCERN = SCREENING["level"].is_in("CONCERN", "CLOSE")
_FORM = "domain 2.7 (OVEC nine-area form)"
_ASK = Text(
    th="ทบทวนผลคัดกรองกับนักเรียนและผู้ปกครอง แล้วบันทึกผลใหม่ถ้าเปลี่ยนไป",
    en="Go over the screening with the student and the family, and record it anew if it changed",
)
_ASK_SCREEN = Text(
    th="คัดกรองนักเรียนคนนี้ให้เสร็จ แล้วยืนยันผล แม้ไม่พบเรื่องที่ต้องห่วง",
    en="Screen this student and confirm the result, even when nothing was found",
)
_ASK_LEARNING = Text(
    th="ถามว่าวิชาใดเรียนไม่ทัน และช่วยหาเพื่อนหรือครูช่วยสอน",
    en="Ask which course is hard, and find a friend or teacher to help",
)
_ASK_MONEY = Text(
    th="ถามเรื่องค่าใช้จ่ายและทุนการศึกษา โดยคุยเป็นการส่วนตัว",
    en="Ask, in private, about costs and scholarships",
)
_ASK_FRIENDS = Text(
    th="ถามว่าเข้ากับเพื่อนและครูได้ไหม และมีใครที่ไว้ใจในสถานศึกษา",
    en="Ask how they get on with friends and teachers, and whom they trust here",
)

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="screening_group", table=SCREENING, measure=Latest(column="level", where=_OVERALL), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="กลุ่มคัดกรองล่าสุด (0 ไว้ใจ 1 ห่วงใย 2 ใกล้ชิด)", en="Latest screening group (0 trust, 1 concern, 2 close)"),
        reason=Text(th="ครูที่ปรึกษาคัดกรองล่าสุดอยู่ระดับ {value:.0f} (1 ห่วงใย 2 ใกล้ชิด)", en="the advisor's latest screening: level {value:.0f} (1 concern, 2 close)"),
        asks=_ASK, source="domain 2.7 (OVEC nine-area form)",
    ),
    Feature(
        name="screening_concerns_term", table=SCREENING, measure=CountNewest(where=_CONCERN, by="area", besides=_OVERALL), window=InTerm(),
        unit=Unit.TIMES, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="จำนวนด้านที่ต้องห่วงใยในภาคเรียนนี้", en="Areas of concern this term"),
        reason=Text(th="มี {value:.0f} ด้านที่อยู่ในกลุ่มห่วงใยหรือใกล้ชิดในภาคเรียนนี้", en="{value:.0f} areas of concern this term"),
        asks=_ASK, source="domain 2.7 (OVEC nine-area form)",
    ),
    Feature(
        name="screening_worst_ever", table=SCREENING, measure=Highest(column="level", where=_OVERALL), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="กลุ่มคัดกรองที่ต้องห่วงมากที่สุดเท่าที่เคย (0 ไว้ใจ 1 ห่วงใย 2 ใกล้ชิด)", en="Most serious screening group so far (0 trust, 1 concern, 2 close)"),
        reason=Text(th="เคยได้ผลคัดกรองระดับ {value:.0f} (1 ห่วงใย 2 ใกล้ชิด)", en="was once screened at level {value:.0f} (1 concern, 2 close)"),
        asks=_ASK, source=_FORM,
    ),
    Feature(
        name="screening_concern_share_ever", table=SCREENING, measure=Share(where=_CONCERN, among=_SINGLE), window=Ever(),
        unit=Unit.SHARE, decimals=4, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="สัดส่วนด้านที่ต้องห่วงใยในผลคัดกรองทุกครั้งที่ผ่านมา", en="Share of concern among all areas screened so far"),
        reason=Text(th="จากผลคัดกรองรายด้านทั้งหมดที่ผ่านมา ร้อยละ {percent:.0f} อยู่ในกลุ่มห่วงใยหรือใกล้ชิด", en="{value:.0%} of all areas screened so far were of concern"),
        asks=_ASK, source=_FORM,
    ),
    Feature(
        name="screening_change", table=SCREENING, measure=StepChange(column="level", where=_OVERALL), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ผลคัดกรองล่าสุดเทียบกับครั้งก่อน", en="Latest screening against the one before"),
        reason=Text(th="ผลคัดกรองล่าสุดน่าห่วงขึ้น {value:.0f} ระดับจากครั้งก่อน", en="the latest screening is {value:.0f} levels more serious than the one before"),
        asks=_ASK, source=_FORM,
    ),
    Feature(
        name="screening_weeks_same", table=SCREENING, measure=WeeksSame(column="level", where=_OVERALL), window=Ever(),
        unit=Unit.WEEKS, decimals=0, domain=Domain.SCREENING, risk=Risk.EITHER, absent_means=None, changeable=True,
        label=Text(th="อยู่กลุ่มคัดกรองเดิมมากี่สัปดาห์", en="Weeks in the same screening group"),
        reason=Text(th="อยู่กลุ่มคัดกรองเดิมมาแล้ว {value:.0f} สัปดาห์", en="in the same screening group for {value:.0f} weeks"),
        asks=_ASK, source=_FORM,
    ),
    Feature(
        name="not_screened_term", table=SCREENING, measure=NoRecord(), window=InTerm(),
        unit=Unit.YES, decimals=0, domain=Domain.SCREENING, risk=Risk.EITHER, absent_means=1, changeable=True,
        label=Text(th="ภาคเรียนนี้ยังไม่มีผลคัดกรอง", en="Not screened this term"),
        reason=Text(th="ภาคเรียนนี้ครูยังไม่ได้คัดกรอง", en="not screened yet this term"),
        asks=_ASK_SCREEN, source="domain 2.7 (not reviewed is not ไว้ใจ)",
    ),
    Feature(
        name="learning_concern", table=SCREENING, measure=Latest(column="level", where=_AREA.is_in("LEARNING")), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ผลคัดกรองด้านการเรียน (0 ไว้ใจ 1 ห่วงใย 2 ใกล้ชิด)", en="Screening: learning (0 trust, 1 concern, 2 close)"),
        reason=Text(th="ผลคัดกรองด้านการเรียนอยู่ระดับ {value:.0f} (1 ห่วงใย 2 ใกล้ชิด)", en="screening of learning: level {value:.0f} (1 concern, 2 close)"),
        asks=_ASK_LEARNING, source=_FORM,
    ),
    Feature(
        name="economy_concern", table=SCREENING, measure=Latest(column="level", where=_AREA.is_in("ECONOMY")), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ผลคัดกรองด้านเศรษฐกิจ (0 ไว้ใจ 1 ห่วงใย 2 ใกล้ชิด)", en="Screening: family economy (0 trust, 1 concern, 2 close)"),
        reason=Text(th="ผลคัดกรองด้านเศรษฐกิจอยู่ระดับ {value:.0f} (1 ห่วงใย 2 ใกล้ชิด)", en="screening of the family economy: level {value:.0f} (1 concern, 2 close)"),
        asks=_ASK_MONEY, personal=Personal.SENSITIVE, source="domain 2.7 (OVEC nine-area form: income, debts, parents' work)",
    ),
    Feature(
        name="social_concern", table=SCREENING, measure=Latest(column="level", where=_AREA.is_in("SOCIAL")), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="ผลคัดกรองด้านสังคม (0 ไว้ใจ 1 ห่วงใย 2 ใกล้ชิด)", en="Screening: social (0 trust, 1 concern, 2 close)"),
        reason=Text(th="ผลคัดกรองด้านสังคมอยู่ระดับ {value:.0f} (1 ห่วงใย 2 ใกล้ชิด)", en="screening of social life: level {value:.0f} (1 concern, 2 close)"),
        asks=_ASK_FRIENDS, source=_FORM,
    ),
)  # fmt: skip
