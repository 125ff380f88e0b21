"""The OBEC form of eleven areas (ปกติ / เสี่ยง / มีปัญหา): one row a student (domain 2.7)."""

from records.intake.sources.screening_areas import Form, screening_source
from records.text import Text

FORM = Form(
    tool="OBEC11",
    areas={
        "TALENT": "ความสามารถพิเศษ",
        "LEARNING": "การเรียน",
        "HEALTH": "สุขภาพ",
        "ECONOMY": "เศรษฐกิจ",
        "PROTECTION": "สวัสดิภาพ/ความปลอดภัย(คุ้มครอง)",
        "DRUGS": "สารเสพติด",
        "VIOLENCE": "ความรุนแรง",
        "SEXUAL": "ทางเพศ",
        "GAMES": "ติดเกม",
        "SPECIAL_NEEDS": "ความต้องการพิเศษ",
        "DEVICES": "เครื่องมือสื่อสาร",
    },
    own=("TALENT", "PROTECTION", "VIOLENCE", "SPECIAL_NEEDS", "DEVICES"),
)

SOURCE = screening_source(
    FORM,
    name="screening_obec11",
    label=Text(th="แบบคัดกรองนักเรียน 11 ด้าน สพฐ.", en="OBEC screening, eleven areas"),
    about=Text(
        th="แบบคัดกรอง 11 ด้าน ปกติ เสี่ยง มีปัญหา แถวละหนึ่งคน ด้านอ่อนไหวเก็บปิดผนึกแยกต่างหาก",
        en="eleven areas, each normal, at risk or problem: one row a student; sensitive areas are kept sealed and apart",
    ),
    file_name="screening-obec11-1-2568.xlsx",
)
