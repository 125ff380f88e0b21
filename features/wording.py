"""A feature in words, Thai and English: units, directions, windows, measures; the dictionary and the commands read them."""

from typing import assert_never

from features.vocabulary import (
    Age,
    Change,
    Count,
    CountNewest,
    DaysSince,
    Ever,
    FromMedian,
    GroupMean,
    Highest,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Margin,
    Matches,
    Mean,
    Measure,
    NoRecord,
    Own,
    Personal,
    Relative,
    Risk,
    Sessions,
    Share,
    Slope,
    StepChange,
    Sum,
    Term,
    Unit,
    Unrecorded,
    WeekOfTerm,
    WeeksSame,
    Window,
    WorstCourse,
)
from records.tables import ATTENDANCE, Table, Where
from records.text import Text

RISKS = {
    Risk.RISES: Text(th="ค่ามากขึ้น ความเสี่ยงไม่ลดลง", en="more never lowers the risk"),
    Risk.FALLS: Text(th="ค่ามากขึ้น ความเสี่ยงไม่เพิ่มขึ้น", en="more never raises the risk"),
    Risk.EITHER: Text(th="ไม่กำหนดทิศทาง", en="either way"),
}
UNITS = {
    Unit.DAYS: Text(th="วัน", en="days"),
    Unit.PERIODS: Text(th="คาบ", en="class periods"),
    Unit.YEARS: Text(th="ปี", en="years"),
    Unit.MINUTES: Text(th="นาที", en="minutes"),
    Unit.SHARE: Text(th="สัดส่วน 0–1", en="share 0–1"),
    Unit.SHARE_PER_WEEK: Text(th="สัดส่วนต่อสัปดาห์", en="share per week"),
    Unit.COURSES: Text(th="วิชา", en="courses"),
    Unit.POINTS: Text(th="เกรด 0–4", en="grade points 0–4"),
    Unit.SCORE: Text(th="คะแนนเต็ม 100", en="score of 100"),
    Unit.MARKS: Text(th="คะแนน", en="marks"),
    Unit.BAHT: Text(th="บาทต่อเดือน", en="baht a month"),
    Unit.BAHT_A_DAY: Text(th="บาทต่อวัน", en="baht a day"),
    Unit.PEOPLE: Text(th="คน", en="people"),
    Unit.SDQ_SCORE: Text(th="คะแนนเต็ม 40", en="score of 40"),
    Unit.KILOMETRES: Text(th="กิโลเมตร", en="km"),
    Unit.WEEKS: Text(th="สัปดาห์", en="weeks"),
    Unit.CREDITS: Text(th="หน่วยกิต", en="credits"),
    Unit.TIMES: Text(th="ครั้งหรือชิ้น", en="times or pieces"),
    Unit.LEVEL: Text(th="ระดับ", en="level"),
    Unit.DEVIATIONS: Text(th="ส่วนเบี่ยงเบนมาตรฐาน", en="standard deviations"),
    Unit.YES: Text(th="1 = ใช่", en="1 = yes"),
}
PERSONAL = {
    Personal.ORDINARY: Text(th="ทั่วไป", en="ordinary"),
    Personal.SENSITIVE: Text(th="อ่อนไหว แสดงชื่อเฉพาะผู้มีสิทธิ์", en="sensitive: named only to roles with that permission"),
}
SESSIONS = {
    Sessions.DAY: Text(th="ผลทั้งวัน ถ้าไม่มีจึงดูจากคาบเรียนของวันนั้น", en="the whole day, or its class periods where it has no mark"),
    Sessions.FLAG: Text(th="หน้าเสาธง", en="flagpole"),
    Sessions.HOMEROOM: Text(th="โฮมรูม", en="homeroom"),
    Sessions.ACTIVITY: Text(th="กิจกรรม", en="activity"),
    Sessions.PERIODS: Text(th="คาบเรียน ทุกคาบนับแยกกัน", en="class periods, each one record"),
}  # fmt: skip
_MARGINS = {
    "attendance_share": Text(
        th="จำนวนที่ขาดได้อีกในภาคเรียนนี้ก่อนเวลาเรียนต่ำกว่าเกณฑ์มีสิทธิ์สอบ ติดลบเมื่อเกินแล้ว",
        en="absences left this term before the share needed for the right to examination is missed; negative when past it",
    ),
    "absent_run_dismissal": Text(
        th="จำนวนวันที่ขาดติดต่อกันได้อีกก่อนถึงเกณฑ์ที่อาจพ้นสภาพ ติดลบเมื่อเกินแล้ว",
        en="days in a row left before the rule on losing the place; negative when past it",
    ),
    "gpa_minimum": Text(
        th="เกรดเฉลี่ยสะสมล่าสุดลบด้วยเกณฑ์ขั้นต่ำของระดับ ไม่มีค่าเมื่อสถานศึกษาไม่ได้ตั้งเกณฑ์ หรือผู้เรียนเพิ่งขึ้นระดับใหม่และยังมีแต่เกรดเฉลี่ยของระดับก่อน",
        en="the newest GPAX less the bar of the stage; not known where the institution set none, or of a new student of the stage who has only the GPAX of the stage before",
    ),
}


_OF_OPEN_DAYS = Count | Share | LongestRun | Slope | Change | WorstCourse | Margin


def both(text: Text) -> str:
    """Thai, then English; once where they are the same."""
    return text.th if text.th == text.en else f"{text.th} · {text.en}"


def absence_in_words(absent_means: float | None) -> Text:
    if absent_means is None:
        return Text(th="ไม่ทราบค่า (ไม่ใช่ศูนย์)", en="not known (not zero)")
    return Text(th=f"ถือว่าเป็น {absent_means:g}", en=f"counts as {absent_means:g}")


def window_in_words(window: Window) -> Text:
    match window:
        case Last(days=days):
            return Text(th=f"{days} วันปฏิทินก่อนวันที่ถาม", en=f"the {days} calendar days before the day asked")
        case InTerm(term=Term.THIS):
            return Text(th="ภาคเรียนนี้จนถึงวันก่อนวันที่ถาม", en="this term up to the day before the day asked")
        case InTerm():
            return Text(th="ภาคเรียนก่อน ไม่นับภาคฤดูร้อน", en="the previous term, a summer term not counted")
        case Ever():
            return Text(th="ทั้งหมดที่ทราบในสถานศึกษานี้", en="everything known at this institution")
        case _:
            assert_never(window)


def window_shortly(window: Window) -> Text:
    """A window in two or three words, for a line of a list."""
    match window:
        case Last(days=days):
            return Text(th=f"{days} วันก่อนวันที่ถาม", en=f"last {days} days")
        case InTerm(term=Term.THIS):
            return Text(th="ภาคเรียนนี้", en="this term")
        case InTerm():
            return Text(th="ภาคเรียนก่อน", en="previous term")
        case Ever():
            return Text(th="ทั้งหมดที่ทราบ", en="all that is known")
        case _:
            assert_never(window)


def measure_in_words(measure: Measure, table: Table) -> Text:
    said = _asked(measure, table)
    if table is not ATTENDANCE or not isinstance(measure, _OF_OPEN_DAYS):
        return said
    return Text(
        th=f"{said.th} ไม่นับวันที่สถานศึกษาหยุดหรือปิด", en=f"{said.en}, leaving out days on which the college was closed"
    )


def _asked(measure: Measure, table: Table) -> Text:
    match measure:
        case Count() | CountNewest() | Share() | Matches() | NoRecord() | DaysSince():
            return _of_matching(measure, table)
        case Mean() | Latest() | Sum() | Highest() | StepChange() | WeeksSame():
            return _of_values(measure, table)
        case LongestRun() | Slope() | Change() | Unrecorded() | WorstCourse():
            return _of_days(measure, table)
        case Relative() | FromMedian() | GroupMean():
            return _of_group(measure)
        case Margin():
            return _margin(measure)
        case WeekOfTerm() | LeadDays() | Age():
            return _of_dates(measure)
        case Own(reads=reads):
            columns = ", ".join(f"`{name}`" for name in reads)
            return Text(th=f"คำนวณเองจาก {columns}", en=f"a function of its own over {columns}")
        case _:
            assert_never(measure)


def _of_matching(measure: Count | CountNewest | Share | Matches | NoRecord | DaysSince, table: Table) -> Text:
    match measure:
        case Count(where=where, among=among):
            of_marks = Text(
                th="จำนวนผลเช็กชื่อ (วันละหนึ่ง หรือคาบละหนึ่งเมื่อนับรายคาบ) ที่",
                en="how many marks (one a day, or one a class period where those are counted) where",
            )
            words = of_marks if table is ATTENDANCE else Text(th="จำนวนรายการที่", en="how many records where")
            said = _about(where, table, th=words.th, en=words.en)
            if among is None:
                return said
            return _about(among, table, th=f"{said.th} เมื่อมีรายการที่", en=f"{said.en}, once there is one where")
        case CountNewest(where=where, by=by, besides=besides):
            th, en = f"จำนวนค่าของ `{by}` ที่รายการล่าสุดมี", f"how many values of `{by}` have a newest record where"
            said = _about(where, table, th=th, en=en)
            if besides is None:
                return said
            return _about(besides, table, th=f"{said.th} ไม่นับรายการที่", en=f"{said.en}, leaving out records where")
        case Share(where=where, weekdays=weekdays, among=among, weight=weight):
            th, en = ("ผลเช็กชื่อ", "marks") if table is ATTENDANCE else ("รายการ", "records")
            by_th, by_en = (f"ตามผลรวมของ `{weight}` ", f" by the sum of their `{weight}`") if weight else ("", "")
            th, en = f"สัดส่วน{by_th}ของ{th}ที่", f"the share of {en}{by_en} where"
            said = _on_weekdays(_about(where, table, th=th, en=en), weekdays)
            return (
                said
                if among is None
                else _about(among, table, th=f"{said.th} จากรายการที่", en=f"{said.en}, of those where")
            )
        case Matches(where=where):
            return _about(where, table, th="1 เมื่อรายการล่าสุดมี", en="1 when in the newest record")
        case NoRecord(where=where):
            return _about(where, table, th="1 เมื่อยังไม่มีรายการที่", en="1 while there is no record where")
        case DaysSince(where=where, from_opening=from_opening):
            said = _about(where, table, th="จำนวนวันตั้งแต่รายการล่าสุดที่", en="days since the newest record where")
            return _from_opening(said) if from_opening else said
        case _:
            assert_never(measure)


def _from_opening(said: Text) -> Text:
    return Text(
        th=f"{said.th} ถ้ามีการเช็กชื่อแต่ยังไม่มีรายการเช่นนั้น นับจากวันเปิดภาคเรียน หรือวันลงทะเบียนถ้ามาทีหลัง",
        en=f"{said.en}; where days are recorded and none is such, since the opening of the term or a later registration",
    )


_WEEKDAYS = tuple(
    Text(th=th, en=en)
    for th, en in (
        ("จันทร์", "Monday"), ("อังคาร", "Tuesday"), ("พุธ", "Wednesday"), ("พฤหัสบดี", "Thursday"), ("ศุกร์", "Friday"),
        ("เสาร์", "Saturday"), ("อาทิตย์", "Sunday"),
    )
)  # fmt: skip


def _on_weekdays(said: Text, weekdays: tuple[int, ...]) -> Text:
    if not weekdays:
        return said
    th, en = (" ".join(_WEEKDAYS[day].th for day in weekdays), ", ".join(_WEEKDAYS[day].en for day in weekdays))
    return Text(th=f"{said.th} เฉพาะวัน {th}", en=f"{said.en}, on these weekdays: {en}")


def _of_values(measure: Mean | Latest | Sum | Highest | StepChange | WeeksSame, table: Table) -> Text:
    column = f"`{measure.column}`"
    match measure:
        case Mean(weight=None):
            said = Text(th=f"ค่าเฉลี่ยของ {column}", en=f"the mean of {column}")
        case Mean(weight=weight):
            said = Text(
                th=f"ค่าเฉลี่ยของ {column} ถ่วงน้ำหนักด้วย `{weight}`", en=f"the mean of {column} weighted by `{weight}`"
            )
        case Latest(telling=True):
            said = Text(th=f"{column} ล่าสุดที่มีบอกไว้", en=f"the newest {column} that was told")
        case Latest():
            said = Text(th=f"{column} ล่าสุด", en=f"the newest {column}")
        case Sum():
            said = Text(th=f"ผลรวมของ {column}", en=f"the sum of {column}")
        case Highest():
            said = Text(th=f"{column} ที่สูงที่สุด", en=f"the largest {column}")
        case StepChange():
            said = Text(th=f"{column} ล่าสุดลบด้วยครั้งก่อน", en=f"the newest {column} less the one before")
        case WeeksSame():
            said = Text(
                th=f"จำนวนสัปดาห์ที่ {column} เป็นค่าล่าสุดต่อเนื่องมา", en=f"weeks since {column} has had its newest value"
            )
        case _:
            assert_never(measure)
    where, also = measure.where, measure.also if isinstance(measure, Latest) else None
    said = said if where is None else _about(where, table, th=f"{said.th} ที่", en=f"{said.en} where")
    return said if also is None else _about(also, table, th=f"{said.th} และ", en=f"{said.en} and")


def _of_days(measure: LongestRun | Slope | Change | Unrecorded | WorstCourse, table: Table) -> Text:
    match measure:
        case LongestRun(where=where, current=True):
            return _about(where, table, th="จำนวนวันติดต่อกันจนถึงล่าสุดที่", en="the run of days, up to now, where")
        case LongestRun(where=where):
            return _about(where, table, th="จำนวนวันติดต่อกันมากที่สุดที่", en="the longest run of days where")
        case Slope(where=where):
            th, en = "การเปลี่ยนต่อสัปดาห์ของสัดส่วนวันที่", "the change per week of the share of days where"
            return _about(where, table, th=th, en=en)
        case Change(where=where, short_days=days):
            th = f"สัดส่วนใน {days} วันหลังลบด้วยช่วงก่อนหน้า ของวันที่"
            en = f"the share in the last {days} days less the share before, of days where"
            return _about(where, table, th=th, en=en)
        case WorstCourse(where=where, least=least):
            th = f"สัดส่วนที่มากที่สุดในบรรดาวิชาที่บันทึกอย่างน้อย {least} คาบ ของคาบที่"
            en = f"the largest share over the courses with at least {least} recorded periods, of periods where"
            return _about(where, table, th=th, en=en)
        case Unrecorded():
            return Text(
                th="สัดส่วนของวันเรียนที่ไม่มีบันทึกการมาเรียนของนักเรียนเลย ไม่นับเป็นการขาด",
                en="the share of teaching days on which nothing was recorded of the student; it is not absence",
            )
        case _:
            assert_never(measure)


def _of_group(measure: Relative | FromMedian | GroupMean) -> Text:
    match measure:
        case Relative(of=of, least=least):
            return Text(
                th=f"`{of}` ต่างจากค่าเฉลี่ยของกลุ่มเรียนกี่ส่วนเบี่ยงเบนมาตรฐาน (กลุ่มละอย่างน้อย {least} คน)",
                en=f"standard deviations of `{of}` from the mean of the class group (of at least {least})",
            )
        case FromMedian(of=of, least=least):
            return Text(
                th=f"`{of}` ลบด้วยมัธยฐานของกลุ่มเรียน (กลุ่มละอย่างน้อย {least} คน)",
                en=f"`{of}` less the median of the class group (of at least {least})",
            )
        case GroupMean(of=of, least=least):
            return Text(
                th=f"ค่าเฉลี่ยของ `{of}` ทั้งกลุ่มเรียน (กลุ่มละอย่างน้อย {least} คน)",
                en=f"the mean of `{of}` over the class group (of at least {least})",
            )
        case _:
            assert_never(measure)


def _margin(measure: Margin) -> Text:
    said = _MARGINS[measure.rule]
    if not measure.per_course:
        return said
    return Text(
        th=f"{said.th} คิดเป็นรายวิชาที่บันทึกอย่างน้อย {measure.least} คาบ ใช้วิชาที่เหลือน้อยที่สุด",
        en=f"{said.en}; by course with at least {measure.least} recorded periods, the course with the fewest left",
    )


def _of_dates(measure: WeekOfTerm | LeadDays | Age) -> Text:
    match measure:
        case WeekOfTerm():
            return Text(th="สัปดาห์ที่เท่าไรของภาคเรียน", en="whole weeks since the term opened, from 1")
        case LeadDays(column=column):
            return Text(
                th=f"จำนวนวันจาก `{column}` ถึงวันเปิดภาคเรียน", en=f"days from `{column}` to the opening of the term"
            )
        case Age(column=column):
            return Text(th=f"จำนวนปีจาก `{column}` ถึงวันที่ถาม", en=f"years from `{column}` to the day asked")
        case _:
            assert_never(measure)


def _about(where: Where | None, table: Table, *, th: str, en: str) -> Text:
    """A measure with its condition in words, the codes named by their labels."""
    if where is None:
        return Text(th=th.removesuffix("ที่"), en=en.removesuffix(" where"))
    codes = table[where.column].codes
    labels = [code.label for code in codes.codes if code.value in where.values] if codes else []
    th_words, en_words = " หรือ ".join(label.th for label in labels), " or ".join(label.en for label in labels)
    return Text(th=f"{th} `{where.column}` เป็น {th_words}", en=f"{en} `{where.column}` is {en_words}")
