"""The lasting traits of a simulated student, as far as records tell them: the prior, the evidence, and draws of them.

The prior is `simulation.people.make_traits`: five normal traits, correlated. Once the household form is in, resources
are known by the income and the home by what is ticked; before that both are drawn. Draws come from a mixture of two
normals near what the records say at the first and at the last Monday asked, and are weighted by prior over mixture
(importance sampling: Robert and Casella 2004, §3.3), with points of a scrambled Sobol net instead of lots.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri  # type: ignore[import-untyped]
from scipy.stats import qmc  # type: ignore[import-untyped]

from benchmarks.seen_records import AWAY, CAME, UNKNOWN, Records
from simulation.attendance import lasting_log_odds
from simulation.coefficients import named, value, whole
from simulation.entrants import NORMAL, YEAR_IN_PROGRAMME, Floats, Whole
from simulation.people import EXTREME, FAMILY_COEFFICIENTS, logistic
from simulation.terms import ordinal
from simulation.world import World

ABILITY, RESOURCES, ATTACHMENT, LATENESS, ATTENDANCE = range(5)
_BETAS = ("ability", "income", "attachment", "lateness", "attendance")
_HOME = 4  # parents apart, far, works, scholarship
_LEAST = 1e-12
_DUAL_LEVELS = (1, 2, 4)


@dataclass(frozen=True, kw_only=True)
class Normal:
    """One a person: `mean` (people, free traits), `spread` (people, free, free) their covariance."""

    mean: Floats
    spread: Floats

    def log_density(self, traits: Floats) -> Floats:
        """(people, draws), without the constant."""
        root = np.linalg.cholesky(self.spread)
        standard = np.linalg.solve(root, np.swapaxes(traits - self.mean[:, None], 1, 2))
        return np.asarray(-0.5 * (standard**2).sum(axis=1) - np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)[:, None])  # fmt: skip

    def at(self, points: Floats) -> Floats:
        """Where standard normal points (people, draws, free) come to lie."""
        return np.asarray(self.mean[:, None] + np.einsum("pkl,pnl->pnk", np.linalg.cholesky(self.spread), points))

    def wider(self, times: float) -> "Normal":
        return Normal(mean=self.mean, spread=self.spread * times)


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Traits drawn for people: `traits` (people, draws, 5), `home` the log-odds that the home adds, `log_weight` prior over mixture."""

    people: Whole
    traits: Floats
    home: Floats
    log_weight: Floats

    def risk(self, world: World, term: int) -> Floats:
        """`simulation.life.risk_in` of each draw."""
        own = self.traits @ np.array([value(f"beta_{name}") for name in _BETAS]) + self.home
        dual = value("beta_dual") * world.entrants.is_dual[self.people]
        back = value("beta_returned") * world.lives.returned[term][self.people]
        return np.asarray(own + (dual + back)[:, None])


class Traits:
    """What records say of the lasting traits of some people; `answered`: their household forms are in."""

    def __init__(self, world: World, records: Records, people: Whole, *, answered: bool) -> None:
        self._world, self._records, self.people, self._answered = world, records, people, answered
        self._weeks = len(world.calendar.terms[0].weeks)
        self.free = [trait for trait in range(5) if not (answered and trait == RESOURCES)]
        income = world.traits.income_per_head[people] / value("income_median")
        self._resources = np.log(income) / value("income_spread")
        self._prior = self._make_prior()

    def _make_prior(self) -> Normal:
        """As `make_traits` makes them; with the form in, given the resources."""
        made = _made_of()
        entrants = self._world.entrants
        passed = np.array(YEAR_IN_PROGRAMME)[entrants.level[self.people]] * (entrants.route[self.people] == NORMAL)
        mean = (value("selected_by_year") * passed)[:, None] * made[:, 0]
        spread = np.asarray(made @ made.T, np.float64)
        if self._answered:
            slope = spread[:, RESOURCES] / spread[RESOURCES, RESOURCES]
            mean = mean + (self._resources - mean[:, RESOURCES])[:, None] * slope
            spread = spread - np.outer(slope, spread[RESOURCES])
        each = np.broadcast_to(spread[np.ix_(self.free, self.free)], (len(self.people), len(self.free), len(self.free)))
        return Normal(mean=mean[:, self.free], spread=np.asarray(each, np.float64))

    # Draws

    def drawn(self, near: tuple[Normal, Normal], count: int, wider: float, random: np.random.Generator) -> Draws:
        """Half of the draws near one, half near the other; `wider` so that their tails reach beyond the truth's."""
        near = (near[0].wider(wider), near[1].wider(wider))
        free = len(self.free)
        points = qmc.Sobol(free + _HOME, rng=np.random.default_rng(free)).random(count)
        shifted = (points + random.random((len(self.people), 1, free + _HOME))) % 1
        shifted = shifted.clip(1e-6, 1 - 1e-6)
        normal = ndtri(shifted[..., :free])
        found = np.empty_like(normal)
        half = count // 2  # either half of a Sobol net fills the space; its even points alone do not
        found[:, :half], found[:, half:] = near[0].at(normal[:, :half]), near[1].at(normal[:, half:])
        mixture = np.logaddexp(near[0].log_density(found), near[1].log_density(found))
        traits = np.empty((*found.shape[:2], 5))
        traits[..., RESOURCES] = self._resources[:, None]
        traits[..., self.free] = found
        return Draws(
            people=self.people,
            traits=traits,
            home=self._home(traits[..., RESOURCES], shifted[..., free:]),
            log_weight=self._prior.log_density(found) - mixture,
        )

    def _home(self, resources: Floats, lots: Floats) -> Floats:
        """The log-odds that the home adds: by the form, or drawn as `make_traits` draws it."""
        beta, told = named("beta_"), self._world.traits
        names = ("parents_apart", "far", "works", "scholarship")
        if self._answered:
            ticked = (told.parents_apart, told.is_far, told.works, told.scholarship)
            own = beta["extreme_poverty"] * (told.poverty == EXTREME)
            own = own + sum(beta[name] * flag for name, flag in zip(names, ticked, strict=True))
            return np.repeat(own[self.people][:, None], resources.shape[1], axis=1)
        families = [value(name) for name in FAMILY_COEFFICIENTS]
        reach = np.log((value("far_km") + 0.05) / value("travel_median")) / value("travel_spread")
        chances = (
            (families[1] + families[2]) / sum(families),
            1 - ndtr(reach),
            logistic(value("works_base") + value("works_resources") * resources),
            logistic(value("scholarship_base") + value("scholarship_resources") * resources),
        )
        drawn = sum(beta[name] * (lots[..., i] < chances[i]) for i, name in enumerate(names))
        return np.asarray(drawn + beta["extreme_poverty"] * (_income(resources) < value("income_extreme")))

    # Evidence

    def roughly(self, day: int) -> Normal:
        """Near what the records known on a day say: normal pieces of evidence multiplied; only where to draw from."""
        free = len(self.free)
        told, weighed = np.zeros((len(self.people), free, free)), np.zeros((len(self.people), free))
        pieces = {ABILITY: self._ability(day), LATENESS: self._lateness(day), ATTENDANCE: self._attendance(day)}
        for trait, (precision, at) in pieces.items():
            told[:, self.free.index(trait), self.free.index(trait)] = precision
            weighed[:, self.free.index(trait)] = precision * at
        before = np.linalg.inv(self._prior.spread)
        spread = np.asarray(np.linalg.inv(before + told), np.float64)
        mean = np.einsum("pkl,pl->pk", spread, np.einsum("pkl,pl->pk", before, self._prior.mean) + weighed)
        return Normal(mean=mean, spread=spread)

    def log_likelihood(self, traits: Floats, day: int) -> Floats:
        """(people, draws): log-chance of what was known on a day of scores, lates, registration, screening and poverty."""
        precision, at = self._ability(day)
        found = -0.5 * precision[:, None] * (traits[..., ABILITY] - at[:, None]) ** 2
        came, late = self._counted(day, CAME)
        odds = value("late_base") + value("late_spread") * traits[..., LATENESS]
        found = found + late[:, None] * odds - came[:, None] * np.logaddexp(0, odds)
        found = found + self._registered(traits, day) + self._screened(traits, day)
        return found if self._answered else found + self._poor(traits, day)

    def _ability(self, day: int) -> tuple[Floats, Floats]:
        """Precision and place of the scores' word on ability: final ones, midterm ones (noisier) where there are none yet."""
        precision, weighed = np.zeros(len(self.people)), np.zeros(len(self.people))
        slope, noise = value("score_ability"), value("score_noise") ** 2
        for term, scores in enumerate(self._records.scores):
            if ordinal(self._world.calendar.terms[term].opens_on) >= day:
                break
            usual = value("score_mean") - value("score_absence") * self._missed(term)[:, None] - scores.hardness
            final, midterm = scores.final[self.people], scores.midterm[self.people]
            is_final = (scores.final_from[self.people] <= day) & ~np.isnan(final)
            is_midterm = (scores.midterm_from[self.people] <= day) & ~np.isnan(midterm) & ~is_final
            own = np.where(is_final, final, np.where(is_midterm, midterm, usual)) - usual
            each = np.where(is_final, 1 / noise, np.where(is_midterm, 1 / (2 * noise), 0))
            precision += slope**2 * each.sum(axis=1)
            weighed += slope * (each * own).sum(axis=1)
        return precision, weighed / np.maximum(precision, _LEAST)

    def _missed(self, term: int) -> Floats:
        """Share of days missed up to the midterm week, as recorded; weeks in the company count as attended."""
        first, weeks = term * self._weeks, whole("midterm_week")
        span = slice(first, first + weeks)
        known = self._records.mark[span, self.people] != UNKNOWN
        missed = (self._records.missed[span, self.people] & known).sum(axis=(0, 2))
        share = missed / np.maximum(known.sum(axis=(0, 2)), 1)
        in_company = self._world.entrants.is_dual[self.people]
        in_company &= np.isin(self._world.lives.level[term][self.people], _DUAL_LEVELS)
        return np.asarray(share * np.where(in_company, (value("internship_first_week") - 1) / weeks, 1))

    def _counted(self, day: int, kind: int) -> tuple[Whole, Whole]:
        """Of marks known on a day: how many came and were late (CAME), or how many there are and were away (AWAY)."""
        mark = self._records.mark[:, self.people]
        known = (mark != UNKNOWN) & (self._records.from_day[:, self.people] <= day)
        if kind == CAME:
            known &= mark == CAME
            return known.sum(axis=(0, 2)), (known & self._records.late[:, self.people]).sum(axis=(0, 2))
        return known.sum(axis=(0, 2)), (known & (mark == AWAY)).sum(axis=(0, 2))

    def _lateness(self, day: int) -> tuple[Floats, Floats]:
        came, late = self._counted(day, CAME)
        share = (late + 0.5) / (came + 6)
        at = (np.log(share / (1 - share)) - value("late_base")) / value("late_spread")
        return value("late_spread") ** 2 * came * share * (1 - share), at

    def _attendance(self, day: int) -> tuple[Floats, Floats]:
        """With drifts and bad spells in it, so it counts for less than it says."""
        days, away = self._counted(day, AWAY)
        share = (away + 0.7) / (days + 12)
        base, one = lasting_log_odds(np.array([0.0, 1.0]))
        precision = (one - base) ** 2 / (1 / np.maximum(days * share * (1 - share), _LEAST) + 0.3)
        return precision, (np.log((1 - share) / share) + 0.15 - base) / (one - base)

    def _registered(self, traits: Floats, day: int) -> Floats:
        odds = value("registered_late_base") + value("registered_late_resources") * traits[..., RESOURCES]
        odds = odds + value("registered_late_attachment") * traits[..., ATTACHMENT]
        told = self._records.unregistered[self._records.roster_from <= day][:, self.people]
        late, listed = (told == 1).sum(axis=0), (told >= 0).sum(axis=0)
        return np.asarray(late[:, None] * odds - listed[:, None] * np.logaddexp(0, odds))

    def _screened(self, traits: Floats, day: int) -> Floats:
        """The two areas in which drifting does not show; the others are evidence of the week, too."""
        found = np.zeros(traits.shape[:2])
        for one in self._records.screened:
            told = one.from_day[self.people] <= day
            if told.any():
                means = seen_at_level(one.levels[self.people, 2], -traits[..., RESOURCES])
                habits = seen_at_level(one.levels[self.people, 3], traits[..., LATENESS])
                found += np.where(told[:, None], np.log(means * habits), 0)
        return found

    def _poor(self, traits: Floats, day: int) -> Floats:
        chance = value("flagged_poor") * (_income(traits[..., RESOURCES]) < value("income_poor"))
        flagged = self._records.flagged_poor[self.people][:, None]
        told = (self._records.poor_from[self.people] <= day)[:, None]
        return np.where(told, np.log(np.where(flagged, chance, 1 - chance) + _LEAST), 0.0)


def seen_at_level(level: npt.NDArray[np.int8], signal: Floats, drift: npt.NDArray[np.generic] | float = 0.0) -> Floats:
    """The chance that an advisor who sees a signal through noise ticks this level (simulation/surveys.py)."""
    noise = value("screening_noise")
    whole_spread = np.sqrt(1 + noise**2)
    moved = np.asarray(drift, np.float64) * (value("screening_drift") if np.any(drift) else 0.0)
    cuts = np.array([-np.inf, value("screening_concern"), value("screening_close"), np.inf])
    ticked = np.maximum(level, 0)[:, None]
    mean, spread = signal / whole_spread + moved, noise / whole_spread
    inside = ndtr((cuts[ticked + 1] - mean) / spread) - ndtr((cuts[ticked] - mean) / spread)
    return np.asarray(np.maximum(inside, _LEAST))


def _income(resources: Floats) -> Floats:
    return np.asarray(value("income_median") * np.exp(value("income_spread") * resources))


def _made_of() -> Floats:
    """(trait, own part): how `make_traits` mixes independent parts into traits."""
    made = np.eye(5)
    for trait, known, name in (
        (RESOURCES, ABILITY, "resources_ability"), (ATTACHMENT, ABILITY, "attachment_ability"),
        (LATENESS, ATTACHMENT, "attachment_lateness"), (ATTENDANCE, ATTACHMENT, "attachment_attendance"),
    ):  # fmt: skip
        made[trait] = value(name) * made[known]
        made[trait, trait] = np.sqrt(1 - value(name) ** 2)
    return made
