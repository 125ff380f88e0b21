"""What a clerk does about a row in quarantine, by the rule that it broke."""

from records.text import Text

LINE = "บรรทัดเดิม"
"""The header, in the workbook of rows in quarantine, over the line that each row has in its own file."""
_THE_CELL = Text(th="แก้ช่องที่ผิดตามเหตุผล", en="mend the cell that the reason speaks of")
_WHO = Text(
    th="ตรวจเลขประจำตัวหรือรหัสกับบัตรหรือทะเบียน แล้วพิมพ์ใหม่เป็นข้อความ",
    en="look the number up on the card or roster and type it as text",
)
_WHOSE = Text(
    th="ตรวจกับทะเบียนว่าเป็นของใคร แล้วแก้รหัสหรือชื่อของแถวที่ผิด",
    en="see on the roster whose it is, then mend the code or the name that is wrong",
)
_DAY = Text(
    th="พิมพ์วันที่เป็น วัน/เดือน/ปี พ.ศ. เช่น 16/05/2568", en="type the day as day/month/Buddhist year, such as 16/05/2568"
)
_NUMBER = Text(th="พิมพ์เป็นตัวเลขล้วน ไม่ต้องมีหน่วย", en="type a plain number without a unit")
_ONE_ROW = Text(th="เหลือแถวที่ถูกต้องไว้แถวเดียว", en="leave the one row that is right")

MENDING: dict[str, Text] = {
    "NO_STUDENT_ID": _WHO,
    "BAD_IDENTIFIER": _WHO,
    "LOST_DIGITS": _WHO,
    "UNKNOWN_STUDENT": Text(
        th="นำเข้าทะเบียนที่มีนักเรียนคนนี้ก่อน หรือแก้รหัสถ้าพิมพ์ผิด", en="import the roster with this student first, or mend a mistyped code"
    ),
    "NATIONAL_TWO_NAMES": _WHOSE,
    "CODE_TWO_NAMES": _WHOSE,
    "MISSING_VALUE": Text(th="เติมช่องที่ว่าง", en="fill in the empty cell"),
    "UNKNOWN_CODE": Text(th="ใช้คำตามที่ระบบต้นทางกำหนด", en="use one of the words that the source system has"),
    "TWO_CODES": Text(th="เหลือคำเดียวในช่อง", en="leave one word in the cell"),
    "GROUP_AS_DATE": Text(th="พิมพ์ชื่อกลุ่มหรือห้องใหม่เป็นข้อความ เช่น 1/2", en="type the name of the class group or room again as text, such as 1/2"),
    "BAD_DATE": _DAY,
    "AMBIGUOUS_DATE": _DAY,
    "DATE_OUT_OF_RANGE": _DAY,
    "DATE_IN_FUTURE": _DAY,
    "BAD_NUMBER": _NUMBER,
    "OUT_OF_RANGE": _NUMBER,
    "SENSITIVE_AREA": Text(th="ไม่ต้องแก้ ลบแถวนี้ได้", en="nothing to mend; this row may be discarded"),
    "RAGGED_ROW": Text(th="พิมพ์แถวนี้ลงในแผ่นงานข้อมูลทีละช่อง", en="type this row into the sheet with the data, cell by cell"),
    "CONFLICTING_ROWS": _ONE_ROW,
    "NOT_HISTORY": Text(th="นำเข้าไฟล์ที่มีแถวนี้โดยไม่ใช้ --history", en="import a file with this row without --history"),
    "OUTSIDE_TERM": Text(th="แก้วันที่ หรือเพิ่มภาคเรียนในปฏิทิน", en="mend the day, or enter the term in the calendar"),
    "NEGATIVE_DIFFERENCE": Text(th="ตรวจยอดสะสมกับระบบต้นทาง", en="look the total up at its source"),
    "OLDER_TOTAL": Text(
        th="ไม่ต้องแก้ ลบแถวนี้ได้ หรือแก้วันที่ถ้าพิมพ์ผิด", en="nothing to mend, discard this row; or mend the day if it is mistyped"
    ),
    "TOTAL_TOO_LARGE": Text(th="ตรวจยอดกับจำนวนวันที่เปิดเรียน", en="compare the totals with the days that were held"),
}  # fmt: skip


def mending_of(code: str) -> Text:
    """What to do about a row that broke the rule of this code."""
    return MENDING.get(code, _THE_CELL)
