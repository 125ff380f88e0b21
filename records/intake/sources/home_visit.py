"""Home visits as a sheet, from an OVEC or OBEC form: one row a student and visit (domain 2.7, T8).

Only codes are taken: what was written freely, pictures and places on a map never enter the log.
"""

from records.intake.mapping import FileSource
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Field, Tells, field_of
from records.intake.sources.attendance import CLASS_GROUP
from records.tables import HOUSEHOLD, VISITS
from records.text import Text

_VISIT_DAY = Field(
    header="วันที่เยี่ยม",
    to=("*.happened_on",),
    aliases=("วันที่เยี่ยมบ้าน", "วันที่", "happened_on"),
    required=True,
    example="20/06/2568",
)
_RESULT_WORDS = {"หาบ้านไม่พบ-ไม่มีข้อมูล-ไม่ยินดีให้ข้อมูล-ไม่พบตัว": "HOUSE_NOT_FOUND"}  # the ministry's text of its code 701
_MODE_WORDS = {"real": "HOME", "online": "ONLINE", "interview at school": "AT_SCHOOL"}
_VISITS = (
    field_of(VISITS, VISITS["result"], words=_RESULT_WORDS, example="พบผู้ปกครอง", about=Text(th="พบใคร หรือเหตุใดจึงไม่พบ", en="who was met, or why nobody was")),
    field_of(VISITS, VISITS["attempt"], example="1", about=VISITS["attempt"].label),
    field_of(VISITS, VISITS["mode"], words=_MODE_WORDS, example="เยี่ยมบ้าน", about=VISITS["mode"].label),
    Field(header="สาเหตุ", to=("visits.reason_code",), aliases=("สาเหตุที่พบ", "reason_code", "reason found"), example="การคมนาคมไม่สะดวก", about=Text(th="หนึ่งในสิบสาเหตุ คำอื่นไม่นำเข้า", en="one of the ten reasons; other words are left out")),
)  # fmt: skip
# Answers of the form that have a place in our household table; a band of distance such as 1–5 is no number and left out.
_HOUSEHOLD = (
    Field(header="ลักษณะที่อยู่อาศัย", to=("household.housing",), aliases=("การอยู่อาศัย", "บ้านที่อยู่อาศัย", "ลักษณะการอยู่อาศัย"), example="บ้านตนเอง", about=HOUSEHOLD["housing"].label),
    Field(header="ระยะทางจากบ้าน", to=("household.travel_km",), aliases=("ระยะทาง", "ระยะทางจากบ้านถึงวิทยาลัย", "ระยะทางจากบ้านถึงโรงเรียน"), example="7", about=Text(th="กม. เที่ยวเดียว เป็นตัวเลข ช่วงระยะทางไม่นำเข้า", en="km one way as a number; a band is left out")),
    Field(header="สถานภาพครอบครัว", to=("household.family_status",), aliases=("สถานภาพสมรสของบิดามารดา", "สถานภาพบิดามารดา"), words={"หย่าร้าง/แยกทาง": "DIVORCED"}, example="อยู่ด้วยกัน", about=HOUSEHOLD["family_status"].label),
    Field(header="อาศัยอยู่กับ", to=("household.lives_with",), aliases=("พักอาศัยกับ",), example="บิดามารดา", about=HOUSEHOLD["lives_with"].label),
    Field(header="จำนวนสมาชิกในครัวเรือน", to=("household.members",), aliases=("จำนวนสมาชิก",), example="5", about=HOUSEHOLD["members"].label),
)  # fmt: skip
_NOT_TAKEN = tuple(
    Field(header=header)
    for header in (
        "ปัญหาที่พบ", "ปัญหา", "ข้อเสนอแนะ", "ความคิดเห็นผู้ปกครอง", "ความคิดเห็นครูที่ปรึกษา", "บันทึกเพิ่มเติม", "หมายเหตุ", "ภาพถ่าย", "รูปถ่ายบ้าน", "แผนที่", "แผนที่บ้าน",
        "พิกัดบ้าน", "GPS", "เวลาที่ใช้ (นาที)", "นาที", "ผู้เยี่ยม", "ครูผู้เยี่ยม", "ความช่วยเหลือที่ต้องการ", "สิ่งที่ต้องการให้สนับสนุน", "รายได้เพียงพอ", "ความเพียงพอของรายได้",
        "ภาวะสุขภาพ", "โรคประจำตัว", "พฤติกรรมดื่มสุรา", "สูบบุหรี่", "การพนัน", "เที่ยวกลางคืน", "ลักษณะการอบรมเลี้ยงดู", "ความสัมพันธ์ในครอบครัว", "บุคคลที่ใกล้ชิดที่สุด", "งานบ้านที่รับผิดชอบ",
        "สภาพแวดล้อมของบ้าน", "วิธีเดินทาง", "แผนหลังจบการศึกษา", "กลุ่มเพื่อน", "ที่ทำงานบิดามารดา", "ลายมือชื่อ",
    )
)  # fmt: skip

SOURCE = FileSource(
    name="home_visit",
    label=Text(th="บันทึกการเยี่ยมบ้าน", en="home visits"),
    about=Text(
        th="แบบบันทึกการเยี่ยมบ้าน แถวละหนึ่งคน หนึ่งครั้ง รับเฉพาะผลและสาเหตุที่เป็นรหัส ไม่รับข้อความ รูป และพิกัด",
        en="the home-visit form, one row a student and visit: only coded results and reasons; no text, pictures or places",
    ),
    file_name="home-visits-1-2568.xlsx",
    fields=(*PERSON_FIELDS, CLASS_GROUP, _VISIT_DAY, *_VISITS, *_HOUSEHOLD, *_NOT_TAKEN, *LEFT_OUT),
    tells=(Tells(table=VISITS, lag_days=7, usually={"attempt": "1"}), Tells(table=HOUSEHOLD, lag_days=7)),
    marks=(
        ("ผลการเยี่ยม", "result", "ผลการเยี่ยมบ้าน"),
        ("วันที่เยี่ยม", "วันที่เยี่ยมบ้าน", "วันที่", "happened_on"),
    ),
    unlike=("เหตุการณ์", "event", "สถานะการมา"),
)
