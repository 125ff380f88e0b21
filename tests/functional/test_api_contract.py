"""The document is what was agreed and what the routes do: frozen in a file, and asked whatever it allows."""

import difflib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving.api_keys import MACHINE_SCOPES
from serving.app import create_app, openapi_document
from tests.browser.sample_college import TODAY, SampleCollege, make_college
from tests.functional.api_programs import program, promoted_model

GOLDEN = Path(__file__).parent.parent / "golden" / "openapi.json"
RENEW = (
    "The API changed. If that is meant and breaks no program (version 1 only grows), renew the frozen document:\n"
    "    python -m tests.functional.test_api_contract\n"
    "and tell it in CHANGELOG.md and docs/guides/api.md. What changed:\n"
)
_EXAMPLES = 6
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance, negative_data_rejection,
]  # fmt: skip


def written(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def document_of(college: SampleCollege) -> dict[str, Any]:
    return openapi_document(create_app(college.home, today=lambda: TODAY))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCollege]:
    """A college with a model in charge, for whatever is asked of it."""
    folder = tmp_path_factory.mktemp("contract")
    made = make_college(folder)
    promoted_model(made, folder)
    yield made
    made.home.close()


def test_the_document_is_the_one_that_was_agreed(fresh: SampleCollege) -> None:
    agreed, now = GOLDEN.read_text(encoding="utf-8"), written(document_of(fresh))
    changed = difflib.unified_diff(agreed.splitlines(), now.splitlines(), "agreed", "now", lineterm="", n=2)
    assert agreed == now, RENEW + "\n".join(changed)


def test_every_route_is_named_and_tells_its_refusals(fresh: SampleCollege) -> None:
    document = document_of(fresh)
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert document["openapi"].startswith("3.1")
    assert len(set(names)) == len(names) >= 18
    assert all(re.fullmatch("[a-z][A-Za-z]+", name) for name in names)
    for operation in operations:
        assert {"401", "422", "500", "503"} <= set(operation["responses"]), operation["operationId"]
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], operation["operationId"]


def test_every_change_needs_a_key_of_its_own(fresh: SampleCollege) -> None:
    for path, methods in document_of(fresh)["paths"].items():
        for method, operation in methods.items():
            needs = {
                one["name"] for one in operation.get("parameters", ()) if one["required"] and one["in"] == "header"
            }
            assert ("Idempotency-Key" in needs) == (method == "post" and not path.endswith("/score")), path


def test_no_answer_leaves_a_field_open(fresh: SampleCollege) -> None:
    schemas = document_of(fresh)["components"]["schemas"]
    objects = {name: one for name, one in schemas.items() if one.get("type") == "object"}
    assert [name for name, one in objects.items() if one.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_routes_do_what_the_document_says(fresh: SampleCollege, mode: GenerationMode) -> None:
    """Asked rightly and wrongly: no crash, and no status, header or shape that is not in the document."""
    document = document_of(fresh)
    del document["security"], document["components"]["securitySchemes"]  # the key of `program` stays
    schema = schemathesis.openapi.from_dict(document)
    machine = program(fresh, *(scope.name for scope in MACHINE_SCOPES), raise_server_exceptions=False)
    statuses: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not (list(operation.iter_parameters()) or list(operation.body)):
            statuses[operation.label] = set()  # nothing of it can be asked wrongly
            continue
        statuses[operation.label] = _asked(operation, machine, mode)
    assert len(statuses) == sum(len(methods) for methods in document["paths"].values())
    if mode is GenerationMode.POSITIVE:
        for path in ("me", "lists/current", "models/current", "audit", "visits"):
            assert 200 in statuses[f"GET /api/v1/{path}"], path
    else:
        assert any(422 in found for found in statuses.values())


def _asked(operation: Any, machine: TestClient, mode: GenerationMode) -> set[int]:
    """The statuses of some requests; the checks of Schemathesis raise at the first that breaks the document."""
    found: set[int] = set()

    def ask(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="https://testserver")
        answer = machine.request(
            sent["method"], sent["url"], params=sent.get("params"), headers=dict(sent.get("headers") or {}),
            **({"json": sent["json"]} if "json" in sent else {"content": sent["data"]} if sent.get("data") else {}),
        )  # fmt: skip
        found.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    limits = settings(
        max_examples=_EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    limits(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made_in:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(written(document_of(make_college(Path(made_in)))), encoding="utf-8")
