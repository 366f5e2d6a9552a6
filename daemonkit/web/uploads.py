"""Forms that bring files: multipart/form-data (RFC 7578), whole and within a limit before it is looked at."""

import re
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath

from aiohttp import web
from multidict import MultiDict

from daemonkit.web.problem import refusal
from daemonkit.web.request_bodies import check_token, read_body
from daemonkit.web.web_rules import WebRules

_MOST_PARTS = 64
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")
_PARAMETER = re.compile(r';\s*([a-z]+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sent it; `name` is only what the sender calls it."""

    name: str
    content: bytes

    @property
    def ending(self) -> str:
        """`pdf`: what its name says that it is, in lower case; empty when it says nothing."""
        return PurePosixPath(self.name).suffix[1:].lower()


async def read_upload(
    request: web.Request, rules: WebRules, session: str, *, limit: int
) -> tuple[MultiDict[str], dict[str, Upload]]:
    """Fields, and the files that were chosen, of a form whose `csrf` field belongs to `session`; each comes once.

    `limit`: octets in all. Raises 400, 403, 408, 413, 415.
    """
    if request.content_type != "multipart/form-data":
        raise refusal(web.HTTPUnsupportedMediaType, "multipart/form-data is expected")
    boundary = _boundary(request.headers["Content-Type"])
    body = await read_body(request, limit=limit, deadline=max(rules.body_deadline, 60.0))
    fields: MultiDict[str] = MultiDict()
    files: dict[str, Upload] = {}
    for head, content in _parts(body, boundary):
        told = dict(_PARAMETER.findall(head))
        name = told.get("name", "")
        if not name or name in fields or name in files:
            raise refusal(web.HTTPBadRequest, "a field has no name, or came twice")
        if "filename" not in told:
            fields[name] = _text(content)
        elif told["filename"] or content:
            files[name] = Upload(told["filename"].replace("\\", "/").rsplit("/", 1)[-1][:200], content)
    check_token(rules, session, fields.get("csrf", ""))
    return fields, files


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    found = message.get_param("boundary")
    if not isinstance(found, str) or not _BOUNDARY.fullmatch(found):
        raise refusal(web.HTTPBadRequest, "not a form")
    return found.encode()


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, _MOST_PARTS + 2)
    if len(pieces) < 2 or len(pieces) > _MOST_PARTS + 2 or not pieces[-1].startswith(b"--"):
        raise refusal(web.HTTPBadRequest, "not a form, cut off, or with too many fields")
    found: list[tuple[str, bytes]] = []
    for piece in pieces[1:-1]:
        head, parted, content = piece.partition(b"\r\n\r\n")
        if not parted or len(head) > 2000 or not head.startswith(b"\r\n"):
            raise refusal(web.HTTPBadRequest, "not a form")
        found.append((_disposition(_text(head)), content))
    return found


def _disposition(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition" and value.strip().lower().startswith("form-data"):
            return value
    raise refusal(web.HTTPBadRequest, "not a form")


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        raise refusal(web.HTTPBadRequest, "not UTF-8") from error
