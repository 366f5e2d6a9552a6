"""GET /openapi.json: the document of all operations for programs. Made when first asked for: few servers ever are."""

import hashlib
import json
from functools import cached_property
from importlib.metadata import version

from aiohttp import web
from aiohttp.helpers import ETag

from central_server.api.openapi_document import document
from central_server.api.operations import OPERATIONS


class OpenApiFile:
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self._get)]

    @cached_property
    def _body(self) -> str:
        return json.dumps(document(OPERATIONS, version("beacon-gateway")), ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def _tag(self) -> str:
        return hashlib.sha256(self._body.encode()).hexdigest()[:32]

    async def _get(self, request: web.Request) -> web.Response:
        held = request.if_none_match or ()
        fresh = any(each.value in (self._tag, "*") for each in held)
        answer = web.Response(status=304) if fresh else web.json_response(text=self._body)
        answer.etag = ETag(self._tag)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
