"""kill -9 in the middle of a change that a program sent: asked again with the same key, it was made exactly once."""

import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time
from contextlib import closing, suppress

from records.integrity import integrity
from tests.browser.sample_college import SampleCollege
from tests.faults.running import Running, running
from tests.functional.api_programs import key_of
from tests.functional.test_api_publishing import finished, open_college

__all__ = ["open_college"]  # a fixture: the college with room for the list
_TIMES = int(os.environ.get("ZERODROP_KILLS", "6"))


def published(college: SampleCollege) -> tuple[int, int, int]:
    """How many lists there are, how many of them are current, and how many rows belong to no list."""
    with closing(sqlite3.connect(college.home.settings.home / "zerodrop.db")) as opened:
        lists = opened.execute("SELECT count(*), sum(status = 'current') FROM publication").fetchone()
        torn = "SELECT count(*) FROM list_entry WHERE publication_id NOT IN (SELECT id FROM publication)"
        return int(lists[0]), int(lists[1]), int(opened.execute(torn).fetchone()[0])


def send(server: Running, key: str, body: bytes, once: str) -> tuple[int, dict[str, object], str]:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": once, "Content-Type": "application/json"}
    answer = server.ask("POST", "/api/v1/lists", body, headers=headers)
    return answer.status, json.loads(answer.body), str(answer.headers["Idempotent-Replayed"])


def test_a_list_that_was_being_published_is_there_once(open_college: SampleCollege) -> None:
    key = key_of(open_college, "PUBLISH", "SEE_ALL_STUDENTS")
    lists, current, _ = published(open_college)
    assert (lists, current) == (1, 1)
    chance, took = random.Random(20251117), _seconds_of_one(open_college, key)
    for turn in range(_TIMES):
        content = finished(open_college)
        content["entries"][0]["listed_probability"] = (turn + 2) / 100  # another list than every one before
        body, once = json.dumps(content).encode(), f"kill-number-{turn}"
        _kill_while_sending(open_college, key, body, once, after=chance.uniform(0, 1.5 * took))
        with running(open_college.home.settings) as server:
            first = send(server, key, body, once)
            again = send(server, key, body, once)
        assert first[0] == again[0] == 201, first[1]
        assert first[1] == again[1]
        assert again[2] == "true"
        assert published(open_college) == (turn + 3, 1, 0)
    assert integrity(open_college.home.settings.home / "zerodrop.db") == []


def _seconds_of_one(college: SampleCollege, key: str) -> float:
    body = json.dumps(finished(college)).encode()
    with running(college.home.settings) as server:
        send(server, key, body, "warming-up")  # the first request of a process loads more than the next
        began = time.monotonic()
        assert send(server, key, body, "measured")[0] == 201
        return max(time.monotonic() - began, 0.05)


def _kill_while_sending(college: SampleCollege, key: str, body: bytes, once: str, *, after: float) -> None:
    with running(college.home.settings) as server:
        assert server.get("/readyz").status == 200

        def try_to_send() -> None:
            with suppress(OSError, http.client.HTTPException):  # it was killed before it could answer
                send(server, key, body, once)

        sending = threading.Thread(target=try_to_send)
        sending.start()
        time.sleep(after)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        sending.join()
