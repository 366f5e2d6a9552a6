"""Serve GET /api: the OpenAPI document as a page for people, without a login."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

from aiohttp import web

from central_server.api.openapi_document import build_document
from central_server.api.operations import OPERATIONS
from central_server.api.problems import PROBLEMS
from central_server.api.webhooks.events import EVENTS
from central_server.staff.frame.page_frame import PageFrame

_SCHEMAS = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Row:
    """A field or a parameter. `kind`: pieces of text, each with the record that it links to, or ""."""

    name: str
    kind: tuple[tuple[str, str], ...]
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Section:
    method: str
    path: str
    name: str
    summary: str
    credential: str
    scope: str
    parameters: tuple[Row, ...]
    body: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


class ApiPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api", self._show)]

    @cached_property
    def _values(self) -> dict[str, Any]:
        """Build it at the first request: few servers need it."""
        document = build_document(OPERATIONS, version("beacon-gateway"))
        schemas = document["components"]["schemas"]
        return {
            "sections": [_section(document["paths"][each.path][each.method.lower()], each) for each in OPERATIONS],
            "records": [
                (name, _without_marks(schema.get("description", "")), _rows(schema), _type(schema))
                for name, schema in schemas.items()
            ],
            "problems": [(word, each.kind.status_code, each.meaning) for word, each in PROBLEMS.items()],
            "events": EVENTS,
        }

    async def _show(self, request: web.Request) -> web.Response:
        return self._frame.render(request, "api.html", self._values)


def _section(entry: Mapping[str, Any], operation: Any) -> Section:  # noqa: ANN401  (JSON)
    parameters = tuple(
        Row(f"{each['name']}", _type(each["schema"]), each["required"], _without_marks(each.get("description", "")))
        for each in entry["parameters"]
    )
    body = entry.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = []
    for status, response in entry["responses"].items():
        content = response.get("content", {})
        schema = content.get("application/json", {}).get("schema")
        kind = _type(schema) if schema else tuple((media, "") for media in content if "problem" not in media)
        answers.append((status, _without_marks(response["description"]), kind))
    return Section(
        method=operation.method,
        path=operation.path,
        name=operation.name,
        summary=operation.summary,
        credential=operation.credential.value,
        scope=operation.scope.value if operation.scope else "",
        parameters=parameters,
        body=_type(body) if body else (),
        answers=tuple(answers),
    )


def _rows(schema: Mapping[str, Any]) -> tuple[Row, ...]:
    required = schema.get("required", ())
    return tuple(
        Row(name, _type(inner), name in required, _without_marks(inner.get("description", "")))
        for name, inner in schema.get("properties", {}).items()
    )


def _type(schema: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Describe the type of a value."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        return ((name, name),)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _joined((_type(each) or (("any value", ""),) for each in schema[choice]), " | ")
    if "const" in schema:
        return ((repr(schema["const"]).replace("'", '"'), ""),)
    if "enum" in schema:
        return ((" | ".join(f'"{each}"' for each in schema["enum"]), ""),)
    if schema.get("type") == "array":
        inner: Mapping[str, Any] = schema.get("items") or next(iter(schema.get("prefixItems", [])), {})
        most = f" ≤ {schema['maxItems']}" if "maxItems" in schema else ""
        return (*_type(inner), (f"[]{most}", ""))
    if schema.get("type") == "object" and "properties" in schema and "description" not in schema:
        return _joined((((f"{name}: ", ""), *_type(inner)) for name, inner in schema["properties"].items()), ", ")
    return ((_simple_type(schema), ""),)


def _without_marks(about: str) -> str:
    """Remove the marks of code."""
    return about.replace("`", "")


def _simple_type(schema: Mapping[str, Any]) -> str:
    words = [str(schema.get("type", ""))]
    if "format" in schema:
        words.append(schema["format"])
    if "pattern" in schema:
        words.append(schema["pattern"])
    bounds = [schema.get(name) for name in ("minimum", "maximum")]
    if bounds != [None, None]:
        words.append("…".join("" if bound is None else f"{bound:g}" for bound in bounds))
    if "maxLength" in schema:
        words.append(f"≤ {schema['maxLength']}")
    return " ".join(word for word in words if word)


def _joined(parts: Iterable[tuple[tuple[str, str], ...]], between: str) -> tuple[tuple[str, str], ...]:
    joined: list[tuple[str, str]] = []
    for part in parts:
        if joined:
            joined.append((between, ""))
        joined.extend(part)
    return tuple(joined)
