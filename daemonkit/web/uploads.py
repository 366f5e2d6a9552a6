"""Read forms with files: multipart/form-data (RFC 7578), received completely and within a limit before parsing."""

import hashlib
import re
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath

from aiohttp import web
from multidict import MultiDict

from daemonkit.web.csrf import check_csrf_token
from daemonkit.web.problem import refusal
from daemonkit.web.request_bodies import read_body
from daemonkit.web.web_rules import WebRules

_MAX_PARTS = 256
"""A sheet lists up to 200 cases."""
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")
_PARAMETER = re.compile(r';\s*([a-z]+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sent it; the sender chose `name`."""

    name: str
    content: bytes

    @property
    def ending(self) -> str:
        """The name's suffix in lower case without the dot, e.g. `pdf`; empty when it has none."""
        return PurePosixPath(self.name).suffix[1:].lower()

    @property
    def reference(self) -> str:
        """A name by the content, for records: the sender's own one may name a person."""
        return f"{hashlib.sha256(self.content).hexdigest()[:12]}.{self.ending}"


async def read_upload(
    request: web.Request, rules: WebRules, session: str, *, limit: int
) -> tuple[MultiDict[str], dict[str, Upload]]:
    """Return the fields and the chosen files of a form; `csrf` must belong to `session`, and no name repeats.

    `limit`: total bytes. Raises 400, 403, 408, 413, 415.
    """
    if request.content_type != "multipart/form-data":
        raise refusal(web.HTTPUnsupportedMediaType, "multipart/form-data is expected")
    boundary = _boundary(request.headers["Content-Type"])
    body = await read_body(request, limit=limit, deadline=max(rules.body_deadline, 60.0))
    fields: MultiDict[str] = MultiDict()
    files: dict[str, Upload] = {}
    for head, content in split_parts(body, boundary):
        disposition = dict(_PARAMETER.findall(head))
        name = disposition.get("name", "")
        if not name or name in fields or name in files:
            raise refusal(web.HTTPBadRequest, "a field has no name or is repeated")
        if "filename" not in disposition:
            fields[name] = _decode(content)
        elif disposition["filename"] or content:
            files[name] = Upload(disposition["filename"].replace("\\", "/").rsplit("/", 1)[-1][:200], content)
    check_csrf_token(rules, session, fields.get("csrf", ""))
    return fields, files


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    found = message.get_param("boundary")
    if not isinstance(found, str) or not _BOUNDARY.fullmatch(found):
        raise refusal(web.HTTPBadRequest, "not a form")
    return found.encode()


def split_parts(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    """Return each part's Content-Disposition value and content. Raises 400."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, _MAX_PARTS + 2)
    if len(pieces) < 2 or len(pieces) > _MAX_PARTS + 2 or not pieces[-1].startswith(b"--"):
        raise refusal(web.HTTPBadRequest, "not a form, incomplete, or with too many fields")
    found: list[tuple[str, bytes]] = []
    for piece in pieces[1:-1]:
        head, parted, content = piece.partition(b"\r\n\r\n")
        if not parted or len(head) > 2000 or not head.startswith(b"\r\n"):
            raise refusal(web.HTTPBadRequest, "not a form")
        found.append((_disposition(_decode(head)), content))
    return found


def _disposition(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition" and value.strip().lower().startswith("form-data"):
            return value
    raise refusal(web.HTTPBadRequest, "not a form")


def _decode(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise refusal(web.HTTPBadRequest, "not UTF-8") from error
