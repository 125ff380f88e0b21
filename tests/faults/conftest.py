"""A small college on SQLite files that a test may damage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.sample_college import SampleCollege, copy_of, make_college


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCollege]:
    made = make_college(tmp_path_factory.mktemp("untouched"))
    yield made
    made.home.close()


@pytest.fixture
def college(untouched: SampleCollege, tmp_path: Path) -> Iterator[SampleCollege]:
    """A college with a published list."""
    copied = copy_of(untouched, tmp_path)
    yield copied
    copied.home.close()
