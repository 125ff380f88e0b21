"""The OpenAPI document: what the routes say of themselves, and the shape of refusals, which the handlers answer."""

from typing import Any

from serving.api.schemas import Problem

_SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "zd_<id>_<secret>, made with `zerodrop account key make`",
    },
}
_OURS = ("HTTPValidationError", "ValidationError")


def completed(openapi: dict[str, Any]) -> dict[str, Any]:
    """The document with Problem, the two ways to sign in, and without the framework's own shape of a refusal."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = openapi["components"]
    components["schemas"].update(schema.pop("$defs", {}), Problem=schema)
    for name in _OURS:
        components["schemas"].pop(name, None)
    components["securitySchemes"] = _SECURITY
    openapi["security"] = [{"session": []}, {"key": []}]
    return openapi
