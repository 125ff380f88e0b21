"""Version 1 of the API put together: each topic's routes, and its document."""

from typing import Any

from fastapi import APIRouter

from serving.api import exports, lists, model_cards, people, publishing, scoring, students, summaries, trail
from serving.api.document import completed

router = APIRouter()
for _topic in (lists, publishing, students, model_cards, scoring, people, summaries, trail, exports):
    router.include_router(_topic.router)


def add_problem_schema(openapi: dict[str, Any]) -> dict[str, Any]:
    """Name the shape of refusals in the document: no route returns it, the handlers do."""
    return completed(openapi)
