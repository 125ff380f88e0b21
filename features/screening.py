"""Questions about the advisor's own screening; not screened is missing, never trust."""

from features.declaration import Feature
from features.vocabulary import Count, Domain, Ever, InTerm, Latest, Risk, Unit
from records.tables import SCREENING
from records.text import Text

_OVERALL = SCREENING["area"].is_in("OVERALL")
_ASK = Text(
    th="ทบทวนผลคัดกรองกับนักเรียนและผู้ปกครอง แล้วบันทึกผลใหม่ถ้าเปลี่ยนไป",
    en="Go over the screening with the student and the family, and record it anew if it changed",
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
        name="screening_concerns_term", table=SCREENING, measure=Count(where=SCREENING["level"].is_in("CONCERN", "CLOSE")), window=InTerm(),
        unit=Unit.TIMES, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="จำนวนด้านที่ต้องห่วงใยในภาคเรียนนี้", en="Areas of concern this term"),
        reason=Text(th="มี {value:.0f} ด้านที่อยู่ในกลุ่มห่วงใยหรือใกล้ชิดในภาคเรียนนี้", en="{value:.0f} areas of concern this term"),
        asks=_ASK, source="domain 2.7 (OVEC nine-area form)",
    ),
)  # fmt: skip
