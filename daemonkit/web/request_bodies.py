"""Read request bodies: within a size limit and a deadline, and only in the expected content type."""

import asyncio
import zlib
from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict
from pydantic import BaseModel, ValidationError

from daemonkit.web.connections import Stage, set_stage
from daemonkit.web.csrf import check_csrf_token
from daemonkit.web.problem import PROBLEM, problem_document, refusal
from daemonkit.web.strict_json import JsonRefused, check_json
from daemonkit.web.web_rules import RULES, WebRules

Model = TypeVar("Model", bound=BaseModel)
_MAX_FIELDS = 64


async def read_raw_body(request: web.Request, *, limit: int, deadline: float) -> bytes:
    """Return the body without unpacking it. Raises 413 over `limit` bytes, 408 after `deadline` seconds."""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    body = bytearray()
    set_stage(request, Stage.waiting)
    try:
        async with asyncio.timeout(deadline):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError as error:
        raise refusal(web.HTTPRequestTimeout, f"the body did not arrive within {deadline:g} s") from error
    finally:
        set_stage(request, Stage.handling)
    return bytes(body)


async def read_body(request: web.Request, *, limit: int, deadline: float, gzip_limit: int | None = None) -> bytes:
    """Return the body. `gzip_limit`: maximum unpacked bytes; None refuses gzip. Raises 400, 408, 413, 415."""
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in (("identity",) if gzip_limit is None else ("identity", "gzip")):
        raise refusal(web.HTTPUnsupportedMediaType, f"Content-Encoding {coding} is not accepted")
    body = await read_raw_body(request, limit=limit, deadline=deadline)
    return gunzip(body, gzip_limit) if gzip_limit is not None and coding == "gzip" else body


def gunzip(packed: bytes, limit: int) -> bytes:
    """Unpack one gzip member. Raises 400 when it is broken or has trailing data, 413 over `limit` bytes."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise refusal(web.HTTPBadRequest, "the gzip data is broken") from error
    if len(body) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise refusal(web.HTTPBadRequest, "the gzip data is incomplete or has trailing data")
    return body


async def read_json(request: web.Request, model: type[Model], *, limit: int | None = None) -> Model:
    """Return the body as a strict record. Raises 400, 408, 413, 415; errors never repeat the values."""
    rules = request.config_dict[RULES]
    _require_content_type(request, "application/json")
    return parse_json(await read_body(request, limit=limit or rules.body_limit, deadline=rules.body_deadline), model)


def parse_json(body: bytes, model: type[Model]) -> Model:
    """Return a body that was already read as a strict record. Raises 400."""
    try:
        check_json(body)
        return model.model_validate_json(body)
    except JsonRefused as error:
        raise refusal(web.HTTPBadRequest, str(error)) from error
    except ValidationError as error:
        faults = [
            {"at": ".".join(str(part) for part in fault["loc"]), "reason": fault["msg"]}
            for fault in error.errors(include_input=False, include_url=False, include_context=False)[:20]
        ]
        raise refusal(web.HTTPBadRequest, "the body is invalid", errors=faults) from error


async def read_form(request: web.Request, rules: WebRules, session: str, *, limit: int | None = None) -> MultiDict[str]:
    """Return the fields of a form; `csrf` must belong to `session`, and no name repeats.

    Raises 400, 403, 408, 413, 415.
    """
    _require_content_type(request, "application/x-www-form-urlencoded")
    body = await read_body(request, limit=limit or rules.body_limit, deadline=rules.body_deadline)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:  # not ASCII, not UTF-8 when unquoted, not pairs, too many
        raise refusal(web.HTTPBadRequest, "not a form") from error
    form = MultiDict(pairs)
    if len(set(form)) != len(form):
        raise refusal(web.HTTPBadRequest, "a field is repeated")
    check_csrf_token(rules, session, form.get("csrf", ""))
    return form


def _require_content_type(request: web.Request, content_type: str) -> None:
    kinds = request.headers.getall("Content-Type", [])
    if len(kinds) != 1 or request.content_type != content_type or (request.charset or "utf-8").lower() != "utf-8":
        raise refusal(web.HTTPUnsupportedMediaType, f"{content_type} is expected")


def _too_large(limit: int) -> web.HTTPError:
    text = problem_document(413, "Content Too Large", f"more than {limit} bytes", {})
    return web.HTTPRequestEntityTooLarge(limit, text=text, content_type=PROBLEM)
