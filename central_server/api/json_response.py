"""Build JSON responses with an ETag."""

import hashlib

from aiohttp import web
from aiohttp.helpers import ETag

from sync_contract.strict_model import Record


def build_response(request: web.Request, record: Record) -> web.Response:
    """Return 200, or 304 if the request names the record's ETag."""
    response = build_tagged_response(request, record.model_dump_json(by_alias=True))
    response.headers["Vary"] = "Authorization"
    return response


def build_tagged_response(request: web.Request, body: str, tag: str | None = None) -> web.Response:
    """`tag`: by default the hash of the body."""
    tag = tag or hashlib.sha256(body.encode()).hexdigest()[:32]
    fresh = any(each.value in (tag, "*") for each in request.if_none_match or ())
    response = web.Response(status=304) if fresh else web.json_response(text=body)
    response.etag = ETag(tag)
    return response
