"""Version 1 of the API put together: each topic's routes, and its document."""

from typing import Any

from fastapi import APIRouter

from serving.api import (
    care,
    exports,
    lists,
    model_cards,
    people,
    publishing,
    scoring,
    students,
    summaries,
    trail,
    visit_plans,
    visits,
)
from serving.api.document import completed

router = APIRouter()
for _topic in (
    lists, publishing, students, care, visits, visit_plans, model_cards, scoring, people, summaries, trail, exports,
):  # fmt: skip
    router.routes.extend(_topic.router.routes)  # an included router is matched apart, at every request


def add_problem_schema(openapi: dict[str, Any]) -> dict[str, Any]:
    """Name the shape of refusals in the document: no route returns it, the handlers do."""
    return completed(openapi)
