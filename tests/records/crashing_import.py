"""One import in a process of its own that kills itself at a named moment, as a power cut would."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from records import ledger, log, people
from records.home import open_home
from records.intake import committing, importing
from records.settings import Settings


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def after(done: Callable[..., Any], *, times: int = 1) -> Callable[..., Any]:
    """Do it, and the given time die."""
    count = 0

    def do(*args: Any, **more: Any) -> Any:
        nonlocal count
        found = done(*args, **more)
        count += 1
        if count == times:
            die()
        return found

    return do


MOMENTS: dict[str, Callable[[], None]] = {
    "while people are admitted": lambda: setattr(people, "_number_row", after(people._number_row, times=2)),
    "between vault and log": lambda: setattr(committing, "Comparison", die),
    "after the first file": lambda: setattr(committing, "write_in_order", after(log.write_in_order)),
    "after all files": lambda: setattr(ledger, "commit", die),
    "inside the ledger's transaction": lambda: setattr(ledger, "_place", after(ledger._place)),
}

if __name__ == "__main__":
    moment, home, file = sys.argv[1:]
    MOMENTS[moment]()
    importing.import_file(open_home(Settings(home=Path(home))), importing.ImportRequest(path=Path(file)))
