"""Judging a training: its contests, and everything that is found out about the model in use before anybody signs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

import numpy as np
import numpy.typing as npt

from features.catalogue import FINGERPRINT
from features.lag import Lag, entry_lags
from models.bands import ObservedRate
from models.horizon import Horizon
from records.home import DataHome
from training.audit_groups import audit_groups
from training.backtest import Candidate, Tested
from training.check_data import silent_domains
from training.churn import churn, same_after_retraining, smallest_bonus
from training.contest import Contest, Entrant, hold
from training.decision import SIMPLE_LISTS, decide, gains, opponent
from training.entrants import simple_entrants
from training.evidence import MODEL, Calibrated, Evidence, LeadTime, Leak, SourceValue, Stability
from training.facts import base_rate, test_facts, training_facts
from training.fairness import fairness
from training.judging import judged
from training.lead_time import lead_time
from training.leaks import leaks
from training.panel import Panel, TermKey
from training.rates import TermOfLists, joined, lists_of_term
from training.sampling import training_rows
from training.side_by_side import side_by_side
from training.sources import cold_start, sources
from training.splits import Split, term_of, terms_of
from training.stability import Stability as Steadiness
from training.stability import measure_stability, usual_weight

Progress = Callable[[str, int], None]
EARLIER_TERMS = 2
"""The opponent is chosen on as many terms before the tests as there are tests: a year with both kinds of term."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Work:
    """What was trained, of which panel, and what it is judged by; `splits` are all closed terms, oldest first."""

    home: DataHome
    institutions: tuple[str, ...]
    horizon: Horizon
    today: date
    actor: str
    panel: Panel
    mature: Panel
    splits: Sequence[Split]
    tested: Sequence[Tested]
    final: Candidate


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Judged:
    """The evidence and what goes beside it on the card; without a test term no contest, lists or rates, and no bonus."""

    evidence: Evidence
    steady: Steadiness
    contest: Contest | None
    bonus: float
    rates: tuple[ObservedRate, ...]
    abstained: dict[str, int] | None
    gone_visited: int | None


def judge(work: Work, progress: Progress) -> Judged:
    """Hold the contests and fill the evidence."""
    progress("beside", work.mature.rows)
    beside = _beside(work)
    if not work.tested:
        return Judged(
            evidence=_evidence(work, beside, None),
            steady=beside.steady,
            contest=None,
            bonus=0.0,
            rates=(),
            abstained=None,
            gone_visited=None,
        )
    progress("contest", sum(one.split.test.rows for one in work.tested))
    contest = _contest(work, beside.simple)
    bonus = smallest_bonus(contest)
    made = _lists(work, bonus)
    together = joined(made)
    progress("judging", sum(len(one.week.left) for one in contest.rounds))
    evidence = _with_test(work, beside, _Test(contest=contest, bonus=bonus, made=made))
    return Judged(
        evidence=evidence, steady=beside.steady, contest=contest, bonus=bonus, rates=together.rates,
        abstained=together.abstained, gone_visited=together.gone_visited,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Test:
    contest: Contest
    bonus: float
    made: Sequence[TermOfLists]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Beside:
    """What is found out without the model's contest; without a test term no lists, sources or earlier contest."""

    steady: Steadiness
    leaks: tuple[Leak, ...]
    lags: tuple[Lag, ...]
    simple: Sequence[Mapping[str, Entrant]]
    earlier: Contest | None
    sources: tuple[tuple[SourceValue, ...], SourceValue | None]
    cold_start: SourceValue | None


def _beside(work: Work) -> _Beside:
    """All of it side by side: no piece needs another."""
    form, newest_test = work.final.bag.form, work.tested[-1] if work.tested else None
    with side_by_side() as pool:
        simple = [pool.submit(simple_entrants, one.split.training) for one in work.tested]
        lost = pool.submit(sources, work.home, newest_test.split, form, today=work.today) if newest_test else None
        steady = pool.submit(
            measure_stability, work.final.bag, work.mature, newest(work.panel),
            newest_test.candidate.bag.model if newest_test else None,
        )  # fmt: skip
        cold = pool.submit(cold_start, work.home, newest_test.split, form, today=work.today) if newest_test else None
        found = pool.submit(
            leaks, work.home, work.mature, horizon=work.horizon, known_until=work.today, actor=work.actor
        )
        earlier = pool.submit(_earlier, work) if work.tested else None
        return _Beside(
            steady=steady.result(),
            leaks=found.result(),
            lags=_lags(work),
            simple=[one.result() for one in simple],
            earlier=earlier.result() if earlier else None,
            sources=lost.result() if lost else ((), None),
            cold_start=cold.result() if cold else None,
        )


def _lags(work: Work) -> tuple[Lag, ...]:
    of_each = (
        entry_lags(work.home, code, work.today, today=work.today, actor=work.actor) for code in work.institutions
    )
    return tuple(chain.from_iterable(of_each))


def _contest(work: Work, simple: Sequence[Mapping[str, Entrant]]) -> Contest:
    """The test terms together: on each the model and the lists that had been fitted when it opened."""
    held = [
        hold(work.home, one.split.test, {MODEL: one.candidate.entrant, **beside}, today=work.today)
        for one, beside in zip(work.tested, simple, strict=True)
    ]
    return Contest(rounds=tuple(chain.from_iterable(one.rounds for one in held)), names=held[0].names)


def _earlier(work: Work) -> Contest:
    """The simple lists alone on the terms before the tests; without such terms there are no rounds."""
    first = work.tested[0].split.opens
    before = [split for split in work.splits if split.opens < first and _both(split)][-EARLIER_TERMS:]
    held = [hold(work.home, one.test, simple_entrants(one.training, SIMPLE_LISTS), today=work.today) for one in before]
    return Contest(rounds=tuple(chain.from_iterable(one.rounds for one in held)), names=SIMPLE_LISTS)


def _both(split: Split) -> bool:
    """Whether some left and some stayed where the lists learn."""
    left = [week.left[~week.gone] for week in split.training.weeks]
    return any(one.any() for one in left) and not all(one.all() for one in left)


def _lists(work: Work, bonus: float) -> list[TermOfLists]:
    return [
        lists_of_term(
            work.home, one.split.test.weeks, one.candidate.bag.model, bonus=bonus, today=work.today,
            weight=usual_weight(one.candidate.bag.model, training_rows(one.split.training).values),
        )
        for one in work.tested
    ]  # fmt: skip


# Evidence


def _evidence(work: Work, beside: _Beside, test: _Test | None) -> Evidence:
    return Evidence(
        horizon=work.horizon.name,
        catalogue_fingerprint=FINGERPRINT,
        training=training_facts(work.home, work.panel, work.mature, work.institutions, work.today),
        calibrated=_calibrated(work),
        stability=_stability(beside.steady, test),
        leaks=beside.leaks,
        test=None,
        lists={},
        gain=None,
        institutions=(),
        lead_time=None,
        churn=None,
        sources=(),
        constraints=None,
        fairness=(),
        lags=beside.lags,
        silent_domains=silent_domains(work.panel.features, newest(work.panel)),
    )


def newest(panel: Panel) -> npt.NDArray[np.float32]:
    """The rows of the newest term, whether anybody knows yet who leaves or not: those whose reasons are read next."""
    last = terms_of(panel)[-1]
    return np.concatenate([week.values for week in panel.weeks if term_of(week) == last])


def _calibrated(work: Work) -> Calibrated:
    used = work.final.bag.model.calibration
    before = work.tested[-1].candidate.bag.model.calibration if work.tested else None
    return Calibrated(
        backtest_slope=before.slope if before else math.nan,
        backtest_offset=before.offset if before else math.nan,
        slope=used.slope,
        offset=used.offset,
        institution_offsets=work.final.offsets,
    )


def _stability(steady: Steadiness, test: _Test | None) -> Stability:
    """`abstained_share` is of the lists of the test terms."""
    unknown = joined(test.made).abstained if test else {"rows": 0, "of": 0}
    return Stability(
        features_survive=math.nan if steady.features_survive is None else steady.features_survive,
        domains_survive=math.nan if steady.domains_survive is None else steady.domains_survive,
        abstained_share=unknown["rows"] / unknown["of"] if unknown["of"] else math.nan,
    )


def _with_test(work: Work, beside: _Beside, test: _Test) -> Evidence:
    bare, contest = _evidence(work, beside, test), test.contest
    lost, constraints = beside.sources
    with side_by_side() as pool:
        figures = pool.submit(judged, contest, base_rate=_base_rates(work))
        fair = pool.submit(fairness, contest, audit_groups(work.home, contest, actor=work.actor))
        against, chosen_before = opponent(beside.earlier, contest)
        gain, institutions = decide(contest, against)
        return replace(
            bare,
            test=test_facts(contest, work.tested),
            lists=figures.result(),
            gain=gain,
            institutions=institutions,
            lead_time=_lead_time(work, test),
            churn=churn(contest, bonus=test.bonus, same_after_retraining_share=_same(work)),
            sources=lost,
            constraints=constraints,
            fairness=fair.result(),
            gains=gains(contest),
            cold_start=beside.cold_start,
            opponent_chosen_before=chosen_before,
        )


def _base_rates(work: Work) -> dict[TermKey, float]:
    """What was known of each test term when it opened: a rate that had seen the term would be no prediction of it."""
    return {one.split.term: base_rate(one.split.training) for one in work.tested}


def _lead_time(work: Work, test: _Test) -> LeadTime:
    weeks = (one.split.test.weeks for one in work.tested)
    return lead_time(zip(weeks, test.made, strict=True), work.panel.known[work.today])


def _same(work: Work) -> float:
    """Of the newest week's list, what the model before the newest test term and the model in use share."""
    before = work.tested[-1].candidate
    return same_after_retraining(work.home, work.panel, before.entrant, work.final.entrant, today=work.today)
