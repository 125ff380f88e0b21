"""Grade point averages of each term and over all terms, as a college releases them after the last grade."""

import numpy as np

from records.clock import buddhist
from records.codes import GRADES
from simulation.coefficients import whole
from simulation.entrants import Floats, Whole
from simulation.exports import Export, join, local_minutes
from simulation.grades import COURSES, Marks
from simulation.terms import SimulatedTerm, day_of, to_friday
from simulation.world import World

LEAST_FOR_CREDIT = 1.0


def averages(world: World, terms: list[SimulatedTerm], marks: list[Marks]) -> Export:
    """One row for everybody with a final grade in a term; GPAX counts the simulated terms alone."""
    n = world.entrants.count
    tried, earned, points = np.zeros(n), np.zeros(n), np.zeros(n)
    parts = []
    for term, of_term in zip(terms, marks, strict=True):
        credits, passed, worth = _sums(of_term, n)
        tried, earned, points = tried + credits, earned + passed, points + worth
        people = np.flatnonzero(credits > 0)
        parts.append(_rows(world, term, people, _released(of_term), (worth / np.maximum(credits, 1), points / np.maximum(tried, 1), tried, earned)))  # fmt: skip
    return join(parts)


def _sums(marks: Marks, n: int) -> tuple[Floats, Floats, Floats]:
    """Credits tried, credits earned and grade points times credits of everybody; marks without a worth do not count."""
    worths = {code.label.th: code.worth for code in GRADES.codes}
    worths |= {alias: code.worth for code in GRADES.codes for alias in code.aliases}
    credit = np.array([float(one[2]) for one in COURSES])
    final = np.array([item == "FINAL" for item in marks.item], dtype=bool)
    told = [worths[word] for word in marks.grade]
    worth = np.array([np.nan if one is None else one for one in told], dtype=float)
    counts = final & ~np.isnan(worth)
    person, weight, worth = marks.person[counts], credit[marks.course[counts]], worth[counts]
    passed = weight * (worth >= LEAST_FOR_CREDIT)
    credits, earned, points = (
        np.asarray(np.bincount(person, one, n), np.float64) for one in (weight, passed, weight * worth)
    )
    return credits, earned, points


def _released(marks: Marks) -> int:
    """The Friday after the last grade of the term."""
    last = int(marks.released_on.max(initial=0)) + whole("average_after_days") + 4
    return int(to_friday(np.array([last]))[0])


def _rows(
    world: World, term: SimulatedTerm, people: Whole, released: int, told: tuple[Floats, Floats, Floats, Floats]
) -> Export:
    n = len(people)
    gpa, gpax, tried, earned = (values[people] for values in told)
    return Export(
        file="gpa.csv",
        columns={
            "รหัสนักศึกษา": [world.identities.student_code[i] for i in people],
            "ปีการศึกษา": [str(term.academic_year + 543)] * n,
            "ภาคเรียน": [str(term.term)] * n,
            "เกรดเฉลี่ยประจำภาค": [f"{one:.2f}" for one in gpa],
            "เกรดเฉลี่ยสะสม": [f"{one:.2f}" for one in gpax],
            "หน่วยกิตที่เรียน": [f"{one:g}" for one in tried],
            "หน่วยกิตที่ได้": [f"{one:g}" for one in earned],
            "วันที่ประกาศผล": [buddhist(day_of(released))] * n,
        },
        known_at=local_minutes(np.full(n, released), hour=16),
    )
