"""GET /openapi.json: the document of all operations for programs."""

import hashlib
import json
from importlib.metadata import version

from aiohttp import web
from aiohttp.helpers import ETag

from central_server.api.document import document
from central_server.api.operations import OPERATIONS


class OpenApiFile:
    def __init__(self) -> None:
        told = document(OPERATIONS, version("beacon-gateway"))
        self._body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        self._tag = hashlib.sha256(self._body.encode()).hexdigest()[:32]

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        held = request.if_none_match or ()
        fresh = any(each.value in (self._tag, "*") for each in held)
        answer = web.Response(status=304) if fresh else web.json_response(text=self._body)
        answer.etag = ETag(self._tag)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
