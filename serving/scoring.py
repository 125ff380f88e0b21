"""The weekly run of every institution: what is due, scored and published, one institution a task.

A run that was killed goes on where it stopped, two runs at once do no harm, and an institution that fails keeps the list it
has while the others get theirs.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from features.catalogue import FINGERPRINT
from records import ledger, lists
from records.access import open_log
from records.errors import ConfigurationGap, UserError
from records.home import DataHome, open_home
from records.list_tables import PublicationRow
from records.lists import NewerListStands, Published
from records.processes import processes
from records.settings import Settings
from records.weeks import monday_of
from serving.due import Basis, Due, basis_of, due_weeks, teaching_mondays
from serving.weekly import run_week


class Outcome(Enum):
    """What became of one week of one institution."""

    PUBLISHED = "published"
    SAME = "same"
    RESTORED = "restored"
    PUT_BACK = "put back"
    """A person chose another list of this week; it stays until there is something new to score."""
    OVERTAKEN = "overtaken"
    """Another run published from later records meanwhile."""
    TOO_OLD = "too old"
    NOTHING_DUE = "nothing due"
    FAILED = "failed"


_OUTCOMES = {
    Published.NEW: Outcome.PUBLISHED,
    Published.SAME: Outcome.SAME,
    Published.RESTORED: Outcome.RESTORED,
}


@dataclass(frozen=True, kw_only=True)
class Week:
    """One line of the run; `sentence` says why where it failed. Without a week nothing was due, or all of it failed."""

    institution: str
    outcome: Outcome
    as_of: date | None = None
    publication: UUID | None = None
    model: str = ""
    students: int = 0
    high: int = 0
    watch: int = 0
    must_see: int = 0
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One institution's share of the run; a worker opens the home itself."""

    settings: Settings
    institution: str
    today: date
    catch_up: int
    actor: str


def score_all(
    home: DataHome, *, today: date, catch_up: int, workers: int, actor: str, progress: Callable[[str, int], None]
) -> list[Week]:
    """Score what is due at every institution. Raises ConfigurationGap when there is no institution.

    What fails is a line of the answer: the lists of that institution stay as they are.
    """
    codes = [row.code for row in ledger.institutions(home.database)]
    if not codes:
        raise ConfigurationGap(
            "There is no institution yet. Enter one with `zerodrop init`. · ยังไม่มีสถานศึกษา เพิ่มด้วยคำสั่ง zerodrop init"
        )
    settings = home.settings
    tasks = [Task(settings=settings, institution=code, today=today, catch_up=catch_up, actor=actor) for code in codes]
    done: list[Week] = []
    for weeks in map(score_institution, tasks) if workers == 1 else _in_processes(tasks, workers):
        progress(weeks[0].institution, sum(week.students for week in weeks))
        done += weeks
    return done


def _in_processes(tasks: Sequence[Task], workers: int) -> Iterator[list[Week]]:
    with processes(min(workers, len(tasks)), "spawn") as pool:
        waiting = [(task, pool.submit(score_institution, task)) for task in tasks]
        for task, future in waiting:
            yield _answer(task, future)


def _answer(task: Task, future: "Future[list[Week]]") -> list[Week]:
    try:
        return future.result()
    except BrokenProcessPool:
        return [_failed(task.institution, None, _LOST)]


_LOST = (
    "A process of this run was ended from outside; perhaps the memory was full. Run it again, with fewer --workers. · "
    "งานหนึ่งถูกปิดจากภายนอก อาจเพราะหน่วยความจำเต็ม สั่งใหม่อีกครั้งโดยลด --workers"
)


def score_institution(task: Task) -> list[Week]:
    """What is due at one institution, oldest week first; it never raises, so that the others go on."""
    try:
        home = open_home(task.settings)
        try:
            return _score(home, task)
        finally:
            home.close()
    except Exception as error:
        return [_failed(task.institution, None, _sentence(error))]


def _score(home: DataHome, task: Task) -> list[Week]:
    newest = monday_of(task.today)
    with home.database.read() as session:
        current = lists.current_publication(session, task.institution)
    if current is not None and current.as_of == newest and (known := _known(home, task.institution, newest)):
        return [known]
    due = _due(home, task, current)
    told = [Week(institution=task.institution, as_of=week, outcome=Outcome.TOO_OLD) for week in due.too_old]
    if not due.weeks:
        return [*told, Week(institution=task.institution, outcome=Outcome.NOTHING_DUE)]
    for as_of in due.weeks:
        week, goes_on = _week(home, task, as_of)
        told.append(week)
        if not goes_on:  # the next week's list builds on this one
            break
    return told


def _due(home: DataHome, task: Task, current: PublicationRow | None) -> Due:
    log = open_log(home, task.institution, actor=task.actor, purpose="weeks due")
    last = current.as_of if current else None
    return due_weeks(teaching_mondays(log, task.today), task.today, last, task.catch_up)


def _week(home: DataHome, task: Task, as_of: date) -> tuple[Week, bool]:
    """One week, and whether the week after it may follow: a gap of that week is no reason against the next one."""
    if known := _known(home, task.institution, as_of):
        return known, True
    try:
        report = run_week(home, task.institution, as_of, actor=task.actor)
    except NewerListStands:
        return Week(institution=task.institution, as_of=as_of, outcome=Outcome.OVERTAKEN), True
    except Exception as error:
        return _failed(task.institution, as_of, _sentence(error)), isinstance(error, ConfigurationGap)
    week = Week(
        institution=task.institution,
        as_of=as_of,
        outcome=_OUTCOMES[report.outcome],
        publication=report.publication,
        model=report.model,
        students=report.students,
        high=report.high,
        watch=report.watch,
        must_see=report.must_see,
    )
    return week, True


def _known(home: DataHome, institution: str, as_of: date) -> Week | None:
    """The line of a week whose list rests on just what there is now; None where there is something to score."""
    with home.database.read() as session:
        capacity, _ = lists.capacity_on(session, institution, as_of)
        basis = Basis(
            ledger_number=ledger.last_number(session, institution),
            model_digest=lists.champion(session, institution),
            catalogue_fingerprint=FINGERPRINT,
            visits_per_week=capacity.visits_per_week,
            rows_per_advisor=capacity.rows_per_advisor,
        )
        made = [row for row in lists.publications_of_week(session, institution, as_of) if basis_of(row) == basis]
        current = lists.current_of_week(session, institution, as_of)
        if current is None or not made:
            return None
        if basis_of(current) != basis and not lists.was_put_back(session, current):
            return None
    return Week(
        institution=institution,
        as_of=as_of,
        outcome=Outcome.SAME if basis_of(current) == basis else Outcome.PUT_BACK,
        publication=current.id,
        model=current.model_digest,
    )


def _failed(institution: str, as_of: date | None, sentence: str) -> Week:
    return Week(institution=institution, as_of=as_of, outcome=Outcome.FAILED, sentence=sentence)


def _sentence(error: Exception) -> str:
    """What a person can mend, in its own words; anything else by kind and place alone: its message may quote a value."""
    if isinstance(error, UserError):
        return error.shown
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__}, {place.name}:{place.lineno}"
    return (
        f"Something went wrong that nobody foresaw ({where}). The list before stays; run it again, and report it if it stays. · "
        f"เกิดข้อผิดพลาดที่ไม่คาดคิด ({where}) รายชื่อเดิมยังใช้อยู่ สั่งใหม่อีกครั้ง ถ้ายังเป็นอยู่ให้แจ้งผู้ดูแลระบบ"
    )
