"""Programs that ask the API: with a machine's key, in this process or against a real server."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from fastapi.testclient import TestClient

from models.bundle import keep, write_bundle
from records import lists
from serving.api_keys import make_key
from serving.app import create_app
from serving.client import Client
from serving.server import listen
from tests.browser.sample_college import INSTITUTION, TODAY, SampleCollege
from tests.models.cards import complete_card
from tests.models.one_split import one_split

EVERY_SCOPE = (
    "SEE_ALL_STUDENTS", "SEE_HOUSEHOLD", "SEE_PSEUDONYMS", "SEE_MODELS", "SEE_SUMMARIES", "PUBLISH", "SCORE",
    "MANAGE_RECORDS", "SEE_AUDIT",
)  # fmt: skip


def key_of(college: SampleCollege, *scopes: str) -> str:
    """A machine's key for the college; with every scope where none is named."""
    return make_key(
        college.home, label="test", scopes=scopes or EVERY_SCOPE, institutions=[INSTITUTION], days=30, actor="root",
        now=datetime.now(UTC),
    )  # fmt: skip


def program(college: SampleCollege, *scopes: str, today: date = TODAY, **others: Any) -> TestClient:
    """A program with a key, in this process."""
    app = create_app(college.home, today=lambda: today, hosts=("testserver",))
    headers = {"Authorization": f"Bearer {key_of(college, *scopes)}"}
    return TestClient(app, base_url="https://testserver", headers=headers, follow_redirects=False, **others)


@contextmanager
def served(college: SampleCollege, *scopes: str, today: date = TODAY) -> Iterator[Client]:
    """Our own client with a key, against a real server on loopback."""
    app = create_app(college.home, today=lambda: today, secure_cookies=False)
    with listen("127.0.0.1", 0, behind_proxy=False) as listening:
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None))
        running = Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        try:
            yield Client(address=f"http://127.0.0.1:{listening.getsockname()[1]}", key=key_of(college, *scopes))
        finally:
            server.should_exit = True
            running.join()


def promoted_model(college: SampleCollege, folder: Path) -> str:
    """A small model in charge of the college; its digest."""
    trained = folder / "trained"
    write_bundle(trained, one_split("missed_run_now", above=2.5), complete_card(), "card", bonus=0.25)
    digest = keep(trained, college.home.models)
    lists.promote(
        college.home.database, institution=INSTITUTION, model_digest=digest, signed_by="ครูทดสอบ", reason="ทดสอบ"
    )
    return digest


def publication_id(college: SampleCollege) -> str:
    with college.home.database.read() as session:
        current = lists.current_publication(session, INSTITUTION)
    assert current is not None
    return str(current.id)


def names_in(college: SampleCollege, texts: Sequence[str]) -> set[str]:
    return {name for name in college.names.values() if any(name in text for text in texts)}
