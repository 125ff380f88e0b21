"""Independent pieces of work side by side: the one place that says how many at once.

Each piece is computed by itself (a fit, the lists of a day, a stretch of a replay), so that what comes out owes nothing
to the number of cores or to what ran beside it.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from records.errors import UserError
from records.processes import processes
from records.stopping import Stopped

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@contextmanager
def side_by_side() -> Iterator[ThreadPoolExecutor]:
    """Threads, one for each core of this process; `map` gives results in the order of what was asked.

    Leaving it waits for everything that was asked, also when one piece fails; told to stop, for what was begun alone.
    """
    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        try:
            yield pool
        except Stopped:
            pool.shutdown(cancel_futures=True)
            raise


def in_processes(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """The results in order, worked out in processes of their own, for work in Python itself.

    No more results than one for each core wait for their turn. What is asked and answered is copied from one process to
    the other. A script that asks this begins its own work under `if __name__ == "__main__":`, since every process reads it anew.
    Raises UserError when a process is lost on the way.
    """
    cores = len(os.sched_getaffinity(0))
    begun: deque[Future[Result]] = deque()
    try:
        with processes(cores, "forkserver") as pool:
            for piece in pieces:
                begun.append(pool.submit(work, piece))
                if len(begun) > cores:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
    except BrokenProcessPool:
        raise UserError(
            "A process of this training ended before its answer, most often for want of memory: close other programs, or train "
            "fewer places at once with --institution. · "
            "งานย่อยงานหนึ่งของการฝึกหยุดกลางคัน มักเป็นเพราะหน่วยความจำไม่พอ ให้ปิดโปรแกรมอื่น หรือฝึกทีละน้อยแห่งด้วย --institution"
        ) from None
