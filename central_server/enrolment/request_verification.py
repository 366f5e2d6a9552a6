"""Answers 401 to requests that are not signed by a gateway's registered key, and reads the others."""

from datetime import datetime
from typing import TypeVar

from aiohttp import web

from central_server.enrolment.gateways import GatewayUnknown, authenticate
from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway, Key
from daemonkit.web import parse_json, problem, read_raw_body
from sync_contract.enrolment import KEY_REVOKED
from sync_contract.strict_model import Record

Body = TypeVar("Body", bound=Record)
_LIMIT, _DEADLINE_S = 16 * 1024, 15.0

_DETAILS = {
    KEY_REVOKED: "this gateway's key was revoked: staff can make a new code to enrol it again",
}


async def signer(
    request: web.Request, body: bytes, database: Database, refusals: Refusals, now: datetime
) -> Gateway | web.Response:
    """Return the gateway that signed the request, or the answer 401."""
    found = await signer_and_key(request, body, database, refusals, now)
    return found if isinstance(found, web.Response) else found[0]


async def signer_and_key(
    request: web.Request, body: bytes, database: Database, refusals: Refusals, now: datetime
) -> tuple[Gateway, Key] | web.Response:
    try:
        return await authenticate(database, request.method, request.raw_path, request.headers, body, now)
    except GatewayUnknown as error:
        refusals.count("request", "unknown_gateway", str(error))
        if error.claimed and error.word != KEY_REVOKED:
            await refusals.doorstep.reject_signature(database, error.claimed, now)
        detail = _DETAILS.get(error.word, "the request is not signed by a registered gateway")
        return problem(401, "Unauthorized", detail, code=error.word)


async def signed_json(
    request: web.Request, model: type[Body], database: Database, refusals: Refusals, now: datetime
) -> tuple[Gateway, Key, Body] | web.Response:
    """Return the signing gateway, its key and the body; or the answer 401, 415. Raises 400, 408, 413."""
    if request.headers.get("Content-Type") != "application/json" or "Content-Encoding" in request.headers:
        return problem(415, "Unsupported Media Type", "application/json is expected, not compressed")
    wire = await read_raw_body(request, limit=_LIMIT, deadline=_DEADLINE_S)
    found = await signer_and_key(request, wire, database, refusals, now)
    return found if isinstance(found, web.Response) else (*found, parse_json(wire, model))
