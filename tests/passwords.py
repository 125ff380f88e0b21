"""Hashes of passwords that cost nothing, for tests in which the cost itself is not looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from serving import passwords


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Whoever makes or looks up a hash meanwhile does so in no time; so is a hash of this time compared later."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as instead:
        instead.setattr(PasswordHash, "recommended", lambda: quick)
        instead.setattr(passwords, "_COST", "$argon2id$v=19$m=8,t=1,p=1")
        yield
