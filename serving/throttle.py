"""The wait after too many wrong tries, counted in the database so that a restart does not end it."""

import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta

from records import sign_ins, staff
from records.home import DataHome

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_A_LOGIN = 5
# A whole college sits behind one address: the typing errors of a few must not lock out the others.
FAILURES_AN_ADDRESS = 30


class TooManyFailures(Exception):
    """So many wrong tries for this login or from this address that the next one has to wait."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many wrong tries")
        self.wait = wait


class Throttle:
    """Counts wrong tries of one kind (`login`, `code`, …) by login, and of all kinds by address."""

    def __init__(self, home: DataHome, *, now: Callable[[], datetime]) -> None:
        self._home = home
        self._now = now

    def begin(self, kind: str, login: str, address: str = "") -> None:
        """Count a try before what was given is looked at: guesses sent at once cannot overtake the counter.

        Raises TooManyFailures.
        """
        now = self._now()
        by_login, by_address = self._subject(kind, login), self._subject("address", _network(address))
        with self._home.database.write() as session:
            sign_ins.locked_account(session, login)
            since = now - FAILURE_WINDOW
            if staff.count_failures(session, by_login, since) >= FAILURES_A_LOGIN or (
                address and staff.count_failures(session, by_address, since) >= FAILURES_AN_ADDRESS
            ):
                raise TooManyFailures(FAILURE_WINDOW)
            staff.note_failure(session, by_login, now)

    def failed(self, address: str) -> None:
        """The try was wrong: it counts for its address too."""
        with self._home.database.write() as session:
            staff.note_failure(session, self._subject("address", _network(address)), self._now())

    def passed(self, kind: str, login: str) -> None:
        """The try was right: the wrong ones of this login before it are forgotten."""
        with self._home.database.write() as session:
            staff.forget_failures(session, self._subject(kind, login))

    def _subject(self, kind: str, value: str) -> bytes:
        return self._home.vault.key.fingerprint("login", "", f"{kind}:{value}")


def _network(address: str) -> str:
    """Whom an address belongs to: of IPv6 everybody has a network of 2^64 addresses."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    mapped = known.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(known), 64), strict=False))
