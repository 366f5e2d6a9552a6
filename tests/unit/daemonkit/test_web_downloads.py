"""Send a body that is made while it is sent."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientPayloadError, ClientSession, web

from daemonkit.web import WebRules, guarded_app, send_parts, serving

PART = b"x" * 100_000


async def parts(made: list[int], number: int, *, fails: bool) -> AsyncIterator[bytes]:
    for each in range(number):
        made.append(each)
        yield PART
    if fails:
        raise RuntimeError("the source broke")


async def test_a_file_that_breaks_off_is_not_taken_for_complete() -> None:
    """And a client that stops reading delays no other."""
    making = asyncio.Lock()
    made: list[int] = []

    async def send(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        source = parts(made, int(request.query["parts"]), fails="fails" in request.query)
        await send_parts(request, response, b"first", source, making)
        return response

    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), secret=b"s" * 32))
    app.router.add_get("/file", send)
    async with serving(app, "127.0.0.1", 0) as url, ClientSession(url) as client:
        async with client.get("/file?parts=3") as complete:
            assert await complete.read() == b"first" + 3 * PART
        async with client.head("/file?parts=3") as head:
            assert (head.status, await head.read()) == (200, b"")
        async with client.get("/file?parts=3&fails=1") as broken:
            with pytest.raises(ClientPayloadError):
                await broken.read()
        made.clear()
        async with client.get("/file?parts=1000"):
            before = -1
            while before < len(made):  # until the buffers between the two are full
                before = len(made)
                await asyncio.sleep(0.2)
            assert len(made) < 1000
            async with client.get("/file?parts=3") as beside_it:
                assert await beside_it.read() == b"first" + 3 * PART
