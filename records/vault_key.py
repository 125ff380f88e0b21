"""The vault's key: one file per deployment outside the data home; from it come the keys for matching, sealing and ties."""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from records.errors import VaultError

_NONCE_BYTES = 12


class VaultKey:
    """Keyed hashes for matching and ties, AES-GCM for what must be read again; each purpose has a key of its own."""

    def __init__(self, secret: bytes) -> None:
        self._match = _derive(secret, b"match")
        self._ties = _derive(secret, b"ties")
        self._pseudonyms = _derive(secret, b"pseudonyms of analysts")
        self._seal = AESGCM(_derive(secret, b"seal"))
        self.check = hmac.digest(_derive(secret, b"check"), b"zerodrop vault", "sha256").hex()

    def fingerprint(self, kind: str, scope: str, value: str) -> bytes:
        """The keyed hash under which an identifier is found again; it cannot be turned back without the key."""
        return hmac.digest(self._match, f"{kind}\x1f{scope}\x1f{value}".encode(), "sha256")

    def tie_break(self, student: int, day: str) -> int:
        """A 64-bit number that orders students with equal scores: fair over weeks, the same on every run."""
        return int.from_bytes(hmac.digest(self._ties, f"{student}\x1f{day}".encode(), "sha256")[:8], "big")

    def tie_breaks(self, students: Iterable[int], on: date) -> npt.NDArray[np.uint64]:
        """The tie breaks of many students on a day."""
        day = on.isoformat()
        return np.array([self.tie_break(int(student), day) for student in students], np.uint64)

    def pseudonym(self, institution: str, student: UUID) -> str:
        """What an analyst calls a student of an institution: the same every week, and no way back without the key."""
        return hmac.digest(self._pseudonyms, f"{institution}\x1f{student}".encode(), "sha256")[:16].hex()

    def seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, plain, None)

    def unseal(self, sealed: bytes) -> bytes:
        return self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"zerodrop " + purpose).derive(secret)


def create_key(path: Path) -> None:
    """Write a new random key that only this account may read; an existing one is left alone."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def load_key(path: Path) -> VaultKey:
    """Raises VaultError when the file is missing, readable by others, or no key."""
    if not path.exists():
        raise VaultError.missing_key(path=str(path))
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise VaultError.readable_key(path=str(path))
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except ValueError:
        raise VaultError.wrong_key(path=str(path)) from None
    if len(secret) != hashlib.sha256().digest_size:
        raise VaultError.wrong_key(path=str(path))
    return VaultKey(secret)
