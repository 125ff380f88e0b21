"""`zerodrop doctor`: ten leaks planted in a copy of the institution's own data, each of which the probes must find.

First the probes look at the data as they are, where they must be silent. The data home is read once and never changed:
what a plant rewrites lies in a temporary folder.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from features.catalogue import CATALOGUE
from features.cohort import NobodyEnrolled
from features.snapshot import Snapshot, features
from features.state import Replay
from models.card_words import PROBE_NAMES
from models.horizon import LIST_HORIZON
from records.access import open_log
from records.codes import SUMMER_TERM
from records.errors import ModelRefused
from records.home import DataHome
from records.log import EventLog
from records.text import Text
from training.evidence import Leak
from training.leak_relations import Split, shuffled_labels
from training.leak_replays import Told, labels_known_later
from training.leaks import lines_of, of_log, of_panel, once
from training.outcome import Outcomes, labels, outcomes
from training.panel import Panel, Week, mondays
from training.plants import PLANTS, NothingToPlant, Plant, Work
from training.splits import term_of, terms_of

Progress = Callable[[str, int], None]
_LEAST_LEAVERS = 20
_MOST_WEEKS = 60
_EVERY = 2  # weeks: two neighbours say the same
_NO_TWO_PARTS = Text(
    th="ยังไม่มีภาคเรียนปกติที่เปิดเมื่อทราบผลของสัปดาห์ก่อนหน้าแล้ว จึงไม่มีสองส่วนให้สลับสัปดาห์กัน",
    en="no regular term opened once outcomes of weeks before it were known, so there are no two parts to deal weeks between",
)


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A plant and the probes that pointed at it; `not_planted` says why the data could not hold it."""

    plant: Plant
    found_by: tuple[Leak, ...]
    not_planted: Text | None = None

    @property
    def missed(self) -> bool:
        return not self.found_by and self.not_planted is None


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What the probes say of the data as they are, and what they found of the plants."""

    institution: str
    rows: int
    leavers: int
    leaks: tuple[Leak, ...]
    planted: tuple[Planted, ...]

    @property
    def healthy(self) -> bool:
        return not self.leaks and not any(one.missed for one in self.planted)


def examine(
    home: DataHome, institution: str, *, today: date, actor: str, plants: Sequence[Plant] = PLANTS,
    progress: Progress = lambda step, rows: None,
) -> Examined:  # fmt: skip
    """Look for leaks in what was known on `today`, then plant each leak and look again.

    Raises ModelRefused where too few have left in closed terms: no probe could tell anything.
    """
    log = open_log(home, institution, actor=actor, purpose="doctor")
    work = Work(log=log, declare=lambda log: CATALOGUE, known_until=today)
    look = _look(work)
    progress("as they are", look.panel.rows)
    leavers = len({number for week in look.panel.weeks for number in week.student[week.left].tolist()})
    if leavers < _LEAST_LEAVERS:
        raise ModelRefused(
            f"{leavers} students left in the closed terms of {institution}; the doctor needs {_LEAST_LEAVERS} to tell a "
            f"leak from chance. Import more past terms with --history. · ภาคเรียนที่ปิดแล้วของสถานศึกษา {institution} "
            f"มีผู้ออกกลางคัน {leavers} คน ต้องมีอย่างน้อย {_LEAST_LEAVERS} คนจึงจะแยกข้อมูลรั่วออกจากเรื่องบังเอิญได้ "
            "นำเข้าภาคเรียนก่อน ๆ เพิ่มด้วย --history"
        )
    planted = [_planted(plant, work, look.leaks, progress) for plant in plants]
    return Examined(
        institution=institution, rows=look.panel.rows, leavers=leavers, leaks=look.leaks, planted=tuple(planted)
    )


def _planted(plant: Plant, work: Work, clean: Sequence[Leak], progress: Progress) -> Planted:
    with TemporaryDirectory() as folder:
        try:
            look = _look(plant.plant(work, Path(folder)))
        except NothingToPlant as nothing:
            return Planted(plant=plant, found_by=(), not_planted=nothing.text)
    progress(plant.name.en, look.panel.rows)
    known = {(leak.probe, leak.feature) for leak in clean}
    new = (leak for leak in look.leaks if leak.feature in plant.touches and (leak.probe, leak.feature) not in known)
    return Planted(plant=plant, found_by=tuple(new))


# The work that is looked at: panel, split and what the probes say


@dataclass(frozen=True, kw_only=True)
class _Look:
    panel: Panel
    leaks: tuple[Leak, ...]


def _look(work: Work) -> _Look:
    found = outcomes(work.log, work.known_until)
    panel = _panel(work, found)
    told = Told(log=work.log, declare=work.declare)
    leaks = [*of_panel(panel), *of_log(panel, told, found, LIST_HORIZON)]
    split = _split(work, panel)
    if split is None and work.deals_weeks:
        raise NothingToPlant(_NO_TWO_PARTS)
    if split is not None:
        known = outcomes(work.log, split.opens)
        leaks += labels_known_later(split.training, work.log.institution, known, LIST_HORIZON)
        leaks += shuffled_labels(split)
    return _Look(panel=panel, leaks=once(leaks))


def _panel(work: Work, found: Outcomes) -> Panel:
    """Every second week whose outcomes were known, of one institution; a student number stands for the person."""
    days = mondays(work.log, work.known_until)[::_EVERY]
    questions = tuple(work.declare(work.log))
    forward, weeks = Replay(work.log), []
    for day in days[:: max(1, -(-len(days) // _MOST_WEEKS))]:
        try:
            snapshot = features(forward.advance(day), day, questions, institution=work.log.institution)
        except NobodyEnrolled:
            continue
        week = _week(snapshot, found)
        if week.mature:
            weeks.append(week)
    return Panel(features=questions, weeks=tuple(weeks))


def _week(snapshot: Snapshot, found: Outcomes) -> Week:
    who = snapshot.cohort
    said = labels(found, who, LIST_HORIZON)
    spans = [(span.academic_year, span.term) for span in who.terms]
    return Week(
        institution=snapshot.institution, as_of=snapshot.as_of, cohort=who, student=who.student, person=who.student,
        term=[spans[place] for place in who.term], group=who.group, values=snapshot.values,
        left=said.left, strict=said.strict, gone=said.gone, mature=said.mature,
    )  # fmt: skip


def _split(work: Work, panel: Panel) -> Split | None:
    """The newest closed regular term tests what was known when it opened; None when nothing was known by then.

    With `deals_weeks` every other week of the test trains too, as where rows are dealt out at random.
    """
    for term in reversed([term for term in terms_of(panel) if term[1] != SUMMER_TERM]):
        test = tuple(week for week in panel.weeks if term_of(week) == term)
        opens = min(week.as_of for week in test)
        training = _known_on(opens, work.log, panel)
        if training:
            break
    else:
        return None
    if work.deals_weeks:
        training, test = (*training, *test[::2]), test[1::2]
    made = (Panel(features=panel.features, weeks=weeks) for weeks in (training, test))
    return Split(training=next(made), test=next(made), opens=opens)


def _known_on(opens: date, log: EventLog, panel: Panel) -> tuple[Week, ...]:
    """The weeks before a day with the labels that were known on it, as far as they were."""
    found = outcomes(log, opens)
    weeks = []
    for week in panel.weeks:
        if week.as_of < opens:
            said = labels(found, week.cohort, LIST_HORIZON)
            if said.mature:
                weeks.append(replace(week, left=said.left, strict=said.strict, gone=said.gone))
    return tuple(weeks)


# What people read


def as_numbers(found: Examined) -> dict[str, object]:
    return {
        "institution": found.institution,
        "rows": found.rows,
        "leavers": found.leavers,
        "healthy": found.healthy,
        "leaks": [asdict(leak) for leak in found.leaks],
        "planted": [
            {
                "number": one.plant.number,
                "name": asdict(one.plant.name),
                "found": bool(one.found_by),
                "not_planted": asdict(one.not_planted) if one.not_planted else None,
                "found_by": [asdict(leak) for leak in one.found_by],
            }
            for one in found.planted
        ],
    }


def told(found: Examined) -> str:
    """The table of plants, then what the probes say about the data as they are; Thai and English."""
    head = (
        f"{found.institution}: {found.rows:,} แถว ผู้ออก {found.leavers:,} คน · {found.rows:,} rows, {found.leavers:,} leavers\n"
        "ข้อมูลรั่วที่ปลูกไว้ในสำเนา ข้อมูลจริงไม่เปลี่ยน · leaks planted in a copy; the data are not changed"
    )
    return "\n".join([head, *(_line(one) for one in found.planted), "", *_verdict(found)])


def _line(one: Planted) -> str:
    name, about = one.plant.name, one.plant.about
    if one.not_planted:
        why = one.not_planted
        return f"  – {one.plant.number:2} {name.th} · {name.en}: ปลูกไม่ได้ {why.th} · cannot be planted: {why.en}"
    mark, said = "✗", "ไม่พบ · MISSED"
    if one.found_by:
        probes = [PROBE_NAMES[name] for name in dict.fromkeys(leak.probe for leak in one.found_by)]
        mark = "✓"
        said = f"พบด้วย {', '.join(each.th for each in probes)} · found by: {', '.join(each.en for each in probes)}"
    return f"  {mark} {one.plant.number:2} {name.th} ({about.th}) · {name.en} ({about.en}): {said}"


def _verdict(found: Examined) -> list[str]:
    lines = []
    if any(one.missed for one in found.planted):
        lines.append(
            "! มีข้อมูลรั่วที่ปลูกไว้แต่หาไม่พบ อย่าเพิ่งเชื่อผลของแบบจำลองที่ฝึกจากข้อมูลนี้ "
            "ยิ่งมีข้อมูลผู้ออกมาก การตรวจยิ่งแม่นขึ้น · "
            "! A planted leak was missed: do not trust a model of these data yet. More leavers make the probes sharper."
        )
    if not found.leaks:
        return [*lines, "ข้อมูลตามที่เป็นอยู่: ไม่พบสัญญาณข้อมูลรั่ว · the data as they are: no sign of a leak"]
    lines.append("ข้อมูลตามที่เป็นอยู่ พบสัญญาณข้อมูลรั่ว · the data as they are show signs of a leak:")
    return [*lines, *(line for leak in found.leaks for line in lines_of(leak))]
