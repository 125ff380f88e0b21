"""Writing work of many askers in one transaction: a disk takes as long to commit one audit row as fifty.

One thread does everything that waits by then and commits once. Nobody's answer comes before the commit that holds it.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from records.errors import StoreUnavailable

_Result = TypeVar("_Result")
_MOST = 64
"""Works in one transaction: other processes wait for it to end."""
_LEAST_APART = 0.01
"""Seconds from the beginning of a transaction to that of the next: what comes by then shares it (docs/adr/0025)."""


class _Waiting(Generic[_Result]):
    """One work in the circumstances of whoever asked for it, and what became of it."""

    def __init__(self, work: Callable[[Session], _Result], prepare: Callable[[Session], None], about: str) -> None:
        self.answer: Future[_Result] = Future()
        self.about = about
        self._work = work
        self._prepare = prepare
        self._around: Context = copy_context()
        self._result: _Result | None = None

    def do(self, session: Session) -> None:
        self._prepare(session)
        self._result = self._around.run(self._work, session)

    def tell(self) -> None:
        self.answer.set_result(self._result)  # type: ignore[arg-type]  # a work may well return None


class Together:
    """The line of one database; `write` gives a session in a transaction that commits when its block ends."""

    def __init__(self, write: Callable[[], AbstractContextManager[Session]]) -> None:
        self._write = write
        self._line: list[_Waiting[object]] = []
        self._queueing = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "together")
        self._began = 0.0

    def ask(
        self,
        work: Callable[[Session], _Result],
        prepare: Callable[[Session], None] = lambda session: None,
        *,
        about: str = "",
    ) -> "Future[_Result]":
        """Have `work` done; its answer is there once it is committed. `prepare` comes right before it in the transaction.

        What it is `about` stands with that of all others of the transaction in `session.info["about"]`, so that the first
        of them can ask one question for all.

        A work may be done twice, the first time rolled back: it must do nothing but read and write through its session. What
        it raises is its own answer and spoils no other's work. Whoever cancels in time has asked for nothing.
        """
        mine = _Waiting(work, prepare, about)
        with self._queueing:
            self._line.append(mine)  # type: ignore[arg-type]
            if len(self._line) == 1:  # whoever found others waiting has somebody on the way
                self._call_worker()
        return mine.answer

    def close(self) -> None:
        """End the thread, after everything that was asked for."""
        self._worker.shutdown()

    def _call_worker(self) -> None:
        try:
            self._worker.submit(self._do_all)
        except BaseException:  # no thread to be had, or closed: nobody else may wait behind a work that nobody does
            self._line.clear()
            raise

    def _do_all(self) -> None:
        while self._line:  # whoever finds nobody waiting calls for this thread again
            time.sleep(max(0.0, self._began + _LEAST_APART - time.monotonic()))
            self._began = time.monotonic()
            works = self._next()
            wanted = [one for one in works if one.answer.set_running_or_notify_cancel()]
            if wanted:
                self._do(wanted)

    def _next(self) -> "list[_Waiting[object]]":
        with self._queueing:
            taken, self._line = self._line[:_MOST], self._line[_MOST:]
        return taken

    def _do(self, works: "list[_Waiting[object]]") -> None:
        try:
            with self._write() as session:
                session.info["about"] = {one.about for one in works if one.about}
                for one in works:
                    one.do(session)
        except BaseException as error:
            if isinstance(error, StoreUnavailable) and not error.went_away:  # not now for any of them
                for one in works:
                    one.answer.set_exception(error)
                return
            if len(works) > 1:  # one of them, or the commit: each alone, so that nobody pays for another
                for one in works:
                    self._do([one])
                return
            works[0].answer.set_exception(error)
            return
        for one in works:
            one.tell()
