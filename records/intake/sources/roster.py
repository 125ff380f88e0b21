"""A class roster with a header: one row a student of the whole institution in one term."""

from records.intake.mapping import FileSource
from records.intake.source import GUARDIAN, LEFT_OUT, PERSON_FIELDS, Covers, Field, Tells, fields_of
from records.tables import ENROLMENTS, STUDENTS
from records.text import Text

BIRTH_DATE = Field(
    header="วันเกิด", to=("students.birth_month", "person.birth_date"), example="13/05/2551",
    aliases=("วัน/เดือน/ปีเกิด", "ว/ด/ป เกิด", "วันเดือนปีเกิด", "BirthDate_Onec", "birth_date"),
)  # fmt: skip
SNAPSHOT_DAY = Field(
    header="วันที่ข้อมูล", to=("*.happened_on",), aliases=("snapshot_date", "ข้อมูล ณ วันที่", "happened_on"), required=True,
    example="10/06/2568",
)  # fmt: skip
TERM_LABEL = Field(
    header="ภาคเรียน/ปีการศึกษา", to=("*.term_label",), aliases=("ภาคเรียนที่/ปีการศึกษา", "ภาคเรียน/ปี"), example="1/2568"
)

SOURCE = FileSource(
    name="roster",
    label=Text(th="ทะเบียนรายชื่อตามกลุ่มเรียน", en="class roster"),
    about=Text(
        th="ทะเบียนนักเรียนทั้งสถานศึกษาในหนึ่งภาคเรียน แถวละหนึ่งคน ผู้ที่ไม่มีชื่อในทะเบียนครั้งถัดไปคือผู้ที่ต้องติดตาม",
        en="every student of the institution in one term, one row each; who is missing from the next one must be traced",
    ),
    file_name="roster-1-2568.xlsx",
    fields=(
        *PERSON_FIELDS,
        GUARDIAN,
        BIRTH_DATE,
        *fields_of(STUDENTS, "sex", "nationality_group", "disability_any"),
        *(one for one in fields_of(ENROLMENTS) if one.to != ("enrolments.happened_on",)),
        TERM_LABEL,
        SNAPSHOT_DAY,
        *LEFT_OUT,
    ),
    tells=(
        Tells(table=STUDENTS, lag_days=1),
        Tells(table=ENROLMENTS, lag_days=1, covers=Covers.WHOLE_ROSTER, usually={"status": "ENROLLED"}),
    ),
    marks=(("ชั้น", "ระดับชั้น", "ชั้นปี", "ระดับ"), ("กลุ่มเรียน", "กลุ่ม", "ห้อง"), ("ปีการศึกษา", "ปี", "ภาคเรียน/ปีการศึกษา")),
    unlike=("สถานะการมา", "การมาเรียน"),
    admits=True,
)
