"""Who is on the roll: the college's own first-week roster and the ministry's DMC workbook of three rounds a year."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import xlsxwriter

from records.clock import buddhist
from simulation.coefficients import value, whole
from simulation.entrants import LEVEL_WORDS, PROGRAMMES, TRANSFER_IN, Flags, Whole, stream
from simulation.exports import MINUTES, Export, local_minutes
from simulation.life import LEFT
from simulation.names import FEMALE_NAMES
from simulation.people import NOT_POOR, logistic
from simulation.terms import Calendar, SimulatedTerm, day_of, ordinal
from simulation.world import World

INSTITUTION_CODE = "9999000001"
INSTITUTION_NAME = "วิทยาลัยเทคนิคจำลองไทย"
EMPTY = "-"
DMC_SHEET = "Sheet1"
DMC_STAMP = "วันและเวลาที่สร้างรายงาน"
DMC_TIME = time(4, 10, 12, 244315)
DMC_HEADERS = (
    "รหัสโรงเรียน", "ชื่อโรงเรียน", "เลขประจำตัวนักเรียน", "ชั้น", "ห้อง", "เลขประจำตัวนักเรียน", "เพศ", "คำนำหน้าชื่อ", "ชื่อ",
    "นามสกุล", "วันเกิด", "อายุ(ปี)", "น้ำหนัก", "ส่วนสูง", "กลุ่มเลือด", "ศาสนา", "เชื้อชาติ", "สัญชาติ", "บ้านเลขที่", "หมู่",
    "ถนน/ซอย", "ตำบล", "อำเภอ", "จังหวัด", "ชื่อผู้ปกครอง", "นามสกุลผู้ปกครอง", "อาชีพของผู้ปกครอง",
    "ความเกี่ยวข้องของผู้ปกครองกับนักเรียน", "ชื่อบิดา", "นามสกุลบิดา", "อาชีพของบิดา", "ชื่อมารดา", "นามสกุลมารดา",
    "อาชีพของมารดา", "ความด้อยโอกาส", "ยังไม่สามารถจำหน่ายได้ (3.1.8)",
)  # fmt: skip
PLACE = ("ตำบลสมมติ", "อำเภอสมมติ", "จังหวัดสมมติ")
ADULT_TITLE_AGE = 15
DAYS_A_YEAR = 365.25
# (round, month, day, term): the ministry's collection days; round 3 closes the year.
DMC_ROUNDS = ((1, 6, 10, 1), (2, 11, 10, 2), (3, 3, 31, 2))
OCCUPATIONS = ("เกษตรกร", "รับจ้าง", "ค้าขาย", "พนักงานบริษัท", "รับราชการ", "ว่างงาน")


@dataclass(frozen=True, kw_only=True)
class DmcRound:
    """One collection of the ministry; `previous_on` is the day of the round before."""

    number: int
    term: SimulatedTerm
    day: date
    previous_on: date

    @property
    def file(self) -> str:
        return f"{self.term.academic_year + 543}-{self.number}-student.xlsx"

    @property
    def made_at(self) -> datetime:
        return datetime.combine(self.day, DMC_TIME)

    @property
    def known_at(self) -> int:
        return ordinal(self.day) * MINUTES + DMC_TIME.hour * 60 + DMC_TIME.minute + 1


def titles(world: World, people: Whole, on: date) -> list[str]:
    """A title changes at the age of 15."""
    grown = ages(world, people, on) >= ADULT_TITLE_AGE
    words = (("เด็กหญิง", "เด็กชาย"), ("นางสาว", "นาย"))
    return [words[adult][male] for adult, male in zip(grown * 1, world.identities.is_male[people] * 1, strict=True)]


def ages(world: World, people: Whole, on: date) -> Whole:
    return np.asarray((ordinal(on) - world.identities.born_on[people]) // DAYS_A_YEAR, dtype=np.int64)


def first_week_roster(world: World, term: SimulatedTerm) -> Export:
    """Everybody who begins the term, as the class rosters of the first week have it."""
    random = stream(world.seed, "roster", term.index)
    people, who = world.on_roll(term), world.identities
    after = whole("snapshot_after_days") + int(random.integers(0, whole("snapshot_within_days") + 1))
    taken_on = term.opens_on + timedelta(days=after)
    level = world.lives.level[term.index][people]
    labels, group = world.group_labels(), world.group(term, people)
    n = len(people)
    return Export(
        file="roster.csv",
        columns={
            "รหัสนักศึกษา": [who.student_code[i] for i in people],
            "เลขประจำตัวประชาชน": [who.national_id[i] for i in people],
            "คำนำหน้าชื่อ": titles(world, people, taken_on),
            "ชื่อ": [who.first_name[i] for i in people],
            "นามสกุล": [who.last_name[i] for i in people],
            "เพศ": ["ชาย" if who.is_male[i] else "หญิง" for i in people],
            "วันเกิด": [buddhist(day_of(who.born_on[i])) for i in people],
            "ปีการศึกษา": [str(term.academic_year + 543)] * n,
            "ภาคเรียน": [str(term.term)] * n,
            "ระดับชั้น": [LEVEL_WORDS[one] for one in level],
            "กลุ่มเรียน": [labels[one] for one in group],
            "สาขาวิชา": [PROGRAMMES[one][1] for one in world.entrants.programme[people]],
            "รูปแบบการเรียน": ["ทวิภาคี" if dual else "ปกติ" for dual in world.entrants.is_dual[people]],
            "ปีที่เข้าเรียน": [str(year + 543) for year in world.entrants.entry_year[people]],
            "ช่องทางเข้าเรียน": _routes(world, term, people),
            "วันที่ลงทะเบียน": _registration_days(world, term, people, random),
            "วันที่ข้อมูล": [buddhist(taken_on)] * n,
        },
        known_at=local_minutes(np.full(n, ordinal(taken_on)), hour=16),
    )


def _routes(world: World, term: SimulatedTerm, people: Whole) -> list[str]:
    moved_in = world.entrants.route[people] == TRANSFER_IN
    returned = world.lives.returned[term.index][people]
    return [str(word) for word in np.where(returned, "กลับเข้าเรียน", np.where(moved_in, "ย้ายเข้า", "ปกติ"))]


def _registration_days(world: World, term: SimulatedTerm, people: Whole, random: np.random.Generator) -> list[str]:
    """Before the term opens; empty for those who have not paid when the roster is taken."""
    late = logistic(
        value("registered_late_base")
        + value("registered_late_resources") * world.traits.resources[people]
        + value("registered_late_attachment") * world.traits.attachment[people]
    )
    open_still = random.random(len(people)) < late
    day = ordinal(term.opens_on) - random.integers(1, whole("registered_before_days") + 1, len(people))
    return ["" if missing else buddhist(day_of(one)) for missing, one in zip(open_still, day, strict=True)]


def dmc_rounds(calendar: Calendar) -> Iterator[DmcRound]:
    """Every collection of the simulated years, in order."""
    previous_on = calendar.terms[0].opens_on
    for first, second in zip(calendar.terms[::2], calendar.terms[1::2], strict=True):
        for number, month, day, in_term in DMC_ROUNDS:
            term = first if in_term == 1 else second
            year = first.academic_year + (1 if number == len(DMC_ROUNDS) else 0)
            yield DmcRound(number=number, term=term, day=date(year, month, day), previous_on=previous_on)
            previous_on = date(year, month, day)


def write_dmc(path: Path, world: World, collection: DmcRound) -> int:
    """The workbook as the ministry's system prints it; returns the number of students."""
    rows = list(_dmc_rows(world, collection))
    options = {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": collection.made_at})
        page = book.add_worksheet(DMC_SHEET)
        page.write_string(0, 0, f"{DMC_STAMP} {collection.made_at}")
        for line, cells in enumerate((DMC_HEADERS, *rows), start=1):
            for column, cell in enumerate(cells):
                page.write_string(line, column, cell)
    return len(rows)


def _on_dmc_roll(world: World, collection: DmcRound) -> tuple[list[tuple[int, int]], set[int]]:
    """(person, term) of everybody on the ministry's roll, and who of them has gone but cannot be removed yet."""
    t, lives = collection.term.index, world.lives
    left, noticed = lives.left_on[t], ordinal(collection.day) - whole("still_listed_days")
    # Before the year ends nobody knows who will not come back after it.
    not_back = (left == ordinal(collection.term.teaching_ends_on) + 1) & (collection.number == len(DMC_ROUNDS))
    listed = lives.on_roll[t] & ((left == 0) | (left > noticed) | not_back)
    kept = stream(world.seed, "still on the roll", ordinal(collection.day)).random(listed.size) < value("still_on_roll")
    flagged: dict[int, int] = {}
    for term in (t - 1, t) if t else (t,):
        flagged |= {
            int(i): term for i in np.flatnonzero(kept & ~listed & _left_since(world, collection, term, noticed))
        }
    return [*((int(i), t) for i in np.flatnonzero(listed)), *flagged.items()], set(flagged)


def _left_since(world: World, collection: DmcRound, term: int, noticed: int) -> Flags:
    """Left after the round before was drawn up, and early enough to have been noticed by now."""
    left = world.lives.left_on[term]
    since = ordinal(collection.previous_on) - whole("still_listed_days")
    return np.asarray((world.lives.exit[term] == LEFT) & (left > since) & (left <= noticed))


def _dmc_rows(world: World, collection: DmcRound) -> Iterator[tuple[str, ...]]:
    roll, gone = _on_dmc_roll(world, collection)
    room, who = world.entrants.room, world.identities
    roll.sort(key=lambda one: (world.lives.level[one[1]][one[0]], room[one[0]], one[0]))
    people = np.array([person for person, _ in roll])
    title, age = titles(world, people, collection.day), ages(world, people, collection.day)
    body, poor = _bodies(world), _flagged_poor(world)
    for line, (i, term) in enumerate(roll):
        level = world.lives.level[term][i]
        yield (
            INSTITUTION_CODE, INSTITUTION_NAME, who.national_id[i], LEVEL_WORDS[level], str(room[i]),
            who.student_code[i],
            "ช" if who.is_male[i] else "ญ", title[line], who.first_name[i], who.last_name[i],
            buddhist(day_of(who.born_on[i])), str(age[line]), *body[i], "ไทย" if who.nationality[i] == "ไทย" else EMPTY,
            who.nationality[i], EMPTY, str(i % 12 + 1), EMPTY, *PLACE, *_guardian(world, i),
            *(EMPTY,) * 6, "เด็กยากจน" if poor[i] else EMPTY, "ใช่" if i in gone else EMPTY,
        )  # fmt: skip


def _bodies(world: World) -> list[tuple[str, str, str, str]]:
    """Weight, height, blood group and religion: columns that a real file has and that intake must drop."""
    random = stream(world.seed, "bodies")
    n = world.entrants.count
    weight, height = random.integers(42, 90, n), random.integers(148, 186, n)
    blood, religion = random.choice(["O", "A", "B", "AB"], n), random.choice(["พุทธ", "อิสลาม", "คริสต์"], n)
    return [
        (str(w), str(h), str(b), str(r)) for w, h, b, r in zip(weight, height, blood, religion, strict=True)
    ]  # fmt: skip


def _guardian(world: World, person: int) -> tuple[str, str, str, str]:
    work = OCCUPATIONS[person % len(OCCUPATIONS)]
    return FEMALE_NAMES[person % len(FEMALE_NAMES)], world.identities.last_name[person], work, "มารดา"


def _flagged_poor(world: World) -> Flags:
    entered = stream(world.seed, "flagged poor").random(world.entrants.count) < value("flagged_poor")
    return np.asarray(entered & (world.traits.poverty != NOT_POOR))
