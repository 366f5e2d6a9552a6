"""Serve GET /api/v1/bulletin, the signed bulletin of a gateway's community."""

from aiohttp import web
from aiohttp.helpers import ETag

from central_server.enrolment.request_verification import signer
from central_server.parts import PartContext
from central_server.store.enrolment.gateways import Gateway
from volunteering.bulletin.bulletin_cache import BulletinCache


class BulletinApi:
    def __init__(self, context: PartContext) -> None:
        self._context = context
        self._bulletins = BulletinCache(context.database, context.signing_key, context.environment)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/bulletin", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        context = self._context
        now = context.clock()
        gateway = await signer(request, b"", context.database, context.refusals, now)
        if not isinstance(gateway, Gateway):
            return gateway
        current = await self._bulletins.current(gateway.community, now)
        fresh = any(tag.value == current.etag for tag in request.if_none_match or ())
        answer = web.Response(status=304) if fresh else web.json_response(text=current.signed)
        answer.etag = ETag(current.etag)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
