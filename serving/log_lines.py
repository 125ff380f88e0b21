"""Log lines that nobody waits for: one JSON object a line on the standard error stream, with the time in UTC.

A reader that hangs or is gone must not stop the service: lines are written by a thread of their own, and what finds the
queue full or the stream broken is counted and lost. What a line may never hold: see docs/security.md.
"""

import io
import logging
import queue
import sys
import threading
from collections.abc import Callable

import structlog

_MOST_WAITING = 10_000
_LAST_SECONDS = 2.0


class LineWriter:
    """What structlog writes to; `write` returns at once. `lost` counts the lines that reached nobody."""

    def __init__(self, send: Callable[[str], object], *, most_waiting: int = _MOST_WAITING) -> None:
        self.lost = 0
        self._send = send
        self._waiting: queue.Queue[str] = queue.Queue(most_waiting)
        threading.Thread(target=self._work, name="log", daemon=True).start()

    def write(self, line: str) -> None:
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self.lost += 1

    def flush(self) -> None:
        """structlog asks for it after every line; the thread writes through."""

    def drain(self, seconds: float = _LAST_SECONDS) -> None:
        """Wait until everything is written, at most so long."""
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(lambda: not self._waiting.unfinished_tasks, seconds)

    def _work(self) -> None:
        while True:
            line = self._waiting.get()
            try:
                self._send(line)
            except (OSError, ValueError):  # a closed pipe, a full disk, a closed stream
                self.lost += 1
            finally:
                self._waiting.task_done()


def write_logs_as_json() -> LineWriter:
    """From now on every log line of this process is JSON; drain the writer before the process ends."""
    writer = LineWriter(_standard_error())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Letters of Thai as \u escapes: no line end, not even Unicode's own, can come out of a value.
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=structlog.WriteLoggerFactory(writer),  # type: ignore[arg-type]
    )
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _FromLibraries)]
    root.addHandler(_FromLibraries(logging.WARNING))
    return writer


def _standard_error() -> Callable[[str], object]:
    """Past the stream's own buffer, which would keep what could not be written and fail again when the process ends."""
    try:
        raw = io.FileIO(sys.stderr.fileno(), "w", closefd=False)
    except OSError:
        return sys.stderr.write  # a test's stream, which is no file

    def send(line: str) -> None:
        left = memoryview(line.encode())
        while left:
            left = left[raw.write(left) :]

    return send


class _FromLibraries(logging.Handler):
    """What uvicorn and others log, as our JSON: where and which kind of error, never its message, which quotes values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        structlog.get_logger("serving").warning(
            "library",
            library=record.name,
            at=f"{record.module}:{record.lineno}",
            said=record.msg if record.name.startswith("uvicorn") and isinstance(record.msg, str) else "",
            error=error.__name__ if error else "",
        )
