"""Work of many threads in few transactions: each answer after its commit, each in its own circumstances, no error shared."""

import asyncio
import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from itertools import pairwise

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import audit
from records.audit import AuditRow
from records.database import Acting
from records.errors import StoreUnavailable
from records.home import DataHome
from records.together import _LEAST_APART, Together
from tests.records.small import CODE

pytestmark = pytest.mark.both_engines
THREADS = 24
asked_by: ContextVar[str] = ContextVar("asked_by", default="")


class Line:
    """A line over a home's database that counts its transactions and can hold the first of them open."""

    def __init__(self, home: DataHome) -> None:
        self.transactions = 0
        self.began = threading.Event()
        self.go_on = threading.Event()
        self._home = home
        self.together = Together(self._write)

    @contextmanager
    def _write(self) -> Iterator[Session]:
        self.transactions += 1
        self.began.set()
        if self.transactions == 1:
            assert self.go_on.wait(30)
        with self._home.database.write() as session:
            yield session


def look(session: Session) -> str:
    who = asked_by.get()
    audit.record_look(session, actor=who, action="see list", institution=CODE)
    return who


def ask(line: Line, number: int) -> str:
    return ask_as(line, number).result(30)


def ask_as(line: Line, number: int) -> "Future[str]":
    around = copy_context()
    around.run(asked_by.set, f"kru.{number}")
    return around.run(line.together.ask, look)


def actors(home: DataHome) -> list[str]:
    with home.database.read() as session:
        return list(session.scalars(select(AuditRow.actor).order_by(AuditRow.id)))


def test_all_that_wait_share_a_transaction_and_keep_their_circumstances(home: DataHome) -> None:
    line = Line(home)
    answers = [ask_as(line, number) for number in range(THREADS)]
    line.go_on.set()
    assert [answer.result(30) for answer in answers] == [f"kru.{number}" for number in range(THREADS)]
    assert sorted(actors(home)) == sorted(f"kru.{number}" for number in range(THREADS))
    assert line.transactions <= 2  # whoever the first found waiting, and all who came while it did


def test_no_answer_comes_before_its_commit(home: DataHome) -> None:
    line = Line(home)
    line.go_on.set()

    def ask_and_look(number: int) -> bool:
        return ask(line, number) in actors(home)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask_and_look, range(40)))


def test_an_error_is_its_own_alone_and_leaves_nothing(home: DataHome) -> None:
    line = Line(home)

    def fail(session: Session) -> None:
        look(session)
        raise ValueError("only mine")

    def ask_or_fail(number: int) -> str:
        asked_by.set(f"kru.{number}")
        if number % 3:
            return line.together.ask(look).result(30)
        with pytest.raises(ValueError, match="only mine"):
            line.together.ask(fail).result(30)
        return "failed"

    with ThreadPoolExecutor(12) as pool:
        answers = [pool.submit(ask_or_fail, number) for number in range(12)]
        line.go_on.set()
        assert [answer.result(30) for answer in answers].count("failed") == 4
    assert sorted(actors(home)) == sorted(f"kru.{number}" for number in range(12) if number % 3)


def test_what_is_prepared_comes_right_before_the_work(home: DataHome) -> None:
    line = Line(home)
    line.go_on.set()
    steps: list[str] = []
    line.together.ask(lambda session: steps.append("work"), lambda session: steps.append("prepared")).result(30)
    assert steps == ["prepared", "work"]


def test_the_chain_of_the_trail_holds(home: DataHome) -> None:
    line = Line(home)
    line.go_on.set()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ask(line, number), range(50)))
    with home.database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditRow)) == 50
        rows = list(session.scalars(select(AuditRow).order_by(AuditRow.id)))
    assert all(row.previous == before.hash for before, row in pairwise(rows))


def test_what_was_cancelled_in_time_is_not_done(home: DataHome) -> None:
    line = Line(home)
    first = line.together.ask(look)
    assert line.began.wait(30)
    second, third = line.together.ask(look), line.together.ask(look)
    assert second.cancel()
    line.go_on.set()
    assert (first.result(30), third.result(30)) == ("", "")
    assert len(actors(home)) == 2


def test_what_the_works_of_a_transaction_are_about_is_told_to_each_of_them(home: DataHome) -> None:
    line = Line(home)

    def about(session: Session) -> set[str]:
        return set(session.info["about"])

    alone = line.together.ask(about, about="a")
    assert line.began.wait(30)
    shared = [line.together.ask(about, about=which) for which in ("b", "c", "")]
    line.go_on.set()
    assert alone.result(30) == {"a"}
    assert [one.result(30) for one in shared] == [{"b", "c"}] * 3


def test_who_asks_is_looked_up_once_for_all_of_a_transaction(home: DataHome) -> None:
    asked: list[frozenset[str]] = []
    tokens = [str(number) for number in range(THREADS)]

    def whose(session: Session, wanted: Collection[str]) -> dict[str, Somebody]:
        asked.append(frozenset(wanted))
        return {token: Somebody(Acting(institutions=frozenset({token}), account_id=None)) for token in wanted}

    async def ask_all() -> list[tuple[Somebody, frozenset[str]] | None]:
        of = home.database.soon
        return await asyncio.gather(*(of(token, whose, lambda _, who: who.acting.institutions) for token in tokens))

    found = asyncio.run(ask_all())
    assert [seen for one in found if one is not None for _, seen in [one]] == [frozenset({token}) for token in tokens]
    assert sorted(token for some in asked for token in some) == sorted(tokens)


def test_transactions_begin_apart_so_that_works_find_company(home: DataHome) -> None:
    line = Line(home)
    line.go_on.set()
    began = time.monotonic()
    for number in range(20):
        ask(line, number)
    assert time.monotonic() - began >= 19 * _LEAST_APART


def test_looks_of_one_transaction_are_chained_one_after_the_other(home: DataHome) -> None:
    def look_twice(number: int) -> None:
        asked_by.set(f"kru.{number}")
        home.database.together(lambda session: (look(session), look(session)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look_twice, range(20)))
    home.database.together(look)
    assert audit.verify(home.database).sound
    written = actors(home)
    assert len(written) == 41
    assert all(one == other for one, other in zip(written[:40:2], written[1:40:2], strict=True))


@dataclass(frozen=True)
class Somebody:
    acting: Acting


def test_a_work_is_done_for_whoever_was_found_and_for_nobody_not_at_all(home: DataHome) -> None:
    somebody = Somebody(Acting(institutions=frozenset({CODE}), account_id=None))
    done: list[Somebody] = []

    def whose(session: Session, tokens: Collection[str]) -> dict[str, Somebody]:
        return {token: somebody for token in tokens if token == "a"}

    def told(session: Session, asker: Somebody) -> str:
        done.append(asker)
        return look(session)

    async def ask_both() -> list[tuple[Somebody, str] | None]:
        return await asyncio.gather(home.database.soon("a", whose, told), home.database.soon("b", whose, told))

    assert asyncio.run(ask_both()) == [(somebody, ""), None]
    assert done == [somebody]
    assert len(actors(home)) == 1


def test_a_database_that_cannot_answer_now_is_waited_for_once_for_all(home: DataHome) -> None:
    tried: list[int] = []
    go_on = threading.Event()

    @contextmanager
    def busy() -> Iterator[Session]:
        tried.append(1)
        assert go_on.wait(30)
        raise StoreUnavailable.busy()
        yield  # type: ignore[unreachable]  # a context manager all the same

    together = Together(busy)
    answers = [together.ask(look) for _ in range(THREADS)]
    go_on.set()
    assert all(isinstance(answer.exception(30), StoreUnavailable) for answer in answers)
    assert len(tried) <= 2, "the first alone, the others with each other"


def test_nobody_waits_behind_a_work_that_no_thread_took(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Together(home.database.write)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", _no_thread)
        with pytest.raises(RuntimeError, match="no thread"):
            together.ask(look)
    assert together.ask(look).result(30) == ""
    together.close()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="shutdown"):
            together.ask(look)


def _no_thread(_: threading.Thread) -> None:
    raise RuntimeError("no thread to be had")
