"""How good and how fast the visit planner is: beside HiGHS with ten seconds a week, and beside going down the list.

    python -m benchmarks.visits

JSON lines, one for each size (students/places/teams) and seed: `benefit` of our proposal, `seconds` of it (processor time,
the median of `--rounds`), `highs_benefit` and `highs_seconds` (the best that SciPy's HiGHS found within `--limit` seconds of wall
time, and how long it took), `highs_bound` (no plan exceeds it), `ratio_to_highs`, `ratio_to_bound` and `ratio_to_rank_order`:
our benefit over theirs. The last line tells the worst of all. Weeks are drawn: each team has 180 minutes, a visit takes 35,
the return way to a place 20 to 150; risks are skewed as published ones are (Beta(1.2, 6)).

HiGHS's model is the planner's own: for each place and team a whole number of visits and whether the team goes there, the
students of a place taken by benefit, minutes within each team's.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
from scipy.sparse import lil_array  # type: ignore[import-untyped]

from serving.visit_planning import Student, Team, propose, rank_order

Figures = dict[str, Any]
SIZES = ("80/20/4", "150/30/6", "300/40/10")
SEEDS = (1, 2, 3)
TEAM_MINUTES, VISIT_MINUTES = 180, 35
NEAREST, FARTHEST = 20, 150


@dataclass(frozen=True, kw_only=True)
class DrawnWeek:
    students: tuple[Student, ...]
    travel: tuple[int, ...]
    teams: tuple[Team, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visits", description="The visit planner, measured.")
    parser.add_argument("--size", action="append", help="students/places/teams; may be given again")
    parser.add_argument("--seed", type=int, action="append", help="may be given again")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds that HiGHS has for a week")
    parser.add_argument("--rounds", type=int, default=5, help="proposals of each week, for their time")
    chosen = parser.parse_args(arguments)
    lines = []
    for size in chosen.size or SIZES:
        for seed in chosen.seed or SEEDS:
            lines.append(measured(size, seed, limit=chosen.limit, rounds=chosen.rounds))
            print(json.dumps(lines[-1]), flush=True)
    worst = {f"least_{name}": min(line[name] for line in lines) for name in lines[0] if name.startswith("ratio")}
    print(json.dumps({**worst, "most_seconds": max(line["seconds"] for line in lines)}), flush=True)
    return 0


def measured(size: str, seed: int, *, limit: float, rounds: int) -> Figures:
    students, places, teams = map(int, size.split("/"))
    week = drawn_week(students, places, teams, seed)
    seconds = []
    for _ in range(rounds):
        begun = time.process_time()
        benefit = propose(week.students, week.travel, week.teams, len(week.students)).benefit
        seconds.append(time.process_time() - begun)
    begun = time.perf_counter()
    found, bound = highs(week, limit)
    took = time.perf_counter() - begun
    by_rank = rank_order(week.students, week.travel, week.teams, len(week.students)).benefit
    return {
        "benchmark": "visits", "size": size, "seed": seed,
        "benefit": round(benefit, 4), "seconds": round(statistics.median(seconds), 4),
        "highs_benefit": round(found, 4), "highs_seconds": round(took, 2), "highs_bound": round(bound, 4),
        "ratio_to_highs": round(benefit / found, 4), "ratio_to_bound": round(benefit / bound, 4),
        "ratio_to_rank_order": round(benefit / by_rank, 4),
    }  # fmt: skip


def drawn_week(students: int, places: int, teams: int, seed: int) -> DrawnWeek:
    chance = random.Random(1_000 * seed + students)
    return DrawnWeek(
        travel=tuple(chance.randint(NEAREST, FARTHEST) for _ in range(places)),
        students=tuple(
            Student(
                student_id=UUID(int=number),
                place=chance.randrange(places),
                benefit=chance.betavariate(1.2, 6),
                minutes=VISIT_MINUTES,
            )
            for number in range(1, students + 1)
        ),
        teams=(Team(people=2, minutes=TEAM_MINUTES),) * teams,
    )


def highs(week: DrawnWeek, limit: float) -> tuple[float, float]:
    """The best benefit that is found within `limit` seconds, and what no plan exceeds.

    Variables: visits of each (place, team), then whether it goes there, then each student's part of a visit.
    """
    places, teams = len(week.travel), len(week.teams)
    pairs = [(place, team) for place in range(places) for team in range(teams)]
    of_place = [[at for at, one in enumerate(week.students) if one.place == place] for place in range(places)]
    most = [
        min(len(of_place[place]), (week.teams[team].minutes - week.travel[place]) // VISIT_MINUTES)
        for place, team in pairs
    ]
    size = len(pairs)
    rows = lil_array((size + places + teams, 2 * size + len(week.students)))
    for at, (place, team) in enumerate(pairs):
        rows[at, at], rows[at, size + at] = 1, -max(0, most[at])  # visits only where it goes
        rows[size + place, at] = -1
        minutes = size + places + team
        rows[minutes, at], rows[minutes, size + at] = VISIT_MINUTES, week.travel[place]
    for place, students in enumerate(of_place):
        for student in students:
            rows[size + place, 2 * size + student] = 1  # no more students than visits
    upper = [0.0] * (size + places) + [team.minutes for team in week.teams]
    solved = milp(
        np.array([0.0] * (2 * size) + [-one.benefit for one in week.students]),
        constraints=LinearConstraint(rows.tocsr(), -np.inf, upper),
        integrality=np.array([1] * (2 * size) + [0] * len(week.students)),
        bounds=Bounds(0, np.array([max(0, one) for one in most] + [1] * (size + len(week.students)))),
        options={"time_limit": limit},
    )
    if solved.x is None:
        raise SystemExit(f"HiGHS found no plan within {limit} seconds; give it more with --limit.")
    return -solved.fun, -solved.mip_dual_bound


if __name__ == "__main__":
    sys.exit(main())
