"""The set-up workbook of the simulated college: what no export carries."""

from datetime import date

from records.college import Capacity, College, GroupAdvisor, Institution, Rule, StaffMember
from simulation.coefficients import named, value, whole
from simulation.names import FEMALE_NAMES, MALE_NAMES, surname
from simulation.rosters import INSTITUTION_CODE, INSTITUTION_NAME
from simulation.world import World

INSTITUTION = Institution(
    code=INSTITUTION_CODE,
    name_th=INSTITUTION_NAME,
    name_en="Simulated Technical College",
    agency="สอศ.",
    province="จังหวัดสมมติ",
)
OFFICES = (
    ("committee", "กรรมการ"),
    ("director", "ผู้อำนวยการ"),
    ("analyst", "นักวิเคราะห์"),
    ("admin", "ผู้ดูแลระบบ"),
)


def describe(world: World, *, students: int, last_monday: date) -> College:
    """Everything the workbook holds; holidays of the terms that have opened, known in advance."""
    terms = world.calendar.term_dates(last_monday)
    groups = assign_advisors(world.group_labels())
    advisors = sorted({group.advisor for group in groups})
    return College(
        institution=INSTITUTION,
        terms=terms,
        holidays=tuple(day for day in world.calendar.holidays if day.day <= terms[-1].closes_on),
        staff=(*(_advisor(login, number) for number, login in enumerate(advisors)), *_officers()),
        groups=groups,
        capacity=(
            Capacity(
                valid_from=terms[0].opens_on,
                visits_per_week=max(whole("visits_least"), round(students * value("visits_per_student"))),
                rows_per_advisor=whole("rows_per_advisor"),
            ),
        ),
        rules=(*(Rule(name=name, value=number) for name, number in named("rule_").items()), *_bars()),
    )


def _bars() -> tuple[Rule, ...]:
    """The least GPA by stage and terms completed."""
    bars = []
    for name, gpa in named("bar_").items():
        stage, terms = name.rsplit("_", 1)
        bars.append(Rule(name="gpa_minimum", value=gpa, stage=stage, after_terms=int(terms)))
    return tuple(bars)


def assign_advisors(labels: list[str]) -> tuple[GroupAdvisor, ...]:
    """Advisors have one or two groups, in turn."""
    pairs = []
    for position, label in enumerate(labels):
        block, within = divmod(position, 3)
        pairs.append(GroupAdvisor(class_group=label, advisor=f"advisor{2 * block + (within == 2) + 1:02d}"))
    return tuple(pairs)


def _advisor(login: str, number: int) -> StaffMember:
    plants = FEMALE_NAMES + MALE_NAMES
    return StaffMember(login=login, name=f"ครู{plants[number % len(plants)]} {surname(number * 37)}", role="advisor")


def _officers() -> tuple[StaffMember, ...]:
    return tuple(
        StaffMember(login=role, name=f"{word} {surname(number * 53 + 7)}", role=role)
        for number, (role, word) in enumerate(OFFICES)
    )
