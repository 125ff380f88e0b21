"""Writing work of several threads in one transaction: a disk takes as long to commit one audit row as fifty.

Whoever gets the turn does everything that waits by then and commits once; the others find theirs done. Nobody's answer comes
before the commit that holds it.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

_Result = TypeVar("_Result")
_MOST = 64
"""Works in one transaction: other processes wait for it to end."""


class _Waiting(Generic[_Result]):
    """One work in the circumstances of the thread that asked for it, and what became of it."""

    def __init__(self, work: Callable[[Session], _Result], prepare: Callable[[Session], None]) -> None:
        self.done = False
        self.error: BaseException | None = None
        self._work = work
        self._prepare = prepare
        self._around: Context = copy_context()
        self._result: _Result | None = None

    def do(self, session: Session) -> None:
        self._prepare(session)
        self._result = self._around.run(self._work, session)

    def answer(self) -> _Result:
        if self.error is not None:
            raise self.error
        return self._result  # type: ignore[return-value]  # a work may well return None


class Together:
    """The line of one database; `write` gives a session in a transaction that commits when its block ends."""

    def __init__(self, write: Callable[[], AbstractContextManager[Session]]) -> None:
        self._write = write
        self._line: list[_Waiting[object]] = []
        self._queueing = threading.Lock()
        self._turn = threading.Lock()

    def run(
        self, work: Callable[[Session], _Result], prepare: Callable[[Session], None] = lambda session: None
    ) -> _Result:
        """Do `work` and return its answer once it is committed; `prepare` comes right before it in the same transaction.

        A work may be done twice, the first time rolled back: it must do nothing but read and write through its session. What
        it raises is raised here and spoils no other's work.
        """
        mine = _Waiting(work, prepare)
        with self._queueing:
            self._line.append(mine)  # type: ignore[arg-type]
        while not mine.done:
            with self._turn:
                if not mine.done:
                    self._do(self._next())
        return mine.answer()

    def _next(self) -> "list[_Waiting[object]]":
        with self._queueing:
            taken, self._line = self._line[:_MOST], self._line[_MOST:]
        return taken

    def _do(self, works: "list[_Waiting[object]]") -> None:
        try:
            with self._write() as session:
                for one in works:
                    one.do(session)
        except BaseException as error:
            if len(works) > 1:  # one of them, or the commit: each alone, so that nobody pays for another
                for one in works:
                    self._do([one])
                return
            works[0].error = error
        for one in works:
            one.done = True
