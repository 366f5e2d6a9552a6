"""Reading what a request brings: within a limit and a deadline, and only in the form that is expected."""

import asyncio
import hmac
import zlib
from hashlib import sha256
from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict
from pydantic import BaseModel, ValidationError

from daemonkit.web.connections import Stage, set_stage
from daemonkit.web.problem import PROBLEM, document, refusal
from daemonkit.web.strict_json import JsonRefused, check_json
from daemonkit.web.web_rules import RULES, WebRules

Model = TypeVar("Model", bound=BaseModel)
_MOST_FIELDS = 64


async def read_wire(request: web.Request, *, limit: int, deadline: float) -> bytes:
    """The body as it came over the wire, compressed or not. Raises 413 over `limit` octets, 408 after `deadline` s."""
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
    """The body. gzip only with `gzip_limit`, the most octets that it may unpack to. Raises 400, 408, 413, 415."""
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in (("identity",) if gzip_limit is None else ("identity", "gzip")):
        raise refusal(web.HTTPUnsupportedMediaType, f"Content-Encoding {coding} is not accepted")
    body = await read_wire(request, limit=limit, deadline=deadline)
    return gunzip(body, gzip_limit) if gzip_limit is not None and coding == "gzip" else body


def gunzip(octets: bytes, limit: int) -> bytes:
    """Unpack one gzip member. Raises 400 when it is broken or followed by something, 413 over `limit` octets."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(octets, limit + 1)
    except zlib.error as error:
        raise refusal(web.HTTPBadRequest, "the gzip data is broken") from error
    if len(body) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise refusal(web.HTTPBadRequest, "the gzip data is incomplete, or something follows it")
    return body


async def read_json(request: web.Request, model: type[Model], *, limit: int | None = None) -> Model:
    """The body as a strict record. Raises 400, 408, 413, 415; never tells the values back."""
    rules = request.config_dict[RULES]
    _expect(request, "application/json")
    return parse_json(await read_body(request, limit=limit or rules.body_limit, deadline=rules.body_deadline), model)


def parse_json(body: bytes, model: type[Model]) -> Model:
    """As `read_json`, for a body that was read already. Raises 400."""
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
        raise refusal(web.HTTPBadRequest, "the body does not fit", errors=faults) from error


async def read_form(
    request: web.Request, rules: WebRules, session: str, *, limit: int | None = None, token: str = ""
) -> MultiDict[str]:
    """The fields of a form whose `csrf` field belongs to `session`; each comes once. Raises 400, 403, 408, 413, 415.

    `token`: what belongs to the session, where it was drawn by lot and not made by `csrf_token`.
    """
    _expect(request, "application/x-www-form-urlencoded")
    body = await read_body(request, limit=limit or rules.body_limit, deadline=rules.body_deadline)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:  # not ASCII, not UTF-8 when unquoted, not pairs, too many of them
        raise refusal(web.HTTPBadRequest, "not a form") from error
    form = MultiDict(pairs)
    if len(set(form)) != len(form):
        raise refusal(web.HTTPBadRequest, "a field came twice")
    check_token(rules, session, form.get("csrf", ""), drawn=token)
    return form


def check_token(rules: WebRules, session: str, token: str, *, drawn: str = "") -> None:
    """Raises 403 unless the token belongs to the session: is the `drawn` one, or else the one that we make for it."""
    if not session or not hmac.compare_digest(token.encode(), (drawn or csrf_token(rules, session)).encode()):
        raise refusal(web.HTTPForbidden, "the form has expired")


def csrf_token(rules: WebRules, session: str) -> str:
    """64 hexadecimal digits that only we can make for this session."""
    return hmac.new(rules.secret, b"csrf v1\0" + session.encode(), sha256).hexdigest()


def _expect(request: web.Request, content_type: str) -> None:
    kinds = request.headers.getall("Content-Type", [])
    if len(kinds) != 1 or request.content_type != content_type or (request.charset or "utf-8").lower() != "utf-8":
        raise refusal(web.HTTPUnsupportedMediaType, f"{content_type} is expected")


def _too_large(limit: int) -> web.HTTPError:
    told = document(413, "Content Too Large", f"more than {limit} octets", {})
    return web.HTTPRequestEntityTooLarge(limit, text=told, content_type=PROBLEM)
