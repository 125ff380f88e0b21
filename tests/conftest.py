"""What every room's tests may ask for: a real PostgreSQL, and one test on both engines."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from records.home import create_home
from records.settings import Settings
from tests.postgres import (
    empty_postgres_database,
    engine,
    home_settings,
    postgres,
    postgres_database,
    postgres_template,
    pytest_generate_tests,
)
from tests.statements import compiled_once

__all__ = [
    "empty_postgres_database",
    "engine",
    "home_settings",
    "postgres",
    "postgres_database",
    "postgres_template",
    "pytest_generate_tests",
]


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty data home on SQLite, which tests copy (tests/homes.py): to make one takes four times as long."""
    home = tmp_path_factory.mktemp("made") / "home"
    create_home(Settings(home=home)).close()
    return home


# Files whose tests take long together; `make test-thorough` runs them, `make test` everything else.
THOROUGH = (
    "tests/test_notebooks.py",
    "tests/benchmarks/",
    "tests/faults/",
    "tests/features/test_build_cluster.py",
    "tests/features/test_remembered.py",
    "tests/features/test_saved.py",
    "tests/functional/test_attacks.py",
    "tests/functional/test_command_build.py",
    "tests/functional/test_command_demo.py",
    "tests/functional/test_command_monitor.py",
    "tests/functional/test_command_privacy.py",
    "tests/functional/test_command_score_all.py",
    "tests/functional/test_command_train_stopped.py",
    "tests/functional/test_command_whole_way.py",
    "tests/functional/test_oidc",
    "tests/functional/test_server.py",
    "tests/functional/test_visit_planning.py",
    "tests/intake/test_intake_oulad.py",
    "tests/models/explain/test_fuzz",
    "tests/models/test_hostile.py",
    "tests/models/test_monotone.py",
    "tests/property/",
    "tests/records/test_records_backup",
    "tests/records/test_records_compaction",
    "tests/records/test_records_crashes.py",
    "tests/records/test_records_erasure",
    "tests/records/test_records_migrations.py",
    "tests/records/test_records_move.py",
    "tests/records/test_records_publish",
    "tests/training/test_doctor.py",
    "tests/training/test_monitor.py",
    "tests/training/test_stability.py",
    "tests/training/test_trained_",
    "tests/training/test_tracking",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(config.rootpath).as_posix().startswith(THOROUGH):
            item.add_marker("thorough")


def pytest_collection_finish() -> None:
    """What the modules hold stays until the end: a look for garbage need not pass through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()
