"""An empty data home with two institutions, fresh for every test."""

from collections.abc import Iterator

import pytest

from records import ledger
from records.home import DataHome, create_home
from records.settings import Settings
from tests.homes import copied
from tests.records.small import CODE, OTHER_CODE, institution


@pytest.fixture
def home(home_settings: Settings, request: pytest.FixtureRequest) -> Iterator[DataHome]:
    if home_settings.database_url:
        opened = create_home(home_settings)
    else:
        opened = copied(request.getfixturevalue("made_home"), home_settings.home)
    for code in (CODE, OTHER_CODE):
        ledger.add_institution(opened.database, institution(code))
    yield opened
    opened.close()
