"""The OVEC form of nine areas (ไว้ใจ / ห่วงใย / ใกล้ชิด): one row a student (domain 2.7)."""

from records.intake.sources.screening_areas import Form, screening_source
from records.text import Text

FORM = Form(
    tool="OVEC9",
    areas={
        "LEARNING": "การเรียน",
        "SOCIAL": "สังคม",
        "SEXUAL": "ชู้สาว",
        "DRUGS": "ยาเสพติด",
        "FIGHTS": "การทะเลาะวิวาท",
        "ECONOMY": "เศรษฐกิจ",
        "GAMES": "ติดเกมส์",
        "GAMBLING": "การพนัน",
        "HEALTH": "สุขภาพ",
    },
    own=("SOCIAL", "FIGHTS", "GAMBLING"),
)

SOURCE = screening_source(
    FORM,
    name="screening_ovec9",
    label=Text(th="แบบคัดกรองผู้เรียน 9 ด้าน สอศ.", en="OVEC screening, nine areas"),
    about=Text(
        th="แบบคัดกรองผู้เรียนเพื่อจำแนกกลุ่มไว้ใจ กลุ่มห่วงใย กลุ่มใกล้ชิด แถวละหนึ่งคน ด้านละคอลัมน์ (หรือคอลัมน์ห่วงใย/ใกล้ชิด) "
        "ด้านอ่อนไหวเก็บปิดผนึกแยกต่างหาก",
        en="the screening form of trust, concern and close watch: one row a student, one column an area (or one each for "
        "concern and close watch); sensitive areas are kept sealed and apart",
    ),
    file_name="screening-ovec9-1-2568.xlsx",
)
