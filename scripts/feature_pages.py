"""What the data dictionary says of a feature: every field of its declaration in words, in Thai and English."""

from features.declaration import Feature
from features.wording import PERSONAL, RISKS, SESSIONS, UNITS, absence_in_words, both, measure_in_words, window_in_words


def feature_page(feature: Feature) -> str:
    """The section of one feature in Markdown; the same declaration gives the same text."""
    table = f"`{feature.table.name}`"
    if feature.table.name == "attendance":
        table += f" ({both(SESSIONS[feature.sessions])})"
    return "\n".join(
        (
            f"#### {feature.name}",
            "",
            f"**{both(feature.label)}**",
            "",
            f"- เหตุผลที่แสดง · shown as: “{feature.reason.th}” · “{feature.reason.en}”",
            f"- ควรถาม · ask: {both(feature.asks)}",
            f"- คำนวณจาก · measure: {both(measure_in_words(feature.measure, feature.table))}",
            f"- ช่วงเวลา · window: {both(window_in_words(feature.window))}",
            f"- ตาราง · table: {table}; หน่วย · unit: {both(UNITS[feature.unit])}, ทศนิยม · decimals: {feature.decimals}",
            f"- ทิศทาง · direction: {both(RISKS[feature.risk])}",
            f"- เมื่อไม่มีข้อมูล · without a record: {both(absence_in_words(feature.absent_means))}",
            f"- เปลี่ยนได้ · can be changed: {'ได้ · yes' if feature.changeable else 'ไม่ได้ · no'}; "
            f"ชั้นความลับ · privacy: {both(PERSONAL[feature.personal])}",
            f"- ที่มา · source: {feature.source}",
        )
    )
