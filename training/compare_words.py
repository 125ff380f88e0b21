"""A comparison in words for the command line: counts, rows by number and class group, figures of both models."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.card_words import BANDS, FIGURES, LISTS, UNTOLD, beside, interval, share_interval
from records.lists import RULE_LIST
from records.text import Text
from training.compare import Against, Comparison, Moved
from training.evidence import AT_CAPACITY, MODEL

_RULE_IN_CARDS = "absences_28d"
"""The name under which cards judge the simple list that serves without a model."""

_OUTDATED = {
    Against.PUBLISHED: (
        "แบบจำลองที่ใช้อยู่ทำจากชุดตัวบ่งชี้รุ่นอื่น จึงออกรายชื่อไม่ได้แล้ว เทียบกับรายชื่อของสัปดาห์นั้นตามที่เผยแพร่ไว้ · "
        "the model in charge was made for another feature catalogue and makes no list any more: "
        "compared with the list of that week as it was published"
    ),
    Against.NOTHING: (
        "แบบจำลองที่ใช้อยู่ทำจากชุดตัวบ่งชี้รุ่นอื่น จึงออกรายชื่อไม่ได้แล้ว และสัปดาห์นั้นไม่มีรายชื่อที่เผยแพร่ไว้ จึงแสดงรายชื่อใหม่อย่างเดียว · "
        "the model in charge was made for another feature catalogue and makes no list any more, and no list of that week "
        "was published: the new list alone"
    ),
}


def told(found: Comparison) -> Iterator[str]:
    yield f"{found.institution}  {found.as_of}"
    yield f"ใช้อยู่ · in charge: {_named(found.now)}"
    if found.against in _OUTDATED:
        yield _OUTDATED[found.against]
    yield f"ถ้าเปลี่ยน · if switched: {_named(found.then)}"
    if found.chosen != MODEL:
        yield _refused(found.chosen)
    yield ""
    yield _counted(found)
    alone = found.against is Against.NOTHING
    for title, rows in (
        ("รายชื่อใหม่ · the new list" if alone else "เข้ารายชื่อ · would enter", found.enters),
        ("ออกจากรายชื่อ · would leave", found.leaves),
        ("เปลี่ยนระดับ · would change band", found.moves),
    ):
        if rows:
            yield ""
            yield title
            yield from (_row(one) for one in rows)
    yield ""
    yield from _figures(found)


def _counted(found: Comparison) -> str:
    if found.against is Against.NOTHING:
        return f"นักเรียน · students {found.students:,}   อยู่ในรายชื่อ · listed {found.listed_then}"
    return (
        f"นักเรียน · students {found.students:,}   อยู่ในรายชื่อ · listed {found.listed_now} → {found.listed_then}   "
        f"อยู่ต่อ · staying {found.staying}   เข้า · entering {len(found.enters)}   ออกจากรายชื่อ · leaving {len(found.leaves)}   "
        f"เปลี่ยนระดับ · other band {len(found.moves)}"
    )


def _named(digest: str) -> str:
    return f"{digest} (รายชื่อตามการขาดเรียน · the absence rule)" if digest == RULE_LIST else digest[:16]


def _refused(chosen: str | None) -> str:
    if chosen is None:
        return "บัตรไม่ได้ตัดสินที่นี่ จึงให้รับหน้าที่ที่นี่ไม่ได้ · its card does not name this place, so it cannot be promoted here"
    return (
        f"ที่นี่บัตรเลือก{LISTS[chosen].th} จึงให้รับหน้าที่ที่นี่ไม่ได้ · "
        f"here its card chose {LISTS[chosen].en}, so it cannot be promoted here"
    )


def _row(one: Moved) -> str:
    now, then = BANDS[one.band_now], BANDS[one.band_then]
    before = UNTOLD if one.rank_now is None else one.rank_now
    return (
        f"  #{one.number:<7} {one.class_group:<16} ลำดับ · rank {before:>5} → {one.rank_then:<5} "
        f"{now.th} → {then.th} · {now.en} → {then.en}"
    )


def _figures(found: Comparison) -> Iterator[str]:
    """Each from the test terms of its own card."""
    then = found.figures_then.get(MODEL)
    ruled = found.figures_then.get(_RULE_IN_CARDS)
    now = ruled if found.figures_now is None else found.figures_now.get(MODEL)
    if then is None:
        yield "ยังไม่มีภาคเรียนทดสอบ · the new model was tested on no term"
        return
    yield "ในภาคเรียนทดสอบของแต่ละบัตร · on the test terms of each card: ใช้อยู่ · in charge → ถ้าเปลี่ยน · if switched"
    yield from (f"  {_in_both(FIGURES[name])}: {_of(now, name)} → {_of(then, name)}" for name in _SHOWN)


_SHOWN = ("reached_per_week", "precision", "recall", "auc", "auc_within", "observed_expected", "ece")


def _in_both(name: Text) -> str:
    return name.th if name.th == name.en else f"{name.th} · {name.en}"


def _of(figures: Mapping[str, Any] | None, name: str) -> str:
    if figures is None:
        return UNTOLD
    at = figures["at"][AT_CAPACITY]
    cells = {
        "reached_per_week": interval(at["reached_per_week"], 1),
        "precision": share_interval(at["precision"]),
        "recall": share_interval(at["recall"]),
        "auc": interval(figures["auc"]),
        "auc_within": interval(figures["auc_within"]),
        "observed_expected": interval(figures["observed_expected"]),
        "ece": interval(figures["ece"], 3),
    }
    return beside(cells[name])
