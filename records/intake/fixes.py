"""What was repaired in a cell before it could be read: codes with a sentence each, in Thai for the clerk and in English.

A fix is counted on the report and the cell as it came is kept. Ordinary notation (d/m/2568, `มา`, thousands commas) is none.
"""

from dataclasses import dataclass

from records.text import Text


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A repair that left no doubt about what the cell says."""

    code: str
    text: Text


def _fix(code: str, th: str, en: str) -> Fix:
    return Fix(code=code, text=Text(th=th, en=en))


FIXES: tuple[Fix, ...] = (
    # cells
    _fix("LEFT_OUT", "ช่องที่อ่านไม่ได้หรือเป็นไปไม่ได้ไม่ได้นำเข้า ส่วนอื่นของแถวรับเข้าแล้ว แก้ช่องนั้นในไฟล์แล้วนำเข้าอีกครั้ง", "a cell that cannot be read or cannot be was left out; the rest of its row was taken: mend the cell in the file and import it again"),
    # text
    _fix("THAI_TEXT_MENDED", "ซ่อมสระและวรรณยุกต์ไทยที่เพี้ยน (เช่น เ+เ เป็น แ, ส านัก เป็น สำนัก)", "damaged Thai vowels and tone marks were mended"),
    _fix("INVISIBLE_CHARACTERS", "ลบอักขระที่มองไม่เห็น", "invisible characters were removed"),
    _fix("FULL_WIDTH", "แปลงตัวอักษรเต็มความกว้าง (เช่น Ｇ) เป็นตัวปกติ", "full-width letters or digits were made ordinary ones"),
    _fix("TITLE_SPLIT", "แยกคำนำหน้าที่เขียนติดกับชื่อ", "a title written together with the name was told apart"),
    _fix("STATUS_IN_NAME", "แยกคำในวงเล็บออกจากชื่อ เช่น (ลาออก) หรือชื่อเล่น", "words in brackets, such as a status or nickname, were taken out of the name"),
    # identifiers and numbers
    _fix("THAI_DIGITS", "แปลงเลขไทยเป็นเลขอารบิก", "Thai digits were made Arabic ones"),
    _fix("QUOTE_MARK", "ตัดเครื่องหมาย ' หน้าเลขออก", "a quotation mark before the number was removed"),
    _fix("EXCEL_NUMBER", "ตัด .0 ที่โปรแกรมตารางเติมท้ายเลข", "the .0 that a spreadsheet added was removed"),
    _fix("IDS_SWAPPED", "สลับเลขประจำตัวประชาชนกับรหัสนักเรียนที่อยู่ผิดช่องกลับคืน", "a national number and a student code that had changed places were put back"),
    _fix("LOST_NOUGHTS", "เติมศูนย์หน้ารหัสที่หายไป (123 เป็น 00123) เพราะมีรหัสนั้นในทะเบียนเพียงรหัสเดียว", "leading noughts that a code had lost were put back (123 as 00123): one such code is on the roster"),
    _fix("EXPONENT", "เขียนเลขยกกำลัง (E+12) ที่ยังมีครบทุกหลักเป็นเลขเต็ม", "a number in powers of ten that still had every digit was written out"),
    _fix("DECIMAL_COMMA", "อ่านจุลภาคเป็นจุดทศนิยม (4,0 เป็น 4.0)", "a comma was read as the decimal point (4,0 as 4.0)"),
    _fix("MONEY_RANGE", "ใช้ค่ากลางของช่วงเงิน (5,000-10,000 เป็น 7,500)", "the middle of a range of money was taken (5,000-10,000 as 7,500)"),
    _fix("MONEY_PERIOD", "แปลงเงินต่อวันหรือต่อปีเป็นต่อเดือน", "money by the day or year was made money by the month"),
    # dates, terms, levels
    _fix("EXCEL_DATE_YEAR", "แปลงวันที่ที่โปรแกรมตารางเก็บปี พ.ศ. เป็น ค.ศ.", "a spreadsheet date with a Buddhist year taken as CE was corrected"),
    _fix("EXCEL_SERIAL", "แปลงเลขลำดับวันของโปรแกรมตารางเป็นวันที่", "a spreadsheet's day number was made a date"),
    _fix("DATE_SHAPE", "อ่านเป็น เดือน/วัน/ปี เพราะเลขตัวกลางมากกว่า 12", "read as month/day/year, because the middle number is above 12"),
    _fix("TERM_AS_DATE", "แปลงภาคเรียนที่กลายเป็นวันที่กลับคืน (ม.ค.-68 เป็น 1/2568)", "a term that had become a date was put right (Jan-68 as 1/2568)"),
    _fix("LEVEL_SHAPE", "แยกระดับชั้นออกจากห้องหรือสาขาในช่องเดียวกัน", "the level was told apart from a room or trade in one cell"),
)  # fmt: skip
FIX_OF: dict[str, Fix] = {fix.code: fix for fix in FIXES}
