"""What a password must be, and its argon2 hash.

Rules of composition make people write passwords down; length and a list of what is guessed first do not.
"""

import base64
import secrets
import string
import threading
import unicodedata
from functools import cache
from pathlib import Path

from pwdlib import PasswordHash

from records.errors import UserError

LEAST_PASSWORD = 12
MOST_PASSWORD = 256
# One argon2 hash takes 64 MiB: two at a time keep a small machine alive under a storm of sign-ins.
_HASHES_AT_ONCE = 2
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another on paper
_DIGITS = string.digits + "๐๑๒๓๔๕๖๗๘๙"
_SHORT_PATTERN = 4
_BESIDE_LOGIN = 8


class PasswordRefused(UserError):
    """A password that would be guessed. `why` is the key of its sentence on the pages."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why

    @classmethod
    def length(cls) -> "PasswordRefused":
        return cls(
            "password_length",
            f"The password needs {LEAST_PASSWORD} to {MOST_PASSWORD} characters; a short sentence is easiest. · "
            f"รหัสผ่านต้องยาว {LEAST_PASSWORD} ถึง {MOST_PASSWORD} ตัวอักษร ใช้ประโยคสั้นๆ จะจำง่ายที่สุด",
        )

    @classmethod
    def common(cls) -> "PasswordRefused":
        return cls(
            "password_common",
            "This password is among the first that are guessed. Take three or four words that do not belong together. · "
            "รหัสผ่านนี้เดาได้ง่าย ลองใช้คำสามสี่คำที่ไม่เกี่ยวกัน",
        )

    @classmethod
    def login(cls) -> "PasswordRefused":
        return cls(
            "password_login",
            "The password is little more than the login. Choose one that does not contain it. · "
            "รหัสผ่านแทบจะเป็นชื่อผู้ใช้ ให้ตั้งใหม่โดยไม่มีชื่อผู้ใช้อยู่ด้วย",
        )


_COST = "$argon2id$v=19$m=65536,t=3,p=4"
"""What pwdlib recommends, as it stands before the salt of each hash (RFC 9106, the second recommended option)."""


class Passwords:
    """Hashes passwords and compares them, a few at a time; nobody's password takes as long as anybody's."""

    def __init__(self) -> None:
        self._hashing = PasswordHash.recommended()
        self._turns = threading.BoundedSemaphore(_HASHES_AT_ONCE)
        self._nobody = nobodys_hash()

    def hash(self, password: str) -> str:
        with self._turns:
            return self._hashing.hash(_composed(password))

    def fits(self, password: str, held: str) -> bool:
        """Whether this is the password of a hash; of an empty one none is."""
        with self._turns:
            fits = self._hashing.verify(_composed(password), held or self._nobody)
        return fits and bool(held)


def nobodys_hash() -> str:
    """What an unknown login is compared with, so that it takes as long as a known one: the hash of no password.

    It costs as much to compare with and nothing to make; a start need not wait for it.
    """
    return f"{_COST}${_unpadded(secrets.token_bytes(16))}${_unpadded(secrets.token_bytes(32))}"


def _unpadded(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=")


def hash_password(password: str) -> str:
    """The hash to keep, made outside the service."""
    return PasswordHash.recommended().hash(_composed(password))


def random_password() -> str:
    """A password or code to print once: four groups of five letters, 99 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def require_sound(password: str, login: str) -> None:
    """Raises PasswordRefused for a password that is too short, too long or guessed at once. Spaces and Thai count."""
    if not LEAST_PASSWORD <= len(_composed(password)) <= MOST_PASSWORD:
        raise PasswordRefused.length()
    plain, name = _plain(password), _plain(login)
    if name and name in plain and len(plain.replace(name, "").strip(_DIGITS)) < _BESIDE_LOGIN:
        raise PasswordRefused.login()
    if _is_common(plain):
        raise PasswordRefused.common()


def _composed(password: str) -> str:
    """Keyboards put the same Thai or accented letters together in different orders."""
    return unicodedata.normalize("NFC", password)


def _plain(text: str) -> str:
    """Without spaces, signs and large letters: none of them keeps a common word from being guessed."""
    composed = _composed(text).casefold()
    return "".join(letter for letter in composed if not letter.isspace() and letter not in string.punctuation)


def _is_common(plain: str) -> bool:
    words, core = common_passwords(), plain.strip(_DIGITS)
    if not core:
        return True  # digits alone: a telephone or identity number, a birthday
    return any(
        one in words
        or _is_repeated(one)
        or any(one[:place] in words and one[place:] in words for place in range(1, len(one)))
        for one in (plain, core)
    )


def _is_repeated(plain: str) -> bool:
    """Whether it is one short pattern or one common word over and over."""
    for length in range(1, len(plain) // 2 + 1):
        again = plain[:length] * (len(plain) // length)
        if again == plain and (length <= _SHORT_PATTERN or plain[:length] in common_passwords()):
            return True
    return False


@cache
def common_passwords() -> frozenset[str]:
    """The words of `common_passwords.txt`, plain."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    words = (word for line in lines if not line.startswith("#") for word in line.split())
    return frozenset(plain for word in words if (plain := _plain(word)))
