"""Advisors who look without a pause: memory stays flat, the journal bounded, every look is audited and none fails.

`python -m tests.faults.soak --minutes 10` prints one JSON line and exits 1 when a bound is passed.
"""

import argparse
import http.client
import json
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.browser.sample_college import SampleCollege, make_college
from tests.faults.running import Running, running

_ADVISORS = 8
_WARM_SHARE = 0.3
MOST_GROWTH_KIB = 16 * 1024
MOST_JOURNAL_BYTES = 8 * 2**20


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """What was seen; `growth_kib` is from the end of warming up to the end, `failed` answers other than 200."""

    minutes: float
    requests: int
    failed: int
    audited: int
    memory_kib: int
    growth_kib: int
    journal_bytes: int

    @property
    def sound(self) -> bool:
        return (
            not self.failed
            and self.audited >= self.requests > 0
            and self.growth_kib <= MOST_GROWTH_KIB
            and self.journal_bytes <= MOST_JOURNAL_BYTES
        )


def soak(college: SampleCollege, minutes: float) -> Soaked:
    """Eight browsers that stay connected read the list and one student by turns."""
    home, seconds = college.home.settings.home, 60 * minutes
    with running(college.home.settings) as server:
        cookie = server.sign_in("kru.a")
        until, counts = time.monotonic() + seconds, [(0, 0)] * _ADVISORS
        paths = ("/", f"/students/{college.students['kru.a'][0]}", "/api/v1/lists/current")

        def look(place: int) -> None:
            counts[place] = _look(server, cookie, paths, until)

        threads = [threading.Thread(target=look, args=(place,)) for place in range(_ADVISORS)]
        for thread in threads:
            thread.start()
        journal, warm = 0, 0
        while time.monotonic() < until:
            time.sleep(0.2)
            journal = max(journal, *(_size(home / f"zerodrop.db-{kind}") for kind in ("wal", "journal")))
            if not warm and time.monotonic() > until - (1 - _WARM_SHARE) * seconds:
                warm = server.memory_kib()
        for thread in threads:
            thread.join()
        memory = server.memory_kib()
    with closing(sqlite3.connect(home / "zerodrop.db")) as opened:
        looks = "SELECT count(*) FROM audit WHERE action LIKE 'see %' AND action != 'see names'"
        audited = int(opened.execute(looks).fetchone()[0])
    return Soaked(
        minutes=minutes,
        requests=sum(asked for asked, _ in counts),
        failed=sum(failed for _, failed in counts),
        audited=audited,
        memory_kib=memory,
        growth_kib=memory - warm,
        journal_bytes=journal,
    )


def _look(server: Running, cookie: str, paths: tuple[str, ...], until: float) -> tuple[int, int]:
    """How many answers came, and how many of them were no 200."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    asked = failed = 0
    while time.monotonic() < until:
        connection.request("GET", paths[asked % len(paths)], headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        asked, failed = asked + 1, failed + (answer.status != 200)
    connection.close()
    return asked, failed


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    with tempfile.TemporaryDirectory() as folder:
        college = make_college(Path(folder), real_passwords=True)
        found = soak(college, parser.parse_args().minutes)
        college.home.close()
    print(json.dumps({**asdict(found), "sound": found.sound}))
    return 0 if found.sound else 1


if __name__ == "__main__":
    sys.exit(main())
