"""Who enters the college when, into which level, room and programme: known before anything happens to anybody."""

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.coefficients import value, whole
from simulation.terms import Calendar

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

LEVELS = ("V1", "V2", "V3", "D1", "D2")
LEVEL_WORDS = ("ปวช.1", "ปวช.2", "ปวช.3", "ปวส.1", "ปวส.2")
LAST_LEVEL = (2, 2, 2, 4, 4)  # the level after which a student of this level has finished
YEAR_IN_PROGRAMME = (0, 1, 2, 0, 1)
PROGRAMMES = (
    ("01", "ช่างยนต์"), ("04", "ช่างไฟฟ้ากำลัง"), ("05", "ช่างอิเล็กทรอนิกส์"), ("02", "การบัญชี"), ("03", "คอมพิวเตอร์ธุรกิจ"),
    ("06", "ช่างกลโรงงาน"), ("07", "การโรงแรม"), ("08", "ช่างก่อสร้าง"),
)  # fmt: skip
NORMAL, TRANSFER_IN = 0, 1


def stream(seed: int, name: str, number: int = 0) -> np.random.Generator:
    """Random numbers of their own for each purpose, so that one purpose never shifts another."""
    return np.random.default_rng((seed, zlib.crc32(name.encode()), number))


@dataclass(frozen=True, kw_only=True)
class Entrants:
    """One entry a person, in order of arrival. `level` is the one of the first simulated term."""

    first_term: Whole
    level: Whole
    room: Whole
    route: Whole
    entry_year: Whole
    rooms_of_level: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.level)

    @property
    def programme(self) -> Whole:
        return (self.room - 1) % len(PROGRAMMES)

    @property
    def is_dual(self) -> Flags:
        return np.asarray(self.room % whole("dual_group_every") == 0)

    def level_in(self, academic_years_later: Whole) -> Whole:
        """The level some years after entry; beyond the last level the student has finished (-1)."""
        reached = self.level + academic_years_later
        return np.where(reached <= np.array(LAST_LEVEL)[self.level], reached, -1)


def group_label(level: int, room: int) -> str:
    return f"{LEVEL_WORDS[level]}/{room}"


def rooms_for(students: int) -> tuple[int, ...]:
    """Rooms a level: as many as entry needs, kept while the cohort shrinks."""
    entry = {0: value("share_V1"), 3: value("share_D1")}
    rooms = {level: max(1, round(students * share / value("group_size"))) for level, share in entry.items()}
    return tuple(rooms[0] if level < 3 else rooms[3] for level in range(len(LEVELS)))


def make_entrants(*, students: int, calendar: Calendar, seed: int) -> Entrants:
    rooms = rooms_for(students)
    heads = [max(1, round(students * value(f"share_{level}"))) for level in LEVELS]
    parts: list[tuple[int, int, int, int]] = [(0, level, heads[level], NORMAL) for level in range(len(LEVELS))]
    moving = round(students * value("transfers_in_a_term"))
    levels = stream(seed, "levels of transfers").integers(0, len(LEVELS), (len(calendar.terms), max(1, moving)))
    for term in calendar.terms[1:]:
        if term.term == 1:
            parts += [(term.index, level, heads[level], NORMAL) for level in (0, 3)]
        parts += [(term.index, int(level), 1, TRANSFER_IN) for level in levels[term.index][:moving]]
    return _assemble(parts, rooms, calendar, seed)


def _assemble(
    parts: list[tuple[int, int, int, int]], rooms: tuple[int, ...], calendar: Calendar, seed: int
) -> Entrants:
    counts = np.array([heads for _, _, heads, _ in parts])
    first_term, level, route = (np.repeat([part[column] for part in parts], counts) for column in (0, 1, 3))
    within = np.concatenate([np.arange(count) for count in counts])
    spread = np.where(route == TRANSFER_IN, stream(seed, "rooms of transfers").integers(0, 1 << 30, len(level)), within)
    academic_year = np.array([term.academic_year for term in calendar.terms])[first_term]
    # Whoever is there in the very first term came when the level began; a transfer counts from the day of coming.
    years_before = np.where(route == NORMAL, np.array(YEAR_IN_PROGRAMME)[level], 0)
    return Entrants(
        first_term=first_term,
        level=level,
        room=spread % np.array(rooms)[level] + 1,
        route=route,
        entry_year=academic_year - years_before,
        rooms_of_level=rooms,
    )
