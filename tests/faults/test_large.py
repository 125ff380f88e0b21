"""A school of 10,000 students, half of them on its list: whole answers, and a process that stays small."""

import csv
import io
from collections.abc import Iterator

import pytest
from python_calamine import CalamineWorkbook

from benchmarks.api.college import INSTITUTION, PASSWORD, make_college, publish
from records.home import DataHome, create_home
from records.lists import current_publication
from records.settings import Settings
from serving.accounts import create_account
from tests.browser.sample_college import TODAY
from tests.faults.running import running

STUDENTS, ADVISORS, LISTED = 10_000, 125, 5_000
MOST_MEMORY_KIB = 256 * 1024


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataHome]:
    home = create_home(Settings(home=tmp_path_factory.mktemp("large") / "var", second_factor_roles=()))
    publish(home, make_college(home, students=STUDENTS, advisors=ADVISORS, monday=TODAY), TODAY, times=1)
    create_account(home, login="care", name="กรรมการ", role="committee", institution=INSTITUTION, password=PASSWORD)
    yield home
    home.close()


def test_whole_lists_and_exports_under_the_memory_limit(school: DataHome) -> None:
    with school.database.read() as session:
        publication = current_publication(session, INSTITUTION)
        assert publication is not None
        path = f"/api/v1/exports/lists/{publication.id}"
    with running(school.settings) as server:
        cookie = str(server.try_sign_in("care", PASSWORD).headers["Set-Cookie"]).partition(";")[0]
        for _ in range(3):
            page = server.ask("GET", "/", cookie=cookie)
            sheet = server.ask("GET", f"{path}.csv", cookie=cookie)
            book = server.ask("GET", f"{path}.xlsx", cookie=cookie)
            assert page.body.count(b'href="/students/') == LISTED
            assert len(list(csv.reader(io.StringIO(sheet.body.decode("utf-8-sig"))))) == 1 + LISTED
            rows = CalamineWorkbook.from_filelike(io.BytesIO(book.body)).get_sheet_by_index(0).to_python()
            assert len(rows) == 1 + LISTED
        memory = server.memory_kib()
    print(f"{memory} KiB, page {len(page.body)}, CSV {len(sheet.body)}, XLSX {len(book.body)} bytes")
    assert memory < MOST_MEMORY_KIB
