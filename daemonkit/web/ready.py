"""Answers that stand in memory: head and body go out in one write, without aiohttp's making of headers."""

import time
from email.utils import formatdate
from functools import lru_cache

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from daemonkit.web.web_rules import WebRules, dress


class Ready(web.StreamResponse):
    """200 with octets to which nothing is added any more."""

    def __init__(self, octets: bytes) -> None:
        super().__init__()
        self._octets = octets

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        await request.writer.write_eof(self._octets)  # also waits for a client that reads slowly
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """All went out in `prepare`."""


def takes_ready(request: web.BaseRequest) -> bool:
    """HTTP/1.0, HEAD and a last request need other headers, or no body: they go the usual way."""
    return request.method == "GET" and request.version == HttpVersion11 and request.keep_alive


class Answers:
    """For one application, with the headers that its other answers carry. `content_type` with its charset.

    No signal of on_response_prepare sees these answers: what it would add, `cookie` brings.
    """

    def __init__(self, rules: WebRules, content_type: str) -> None:
        self._content_type = content_type
        lines = [*dress(rules).items(), ("Content-Type", content_type), ("Content-Length", "")]
        head = "".join(f"\r\n{name}: {value}" for name, value in lines)
        self._head = f"HTTP/1.1 200 OK{head}".encode("ascii")

    def answer(self, request: web.Request, body: bytes, cookie: str = "") -> web.StreamResponse:
        """`cookie`: the value of a Set-Cookie header, ASCII."""
        if takes_ready(request):
            return self.ready(body, cookie)
        headers = {"Content-Type": self._content_type} | ({"Set-Cookie": cookie} if cookie else {})
        return web.Response(body=body, headers=headers)

    def ready(self, body: bytes, cookie: str = "") -> Ready:
        """As `answer`, to a request that takes it."""
        line = f"\r\nSet-Cookie: {cookie}" if cookie else ""
        rest = f"{len(body)}\r\nDate: {_date(int(time.time()))}{line}\r\n\r\n"
        return Ready(b"".join((self._head, rest.encode("ascii"), body)))


@lru_cache(maxsize=1)
def _date(now: int) -> str:
    return formatdate(now, usegmt=True)
