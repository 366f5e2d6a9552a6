"""Requests of gateways: signed by a registered key, or 401."""

from aiohttp import web

from central_server.enrolment.gateways import GatewayUnknown, authenticate
from central_server.refusals import Refusals
from central_server.store.database import Database
from central_server.store.gateways import Gateway
from daemonkit.web import problem


async def signer(request: web.Request, body: bytes, database: Database, refusals: Refusals) -> Gateway | web.Response:
    """The gateway that signed the request, or the answer that says it is nobody."""
    try:
        return await authenticate(database, request.method, request.raw_path, request.headers, body)
    except GatewayUnknown as error:
        refusals.count("request", "unknown_gateway", str(error))
        return problem(401, "Unauthorized", "the request is not signed by a registered gateway")
