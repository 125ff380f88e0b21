"""The procedure: what each bag was trained on, and by which earlier bag it is calibrated."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.horizon import LIST_HORIZON, Horizon
from models.risk_model import Calibration, calibrate
from records.errors import ModelRefused
from tests.training.drawn_contest import FIRST_MONDAY, draw_panel, draw_week
from training import backtest
from training.backtest import Procedure
from training.fit import Form, grow
from training.panel import Panel, TermKey, Week
from training.splits import Split, of_terms, term_of, terms_of

TERMS: list[TermKey] = [(2023, 1), (2023, 2), (2024, 1), (2024, 2), (2025, 1)]


def weeks_of(terms: Sequence[TermKey]) -> Panel:
    return draw_panel(
        *(draw_week(10 * TERMS.index(term) + number, [True] * 20 + [False] * 20, term=term) for term in terms for number in range(2))
    )  # fmt: skip


def splits() -> list[Split]:
    """Every term but the first, each with all the terms before it."""
    return [
        Split(
            term=term, opens=FIRST_MONDAY + timedelta(weeks=10 * place), training=weeks_of(TERMS[:place]),
            test=weeks_of([term]),
        )
        for place, term in enumerate(TERMS)
        if place
    ]  # fmt: skip


class Recorded:
    """What was grown and how each was calibrated; bags are named by the newest term they were trained on."""

    def __init__(self, refused: Sequence[TermKey] = (), unfit: Sequence[TermKey] = ()) -> None:
        self.grown: list[TermKey] = []
        self.seeds: dict[TermKey, int] = {}
        self.calibrated: dict[TermKey, dict[TermKey, TermKey]] = {}
        self._refused, self._unfit = refused, unfit

    def grow(self, panel: Panel, horizon: Horizon, *, form: Form, seeds: Sequence[int]) -> Any:
        newest = terms_of(panel)[-1]
        if newest in self._refused:
            raise ModelRefused("too few")
        self.grown.append(newest)
        self.seeds[newest] = len(seeds)
        seasons = frozenset((week.institution, term_of(week)[1]) for week in panel.weeks)
        return SimpleNamespace(newest=newest, model=None, forward=Calibration(), seasons=seasons)

    def calibrate(self, bag: Any, panel: Panel, earlier: Mapping[TermKey, Any]) -> Any:
        if bag.newest in self._unfit:
            raise ModelRefused("nobody is ordered")
        self.calibrated[bag.newest] = {term: before.newest for term, before in earlier.items()}
        return bag


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return patched(monkeypatch, Recorded())


def patched(monkeypatch: pytest.MonkeyPatch, made: Recorded) -> Recorded:
    monkeypatch.setattr(backtest, "grow", made.grow)
    monkeypatch.setattr(backtest, "calibrated", made.calibrate)
    monkeypatch.setattr(backtest, "institution_offsets", lambda calibration, forward: {})
    return made


def procedure() -> Procedure:
    return Procedure(splits(), LIST_HORIZON, Form(), (1, 2, 3, 4, 5))


def terms_tested() -> list[TermKey]:
    tested, _ = procedure().run(weeks_of(TERMS))
    return [one.split.term for one in tested]


def test_the_newest_two_terms_are_tested_oldest_first(recorded: Recorded) -> None:
    assert terms_tested() == TERMS[-2:]


def test_each_bag_is_calibrated_on_the_newest_two_terms_by_the_bags_trained_before_each(recorded: Recorded) -> None:
    """Trained up to 2024/1 and tested on 2024/2: 2024/1 as predicted by what had seen up to 2023/2, and so on."""
    procedure().run(weeks_of(TERMS))
    assert recorded.calibrated == {
        (2024, 1): {(2023, 2): (2023, 1), (2024, 1): (2023, 2)},
        (2024, 2): {(2024, 1): (2023, 2), (2024, 2): (2024, 1)},
        (2025, 1): {(2024, 2): (2024, 1), (2025, 1): (2024, 2)},
    }


def test_trees_are_grown_once_for_each_opening_and_fewer_where_they_are_not_for_use(recorded: Recorded) -> None:
    procedure().run(weeks_of(TERMS))
    assert recorded.seeds == {(2023, 1): 2, (2023, 2): 2, (2024, 1): 3, (2024, 2): 3, (2025, 1): 5}
    assert sorted(recorded.grown) == sorted(recorded.seeds)


def test_a_term_still_running_trains_but_does_not_calibrate(recorded: Recorded) -> None:
    running = draw_panel(*weeks_of(TERMS).weeks, draw_week(60, [True] * 20 + [False] * 20, term=(2025, 2)))
    procedure().run(running)
    assert recorded.calibrated[(2025, 2)] == {(2024, 2): (2024, 1), (2025, 1): (2024, 2)}


def test_a_term_before_which_too_little_was_known_is_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    made = patched(monkeypatch, Recorded(refused=[(2024, 1)]))
    assert terms_tested() == [(2025, 1)]
    assert made.calibrated == {(2024, 2): {(2024, 1): (2023, 2)}, (2025, 1): {(2025, 1): (2024, 2)}}


def test_nor_one_whose_bag_orders_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    patched(monkeypatch, Recorded(unfit=[(2024, 2)]))
    assert terms_tested() == [(2024, 2)]


def test_the_model_in_use_is_refused_where_nothing_can_be_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    patched(monkeypatch, Recorded(refused=[(2025, 1)]))
    with pytest.raises(ModelRefused, match="too few"):
        procedure().run(weeks_of(TERMS))


def test_offsets_come_from_the_weeks_that_calibrated(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing trained before 2023/2 had seen a second term of any year."""
    asked: list[list[TermKey]] = []

    def offsets(calibration: Calibration, forward: Sequence[tuple[Any, Panel]]) -> dict[str, float]:
        asked.append([term for _, weeks in forward for term in terms_of(weeks)])
        return {"1": 0.5}

    monkeypatch.setattr(backtest, "institution_offsets", offsets)
    _, final = procedure().run(weeks_of(TERMS))
    assert sorted(asked) == [[(2024, 1)], [(2024, 1), (2024, 2)], [(2024, 2), (2025, 1)]]
    assert final.offsets == {"1": 0.5}


def test_a_place_that_the_earlier_trees_had_not_seen_has_no_offset() -> None:
    """Half as many leave there as at the others, and the trees in use have learned it."""
    random = np.random.default_rng(4)

    def weeks(place: int, share: float, term: int) -> list[Week]:
        student = np.arange(200) + 1_000 * (10 * term + place)
        left = random.random(200) < share
        return [
            draw_week(
                20 * term + number, left, values={"missed_share_28d": random.random(200) / 2 + left / 4},
                term=TERMS[term], institution=f"{place}", person=student,
            )
            for number in range(3)
        ]  # fmt: skip

    terms = [draw_panel(*(week for place in range(3) for week in weeks(place, 0.1, term))) for term in range(3)]
    joining = draw_panel(*terms[2].weeks, *(week for place in (3, 4) for week in weeks(place, 0.03, 2)))
    everything = draw_panel(*terms[0].weeks, *terms[1].weeks, *joining.weeks)
    opened = Split(term=TERMS[2], opens=FIRST_MONDAY, training=of_terms(everything, TERMS[:2]), test=joining)
    _, final = Procedure([opened], LIST_HORIZON, Form(trees=5), (1,)).run(everything)
    assert final.bag.forward is not None
    assert not {"3", "4"} & set(final.offsets)


def test_without_a_term_that_calibrates_there_are_no_offsets() -> None:
    """One term of each kind: calibrated out of fold, and the second lost fewer everywhere."""
    weeks = [
        draw_week(20 * term, np.arange(200) < 100 - 60 * term - 8 * place, term=TERMS[term], institution=f"{place}",
                  person=np.arange(200) + 1_000 * (10 * term + place))
        for term in range(2) for place in range(3)
    ]  # fmt: skip
    both = draw_panel(*weeks)
    opened = Split(term=TERMS[1], opens=FIRST_MONDAY, training=draw_panel(*weeks[:3]), test=draw_panel(*weeks[3:]))
    _, final = Procedure([opened], LIST_HORIZON, Form(trees=5), (1,)).run(both)
    assert final.bag.forward is None
    assert final.offsets == {}


@pytest.fixture(scope="module")
def closed() -> tuple[list[Split], Panel]:
    """Two closed terms after a first one, drawn, and all three together."""
    random = np.random.default_rng(0)

    def drawn(term: TermKey, number: int) -> Week:
        missed = random.random(300)
        left = random.random(300) < 0.05 + 0.4 * missed**3
        return draw_week(number, left, values={"missed_share_28d": missed}, term=term)

    weeks = [drawn(term, 10 * place + number) for place, term in enumerate(TERMS[:3]) for number in range(3)]
    upto = [draw_panel(*weeks[: 3 * place]) for place in range(4)]
    splits = [
        Split(
            term=TERMS[place], opens=FIRST_MONDAY, training=upto[place],
            test=draw_panel(*weeks[3 * place : 3 * place + 3]),
        )
        for place in (1, 2)
    ]  # fmt: skip
    return splits, upto[3]


def test_the_slope_is_that_of_the_earlier_trees_and_the_level_that_of_the_terms_themselves(
    closed: tuple[list[Split], Panel],
) -> None:
    """With the real fit. Nothing trained before 2023/2 had seen a second term, so 2024/1 calibrates alone."""
    splits, everything = closed
    _, final = Procedure(splits, LIST_HORIZON, Form(trees=20), (1,)).run(everything)
    before = grow(splits[-1].training, LIST_HORIZON, form=Form(trees=20), seeds=(1,))
    values, left, _ = splits[-1].test.matrix()
    forward, used = calibrate(before.model.logits(values), left), final.bag.model.calibration
    assert final.bag.forward == forward
    assert used.slope == forward.slope != 1
    assert final.bag.model.probabilities(values).sum() == pytest.approx(left.sum())


def test_what_is_grown_owes_nothing_to_how_many_cores_there_are(
    closed: tuple[list[Split], Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(backtest, "side_by_side", lambda cores=cores: ThreadPoolExecutor(max_workers=cores))
        tested, final = Procedure(closed[0], LIST_HORIZON, Form(trees=20), (1, 2)).run(closed[1])
        bags = [final.bag, *(one.candidate.bag for one in tested)]
        found.append([(bag.model.text, bag.model.calibration) for bag in bags])
    assert len(found[0]) > 1
    assert found[0] == found[1]
