"""The API reference: the OpenAPI document of the node's endpoints in tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs._site.tables import code, make_table, write_page
from sequencer.node.api.endpoints import ENDPOINTS
from sequencer.node.api.openapi import make_document

__all__ = ["spell_schema", "write_api_pages"]

_Json = Mapping[str, Any]
_KINDS = {"post": "Commands and checks: POST", "get": "Reads: GET"}
_LIMITS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "maxLength": "at most {} characters",
    "pattern": "matches `{}`",
    "default": "default {}",
}


def write_api_pages(folder: Path) -> list[Path]:
    """Write `api.md`, operations, and `api-records.md`, what they take and give, into a folder; return the paths."""
    document = make_document(ENDPOINTS)
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    parts = [_introduce(document), _list_operations(operations)]
    for method, title in _KINDS.items():
        parts.append(f"## {title}")
        parts += [part for path, of, operation in operations if of == method for part in _describe(path, of, operation)]
    reference, records_page = folder / "api.md", folder / "api-records.md"
    write_page(reference, "# API reference", *parts)
    schemas = document["components"]["schemas"]
    records = [part for name in sorted(schemas) for part in _describe_record(name, schemas[name])]
    about = "What the operations of the [API](api.md) take and give. A field that is not required may be left out."
    write_page(records_page, "# API records", about, *records)
    return [reference, records_page]


def spell_schema(schema: _Json) -> str:
    """Return a schema in a few words: its type or a link to the record, then its limits."""
    limits = [_spell_limit(text, schema[name]) for name, text in _LIMITS.items() if name in schema]
    kind = _spell_kind(schema)
    return ", ".join([kind, *limits])


def _spell_kind(schema: _Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](api-records.md#{_anchor(name)})"
    if "anyOf" in schema:
        return " or ".join(spell_schema(option) for option in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(code(str(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {spell_schema(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {spell_schema(schema['additionalProperties'])}"
    return str(schema.get("type", "any"))


def _spell_limit(text: str, value: object) -> str:
    return text.format(value if isinstance(value, str) else json.dumps(value))


def _anchor(name: str) -> str:
    return f"record-{name.lower()}"


def _introduce(document: _Json) -> str:
    about = document["info"]["description"].replace("docs/api.md", "[api](../api.md)")
    return (
        f"OpenAPI {document['openapi']}, as `GET /v1/openapi.json` serves it. {about} What each means, limits, errors "
        "and the client: [api](../api.md). Records: [API records](api-records.md)."
    )


def _list_operations(operations: list[tuple[str, str, Any]]) -> str:
    rows = []
    for path, method, operation in operations:
        name = operation["operationId"]
        rows.append((f"[{name}](#op-{name})", _spell_place(path, method), operation["summary"]))
    return make_table(("operation", "where", "what"), rows)


def _spell_place(path: str, method: str) -> str:
    return code(f"{method.upper()} {path}")


def _describe(path: str, method: str, operation: _Json) -> Iterator[str]:
    yield f"(op-{operation['operationId']})=\n### {code(operation['operationId'])}"
    yield f"{_spell_place(path, method)}. {operation['summary']}"
    if operation.get("parameters"):
        rows = [
            (code(p["name"]), p["in"], "yes" if p["required"] else "", spell_schema(p["schema"]), p["description"])
            for p in operation["parameters"]
        ]
        yield make_table(("parameter", "in", "required", "type", "what"), rows)
    if "requestBody" in operation:
        yield f"Body: {_spell_content(operation['requestBody']['content'])}."
    answers = operation["responses"]
    yield f"Answer: {_spell_content(answers['200']['content'])}."
    refused = {status: answer["description"].rstrip(".") for status, answer in answers.items() if status != "200"}
    refusals = ", ".join(f"{status} ({why})" for status, why in refused.items())
    yield f"Else [Problem](api-records.md#{_anchor('Problem')}): {refusals}."


def _spell_content(content: _Json) -> str:
    return " or ".join(
        f"{spell_schema(found['schema'])} as {code(media)}" if found["schema"] else code(media)
        for media, found in content.items()
    )


def _describe_record(name: str, schema: _Json) -> Iterator[str]:
    yield f"({_anchor(name)})=\n## {name}"
    if "description" in schema:
        yield schema["description"].replace("docs/architecture.md", "[architecture](../architecture.md)")
    if "properties" not in schema:
        yield spell_schema(schema)
        return
    required = set(schema.get("required", ()))
    rows = [
        (code(field), "yes" if field in required else "", spell_schema(of), of.get("description", ""))
        for field, of in schema["properties"].items()
    ]
    yield make_table(("field", "required", "type", "what"), rows)
