"""Build the OpenAPI 3.1 document from the records that the handlers read and write."""

from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any, Literal

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from central_server.api.operation import Credential, Operation, RecordType
from central_server.api.problems import PREFIX
from central_server.api.webhooks.events import EVENTS, WebhookBody
from sync_contract.records import CONTRACT, MAX_PARCELS

_REF, _STRUCT_REF = "#/components/schemas/{model}", "#/components/schemas/{name}"
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_STATUSES = {
    200: "Done.",
    304: "Unchanged since the ETag in If-None-Match.",
    400: "The request is invalid.",
    401: "The credential is missing or unknown.",
    403: "Not allowed.",
    404: "Not found.",
    409: "It contradicts the stored state.",
    413: "The body is too large.",
    415: "The content type is not supported.",
    422: "It cannot be processed.",
    429: "Too many requests: wait as long as Retry-After states.",
    503: "Temporarily unavailable: try again.",
}
Mode = Literal["validation", "serialization"]
Named = Mapping[tuple[RecordType, Mode], Any]


def build_document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """`version`: of the program."""
    named, schemas = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Beacon central server",
            "version": version,
            "summary": "Shake, lists for programs, and the interface of gateways.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "webhooks": {event.value: {"post": _webhook(event.value, meaning, named)} for event, meaning in EVENTS.items()},
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "bct_…",
        "description": "A personal token, made on the staff pages. It is limited to the rights of its account.",
    },
    "gateway": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature-Input",
        "description": "HTTP Message Signatures (RFC 9421), Ed25519, with Signature and Content-Digest.",
    },
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": f"RFC 9457. `type` is about:blank, or begins with {PREFIX}: see the page /api.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"at": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}


def _schemas(operations: Sequence[Operation]) -> tuple[Named, dict[str, Any]]:
    """Return a reference to the schema of each record, and all schemas by name."""
    records: dict[tuple[RecordType, Mode], None] = {(WebhookBody, "serialization"): None}
    for operation in operations:
        if operation.response is not None:
            records[operation.response, "serialization"] = None
        for record in (operation.body, *operation.items.values()):
            if record is not None:
                records[record, "validation"] = None
    models = [(record, mode) for record, mode in records if issubclass(record, BaseModel)]
    structs = [key for key in records if not issubclass(key[0], BaseModel)]
    references, schema = models_json_schema(models, by_alias=True, ref_template=_REF)
    of_structs, components = msgspec.json.schema_components([record for record, _ in structs], ref_template=_STRUCT_REF)
    schemas = {name: _tidy(each) for name, each in (components | schema["$defs"]).items()}
    named: dict[tuple[RecordType, Mode], Any] = dict(zip(structs, of_structs, strict=True))
    named |= {(record, mode): references[record, mode] for record, mode in models}
    return named, {**dict(sorted(schemas.items())), "Problem": _PROBLEM_SCHEMA}


def _tidy(schema: Any) -> Any:  # noqa: ANN401  (JSON)
    """Remove the titles that pydantic derives from names."""
    if isinstance(schema, dict):
        return {name: _tidy(value) for name, value in schema.items() if name != "title" or not isinstance(value, str)}
    return [_tidy(each) for each in schema] if isinstance(schema, list) else schema


def _operation(operation: Operation, named: Named) -> dict[str, Any]:
    document: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.credential.value],
        "security": []
        if operation.credential is Credential.none
        else [{operation.credential.value: _scopes(operation)}],
        "parameters": _parameters(operation),
        "responses": _responses(operation, named),
    }
    if operation.response is not None and operation.response.__doc__:
        document["description"] = cleandoc(operation.response.__doc__)
    if operation.body is not None:
        document["requestBody"] = _json(named[operation.body, "validation"])
    elif operation.items:
        document["requestBody"] = _json(_batch(operation, named))
    return document


def _webhook(event: str, meaning: str, named: Named) -> dict[str, Any]:
    return {
        "operationId": f"webhook_{event.replace('.', '_')}",
        "summary": meaning,
        "description": "Signed according to Standard Webhooks 1.0. Delivered at least once, always with the same id.",
        "tags": ["webhook"],
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "description": about, "required": True, "schema": {"type": "string"}}
            for name, about in _SIGNED_WITH.items()
        ],
        "requestBody": _json(named[WebhookBody, "serialization"]),
        "responses": {
            "2XX": {"description": "Accepted. Respond within 15 s."},
            "default": {"description": "Not accepted: it is delivered again, for a day."},
        },
    }


_SIGNED_WITH = {
    "webhook-id": "The same for every try: ignore an id that was received before.",
    "webhook-timestamp": "Seconds since 1970 of this try.",
    "webhook-signature": "v1, and HMAC-SHA256 in base64 over id, timestamp and body.",
}


def _scopes(operation: Operation) -> list[str]:
    return [operation.scope.value] if operation.scope else []


def _json(schema: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _batch(operation: Operation, named: Named) -> dict[str, Any]:
    """Accept any item: each is validated and answered by itself."""
    lists = {
        name: {"type": "array", "maxItems": MAX_PARCELS, "items": {"anyOf": [named[record, "validation"], {}]}}
        for name, record in operation.items.items()
    }
    properties = {"contract": {"const": CONTRACT, "type": "integer"}, **lists}
    return {"type": "object", "required": [*properties], "properties": properties, "additionalProperties": False}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": each.name,
            "in": each.where,
            "description": each.about,
            "required": each.required,
            "schema": each.schema,
        }
        for each in operation.parameters
    ]
    if operation.query is not None:
        schema = _tidy(operation.query.model_json_schema(ref_template=_REF))
        for name, inner in schema["properties"].items():
            about = inner.pop("description", "")
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": False,
                    "schema": _plain(inner, schema.get("$defs", {})),
                    **({"description": about} if about else {}),
                }
            )
    return parameters


def _plain(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Remove null, because a parameter is never null, and inline references."""
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    chosen = dict(choices[0])
    if "$ref" in chosen:
        chosen = dict(definitions[chosen["$ref"].rpartition("/")[2]])
    if "default" in schema and schema["default"] is not None:
        chosen["default"] = schema["default"]
    elif "default" in chosen and chosen["default"] is None:
        del chosen["default"]
    return chosen


def _responses(operation: Operation, named: Named) -> dict[str, Any]:
    content: dict[str, Any] = {media: {} for media in operation.media}
    if operation.response is not None:
        content["application/json"] = {"schema": named[operation.response, "serialization"]}
    done: dict[str, Any] = {"description": _STATUSES[200], "content": content}
    responses: dict[str, Any] = {"200": done}
    if operation.tagged:
        done["headers"] = {"ETag": {"schema": {"type": "string"}}}
        responses["304"] = {"description": _STATUSES[304]}
    for status, words in sorted(operation.problems.items()):
        types = " ".join(f"`{PREFIX}{word}`" for word in words)
        responses[str(status)] = _problem(f"{_STATUSES[status]} {types}".strip())
    responses["default"] = _problem("Any other problem, described by its status.")
    return responses


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": _PROBLEM}}}
