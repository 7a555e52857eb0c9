"""The OpenAPI 3.1 document, made of the endpoints' table and the records that msgspec reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sequencer.node.api.endpoints import JSON, PREFIX, Endpoint
from sequencer.node.api.problems import Problem

__all__ = ["make_document"]

_REF: Final = "#/components/schemas/{name}"
_ABOUT: Final = (
    "Commands are signed by the account's key; a receipt binds the node. What may exceed 2**53 is a decimal string; "
    "bytes are lower-case hex behind 0x (in receipts without). The stream at /v1/stream is a WebSocket: docs/api.md."
)
_REASONS: Final = {
    400: "The request is malformed.",
    404: "There is no such thing.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The command is refused; `code` says why.",
    429: "Too many requests or commands.",
    431: "The headers are too large.",
    500: "The node failed.",
    503: "The node cannot record anything now, ends, or has too many connections.",
}
_ALWAYS: Final = (400, 408, 429, 431, 500, 503)
_OF_COMMANDS: Final = (413, 415, 422)


def make_document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the document."""
    records = {record for endpoint in endpoints for record in (endpoint.answer, endpoint.body) if record is not None}
    ordered = sorted(records, key=lambda record: record.__name__)
    _, schemas = msgspec.json.schema_components([*ordered, Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = _describe(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "zkmargin node", "version": "1", "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _spell_tuples(schemas)},
    }


_LICENSE: Final = {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}


def _spell_tuples(schema: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a schema whose tuples are arrays of a length: not every tool knows `prefixItems`."""
    if isinstance(schema, list):
        return [_spell_tuples(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    spelled = {name: _spell_tuples(value) for name, value in schema.items()}
    if "prefixItems" in spelled:
        items = spelled.pop("prefixItems")
        kinds = [item for place, item in enumerate(items) if item not in items[:place]]
        spelled["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return spelled


def _describe(endpoint: Endpoint) -> dict[str, Any]:
    statuses = _ALWAYS + (_OF_COMMANDS if endpoint.body else ()) + ((404,) if endpoint.is_missable else ())
    described: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "responses": {"200": _describe_answer(endpoint)}
        | {str(code): _describe_problem(code) for code in sorted(statuses)},
    }
    if endpoint.parameters:
        described["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "description": parameter.description,
                "schema": parameter.schema,
            }
            for parameter in endpoint.parameters
        ]
    if endpoint.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": _refer(endpoint.body)}}}
    return described


def _describe_answer(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.answer is not None:
        schema = _refer(endpoint.answer)
    else:
        schema = {"type": "object"} if endpoint.media_type == JSON else {}
    return {"description": "Done.", "content": {endpoint.media_type: {"schema": schema}}}


def _describe_problem(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _refer(Problem)}}
    described: dict[str, Any] = {"description": _REASONS[status], "content": content}
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return described


def _refer(record: type[msgspec.Struct]) -> dict[str, Any]:
    return {"$ref": _REF.format(name=record.__name__)}
