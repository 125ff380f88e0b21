"""Independent pieces of work side by side: the one place that says how many at once.

Each piece is computed by itself (a fit, the lists of a day, a stretch of a replay), so that what comes out owes nothing
to the number of cores or to what ran beside it.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from records.errors import UserError


def side_by_side() -> ThreadPoolExecutor:
    """Threads, one for each core of this process; `map` gives results in the order of what was asked.

    Leaving it as a context waits for everything that was begun, also when one piece fails.
    """
    return ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0)))


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """The same in processes of their own, for work in Python itself, of which a process does one piece at a time.

    What is asked and answered is copied from one to the other. Raises UserError when a process is lost on the way.
    """
    cores = len(os.sched_getaffinity(0))
    try:
        with ProcessPoolExecutor(cores, mp_context=get_context("forkserver")) as pool:
            yield pool
    except BrokenProcessPool:
        raise UserError(
            "การฝึกหยุดกลางคันเพราะระบบปิดงานย่อยงานหนึ่ง มักเป็นเพราะหน่วยความจำไม่พอ ยังไม่มีอะไรเปลี่ยนแปลง "
            "ให้ปิดโปรแกรมอื่น หรือฝึกทีละน้อยแห่งด้วย --institution · "
            "A process of this training was ended from outside, most often for want of memory. Nothing was changed: "
            "close other programs, or train fewer places at once with --institution."
        ) from None
