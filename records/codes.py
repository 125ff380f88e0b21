"""The closed code lists of the event tables, with the words that real files use for them.

Every word comes from the published forms and exports that the data dictionary names; a word that a college uses
and that is missing here goes into a table of its own in `lookups/` of the data home, not into this file.
In the log a code is the position in its list: append new codes at the end, never in between.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from records.text import Text

_DECIMAL_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_UNSAID = str.maketrans("", "", " .()[]*:-_/\n\r\t\u00a0\u200b\ufeff")


def fold_label(cell: str) -> str:
    """A header or code word with spaces, dots and brackets removed, in lower case: how words are compared.

    A decimal point stays (35 is not 3.5), and a cell of signs alone is itself: `--` must not become the word `/`.
    """
    folded = _DECIMAL_POINT.sub("\x1f", cell.lower()).translate(_UNSAID)
    return folded.replace("\x1f", ".") or cell.strip(" \n\r\t\u00a0\u200b\ufeff")


@dataclass(frozen=True, kw_only=True)
class Code:
    value: str
    label: Text
    aliases: tuple[str, ...] = ()
    worth: float | None = None
    """The number it stands for in a mean or an order, where it stands for one."""


@dataclass(frozen=True, kw_only=True)
class CodeList:
    """A closed set of codes; `parse` knows every word for them."""

    name: str
    codes: tuple[Code, ...]

    @cached_property
    def values(self) -> tuple[str, ...]:
        return tuple(code.value for code in self.codes)

    @cached_property
    def _positions(self) -> dict[str, int]:
        words: dict[str, int] = {}
        for position, code in enumerate(self.codes):
            for word in (code.value, code.label.th, code.label.en, *code.aliases):
                words.setdefault(fold_label(word), position)
        return words

    def position(self, value: str) -> int:
        """The position of a code by its value; KeyError when there is no such code."""
        try:
            return self.values.index(value)
        except ValueError:
            raise KeyError(f"{self.name} has no code '{value}'; it has {', '.join(self.values)}") from None

    def parse(self, cell: str) -> int | None:
        """The position of the code that a cell names by value, label or alias; None when nothing fits."""
        return self._positions.get(fold_label(cell))


def _code(value: str, th: str, en: str, *aliases: str, worth: float | None = None) -> Code:
    return Code(value=value, label=Text(th=th, en=en), aliases=aliases, worth=worth)


SEXES = CodeList(
    name="sex",
    codes=(
        _code("M", "ชาย", "male", "ช", "1"),
        _code("F", "หญิง", "female", "ญ", "2"),
        _code("U", "ไม่ระบุ", "not stated"),
    ),
)

NATIONALITY_GROUPS = CodeList(
    name="nationality_group",
    codes=(
        _code("TH", "ไทย", "Thai"),
        _code("FOREIGN", "ต่างชาติ", "foreign", "ต่างด้าว", "พม่า", "เมียนมา", "กัมพูชา", "ลาว", "จีน", "เวียดนาม"),
        _code("STATELESS", "ไร้สัญชาติ", "stateless", "ไม่มีสัญชาติ", "ไม่ปรากฏสัญชาติ"),
        _code("UNKNOWN", "ไม่ทราบ", "not known", "ไม่ระบุ"),
    ),
)

LEVELS = CodeList(
    name="level",
    codes=(
        _code("K1", "อ.1", "kindergarten 1", "อนุบาล 1"),
        _code("K2", "อ.2", "kindergarten 2", "อนุบาล 2"),
        _code("K3", "อ.3", "kindergarten 3", "อนุบาล 3"),
        *(
            _code(f"P{n}", f"ป.{n}", f"primary {n}", f"ประถมศึกษาปีที่ {n}", f"ประถมศึกษาปีที่ {n}/เกรด {n}", worth=n)
            for n in range(1, 7)
        ),
        *(
            _code(f"M{n}", f"ม.{n}", f"secondary {n}", f"มัธยมศึกษาปีที่ {n}", f"มัธยมศึกษาปีที่ {n}/เกรด {n + 6}", worth=n)
            for n in range(1, 7)
        ),
        *(
            _code(f"V{n}", f"ปวช.{n}", f"vocational certificate {n}", f"ประกาศนียบัตรวิชาชีพปีที่ {n}", f"ปวช.ปีที่ {n}", worth=n)
            for n in range(1, 4)
        ),
        *(
            _code(
                f"D{n}", f"ปวส.{n}", f"higher vocational certificate {n}",
                f"ประกาศนียบัตรวิชาชีพชั้นสูงปีที่ {n}", f"ประกาศนียบัตรวิชาชีพชั้นสูงชั้นปีที่ {n}", f"ปวส.ปีที่ {n}", worth=n,
            )
            for n in range(1, 3)
        ),
        _code("B", "ทล.บ.", "technology bachelor"),
        _code("MODULE", "รายวิชาเปิด", "open university module"),
    ),
)  # fmt: skip

# Leaving after one of these is finishing (domain: terminal levels).
TERMINAL_LEVELS = ("P6", "M3", "M6", "V3", "D2")
# First years that follow another programme of the same institution: a graduation of who is there ended that one.
NEXT_PROGRAMME_LEVELS = ("P1", "M1", "M4", "D1")
# Courses of one term: whoever is there at its end has finished.
ONE_TERM_LEVELS = ("MODULE",)

SUMMER_TERM = 3
"""Most students skip it: its roster says nothing of who is not on it."""

# The stage of education that a level belongs to; rules are set by stage.
STAGES = CodeList(
    name="stage",
    codes=(
        _code("KINDERGARTEN", "อนุบาล", "kindergarten"),
        _code("PRIMARY", "ประถมศึกษา", "primary"),
        _code("SECONDARY", "มัธยมศึกษา", "secondary"),
        _code("VOCATIONAL", "ปวช.", "vocational certificate", "ประกาศนียบัตรวิชาชีพ"),
        _code("HIGHER_VOCATIONAL", "ปวส.", "higher vocational certificate", "ประกาศนียบัตรวิชาชีพชั้นสูง"),
        _code("BACHELOR", "ทล.บ.", "technology bachelor"),
    ),
)
STAGE_OF_LEVEL = {
    **{f"K{n}": "KINDERGARTEN" for n in range(1, 4)},
    **{f"P{n}": "PRIMARY" for n in range(1, 7)},
    **{f"M{n}": "SECONDARY" for n in range(1, 7)},
    **{f"V{n}": "VOCATIONAL" for n in range(1, 4)},
    **{f"D{n}": "HIGHER_VOCATIONAL" for n in range(1, 3)},
    "B": "BACHELOR",
}

# The rules that an institution may set; a rule that has no default in features/rules.py is off until it is entered.
RULES = CodeList(
    name="rule",
    codes=(
        _code(
            "attendance_share",
            "เวลาเรียนขั้นต่ำเพื่อมีสิทธิ์สอบ (0.8 = ร้อยละ 80)",
            "least share of days present for the right to examination",
        ),
        _code("absent_run_notice", "ขาดติดต่อกันกี่วันต้องแจ้งผู้ปกครอง", "days absent in a row after which guardians are told"),
        _code(
            "absent_run_dismissal", "ขาดติดต่อกันกี่วันอาจพ้นสภาพ", "days absent in a row after which the place may be lost"
        ),
        _code("gpa_minimum", "เกรดเฉลี่ยขั้นต่ำของสถานศึกษา", "the college's own least GPA"),
        _code("lates_per_absence", "มาสายกี่ครั้งนับเป็นขาดหนึ่งครั้ง", "how many times late count as one absence"),
        _code(
            "leaves_per_absence", "ลากี่ครั้งนับเป็นขาดหนึ่งครั้ง (0 = ไม่นับ)", "how many leaves count as one absence (0 = none)"
        ),
    ),
)

STUDY_MODES = CodeList(
    name="study_mode",
    codes=(
        _code("NORMAL", "ปกติ", "normal", "ภาคปกติ"),
        _code("DUAL", "ทวิภาคี", "dual system"),
        _code("EVENING", "ภาคสมทบ", "evening", "สมทบ"),
        _code("SHORT", "ระยะสั้น", "short course"),
        _code("FLEX", "ยืดหยุ่น", "flexible"),
        _code("INTERNSHIP", "ฝึกงาน", "internship"),
    ),
)

ENTRY_ROUTES = CodeList(
    name="entry_route",
    codes=(
        _code("NORMAL", "ปกติ", "normal", worth=0),
        _code("TRANSFER_IN", "ย้ายเข้า", "transferred in", "รับย้าย", worth=0),
        _code("RETURNED", "กลับเข้าเรียน", "returned", "พากลับมาเรียน", worth=1),
        _code("CREDIT_BANK", "คลังหน่วยกิต", "credit bank", worth=1),
    ),
)

# Worth the level of the International Standard Classification of Education (UNESCO, ISCED 2011); the Thai words [judgement].
EDUCATION = CodeList(
    name="education_before",
    codes=(
        _code("NONE", "ไม่มีวุฒิ", "none", "ต่ำกว่าประถมศึกษา", worth=0),
        _code("PRIMARY", "ประถมศึกษา", "primary", "ป.6", "ประถมศึกษาปีที่ 6", worth=1),
        _code("LOWER_SECONDARY", "มัธยมศึกษาตอนต้น", "lower secondary", "ม.ต้น", "ม.3", "มัธยมศึกษาปีที่ 3", worth=2),
        _code(
            "UPPER_SECONDARY", "มัธยมศึกษาตอนปลายหรือ ปวช.", "upper secondary", "มัธยมศึกษาตอนปลาย", "ม.ปลาย", "ม.6",
            "มัธยมศึกษาปีที่ 6", "ปวช.", "ประกาศนียบัตรวิชาชีพ", worth=3,
        ),
        _code("SHORT_TERTIARY", "ปวส. หรืออนุปริญญา", "short tertiary", "ปวส.", "ประกาศนียบัตรวิชาชีพชั้นสูง", "อนุปริญญา", worth=5),
        _code("BACHELOR", "ปริญญาตรี", "bachelor", "ป.ตรี", worth=6),
        _code("MASTER", "ปริญญาโทหรือสูงกว่า", "master or higher", "ปริญญาโท", "ป.โท", "ปริญญาเอก", worth=7),
    ),
)  # fmt: skip

# The same in full, as colleges write it [judgement].
_DISMISSED = tuple(
    f"พ้นสภาพ{of}{whom}" for of in ("", "การเป็น", "ความเป็น") for whom in ("นักเรียน", "นักศึกษา", "นักเรียนนักศึกษา")
)
ENROLMENT_STATUSES = CodeList(
    name="status",
    codes=(
        _code("ENROLLED", "กำลังศึกษา", "enrolled", "ปกติ", "กำลังเรียน"),
        _code("ON_LEAVE", "พักการเรียน", "on leave", "รักษาสภาพ"),
        _code("GRADUATED", "สำเร็จการศึกษา", "graduated", "จบการศึกษา", "จบ"),
        _code("TRANSFERRED_OUT", "ย้ายออก", "transferred out", "ย้ายสถานศึกษา", "ย้าย"),
        _code("RESIGNED", "ลาออก", "resigned"),
        _code("DISMISSED", "พ้นสภาพ", "dismissed", "จำหน่าย", *_DISMISSED),
        _code("DECEASED", "เสียชีวิต", "deceased", "ถึงแก่กรรม"),
        _code("GONE_ON_ROLL", "ยังไม่สามารถจำหน่ายได้ (3.1.8)", "gone, still on the roll (3.1.8)", "3.1.8"),
        _code("UNKNOWN", "ไม่ทราบ", "not known"),
    ),
)

DAY_KINDS = CodeList(
    name="kind",
    codes=(
        _code("TEACH", "วันเรียน", "teaching day", "เรียน", "เปิดเรียน"),
        _code("HOLIDAY", "วันหยุด", "holiday", "หยุด"),
        _code("EXAM", "วันสอบ", "examination", "สอบ"),
        _code("CLOSED", "ปิดเรียนเหตุพิเศษ", "closed", "ปิด", "น้ำท่วม"),
        _code("WFH", "เรียนที่บ้าน", "learning at home", "ออนไลน์"),
    ),
)

SESSIONS = CodeList(
    name="session",
    codes=(
        _code("DAY", "ทั้งวัน", "whole day", "วัน"),
        _code("FLAG", "หน้าเสาธง", "flagpole", "เข้าแถว"),
        _code("HOMEROOM", "โฮมรูม", "homeroom"),
        *(_code(f"P{n}", f"คาบ {n}", f"period {n}", f"คาบที่ {n}", str(n)) for n in range(1, 11)),
        _code("ACTIVITY", "กิจกรรม", "activity"),
    ),
)

ATTENDANCE_STATUSES = CodeList(
    name="status",
    codes=(
        _code("P", "มา", "present", "มาเรียน", "✓", "/", "✔"),
        _code("L", "สาย", "late", "มาสาย", "ส"),
        _code("A", "ขาด", "absent", "ข", "ขาดเรียน"),
        _code("S", "ลาป่วย", "sick leave", "ป", "ป่วย", "ลา"),
        _code("B", "ลากิจ", "personal leave", "ก"),
        _code("K", "โดด", "skipped", "หนีเรียน", "โดดเรียน"),
        _code("E", "กลับก่อน", "left early"),
        _code("O", "ราชการ", "on duty or activity", "กิจกรรม"),
        _code("I", "ฝึกงาน", "internship"),
        _code("N", "ไม่ได้บันทึก", "not recorded"),
        _code("H", "หยุด", "holiday", "วันหยุด"),
    ),
)

# Which marks count as 0 in the average and which are left out is OVEC practice [domain 2.6, to be confirmed by the college].
GRADES = CodeList(
    name="grade",
    codes=(
        _code("4", "4", "4", "4.0", "4.00", worth=4),
        _code("3.5", "3.5", "3.5", "3.50", worth=3.5),
        _code("3", "3", "3", "3.0", "3.00", worth=3),
        _code("2.5", "2.5", "2.5", "2.50", worth=2.5),
        _code("2", "2", "2", "2.0", "2.00", worth=2),
        _code("1.5", "1.5", "1.5", "1.50", worth=1.5),
        _code("1", "1", "1", "1.0", "1.00", worth=1),
        _code("0", "0", "0", "0.0", "0.00", worth=0),
        _code("R", "ร", "incomplete"),
        _code("MS", "มส", "no right to the examination, or incomplete", "ม.ส."),
        _code("MP", "มผ", "activity failed", "ม.ผ."),
        _code("PASS", "ผ", "passed", "ผ."),
        _code("KHR", "ขร", "no right to final assessment (attendance)", "ข.ร.", worth=0),
        _code("KHP", "ขป", "practical work missing", "ข.ป.", worth=0),
        _code("KHS", "ขส", "missed final assessment", "ข.ส.", worth=0),
        _code("THL", "ถล", "withdrew late", "ถ.ล.", worth=0),
        _code("THN", "ถน", "withdrew in time", "ถ.น."),
        _code("THP", "ถพ", "suspended during assessment", "ถ.พ."),
        _code("TH", "ท", "cheating", "ท.", worth=0),
        _code("MT", "มท", "could not take the make-up", "ม.ท.", worth=0),
        _code("MK", "มก", "audit, no credit", "ม.ก."),
        _code("NOT_SUBMITTED", "ยังไม่ส่งงาน", "due and not handed in"),
        _code("SCORED", "มีคะแนน", "scored"),
    ),
)

FAILED_GRADES = ("0", "MS", "MP", "KHR", "KHP", "KHS", "TH", "MT")

FAMILY_STATUSES = CodeList(
    name="family_status",
    codes=(
        _code("TOGETHER", "อยู่ด้วยกัน", "parents together"),
        _code("SEPARATED", "แยกกันอยู่", "separated"),
        _code("DIVORCED", "หย่าร้าง", "divorced", "หย่า"),
        _code("FATHER_DEAD", "บิดาเสียชีวิต", "father dead"),
        _code("MOTHER_DEAD", "มารดาเสียชีวิต", "mother dead"),
        _code("BOTH_DEAD", "บิดามารดาเสียชีวิต", "both parents dead"),
        _code("ABANDONED", "ถูกทอดทิ้ง", "abandoned"),
    ),
)

LIVES_WITH = CodeList(
    name="lives_with",
    codes=(
        _code("PARENT", "บิดามารดา", "parents", "พ่อแม่", "บิดา", "มารดา", "บิดา/มารดา"),
        _code("RELATIVE", "ญาติ", "relatives"),
        _code("ALONE", "อยู่ลำพัง", "alone", "อยู่ตามลำพัง", "คนเดียว"),
        _code("EMPLOYER", "นายจ้าง", "employer"),
        _code("INSTITUTION", "สถานสงเคราะห์", "institution", "ครัวเรือนสถาบัน"),
        _code("DORM", "หอพัก", "dormitory"),
        _code("SPOUSE", "คู่สมรส", "spouse"),
    ),
)

HOUSING = CodeList(
    name="housing",
    codes=(
        _code("OWN", "บ้านตนเอง", "own house", "บ้านของตนเอง", "เจ้าของ"),
        _code("RENT", "บ้านเช่า", "rented", "เช่า"),
        _code("WITH_OTHERS", "อาศัยผู้อื่น", "with others", "อยู่กับผู้อื่น", "อาศัยอยู่กับผู้อื่น"),
        _code("DORM", "หอพัก", "dormitory"),
    ),
)

POVERTY_CLASSES = CodeList(
    name="poverty_class",
    codes=(
        _code("NOT", "ไม่ผ่านเกณฑ์", "not poor", "ไม่ยากจน", worth=0),
        _code("POOR", "ยากจน", "poor", "เด็กยากจน", worth=1),
        _code("EXTREME", "ยากจนพิเศษ", "extremely poor", worth=2),
        _code("UNKNOWN", "ไม่ทราบ", "not known"),
    ),
)

TOOLS = CodeList(
    name="tool",
    codes=(
        _code("OVEC9", "แบบคัดกรอง 9 ด้าน สอศ.", "OVEC nine areas"),
        _code("OBEC11", "แบบคัดกรอง 11 ด้าน สพฐ.", "OBEC eleven areas"),
        _code("OTHER", "อื่น ๆ", "other"),
        _code("SDQ_SELF", "SDQ นักเรียนประเมินตนเอง", "SDQ, self-report"),
        _code("SDQ_TEACHER", "SDQ ครูประเมิน", "SDQ, teacher"),
        _code("SDQ_PARENT", "SDQ ผู้ปกครองประเมิน", "SDQ, parent"),
    ),
)

AREAS = CodeList(
    name="area",
    codes=(
        _code("OVERALL", "ภาพรวม", "overall", "สรุป"),
        _code("LEARNING", "การเรียน", "learning", "ด้านการเรียน"),
        _code("SOCIAL", "สังคม", "social", "ด้านสังคม"),
        _code("ECONOMY", "เศรษฐกิจ", "economy", "ด้านเศรษฐกิจ"),
        _code("GAMES", "ติดเกมส์", "games", "ติดเกม", "ด้านติดเกมส์"),
        _code("GAMBLING", "การพนัน", "gambling", "ด้านการพนัน"),
        _code("TALENT", "ความสามารถพิเศษ", "talent", "ด้านความสามารถพิเศษ"),
        _code("DEVICES", "เครื่องมือสื่อสาร", "devices", "ด้านเครื่องมือสื่อสาร"),
    ),
)

SENSITIVE_AREA_CODES = CodeList(
    name="sensitive_area",
    codes=(
        _code("SEXUAL", "ชู้สาว", "sexual behaviour", "ด้านชู้สาว", "ทางเพศ", "ด้านพฤติกรรมทางเพศ"),
        _code("DRUGS", "ยาเสพติด", "drugs", "ด้านยาเสพติด", "สารเสพติด", "ด้านสารเสพติด"),
        _code("FIGHTS", "การทะเลาะวิวาท", "fights", "ด้านการทะเลาะวิวาท"),
        _code("HEALTH", "สุขภาพ", "health", "ด้านสุขภาพ", "สุขภาพ/กาย/จิต/อารมณ์"),
        _code("VIOLENCE", "ความรุนแรง", "violence", "ด้านความรุนแรง"),
        _code(
            "PROTECTION", "สวัสดิภาพ/ความปลอดภัย", "protection", "สวัสดิภาพ", "ด้านคุ้มครองนักเรียน", "สวัสดิภาพ/ความปลอดภัย(คุ้มครอง)"
        ),
        _code("SPECIAL_NEEDS", "ความต้องการพิเศษ", "special needs", "ด้านความต้องการพิเศษ"),
        _code("SDQ_TOTAL", "SDQ รวมสี่ด้าน", "SDQ total difficulties", "SDQ"),
        _code("SDQ_EMOTIONAL", "SDQ อารมณ์", "SDQ emotional"),
        _code("SDQ_CONDUCT", "SDQ เกเร", "SDQ conduct"),
        _code("SDQ_HYPERACTIVITY", "SDQ อยู่ไม่นิ่ง", "SDQ hyperactivity"),
        _code("SDQ_PEER", "SDQ เพื่อน", "SDQ peer"),
        _code("SDQ_PROSOCIAL", "SDQ สัมพันธภาพทางสังคม", "SDQ prosocial"),
    ),
)

# The words for areas whose answers are kept sealed and out of the log.
SENSITIVE_AREAS = tuple(
    word for code in SENSITIVE_AREA_CODES.codes for word in (code.value, code.label.th, code.label.en, *code.aliases)
)

SCREENING_LEVELS = CodeList(
    name="level",
    codes=(
        _code("TRUST", "ไว้ใจ", "trust", "กลุ่มไว้ใจ", "ปกติ", "NORMAL", worth=0),
        _code("CONCERN", "ห่วงใย", "concern", "กลุ่มห่วงใย", "เสี่ยง", "RISK", worth=1),
        _code("CLOSE", "ใกล้ชิด", "close watch", "กลุ่มใกล้ชิด", "มีปัญหา", "PROBLEM", worth=2),
    ),
)

VISIT_MODES = CodeList(
    name="mode",
    codes=(
        _code("HOME", "เยี่ยมบ้าน", "home visit"),
        _code("PHONE", "โทรศัพท์", "telephone"),
        _code("ONLINE", "ออนไลน์", "online"),
        _code("AT_SCHOOL", "พบที่สถานศึกษา", "at school"),
    ),
)

VISIT_RESULTS = CodeList(
    name="result",
    codes=(
        _code("MET_STUDENT", "พบนักเรียน", "met the student"),
        _code("MET_GUARDIAN", "พบผู้ปกครอง", "met the guardian"),
        _code("NOT_HOME", "ไม่อยู่บ้าน", "nobody at home"),
        _code("HOUSE_NOT_FOUND", "หาบ้านไม่พบ", "house not found", "701"),
        _code("ACCESS_DENIED", "เข้าไม่ได้", "no access"),
        _code("REFUSED", "ไม่ยินดีให้ข้อมูล", "refused"),
        _code("MOVED", "ย้ายที่อยู่", "moved"),
        _code("UNSAFE", "พื้นที่ไม่ปลอดภัย", "unsafe"),
    ),
)

# R01–R10: the ten reasons of the learning-promotion department (DOLE) survey.
REASONS = CodeList(
    name="reason_code",
    codes=(
        _code("R01", "ความจำเป็นทางครอบครัว", "family necessity"),
        _code("R02", "ย้ายถิ่นที่อยู่", "moved away"),
        _code("R03", "สภาพครอบครัว", "family condition", "สภาพของครอบครัว"),
        _code("R04", "สุขภาพอนามัย", "health"),
        _code("R05", "ผู้ปกครองมีรายได้น้อย ไม่พอเพียง", "low income"),
        _code("R06", "การคมนาคมไม่สะดวก", "transport"),
        _code("R07", "ปัญหาการปรับสภาพตัวเองในสังคม", "social adjustment"),
        _code("R08", "ความพิการ", "disability"),
        _code("R09", "ได้รับผลกระทบจากภัยต่าง ๆ", "disaster"),
        _code("R10", "การประพฤติ ปฏิบัติขัดกับระเบียบของสถานศึกษา", "conduct"),
        _code("NOT_STATED", "ไม่ระบุ", "not stated"),
    ),
)

OUTCOME_EVENTS = CodeList(
    name="event",
    codes=(
        _code("LEFT", "ออกกลางคัน", "left", "ลาออก", "RESIGNED"),
        _code("RETURNED", "กลับเข้าเรียน", "returned"),
        _code("TRANSFER_CONFIRMED", "ยืนยันการย้าย", "transfer confirmed", "ย้ายสถานศึกษา"),
        _code("GRADUATED", "สำเร็จการศึกษา", "graduated", "จบการศึกษา"),
        _code("DECEASED", "เสียชีวิต", "deceased"),
        _code("NOT_ON_NEXT_ROSTER", "ไม่มีชื่อในรอบถัดไป", "not on the next roster"),
        _code("TRACED", "ติดตามพบแล้ว", "traced"),
        _code("DISMISSED", "พ้นสภาพ", "dismissed", *_DISMISSED),
    ),
)

TRACE_STATUSES = CodeList(
    name="trace_status",
    codes=(
        _code("not_traced", "ยังไม่ได้ติดตาม", "not traced yet"),
        _code("found_returned", "พบตัว กลับเข้าระบบ", "found and returned"),
        _code("found_not_ready", "พบตัว ยังไม่สามารถกลับ", "found, not ready to return"),
        _code("referred", "ดูแล-ส่งต่อ", "referred"),
        _code("not_found", "ไม่พบตัว", "not found"),
        _code("forwarded", "ส่งต่อข้อมูลให้ MOU", "forwarded to the agencies"),
    ),
)

# The tracing outcomes of Thailand Zero Dropout case management; the spelling of the values is theirs.
TZD_OUTCOMES = CodeList(
    name="tzd_outcome",
    codes=(
        _code("BACKED_TO_EDU", "กลับเข้าศึกษาต่อแล้ว", "back in education"),
        _code("ALTER_EDU", "การศึกษาทางเลือก ม.12", "alternative education (section 12)"),
        _code("STUDY_ABROAD", "ศึกษาต่างประเทศ", "studies abroad"),
        _code(
            "GRADUTED_COMPLUSEEDU", "จบภาคบังคับแล้ว ไม่ต้องการความช่วยเหลือ", "finished compulsory education, wants no help"
        ),
        _code("WORK_EMPLOY", "มีงานทำแล้ว", "has work"),
        _code("HAVE_FAMILY", "มีครอบครัว/บุตรแล้ว", "has a family or child"),
        _code("JUSTICE_SYS", "อยู่ในกระบวนการยุติธรรม", "in the justice system"),
        _code("WELFARE_CENTER", "สถานสงเคราะห์", "in a welfare home"),
        _code("DRUG_ADDICT", "ติดสารเสพติด ต้องฟื้นฟู", "addicted, needs rehabilitation"),
        _code("RELOCATED", "ย้ายภูมิลำเนา/สถานศึกษา", "moved home or school"),
        _code("CANT_FIND_HOUSE", "หาบ้านไม่พบ", "house not found"),
        _code("DONT_NEED_HELP", "ไม่ต้องการความช่วยเหลือ", "wants no help"),
        _code("DECEASED", "เสียชีวิต", "deceased"),
    ),
)
