"""One compaction in a process of its own that kills itself at a named moment, as a power cut would."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from records import compaction, ledger
from records.home import open_home
from records.settings import Settings
from records.shards import shards_of
from tests.records.crashing_import import after, die

MOMENTS: dict[str, Callable[[], None]] = {
    "while a file is written": lambda: setattr(compaction._Told, "add", after(compaction._Told.add)),
    "before the ledger knows": lambda: setattr(compaction, "_commit", die),
    "inside the ledger's transaction": lambda: setattr(
        compaction, "forget_old_parts", after(compaction.forget_old_parts)
    ),
    "at the end of the transaction": lambda: setattr(ledger.Session, "add_all", after(ledger.Session.add_all)),
}


if __name__ == "__main__":
    moment, home, closed_before = sys.argv[1:]
    if moment.startswith("after "):
        compaction._commit = after(compaction._commit, times=int(moment.removeprefix("after ")))  # so many tables
    else:
        MOMENTS[moment]()
    opened = open_home(Settings(home=Path(home)))
    for shard in shards_of(opened):
        compaction.compact(opened, shard, date.fromisoformat(closed_before))
