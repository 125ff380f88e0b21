"""Questions about the SDQ, which is kept sealed: in no model unless a deployment switches them on (PDPA s. 26).

The cut-offs differ by informant, so scores stand by informant, and only groups are compared between them.
"""

from features.declaration import Feature
from features.vocabulary import Domain, Ever, Highest, Latest, Personal, Risk, Unit
from records.tables import SCREENING_SENSITIVE
from records.text import Text

_TOTAL = SCREENING_SENSITIVE["area"].is_in("SDQ_TOTAL")
_ASK = Text(
    th="ปรึกษานักจิตวิทยาหรือครูแนะแนวก่อน แล้วคุยกับนักเรียนเป็นการส่วนตัว ผล SDQ ไม่ใช่การวินิจฉัย",
    en="Consult the psychologist or counsellor first, then talk in private; the SDQ is no diagnosis",
)
_SOURCE = "domain 2.7 (SDQ, cut-offs of the Department of Mental Health), 2.9 (sensitive data)"


def _total_by(who: str, tool: str, th: str, en: str) -> Feature:
    return Feature(
        name=f"sdq_total_{who}", table=SCREENING_SENSITIVE, window=Ever(),
        measure=Latest(column="score", where=_TOTAL, also=SCREENING_SENSITIVE["tool"].is_in(tool)),
        unit=Unit.SDQ_SCORE, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th=f"คะแนนรวม SDQ ล่าสุดที่{th}ประเมิน (เต็ม 40)", en=f"Latest SDQ total by the {en} (of 40)"),
        reason=Text(th=f"คะแนนรวม SDQ ที่{th}ประเมิน {{value:.0f}} จาก 40", en=f"SDQ total by the {en}: {{value:.0f}} of 40"),
        asks=_ASK, personal=Personal.SENSITIVE, source=_SOURCE,
    )  # fmt: skip


FEATURES: tuple[Feature, ...] = (
    _total_by("self", "SDQ_SELF", "นักเรียน", "student"),
    _total_by("teacher", "SDQ_TEACHER", "ครู", "teacher"),
    _total_by("parent", "SDQ_PARENT", "ผู้ปกครอง", "parent"),
    Feature(
        name="sdq_group", table=SCREENING_SENSITIVE, measure=Latest(column="level", where=_TOTAL), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=True,
        label=Text(th="กลุ่มตามคะแนนรวม SDQ ล่าสุด (0 ปกติ 1 เสี่ยง 2 ควรได้รับการดูแล)", en="Group by the latest SDQ total (0 normal, 1 at risk, 2 needs care)"),
        reason=Text(th="คะแนนรวม SDQ ล่าสุดอยู่กลุ่ม {value:.0f} (1 เสี่ยง 2 ควรได้รับการดูแล)", en="latest SDQ total in group {value:.0f} (1 at risk, 2 needs care)"),
        asks=_ASK, personal=Personal.SENSITIVE, source=_SOURCE,
    ),
    Feature(
        name="sdq_group_worst_ever", table=SCREENING_SENSITIVE, measure=Highest(column="level", where=_TOTAL), window=Ever(),
        unit=Unit.LEVEL, decimals=0, domain=Domain.SCREENING, risk=Risk.RISES, absent_means=None, changeable=False,
        label=Text(th="กลุ่มตามคะแนนรวม SDQ ที่ต้องห่วงมากที่สุดเท่าที่เคย ไม่ว่าใครประเมิน", en="Most serious group by SDQ total so far, whoever answered"),
        reason=Text(th="เคยมีผู้ประเมิน SDQ ให้อยู่กลุ่ม {value:.0f} (1 เสี่ยง 2 ควรได้รับการดูแล)", en="one SDQ total was in group {value:.0f} (1 at risk, 2 needs care)"),
        asks=_ASK, personal=Personal.SENSITIVE, source=_SOURCE,
    ),
)  # fmt: skip
