"""Errors that a person can mend: a sentence, and an exit code of its own.

UserError
├── LogFileWrong      a file of the log is missing or damaged           exit 2
├── RunsWrong         the list of trainings is damaged or lost          exit 2
├── ImportRefused     a file as a whole cannot be taken                 exit 3
├── ConfigurationGap  something that no export carries is missing       exit 4
├── VaultError        the key is missing, wrong or readable by others   exit 5
├── ModelRefused      a model cannot be trained, promoted or used here  exit 6
├── NotAllowed        this account may not do or see that               exit 7
├── CannotServe       the service cannot start                          exit 8
├── LinkRefused       a pair of students cannot be decided so           exit 9
├── StoreUnavailable  the database does not answer now                  exit 10
└── AuditBroken       the audit trail is not whole                      exit 11
A command that is told to stop ends with 130 or 143 (records/stopping.py).
Rows that cannot be taken are no errors: they are kept in quarantine with their reason.
"""

from datetime import date
from pathlib import Path

from records.clock import buddhist
from records.text import Text


class UserError(Exception):
    """Something a person can mend; the message says what is wrong, where, and what to do."""

    exit_code = 2

    @property
    def shown(self) -> str:
        """What the command line says."""
        return str(self)

    @classmethod
    def may_not_write(cls, path: Path) -> "UserError":
        return cls(
            f"{path} cannot be written by this account. Choose another path. · บัญชีผู้ใช้นี้เขียน {path} ไม่ได้ เลือกที่เก็บอื่น"
        )

    @classmethod
    def not_written(cls, path: Path, error: Exception) -> "UserError":
        why = getattr(error, "strerror", None) or error
        return cls(
            f"{path} could not be written ({why}). Make room, or choose another path. · "
            f"เขียน {path} ไม่สำเร็จ ({why}) ตรวจว่ายังมีพื้นที่ว่าง หรือเลือกที่เก็บอื่น"
        )

    @classmethod
    def no_workbook_name(cls, path: Path) -> "UserError":
        return cls(
            f"{path.name} would be a workbook: give it an .xlsx name. · ไฟล์ที่ได้เป็น Excel ตั้งชื่อ {path.name} ให้ลงท้ายด้วย .xlsx"
        )


class LogFileWrong(UserError):
    """A file of the log is missing or damaged: no number may come of it. `name` is its path below the log's folder."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The file {name} of the log is missing or damaged, so nothing was reckoned from it. Restore this file from a "
            f"backup; `zerodrop db check` names every such file. · แฟ้มข้อมูล {name} หายไปหรือเสียหาย ระบบจึงไม่คำนวณจากแฟ้มนี้ "
            "ให้กู้แฟ้มนี้จากข้อมูลสำรอง คำสั่ง zerodrop db check บอกทุกแฟ้มที่เป็นเช่นนี้"
        )
        self.name = name

    def __reduce__(self) -> tuple[type["LogFileWrong"], tuple[str]]:
        return type(self), (self.name,)  # it comes back from the process that read the file


class RunsWrong(UserError):
    """The list of MLflow's runs is damaged or lost; what was promoted goes on serving."""


class ImportRefused(UserError):
    """A file as a whole cannot be taken; nothing of it was stored. `text` is the sentence, `code` its kind."""

    exit_code = 3

    def __init__(self, en: str, *, th: str = "", code: str = "REFUSED") -> None:
        super().__init__(f"{en} · {th}" if th else en)
        self.code = code
        self.text = Text(th=th or en, en=en)

    @property
    def shown(self) -> str:
        """With the code under which the clerk's guide explains it."""
        return f"{self} [{self.code}]"

    @classmethod
    def empty(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"{file} has no rows. Export it again and look whether the filter was left on.",
            th=f"ไฟล์ {file} ไม่มีแถวข้อมูล ส่งออกใหม่ และดูว่าเปิดตัวกรองค้างไว้หรือไม่",
            code="EMPTY",
        )

    @classmethod
    def wrong_file(cls, *, file: str, why: str) -> "ImportRefused":
        return cls._unreadable(file, "WRONG_FILE", why, "รูปแบบไฟล์ไม่ถูกต้อง ให้ส่งออกจากระบบเดิมอีกครั้ง")

    @classmethod
    def not_there(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"There is no file {file}. Check the path.",
            th=f"ไม่พบไฟล์ {file} ตรวจชื่อไฟล์และที่เก็บ",
            code="NOT_THERE",
        )

    @classmethod
    def web_page(cls, *, file: str) -> "ImportRefused":
        return cls._unreadable(
            file, "HTML_AS_XLS", "it is a web page that was named .xls", "เป็นหน้าเว็บที่ตั้งชื่อเป็น .xls ให้เปิดใน Excel"
        )

    @classmethod
    def excel_2003_xml(cls, *, file: str) -> "ImportRefused":
        return cls._unreadable(
            file, "HTML_AS_XLS", "it is an Excel 2003 XML file", "เป็นไฟล์ XML ของ Excel 2003 ให้เปิดใน Excel"
        )

    @classmethod
    def password(cls, *, file: str) -> "ImportRefused":
        return cls._unreadable(
            file, "PASSWORD", "it is protected by a password", "ไฟล์ตั้งรหัสผ่านไว้ ให้เปิดด้วยรหัสผ่าน เอารหัสออก"
        )

    @classmethod
    def corrupt(cls, *, file: str, why: str) -> "ImportRefused":
        return cls._unreadable(file, "CORRUPT", why, "ไฟล์เสียหายหรือไม่ครบ ให้ส่งออกจากระบบเดิมอีกครั้ง")

    @classmethod
    def zip_bomb(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"{file} cannot be read: it unpacks to more than a workbook may hold. Do not open it; ask for a new one.",
            th=f"อ่านไฟล์ {file} ไม่ได้: ไฟล์คลายออกมาใหญ่เกินกว่าที่สมุดงานควรเป็น อย่าเปิดไฟล์นี้ ขอไฟล์ใหม่จากผู้ส่ง",
            code="ZIP_BOMB",
        )

    @classmethod
    def too_large(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"{file} cannot be read: it is too large for a workbook; save it as CSV and import that.",
            th=f"อ่านไฟล์ {file} ไม่ได้: สมุดงานใหญ่เกินไป บันทึกเป็น CSV แล้วนำเข้าใหม่",
            code="TOO_LARGE",
        )

    @classmethod
    def unknown_kind(cls, *, file: str, kind: Text) -> "ImportRefused":
        why_th = f"ไฟล์นี้เป็น{kind.th} ไม่ใช่ตาราง ให้ส่งออกเป็นตารางจากระบบเดิม"
        return cls._unreadable(file, "UNKNOWN_KIND", f"it is no table but {kind.en}", why_th)

    @classmethod
    def other_workbook(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"{file} is a workbook of another kind (such as ODS, XLSB or Numbers). "
            "Open it, save it as XLSX or CSV (UTF-8), and import that.",
            th=f"ไฟล์ {file} เป็นสมุดงานชนิดอื่น (เช่น ODS, XLSB หรือ Numbers) เปิดแล้วบันทึกใหม่เป็น XLSX หรือ CSV (UTF-8) และนำเข้าอีกครั้ง",
            code="OTHER_WORKBOOK",
        )

    @classmethod
    def archive(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"{file} is an archive of other files. Unpack it, and import the files or the folder that it held.",
            th=f"ไฟล์ {file} เป็นไฟล์บีบอัดที่มีไฟล์อื่นอยู่ข้างใน ให้แตกไฟล์ก่อน แล้วนำเข้าไฟล์หรือโฟลเดอร์ที่ได้",
            code="ARCHIVE",
        )

    @classmethod
    def letters_lost(cls, *, file: str) -> "ImportRefused":
        return cls(
            f"{file} cannot be read: some of its letters were lost when it was saved. "
            "Export it again from its source and save it as XLSX or CSV (UTF-8).",
            th=f"อ่านไฟล์ {file} ไม่ได้: ตัวอักษรบางตัวหายไปตอนบันทึก ส่งออกใหม่จากระบบเดิม แล้วบันทึกเป็น XLSX หรือ CSV (UTF-8)",
            code="LETTERS_LOST",
        )

    @classmethod
    def bad_encoding(cls, *, file: str) -> "ImportRefused":
        return cls._unreadable(
            file,
            "BAD_ENCODING",
            "its letters are neither UTF-8 nor the Thai code page",
            "รหัสตัวอักษรไม่ใช่ UTF-8 และไม่ใช่รหัสภาษาไทย (TIS-620) ให้ส่งออกจากระบบเดิมอีกครั้ง",
        )

    @classmethod
    def _unreadable(cls, file: str, code: str, why: str, why_th: str) -> "ImportRefused":
        return cls(
            f"{file} cannot be read: {why}. Save it again as XLSX or CSV (UTF-8) and import that.",
            th=f"อ่านไฟล์ {file} ไม่ได้: {why_th} แล้วบันทึกใหม่เป็น XLSX หรือ CSV (UTF-8) และนำเข้าอีกครั้ง",
            code=code,
        )

    @classmethod
    def missing_columns(cls, *, file: str, missing: list[str], found: list[str]) -> "ImportRefused":
        quoted = ", ".join(f"'{name}'" for name in missing)
        seen = ", ".join(f"'{name}'" for name in found)
        plural = "columns" if len(missing) > 1 else "column"
        return cls(
            f"{file} has no {plural} {quoted}. Found: {seen or 'none'}. "
            "If a column was renamed at the source, give it back one of its known names "
            "(docs/sources/ has a page for every source) and import again.",
            th=f"ไฟล์ {file} ไม่มีคอลัมน์ {quoted} ที่พบคือ {seen or 'ไม่มี'} "
            "ถ้าต้นทางเปลี่ยนชื่อคอลัมน์ ให้ใช้ชื่อที่รู้จัก (ดูใน docs/sources/ แหล่งละหนึ่งหน้า) แล้วนำเข้าใหม่",
            code="MISSING_COLUMNS",
        )

    @classmethod
    def unknown_layout(cls, *, file: str, found: list[str], columns: int = 0) -> "ImportRefused":
        """`found` is empty where too few headers are known to show them; then the `columns` are counted."""
        seen = ", ".join(f"'{name}'" for name in found[:12])
        among = f" in {columns} columns" if columns else ""
        among_th = f" จาก {columns} คอลัมน์" if columns else ""
        return cls(
            f"{file} matches no table that zerodrop knows. Found: {seen or f'fewer than two known headers{among}'}. "
            "Name the source with --source or the table with --table (docs/sources/ has a page for every source), "
            "or say where each column goes: zerodrop import FILE --map",
            th=f"ไม่รู้จักตารางในไฟล์ {file} คอลัมน์ที่พบคือ {seen or f'หัวตารางที่รู้จักไม่ถึงสองช่อง{among_th}'} "
            "ระบุต้นทางด้วย --source หรือตารางด้วย --table (ดูใน docs/sources/ แหล่งละหนึ่งหน้า) "
            "หรือบอกเองว่าแต่ละคอลัมน์คืออะไร ด้วยคำสั่ง zerodrop import FILE --map",
            code="UNKNOWN_LAYOUT",
        )

    @classmethod
    def shrunken_roster(cls, *, file: str, before: int, now: int) -> "ImportRefused":
        return cls(
            f"{file} lists {now} students where the last roster had {before}. "
            "A partial roster would turn the others into leavers. "
            "Export the whole institution, or confirm with --confirm-shrink.",
            th=f"ไฟล์ {file} มีนักเรียน {now} คน แต่ทะเบียนครั้งก่อนมี {before} คน ถ้าไฟล์ไม่ครบ คนที่เหลือจะถูกนับว่าออกแล้ว "
            "ส่งออกทั้งสถานศึกษา หรือยืนยันด้วย --confirm-shrink",
            code="SHRUNKEN_ROSTER",
        )

    @classmethod
    def older_roster(cls, *, file: str, day: date, newest: date) -> "ImportRefused":
        return cls(
            f"{file} is a roster of {day.isoformat()}; one of {newest.isoformat()} is known already. "
            "An older roster would bring back what was corrected since. Import it as it came in then "
            "(--received-at), or as history (--history).",
            th=f"ไฟล์ {file} เป็นทะเบียนของวันที่ {buddhist(day)} แต่มีทะเบียนของวันที่ {buddhist(newest)} อยู่แล้ว "
            "ถ้าต้องการเก็บไว้ ใส่วันที่ได้รับไฟล์จริงด้วย --received-at หรือนำเข้าเป็นอดีตด้วย --history",
            code="OLDER_ROSTER",
        )

    @classmethod
    def overtaken(cls, *, institution: str) -> "ImportRefused":
        return cls(
            f"Another import for {institution} was committed meanwhile, three times. Import one file at a time.",
            th=f"มีการนำเข้าอื่นของสถานศึกษา {institution} แทรกเข้ามาสามครั้ง นำเข้าทีละไฟล์",
            code="OVERTAKEN",
        )


class ConfigurationGap(UserError):
    """Something that no export carries has not been entered."""

    exit_code = 4

    @classmethod
    def unknown_institution(cls, *, code: str, known: list[str]) -> "ConfigurationGap":
        names = ", ".join(known) or "none yet"
        return cls(
            f"There is no institution '{code}'. Known: {names}. Enter it with `zerodrop init`. · "
            f"ไม่มีสถานศึกษารหัส '{code}' ที่มีคือ {', '.join(known) or 'ยังไม่มี'} เพิ่มด้วยคำสั่ง zerodrop init"
        )

    @classmethod
    def which_institution(cls, *, known: list[str]) -> "ConfigurationGap":
        return cls(
            f"Which institution? Add --institution with one of: {', '.join(known) or 'none yet: run zerodrop init'}. · "
            f"ต้องการสถานศึกษาใด เพิ่ม --institution ตามด้วยรหัส: {', '.join(known) or 'ยังไม่มี ใช้คำสั่ง zerodrop init ก่อน'}"
        )


class VaultError(UserError):
    """The vault's key is missing, wrong, or readable by others."""

    exit_code = 5

    @classmethod
    def missing_key(cls, *, path: str) -> "VaultError":
        return cls(
            f"The vault's key file {path} is missing. Put the backed-up key there; "
            "without it names and quarantined rows cannot be read. A new data home gets its key from `zerodrop init`. · "
            f"ไม่พบไฟล์กุญแจ {path} นำกุญแจที่สำรองไว้กลับมาวางที่เดิม ถ้าไม่มีกุญแจจะอ่านชื่อและแถวที่กักไว้ไม่ได้ "
            "ที่เก็บข้อมูลใหม่จะได้กุญแจเมื่อสั่ง zerodrop init"
        )

    @classmethod
    def wrong_key(cls, *, path: str) -> "VaultError":
        return cls(
            f"The key in {path} is not the one this vault was made with. Put the right key back. · "
            f"กุญแจใน {path} ไม่ใช่กุญแจของข้อมูลชุดนี้ นำกุญแจที่ถูกต้องกลับมาวาง"
        )

    @classmethod
    def readable_key(cls, *, path: str) -> "VaultError":
        return cls(
            f"The key file {path} can be read by other accounts of this machine. Run: chmod 600 {path} · "
            f"ผู้ใช้อื่นของเครื่องนี้อ่านไฟล์กุญแจ {path} ได้ ให้สั่ง chmod 600 {path}"
        )


class ModelRefused(UserError):
    """A model cannot be trained, promoted or used here."""

    exit_code = 6

    @classmethod
    def train_anew(cls, en: str, *, th: str) -> "ModelRefused":
        """For what only another training mends."""
        return cls(f"{en} Train a new model with `zerodrop train`. · {th} ฝึกแบบจำลองใหม่ด้วย zerodrop train")


class NotAllowed(UserError):
    """This account may not do or see that."""

    exit_code = 7


class CannotServe(UserError):
    """The service cannot start."""

    exit_code = 8


class LinkRefused(UserError):
    """A pair of students cannot be decided, or not so."""

    exit_code = 9

    @classmethod
    def not_open(cls) -> "LinkRefused":
        return cls(
            "This pair is decided already, or its import never ended. Load the list of pairs again. · "
            "คู่นี้ตัดสินไปแล้ว หรือการนำเข้าที่พบคู่นี้ยังไม่เสร็จ เปิดรายการคู่ใหม่อีกครั้ง"
        )

    @classmethod
    def two_national_numbers(cls) -> "LinkRefused":
        return cls(
            "These two have two different national numbers, so they are two people. "
            "If one number is wrong, mend it in the source system and import the roster again. · "
            "สองคนนี้มีเลขประจำตัวประชาชนต่างกัน จึงเป็นคนละคน ถ้าเลขใดผิด ให้แก้ที่ระบบต้นทางแล้วนำเข้าทะเบียนใหม่"
        )


class StoreUnavailable(UserError):
    """The database does not answer now: locked too long, restarting, or out of room; the same request may work later.

    `went_away`: the connection was lost in the middle; a new one may be had at once.
    """

    exit_code = 10

    def __init__(self, en: str, *, th: str, went_away: bool = False) -> None:
        super().__init__(f"{en} · {th}")
        self.text = Text(th=th, en=en)
        self.went_away = went_away

    @classmethod
    def busy(cls) -> "StoreUnavailable":
        return cls(
            "The database is busy with other work. Try again in a minute.",
            th="ฐานข้อมูลกำลังทำงานอื่นอยู่ ลองใหม่ในอีกหนึ่งนาที",
        )

    @classmethod
    def full(cls) -> "StoreUnavailable":
        return cls(
            "The disk of the database is full, so nothing was stored. Make room and try again.",
            th="ดิสก์ของฐานข้อมูลเต็ม จึงไม่ได้บันทึก เพิ่มพื้นที่ว่างแล้วลองใหม่",
        )

    @classmethod
    def read_only(cls) -> "StoreUnavailable":
        return cls(
            "The database cannot be written: its file, its folder or its server allows reading only. "
            "See who owns the data home and whether its disk is mounted for writing.",
            th="เขียนฐานข้อมูลไม่ได้ อ่านได้อย่างเดียว ตรวจเจ้าของโฟลเดอร์เก็บข้อมูลและดูว่าดิสก์เปิดให้เขียนหรือไม่",
        )

    @classmethod
    def gone(cls) -> "StoreUnavailable":
        return cls(
            "The database cannot be reached. See that its file is there or its server runs, and try again.",
            th="ติดต่อฐานข้อมูลไม่ได้ ตรวจว่ามีไฟล์หรือเซิร์ฟเวอร์ฐานข้อมูลทำงานอยู่ แล้วลองใหม่",
            went_away=True,
        )

    @classmethod
    def damaged(cls) -> "StoreUnavailable":
        return cls(
            "The database or its disk is damaged. Stop the service, run `zerodrop db check` and restore a backup.",
            th="ฐานข้อมูลหรือดิสก์เสียหาย หยุดบริการ สั่ง zerodrop db check แล้วกู้คืนจากข้อมูลสำรอง",
        )
