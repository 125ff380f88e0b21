"""Invented people: names of plants, numbers that no real person has, and the traits that the process works with."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulation.coefficients import named, value
from simulation.entrants import LEVELS, NORMAL, PROGRAMMES, YEAR_IN_PROGRAMME, Entrants, Flags, Floats, Whole, stream
from simulation.names import FEMALE_NAMES, MALE_NAMES, surname
from simulation.terms import ordinal

FAMILY_WORDS = ("อยู่ด้วยกัน", "แยกกันอยู่", "หย่าร้าง", "บิดาเสียชีวิต", "มารดาเสียชีวิต", "ถูกทอดทิ้ง")
FAMILY_COEFFICIENTS = (
    "parents_together", "parents_separated", "parents_divorced", "father_dead", "mother_dead", "abandoned",
)  # fmt: skip
TOGETHER, SEPARATED, DIVORCED = 0, 1, 2
NOT_POOR, POOR, EXTREME = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Identities:
    """What a roster says of a person; every entry is invented."""

    student_code: list[str]
    national_id: list[str]
    first_name: list[str]
    last_name: list[str]
    is_male: Flags
    born_on: Whole
    nationality: list[str]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """Latent and lasting traits; standard normal where nothing else is said."""

    ability: Floats
    resources: Floats
    attachment: Floats
    lateness: Floats
    attendance: Floats
    income_per_head: Floats
    poverty: Whole
    members: Whole
    family: Whole
    travel_km: Floats
    works: Flags
    scholarship: Flags

    @property
    def parents_apart(self) -> Flags:
        return np.asarray((self.family == SEPARATED) | (self.family == DIVORCED))

    @property
    def is_far(self) -> Flags:
        return np.asarray(self.travel_km > value("far_km"))


def check_digit(first_twelve: str) -> int:
    """The thirteenth digit of a Thai national ID."""
    return (11 - sum((13 - i) * int(digit) for i, digit in enumerate(first_twelve)) % 11) % 10


def national_id(seed: int, number: int) -> str:
    """A number that begins with 9: no real person has one, yet its check digit is right."""
    # 7919 shares no factor with 10**8, so numbers are scattered and never meet.
    first_twelve = f"9{seed % 1000:03d}{(number + 1) * 7919 % 10**8:08d}"
    return first_twelve + str(check_digit(first_twelve))


def make_identities(entrants: Entrants, seed: int) -> Identities:
    random = stream(seed, "people")
    n = entrants.count
    men = np.array([value(f"men_{code}") for code, _ in PROGRAMMES])[entrants.programme]
    is_male = random.random(n) < men
    plants = random.integers(0, len(MALE_NAMES), n)
    families = random.integers(0, 1 << 20, n)
    abroad = np.where(random.random(n) < value("not_thai_foreign"), "พม่า", "ไม่มีสัญชาติ")
    thai = random.random(n) >= value("not_thai")
    return Identities(
        student_code=_student_codes(entrants),
        national_id=[national_id(seed, number) for number in range(n)],
        first_name=[(MALE_NAMES if male else FEMALE_NAMES)[k] for male, k in zip(is_male, plants, strict=True)],
        last_name=[surname(int(k)) for k in families],
        is_male=is_male,
        born_on=_birth_days(entrants, random),
        nationality=[str(word) for word in np.where(thai, "ไทย", abroad)],
    )


def _birth_days(entrants: Entrants, random: np.random.Generator) -> Whole:
    """ปวช. begins at about 15 years of age, ปวส. at 18; a few are older."""
    moved_in = np.where(entrants.route == NORMAL, 0, np.array(YEAR_IN_PROGRAMME)[entrants.level])
    start = np.array([ordinal(date(int(year), 5, 16)) for year in entrants.entry_year - moved_in])
    began_at = np.where(entrants.level < LEVELS.index("D1"), 15, 18)
    older = random.geometric(1 - value("starts_older"), entrants.count) - 1
    return np.asarray(start - (began_at + older) * 365.25 - random.integers(0, 500, entrants.count), dtype=np.int64)


def _student_codes(entrants: Entrants) -> list[str]:
    """Entry year, ปวช. or ปวส., field and branch, running number: `69201010025`."""
    running: dict[str, int] = {}
    codes = []
    for year, level, programme in zip(entrants.entry_year, entrants.level, entrants.programme, strict=True):
        beginning = f"{(year + 543) % 100:02d}{2 if level < 3 else 3}{PROGRAMMES[programme][0]}01"
        running[beginning] = running.get(beginning, 0) + 1
        codes.append(f"{beginning}{running[beginning]:04d}")
    return codes


def make_traits(entrants: Entrants, seed: int) -> Traits:
    random = stream(seed, "traits")
    n = entrants.count
    years_passed = np.array(YEAR_IN_PROGRAMME)[entrants.level] * (entrants.route == NORMAL)
    ability = random.standard_normal(n) + value("selected_by_year") * years_passed
    own = random.standard_normal((4, n))
    resources = _correlated(ability, own[0], value("resources_ability"))
    attachment = _correlated(ability, own[1], value("attachment_ability"))
    income = value("income_median") * np.exp(value("income_spread") * resources)
    return Traits(
        ability=ability,
        resources=resources,
        attachment=attachment,
        lateness=_correlated(attachment, own[2], value("attachment_lateness")),
        attendance=_correlated(attachment, own[3], value("attachment_attendance")),
        income_per_head=np.round(income, -1),
        poverty=_poverty(income),
        members=np.clip(random.poisson(value("members_mean") - 1, n) + 1, 1, 12),
        family=_family(random, n),
        travel_km=_travel(random, n),
        works=random.random(n) < logistic(value("works_base") + value("works_resources") * resources),
        scholarship=random.random(n) < logistic(value("scholarship_base") + value("scholarship_resources") * resources),
    )  # fmt: skip


def logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _correlated(known: Floats, own: Floats, correlation: float) -> Floats:
    return np.asarray(correlation * known + np.sqrt(1 - correlation**2) * own)


def _poverty(income: Floats) -> Whole:
    poor = np.where(income < value("income_poor"), POOR, NOT_POOR)
    return np.where(income < value("income_extreme"), EXTREME, poor)


def _travel(random: np.random.Generator, n: int) -> Floats:
    km = value("travel_median") * np.exp(value("travel_spread") * random.standard_normal(n))
    return np.asarray(np.round(km, 1).clip(0.2, 150))


def _family(random: np.random.Generator, n: int) -> Whole:
    shares = np.array([value(name) for name in FAMILY_COEFFICIENTS])
    return random.choice(len(shares), n, p=shares / shares.sum())


def lasting_risk(traits: Traits, entrants: Entrants) -> Floats:
    """The log-odds that a student brings along: betas times traits."""
    beta = named("beta_")
    return np.asarray(
        beta["ability"] * traits.ability
        + beta["income"] * traits.resources
        + beta["attachment"] * traits.attachment
        + beta["lateness"] * traits.lateness
        + beta["attendance"] * traits.attendance
        + beta["extreme_poverty"] * (traits.poverty == EXTREME)
        + beta["parents_apart"] * traits.parents_apart
        + beta["far"] * traits.is_far
        + beta["works"] * traits.works
        + beta["scholarship"] * traits.scholarship
        + beta["dual"] * entrants.is_dual
    )
