"""Answers from memory are the answers that aiohttp would make, header by header."""

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from daemonkit.web import Answers, WebRules, guarded_app, serving
from tests.unit.daemonkit.raw_http import answer, connected

RULES = WebRules(frozenset({"127.0.0.1"}), secret=b"s" * 32, form_targets=("https://bank.example",))
KIND = "text/html; charset=utf-8"
BODY = "给邻居".encode()
COOKIE = "visitor=1; HttpOnly"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    answers = Answers(RULES, KIND)

    async def ready(request: web.Request) -> web.StreamResponse:
        return answers.answer(request, BODY, COOKIE if "cookie" in request.query else "")

    async def made(request: web.Request) -> web.StreamResponse:
        more = {"Set-Cookie": COOKIE} if "cookie" in request.query else {}
        return web.Response(body=BODY, headers={"Content-Type": KIND} | more)

    app = guarded_app(RULES)
    app.router.add_get("/ready", ready)
    app.router.add_get("/made", made)
    async with serving(app, "127.0.0.1", 0) as address:
        yield address


def lines(octets: bytes) -> tuple[list[bytes], bytes]:
    """The head in any order but for its first line, without the date; and the body."""
    head, _, body = octets.partition(b"\r\n\r\n")
    first, *rest = head.split(b"\r\n")
    return [first, *sorted(line for line in rest if not line.startswith(b"Date: "))], body


@pytest.mark.parametrize("query", ["", "?cookie"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_ready_answer_is_like_one_made_for_the_request(url: str, query: str, version: str, method: str) -> None:
    last = f"HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    ready, made = [lines(await answer(url, f"{method} /{path}{query} {last}".encode())) for path in ("ready", "made")]
    assert ready == made
    assert ready[1] == (BODY if method == "GET" else b"")


@pytest.mark.parametrize("query", ["", "?cookie"])
async def test_many_on_one_connection_are_each_whole(url: str, query: str) -> None:
    told = []
    async with connected(url) as (reader, writer):
        for path in ("ready", "made", "ready", "ready"):
            writer.write(f"GET /{path}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            told.append(lines(head + await reader.readexactly(len(BODY))))
            assert re.search(rb"\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n", head)
    assert told == [told[1]] * 4
    assert b"Content-Length: 9" in told[0][0]
    assert (b"Set-Cookie: " + COOKIE.encode() in told[0][0]) == bool(query)
    assert any(
        line.endswith(b"form-action 'self' https://bank.example; base-uri 'none'; frame-ancestors 'none'")
        for line in told[0][0]
    )
