"""Fitting: trees and straight part on all rows, a slope from how the terms before predicted the newest ones, and their level."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from features.declaration import Feature
from models.horizon import Horizon
from models.linear import Linear, nothing
from models.risk_model import (
    SEEDS,
    TREES,
    Calibration,
    Floats,
    RiskModel,
    calibrate,
    fit_members,
    margins_of_trees,
    merge,
    model_of,
    probability,
)
from records.errors import ModelRefused
from training.fit_linear import fit_linear
from training.panel import Panel, TermKey
from training.sampling import Rows, training_rows
from training.splits import of_terms, term_of, terms_of

_FOLDS = 3  # each fold is a whole bag; two thirds of the rows are enough to see how far the trees overstate
LEAST_LEAVERS = 30
LEAST_PERSONS = 20
"""Leaving persons whose terms may set the slope: drawn with a true slope of 1, the slope found has a standard deviation
of .25 with 20 of them, .41 with ten, .66 with five and 4 with one."""
LEAST_IN_FOLDS = 10
"""Leaving persons. Of fewer, one fold of three may hold them all, and what is fitted beside it learns nothing."""

LINEAR = 0.3
"""Less than the trees: what half of it gains in places never seen it loses in those that were (docs/adr/0024)."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How the model is fitted, beside what models.risk_model fixes; what a search may choose."""

    trees: int = TREES
    min_data: int = 40
    extra_trees: bool = False
    linear: float = LINEAR
    """What the straight part is worth in the mean with the trees, 0-1; 0: trees alone."""

    @property
    def grown(self) -> dict[str, Any]:
        return {"min_data_in_leaf": self.min_data, "extra_trees": self.extra_trees}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Bag:
    """A fitted model and the LightGBM texts of its members, one a seed, of which it is the mean.

    The answers of each member are those of its trees, worth what the form says; the model's straight part, which has no
    seed, comes to each of them. `terms` are those it was trained on, oldest first, and `seasons` each institution with
    the numbers of its own terms among them. Until it is calibrated its logits are its margins. `forward` is what would
    have set the bags trained before the calibrating terms right about these: its slope is the model's own, its offset tells
    how far those terms lay from what was expected of them. It is None where the bag was calibrated out of fold.
    """

    model: RiskModel
    seeds: tuple[int, ...]
    members: tuple[str, ...]
    form: Form
    terms: tuple[TermKey, ...]
    seasons: frozenset[tuple[str, int]]
    forward: Calibration | None = None


def fit_bag(panel: Panel, horizon: Horizon, *, form: Form | None = None, seeds: Sequence[int] = SEEDS) -> Bag:
    """Fit and calibrate on one panel; what calibrates it is fitted here on the terms before the newest."""
    form = form or Form()
    bag = grow(panel, horizon, form=form, seeds=seeds)
    newest = bag.terms[-1]
    before = panel.of(lambda week: term_of(week) != newest)
    same_season = any(number == newest[1] for _, number in bag.terms[:-1])
    usable = same_season and leavers_of(before) >= LEAST_LEAVERS and leavers_of(panel) > leavers_of(before)
    earlier = grow(before, horizon, form=form, seeds=seeds) if usable else None
    return calibrated(bag, panel, {newest: earlier} if earlier else {})


def grow(panel: Panel, horizon: Horizon, *, form: Form, seeds: Sequence[int]) -> Bag:
    """The model on the whole panel, not calibrated yet. Raises ModelRefused with too few leavers."""
    rows = training_rows(panel)
    if rows.left.sum() < LEAST_LEAVERS or (~rows.left).sum() < LEAST_LEAVERS:
        leaving = int(rows.left.sum())
        raise ModelRefused(
            f"The training terms have {leaving} student-weeks before leaving; a model needs "
            f"{LEAST_LEAVERS}. Import more past terms with --history, or stay with the absence rule. · "
            f"ภาคเรียนที่ใช้ฝึกมี {leaving} แถวก่อนการออก แบบจำลองต้องมีอย่างน้อย {LEAST_LEAVERS} แถว "
            "นำเข้าภาคเรียนก่อนหน้าด้วย --history หรือใช้รายชื่อตามการขาดเรียนต่อไป"
        )
    members, linear = parts(rows, panel.features, form=form, seeds=seeds)
    model = model_of(merge(members), panel.features, horizon, Calibration(), linear=linear)
    return Bag(
        model=model, seeds=tuple(seeds), members=tuple(members), form=form, terms=tuple(terms_of(panel)),
        seasons=frozenset((week.institution, term_of(week)[1]) for week in panel.weeks),
    )  # fmt: skip


def parts(rows: Rows, features: Sequence[Feature], *, form: Form, seeds: Sequence[int]) -> tuple[list[str], Linear]:
    """The trees of each seed as LightGBM texts and the straight part, each worth what the form says: add their margins."""
    with ThreadPoolExecutor(max_workers=1) as pool:  # beside the trees, which leave a core free at their end
        straight = pool.submit(fit_linear, rows, features) if form.linear else None
        texts = fit_members(
            rows.values, rows.left, features, seeds=seeds, trees=form.trees, weight=rows.weight, grown=form.grown
        )
        if straight is None:
            return texts, nothing(len(features))
        return [merge([text], worth=1 - form.linear) for text in texts], straight.result().times(form.linear)


def calibrated(bag: Bag, panel: Panel, earlier: Mapping[TermKey, Bag]) -> Bag:
    """The bag with a slope and an offset from what it had not seen; `panel` is what it was trained on.

    The slope comes from the newest closed terms of the panel, each as predicted by the bag that was trained before it
    (`earlier`), at the institutions of which that one had seen the same term of another year. The offset is that at which
    this bag itself expects as many leavers in those rows as there were: it has learned from them, and would be put right a
    second time by what the earlier bag missed (docs/adr/0029). Where such terms tell no slope both come from out-of-fold
    predictions, folds grouped by person. Raises ModelRefused where these tell none either.
    """
    rows = {term: training_rows(seen_before(of_terms(panel, [term]), before)) for term, before in earlier.items()}
    if forward := _forward(rows, earlier):
        told = list(rows.values())
        own = np.concatenate([bag.model.logits(one.values) for one in told])
        return _with(bag, at_level(own, *_left_and_weight(told), slope=forward.slope), forward)
    return _with(bag, _out_of_fold(bag, training_rows(panel), panel.features), None)


def _forward(rows: Mapping[TermKey, Rows], earlier: Mapping[TermKey, Bag]) -> Calibration | None:
    """None where fewer than LEAST_PERSONS left, or higher scores did not go with more leavers: such terms tell no slope."""
    told = list(rows.values())
    if _leaving(told) < LEAST_PERSONS:
        return None
    found = np.concatenate([earlier[term].model.logits(one.values) for term, one in rows.items()])
    try:
        return calibrate(found, *_left_and_weight(told))
    except ValueError:
        return None


def at_level(margins: Floats, left: npt.NDArray[np.bool_], weight: Floats, *, slope: float) -> Calibration:
    """The offset beside a slope at which as many leavers are expected as there were; some left and some stayed."""
    from scipy.optimize import brentq  # type: ignore[import-untyped]

    leavers = float(weight @ left)

    def beyond(offset: float) -> float:
        return float(weight @ probability(slope * margins + offset)) - leavers

    far = float(np.abs(slope * margins).max()) + 50  # further than any share of leavers lies from any margin
    return Calibration(slope=slope, offset=float(brentq(beyond, -far, far)))


def seen_before(panel: Panel, before: Bag) -> Panel:
    """The weeks at institutions of which these trees had learned from the same term of another year."""
    return panel.of(lambda week: (week.institution, term_of(week)[1]) in before.seasons)


def refit(bag: Bag, rows: Rows, features: Sequence[Feature]) -> RiskModel:
    """The same bag on other rows, on the calibrated scale of the first."""
    members, linear = parts(rows, features, form=bag.form, seeds=bag.seeds)
    return model_of(merge(members), features, bag.model.horizon, bag.model.calibration, linear=linear)


def leavers_of(panel: Panel) -> int:
    """How many student-weeks before leaving train."""
    return sum(int((week.left & ~week.gone).sum()) for week in panel.weeks)


def _leaving(parts: Sequence[Rows]) -> int:
    """How many persons left."""
    return len({person for rows in parts for person in rows.person[rows.left].tolist()})


def _out_of_fold(bag: Bag, rows: Rows, features: Sequence[Feature]) -> Calibration:
    if _leaving([rows]) < LEAST_IN_FOLDS:
        raise ModelRefused(
            f"Fewer than {LEAST_IN_FOLDS} students left in the training terms: nobody can tell what the scores are worth. "
            "Import more past terms with --history, or stay with the absence rule. · "
            f"ในภาคเรียนที่ใช้ฝึกมีผู้ออกกลางคันไม่ถึง {LEAST_IN_FOLDS} คน จึงบอกไม่ได้ว่าคะแนนเชื่อถือได้เพียงใด "
            "นำเข้าภาคเรียนก่อนหน้าด้วย --history หรือใช้รายชื่อตามการขาดเรียนต่อไป"
        )
    found = np.empty(len(rows.left))
    for rest, fold in GroupKFold(_FOLDS).split(rows.values, rows.left, rows.person):
        members, linear = parts(rows.some(rest), features, form=bag.form, seeds=bag.seeds)
        found[fold] = margins(merge(members), linear, rows.values[fold])
    try:
        return calibrate(found, *_left_and_weight([rows]))
    except ValueError:
        raise ModelRefused(
            "Among students whom the trees had not seen, higher scores did not go with more leavers. "
            "Stay with the absence rule and look at the data of the training terms. · "
            "ในกลุ่มนักเรียนที่ไม่ได้ใช้ฝึก คะแนนที่สูงกว่าไม่ได้มีผู้ออกมากกว่า จึงปรับเทียบไม่ได้ "
            "ใช้รายชื่อตามการขาดเรียนต่อไป และตรวจข้อมูลของภาคเรียนที่ใช้ฝึก"
        ) from None


def _left_and_weight(parts: Sequence[Rows]) -> tuple[npt.NDArray[np.bool_], Floats]:
    left = np.concatenate([rows.left for rows in parts])
    weight = np.concatenate([np.ones(len(rows.left)) if rows.weight is None else rows.weight for rows in parts])
    return left, weight


def _with(bag: Bag, calibration: Calibration, forward: Calibration | None) -> Bag:
    return replace(bag, model=replace(bag.model, calibration=calibration), forward=forward)


def margins(text: str, linear: Linear, values: npt.NDArray[np.float32]) -> Floats:
    """By LightGBM itself: trees that score once would not repay compiling their tables."""
    return margins_of_trees(text, values) + linear.margins(values)
