"""Train in one go: panel, splits, search, bags and their calibration, judging, checks, card, bundle, MLflow."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.bundle import write_bundle
from models.card import render
from models.horizon import LIST_HORIZON, Horizon
from models.risk_model import PARAMETERS, RiskModel
from records.errors import ModelRefused
from records.home import DataHome
from training.backtest import Candidate, Procedure, Tested
from training.card_content import card_content
from training.checks import CheckResult, run_checks
from training.evidence import Evidence
from training.fit_linear import RIDGE
from training.judge import Judged, Work, judge
from training.panel import Panel, build_panel
from training.sampling import training_rows
from training.search import Searched, search
from training.splits import TEST_TERMS, Split, forward_splits
from training.stability import evenly

Progress = Callable[[str, int], None]
_SAMPLE = 2_000  # rows for shap's drawings


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trained:
    """What one training made; `tested` are the test terms with the models that were judged on them, oldest first."""

    digest: str
    card: dict[str, object]
    card_text: str
    model: RiskModel
    tested: tuple[Tested, ...]
    judged: Judged
    checks: tuple[CheckResult, ...]
    sample: npt.NDArray[np.float32]
    run_id: str

    @property
    def evidence(self) -> Evidence:
        return self.judged.evidence


def train(
    home: DataHome,
    institutions: Sequence[str],
    *,
    today: date,
    actor: str,
    horizon: Horizon = LIST_HORIZON,
    processes: bool = False,
    progress: Progress = lambda step, rows: None,
) -> Trained:
    """Train and judge a model for these institutions as of today, and log it with its bundle to MLflow.

    With `processes` the rows of many weeks are made in several (see training.side_by_side). Raises ModelRefused when there
    are too few leavers to learn from, and UserError at once where the run could not be logged.
    """
    from training.tracking import require_loggable

    require_loggable(home)
    institutions = list(dict.fromkeys(institutions))  # one that is named twice is no second one
    with threadpool_limits(limits=1):
        panel = build_panel(
            home, institutions, horizon=horizon, known_until=today, actor=actor, processes=processes, progress=progress
        )
        return _trained(home, institutions, panel, today, actor, horizon, progress)


def _trained(
    home: DataHome,
    institutions: Sequence[str],
    panel: Panel,
    today: date,
    actor: str,
    horizon: Horizon,
    progress: Progress,
) -> Trained:
    """The steps after the panel. Models are fitted side by side: threads inside one fit would wait busily for each other."""
    mature = panel.of(lambda week: week.mature)
    if not mature.weeks:
        raise ModelRefused(
            "No past week has ended its horizon with a roster count after it, so nobody knows yet who left. "
            "Import past terms with --history, rosters included. · "
            "ยังไม่มีสัปดาห์ใดที่ครบช่วงเวลาและมีรายชื่อนักเรียนรอบถัดไปให้ตรวจ จึงยังไม่ทราบว่าใครออก "
            "ให้นำเข้าข้อมูลภาคเรียนก่อน ๆ ด้วย --history พร้อมรายชื่อทุกรอบ"
        )
    splits = forward_splits(panel, horizon=horizon, known_until=today)
    searched = _searched(splits, progress)
    procedure = Procedure(splits, horizon, searched.form)
    progress("fit", mature.rows)
    tested, final = procedure.run(mature)
    work = Work(
        home=home, institutions=tuple(institutions), horizon=horizon, today=today, actor=actor, panel=panel,
        mature=mature, splits=splits, tested=tested, final=final,
    )  # fmt: skip
    return _kept(work, judge(work, progress), searched, progress)


def _searched(splits: Sequence[Split], progress: Progress) -> Searched:
    """Before every test: the newest term that is no test judges what the terms before it teach."""
    before = splits[:-TEST_TERMS]
    progress("search", before[-1].training.rows if before else 0)
    return search(before[-1] if before else None)


def _kept(work: Work, judged: Judged, searched: Searched, progress: Progress) -> Trained:
    """Checks, card and bundle; all of it to MLflow."""
    from training.tracking import Run, log_run

    model = replace(work.final.bag.model, spread=judged.steady.spread)
    checks = run_checks(judged.evidence)
    card = card_content(
        judged.evidence, checks, stability=judged.steady.as_numbers(model.features), bands=judged.rates,
        abstained=judged.abstained, gone_visited=judged.gone_visited, panel_fingerprint=work.panel.fingerprint, searched=searched,
    )  # fmt: skip
    text = render(card)
    sample = evenly(training_rows(work.mature).values, _SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        digest = write_bundle(bundle, model, card, text, bonus=judged.bonus, offsets=work.final.offsets)
        progress("log", len(sample))
        run = Run(
            digest=digest, bundle=bundle, model=model, evidence=judged.evidence, contest=judged.contest,
            parameters=_parameters(work.final, searched), panel_fingerprint=work.panel.fingerprint,
            features=work.panel.features, sample=sample,
        )  # fmt: skip
        run_id = log_run(work.home, run)
    return Trained(
        digest=digest, card=card, card_text=text, model=model, tested=tuple(work.tested), judged=judged, checks=checks,
        sample=sample, run_id=run_id,
    )  # fmt: skip


def _parameters(final: Candidate, searched: Searched) -> dict[str, object]:
    form = final.bag.form
    return {
        **PARAMETERS, **form.grown, "trees": form.trees, "linear": form.linear, "ridge": RIDGE, "seeds": list(final.bag.seeds), "search": searched.as_numbers(),
    }  # fmt: skip
