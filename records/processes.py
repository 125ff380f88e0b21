"""Processes that work for a command, and end with it."""

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Literal


@contextmanager
def processes(number: int, method: Literal["forkserver", "spawn"]) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes. When the one that they work for stops, they finish what they have begun and begin nothing more.

    Ctrl-C reaches all processes of a terminal at once: these leave it to the one that they work for.
    """
    leave_it = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(
        number, mp_context=get_context(method), initializer=signal.signal, initargs=leave_it
    ) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
