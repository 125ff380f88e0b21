"""Probes for what nobody could have known: each looks at data as it is, and none knows whether anything was planted.

`leaks` runs on every training what needs no planting; `zerodrop doctor` (training/doctor.py) tries all of them on leaks
that it plants itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from models.card_words import LOOKED_AT, PROBE_NAMES
from models.horizon import Horizon
from records.access import open_log
from records.home import DataHome
from records.text import Text
from training.evidence import Leak
from training.leak_relations import same_twice, strong_from_afar, too_strong
from training.leak_replays import Told, asked_again, labels_known_later, stamped_early
from training.outcome import Outcomes, outcomes
from training.panel import Panel

_MOST_INSTITUTIONS = 3  # the log is asked again of the largest: what leaks is how tables are made, not whose they are


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a finding of a probe means, and what to do; `name` is that of its leaks."""

    name: str
    means: Text
    what_to_do: Text


PROBES: tuple[Probe, ...] = (
    Probe(
        name="told later",
        means=Text(
            th="ค่าของวันนั้นเปลี่ยนไป เมื่อตัดข้อมูลที่มาถึงหลังวันนั้นออก แปลว่าใช้ข้อมูลที่ยังไม่มีใครทราบในวันนั้น",
            en="Values of a day change when the records that came after it are taken away: they use what nobody knew then.",
        ),
        what_to_do=Text(
            th="ให้ตัวบ่งชี้นี้อ่านเฉพาะสิ่งที่ asked ให้ แล้วลองด้วย require_promises",
            en="Let the feature read only what `asked` gives, and try it with require_promises.",
        ),
    ),
    Probe(
        name="outside the log",
        means=Text(
            th="ค่าไม่ตามนักเรียนไปเมื่อเปลี่ยนเลขนักเรียน แปลว่ามาจากตัวเลขประจำตัวหรือตารางนอกระบบ แบบจำลองจะจำคนแทนที่จะเรียนรู้",
            en="Values do not follow students to other numbers: they come from the number itself or from a table outside, "
            "and a model would remember people instead of learning.",
        ),
        what_to_do=Text(
            th="ตัดตัวบ่งชี้นี้ออก หรือนำตารางนั้นเข้าระบบพร้อมวันที่ทราบ",
            en="Take the feature out, or import that table with the day on which it was known.",
        ),
    ),
    Probe(
        name="stamped early",
        means=Text(
            th="ข้อมูลของแหล่งนี้มีวันที่ทราบก่อนวันที่เกิดเหตุ หรือก่อนวันที่ต้นทางบันทึก ประวัติจึงดูเหมือนทราบเร็วกว่าความจริง",
            en="Records of this table were known, by their stamps, before the day they tell of or before their source "
            "entered them: the past looks better informed than it was.",
        ),
        what_to_do=Text(
            th="ตรวจวันที่บันทึกในไฟล์ต้นทาง แก้แล้วนำเข้าใหม่ด้วย --history",
            en="Look at the entry dates in the source file, mend them and import it again with --history.",
        ),
    ),
    Probe(
        name="label known later",
        means=Text(
            th="แถวที่ใช้เรียนรู้มีคำตอบที่ในวันฝึกยังไม่มีใครทราบ",
            en="Rows that train carry an answer that nobody knew on the day of training.",
        ),
        what_to_do=Text(
            th="แบ่งข้อมูลตามเวลาเท่านั้น และใช้เฉพาะสัปดาห์ที่ทราบผลครบแล้วก่อนวันฝึก",
            en="Split by time alone, and train on weeks whose outcomes were all known before the day of training.",
        ),
    ),
    Probe(
        name="too strong",
        means=Text(
            th="ตัวบ่งชี้เดียวแยกผู้ที่กำลังจะออกได้เกือบทั้งหมด ซึ่งข้อมูลที่ทราบล่วงหน้าทำไม่ได้",
            en="One feature alone tells those about to leave from nearly everybody: nothing known beforehand does.",
        ),
        what_to_do=Text(
            th="ตรวจว่าค่านี้บันทึกเมื่อไร และใครแก้หลังจากนักเรียนออก",
            en="Find out when this value is entered, and who changes it once a student has left.",
        ),
    ),
    Probe(
        name="strong from afar",
        means=Text(
            th="ตัวบ่งชี้แยกผู้ที่จะออกได้ชัดตั้งแต่แปดสัปดาห์ก่อนออก น่าจะถูกแก้หลังทราบผลแล้วแต่ลงวันที่เดิม",
            en="The feature marks leavers clearly eight weeks and more ahead: it was probably edited once they had left, "
            "under its old date.",
        ),
        what_to_do=Text(
            th="เทียบกับไฟล์เดิมที่ส่งในสัปดาห์นั้น แล้วนำเข้าไฟล์เดิม หรือไม่ใช้แหล่งข้อมูลนี้",
            en="Compare with the file handed over at that time; import that one, or do without the source.",
        ),
    ),
    Probe(
        name="same student twice",
        means=Text(
            th="นักเรียนคนเดียวมีสองเลข ค่าทุกตัวเท่ากันทุกสัปดาห์ แถวเดียวกันจึงอยู่ทั้งส่วนที่เรียนรู้และส่วนที่ทดสอบได้",
            en="Students stand under two numbers, equal week after week: the same row may train and test.",
        ),
        what_to_do=Text(
            th="ดูคู่ที่สงสัยด้วย zerodrop people doubts แล้วรวมเป็นคนเดียวด้วย zerodrop people same",
            en="Look at the pairs with `zerodrop people doubts`, and join them with `zerodrop people same`.",
        ),
    ),
    Probe(
        name="shuffled labels",
        means=Text(
            th="สลับคำตอบของอนาคตแล้วยังทายถูก แปลว่าแถวของอนาคตอยู่ในส่วนที่ใช้เรียนรู้",
            en="Answers of the future were shuffled and are still foretold: rows of the future are in training.",
        ),
        what_to_do=Text(
            th="แบ่งข้อมูลตามภาคเรียน ห้ามสุ่มแบ่งแถว", en="Split by term; never deal rows out at random."
        ),
    ),
)  # fmt: skip
PROBE_OF = {probe.name: probe for probe in PROBES}


def leaks(home: DataHome, panel: Panel, *, horizon: Horizon, known_until: date, actor: str) -> tuple[Leak, ...]:
    """What the probes find in a panel that trains on `known_until`; every log is opened once, with its audit row."""
    found = list(of_panel(panel))
    for institution in _largest(panel):
        log = open_log(home, institution, actor=actor, purpose="leakage probes")
        told = Told(log=log, declare=lambda log: panel.features)
        found += of_log(panel, told, outcomes(log, known_until), horizon)
    return once(found)


def of_panel(panel: Panel) -> Iterator[Leak]:
    yield from too_strong(panel)
    yield from strong_from_afar(panel)
    yield from same_twice(panel)


def of_log(panel: Panel, told: Told, found: Outcomes, horizon: Horizon) -> Iterator[Leak]:
    yield from asked_again(panel, told)
    yield from stamped_early(told.log)
    yield from labels_known_later(panel, told.log.institution, found, horizon)


def once(found: Sequence[Leak]) -> tuple[Leak, ...]:
    """The strongest finding of each probe and feature, in the order of the probes."""
    order = list(PROBE_OF)
    strongest: dict[tuple[int, str], Leak] = {}
    for leak in sorted(found, key=lambda one: one.strength):
        strongest[order.index(leak.probe), leak.feature] = leak
    return tuple(strongest[key] for key in sorted(strongest))


def _largest(panel: Panel) -> list[str]:
    sizes: dict[str, int] = {}
    for week in panel.weeks:
        sizes[week.institution] = sizes.get(week.institution, 0) + len(week.student)
    return sorted(sizes, key=lambda code: (-sizes[code], code))[:_MOST_INSTITUTIONS]


def seen(leak: Leak) -> Text:
    """What was found: a probe names a feature of the catalogue, or a table, or nothing in particular."""
    probe = PROBE_NAMES.get(leak.probe, Text(th=leak.probe, en=leak.probe))
    if not leak.feature:
        return Text(th=f"{probe.th} ({leak.strength:.2f})", en=f"{probe.en} ({leak.strength:.2f})")
    what = LOOKED_AT.get(leak.feature, Text(th=leak.feature, en=leak.feature))
    return Text(th=f"{what.th} ({probe.th}, {leak.strength:.2f})", en=f"{what.en} ({probe.en}, {leak.strength:.2f})")


def lines_of(leak: Leak) -> list[str]:
    """A finding as people read it."""
    probe, found = PROBE_OF[leak.probe], seen(leak)
    return [
        f"! {found.th} · {found.en}",
        f"  {probe.means.th}",
        f"  {probe.means.en}",
        f"  → {probe.what_to_do.th}",
        f"  → {probe.what_to_do.en}",
    ]
