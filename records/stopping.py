"""Being told to stop, by Ctrl-C or by whoever supervises: work unwinds as after an error, and one sentence says so."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = (
    "หยุดแล้วตามที่สั่ง ก่อนงานเสร็จ ส่วนที่ยังไม่เสร็จไม่ถูกนับ สั่งใหม่ได้เมื่อพร้อม · "
    "Stopped as asked, before the work was done: nothing half-done counts. Run it again when you are ready."
)


class Stopped(SystemExit):
    """The command was told to stop; its exit code says by which signal, as a shell would."""


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """While this lasts, a signal to stop raises Stopped in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(128 + number)
