"""The benchmark of training runs, and what it prints is one JSON document with every step."""

import json

import pytest

from benchmarks import training as benchmark
from benchmarks.training import Clock
from tests.training.conftest import TrainedCollege
from training.train import Trained


def test_a_college_is_measured_step_by_step(
    college: TrainedCollege, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the training that was made once for all tests."""

    def trained(*_: object, progress: benchmark.Progress, **__: object) -> Trained:
        for step in ("panel", "panel", "fit"):
            progress(step, 1)
        return college.trained

    monkeypatch.setattr(benchmark, "train", trained)
    assert benchmark.main(["--home", str(college.home.settings.home)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["steps"]) == ["panel", "fit"]
    assert (told["terms"], told["rows"]) == (4, college.trained.evidence.training.rows)
    assert told["peak_mb"] > 50


def test_steps_add_up_and_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([(0.0, 0.0), (1.0, 1.0), (3.0, 5.0), (4.0, 5.5), (6.0, 6.0)])
    monkeypatch.setattr(Clock, "_now", staticmethod(lambda: next(times)))
    clock = Clock()
    for step in ("fit", "fit", "judge", "fit", "end"):
        clock.tell(step, 0)
    assert clock.steps == {"fit": [4.0, 4.5], "judge": [1.0, 0.5]}
