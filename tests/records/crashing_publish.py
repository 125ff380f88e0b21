"""One publish in a process of its own that kills itself after so many steps of SQLite, as a power cut would.

    python crashing_publish.py HOME STEP [MODEL]

STEP counts calls of SQLite's progress handler, which comes every few instructions of its machine, also within one INSERT of
many rows. With STEP `count` nothing dies and the number of calls is printed; with `go` the process
says `go` and publishes when it is answered.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from records import ledger
from records.home import DataHome, open_home
from records.lists import NewPublication, publish
from records.settings import Settings
from tests.records.small import CODE, publication_of

EVERY = 50
"""Instructions of SQLite's machine between two steps."""


def new_list(home: DataHome, model: str) -> NewPublication:
    ids = ledger.student_ids(home.database, CODE)
    return publication_of(ids, model=model, ledger_number=2)


class Steps:
    def __init__(self, dies_at: int | None) -> None:
        self.taken = 0
        self._dies_at = dies_at

    def __call__(self) -> int:
        self.taken += 1
        if self.taken == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def watch(self, connection: Any, _record: object, _proxy: object) -> None:
        connection.set_progress_handler(self, EVERY)


def main(folder: str, step: str, model: str = "b") -> None:
    home = open_home(Settings(home=Path(folder)))
    new = new_list(home, model)
    steps = Steps(int(step) if step.isdecimal() else None)
    event.listen(home.database.engine, "checkout", steps.watch)
    if step == "go":
        print("go", flush=True)
        sys.stdin.readline()
    publish(home.database, new)
    if step == "count":
        print(steps.taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
