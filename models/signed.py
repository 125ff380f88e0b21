"""The files of a bundle as they were signed: every byte compared with the manifest, the manifest with its digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.json_file import JsonObject, read_object
from records.errors import ModelRefused
from records.text import Text

SCHEMA_VERSION = 3
"""1 had no tables, 2 no straight part."""
MANIFEST = "manifest.json"
MODEL, TABLES, LINEAR, CALIBRATION = "model.txt", "tables.npz", "linear.json", "calibration.json"
CARD, CARD_TEXT = "card.json", "card.md"
_MIB = 2**20
# Far above what a training writes (2.5, 4, 0.02, 0.01, 0.1, 0.1, 0.01 MiB), so that no file fills the memory before it is refused.
_MOST_BYTES = {
    MODEL: 32 * _MIB, TABLES: 256 * _MIB, LINEAR: _MIB, CALIBRATION: _MIB, CARD: 4 * _MIB, CARD_TEXT: 4 * _MIB,
    MANIFEST: _MIB,
}  # fmt: skip
FILES = tuple(name for name in _MOST_BYTES if name != MANIFEST)


@dataclass(frozen=True, kw_only=True)
class Signed:
    """The bytes of a bundle, all of them compared with what was signed."""

    folder: Path
    digest: str
    manifest: JsonObject
    contents: Mapping[str, bytes]

    def named(self, name: str) -> str:
        return _named(self.digest, name)

    def text(self, name: str) -> str:
        try:
            return self.contents[name].decode("utf-8")
        except UnicodeDecodeError:
            raise ModelRefused.train_anew(
                f"{self.named(name)} is no text.", th=f"แฟ้ม {name} ของแบบจำลองนี้ไม่ใช่ข้อความ"
            ) from None

    def json(self, name: str) -> JsonObject:
        return read_object(self.contents[name], self.named(name))


def verify(folder: Path, digest: str) -> Signed:
    """The bytes, after every one was compared. Raises ModelRefused at the first difference."""
    if not (folder / MANIFEST).exists():
        raise ModelRefused(
            f"Model {digest[:12]}: there is no manifest of it here. Bring its folder back from a backup, or train anew with "
            "`zerodrop train`. · ไม่พบแฟ้มของแบบจำลองนี้ที่นี่ กู้โฟลเดอร์จากข้อมูลสำรอง หรือฝึกใหม่ด้วย zerodrop train"
        )
    content = content_of(folder, MANIFEST)
    if content is None or sha256(content) != digest:
        raise _changed(folder, digest, Text(th=f"แฟ้ม {MANIFEST} ถูกแก้ไข", en="its manifest was changed"))
    manifest = read_object(content, _named(digest, MANIFEST))
    version = manifest.whole("schema_version")
    if version > SCHEMA_VERSION:
        raise ModelRefused(
            f"Model {digest[:12]} was written by a newer zerodrop. Update this one first. · "
            f"แบบจำลอง {digest[:12]} มาจาก zerodrop รุ่นใหม่กว่า ปรับรุ่นของเครื่องนี้ก่อน"
        )
    if version < SCHEMA_VERSION:
        raise ModelRefused.train_anew(
            f"Model {digest[:12]} was written by an older zerodrop.",
            th=f"แบบจำลอง {digest[:12]} มาจาก zerodrop รุ่นเก่ากว่า",
        )
    contents = {MANIFEST: content}
    for name in FILES:
        found = content_of(folder, name)
        if found is None or sha256(found) != manifest.object("sha256").text(name):
            what = Text(th=f"แฟ้ม {name} หายไปหรือถูกแก้ไข", en=f"{name} is missing or was changed")
            raise _changed(folder, digest, what)
        contents[name] = found
    return Signed(folder=folder, digest=digest, manifest=manifest, contents=contents)


def _changed(folder: Path, digest: str, what: Text) -> ModelRefused:
    """A promoted bundle lies in a folder of its digest, and promoting mends it; a trained one cannot be promoted so."""
    if folder.name == digest:
        en, th = f"{what.en} after signing. Promote it again.", f"{what.th}หลังลงนาม ให้รับหน้าที่อีกครั้งด้วย zerodrop promote"
    else:
        en = f"{what.en} since training. Bring {folder} back from a backup, or train again with `zerodrop train`."
        th = f"{what.th}หลังการฝึก กู้โฟลเดอร์ {folder} จากข้อมูลสำรอง หรือฝึกใหม่ด้วย zerodrop train"
    return ModelRefused(f"Model {digest[:12]}: {en} · แบบจำลอง {digest[:12]}: {th}")


def is_whole(folder: Path, digest: str) -> bool:
    try:
        verify(folder, digest)
    except ModelRefused:
        return False
    return True


def content_of(folder: Path, name: str) -> bytes | None:
    """The bytes of a file; None where there is none, or one too large to be ours."""
    path = folder / name
    if not path.is_file():
        return None
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES[name] + 1)
    return content if len(content) <= _MOST_BYTES[name] else None


def _named(digest: str, name: str) -> str:
    return f"Model {digest[:12]}: {name}"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
