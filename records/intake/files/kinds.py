"""What a file is, by its content and never by its name alone; files that are no table are refused with what to do."""

import mmap
import re
import zipfile
import zlib
from enum import Enum
from pathlib import Path

from records.errors import ImportRefused
from records.text import Text

WORKBOOK_NAMES = (".xlsx", ".xls", ".xlsm")
_HEAD = 4096
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WEB_PAGE = (b"<html", b"<!doctype", b"<table", b"<head", b"<meta", b"<style", b"<body", b"<div")
_PICTURE = Text(th="รูปภาพ", en="a picture")
_DOCUMENT = Text(th="เอกสารข้อความ", en="a text document")
_DATABASE = Text(th="ฐานข้อมูล", en="a database")
_OTHER_KINDS = (
    (b"%PDF", Text(th="PDF", en="a PDF")),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\0", _PICTURE),
    (b"MM\0*", _PICTURE),
    (b"{\\rtf", _DOCUMENT),
    (b"SQLite format 3", _DATABASE),
)
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_SQL = re.compile(
    rb"^(?>\s+|--[^\n]*\n|/\*.*?\*/;?)*+(create\s+(table|database)|insert\s+into|drop\s+table|begin\s+transaction)\b",
    re.DOTALL,
)
_SQL_TITLE = re.compile(rb"^-- .{0,40}\bdump\b")


class Kind(Enum):
    WORKBOOK = "xlsx"
    OLD_WORKBOOK = "xls"
    PARQUET = "parquet"
    TEXT = "text"


def kind_of(path: Path) -> Kind:
    """The kind of a file that can be read. Raises ImportRefused for any other."""
    try:
        if not path.is_file():
            raise ImportRefused.not_there(file=path.name)
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        raise not_readable(path) from None
    if not head:
        raise ImportRefused.empty(file=path.name)
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    if head.startswith(_COMPOUND):
        return _old_workbook(path)
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    _refuse_other_kinds(path, head)
    return Kind.TEXT


def not_readable(path: Path) -> ImportRefused:
    """A file or folder that is there and may not be opened, or is on a device that fails."""
    return ImportRefused(
        f"{path.name} cannot be read by this account. Close it in other programs, look at its permissions, and import again.",
        th=f"บัญชีผู้ใช้นี้อ่าน {path.name} ไม่ได้ ให้ปิดไฟล์ในโปรแกรมอื่นและตรวจสิทธิ์การอ่าน แล้วนำเข้าอีกครั้ง",
        code="NOT_READABLE",
    )


def _kind_of_archive(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.replace("\\", "/") for name in archive.namelist()]
            said = archive.open("mimetype").read(_HEAD) if "mimetype" in names else b""
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        raise ImportRefused.corrupt(file=path.name, why="it is no workbook (ZipError)") from None
    if any(name.startswith("xl/") for name in names) and "xl/workbook.bin" not in names:
        return Kind.WORKBOOK
    if "xl/workbook.bin" in names or any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
        raise ImportRefused.other_workbook(file=path.name)
    if said.startswith(_OPEN_DOCUMENT + b"spreadsheet"):
        raise ImportRefused.other_workbook(file=path.name)
    if said.startswith(_OPEN_DOCUMENT) or any(name.startswith("word/") for name in names):
        raise ImportRefused.unknown_kind(file=path.name, kind=_DOCUMENT)
    raise ImportRefused.archive(file=path.name)


def _old_workbook(path: Path) -> Kind:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_ENCRYPTED) >= 0:
            raise ImportRefused.password(file=path.name)
    return Kind.OLD_WORKBOOK


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "ignore").lstrip().lower().encode()
    if text.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:" in text:
        raise ImportRefused.excel_2003_xml(file=path.name)
    if text.startswith(_WEB_PAGE) or (text.startswith(b"<?xml") and b"<html" in text):
        raise ImportRefused.web_page(file=path.name)
    if head.startswith(_ARCHIVES):
        raise ImportRefused.archive(file=path.name)
    for magic, kind in _OTHER_KINDS:
        if head.startswith(magic):
            raise ImportRefused.unknown_kind(file=path.name, kind=kind)
    if text.startswith(b"<?xml"):
        raise ImportRefused.unknown_kind(file=path.name, kind=Text(th="XML", en="an XML file"))
    if _SQL.match(text) or _SQL_TITLE.match(text):
        raise ImportRefused.unknown_kind(file=path.name, kind=_DATABASE)
