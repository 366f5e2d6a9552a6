"""Server-sent events (WHATWG HTML, section 9.2): pushing to a browser, and ending when the server ends."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator

from aiohttp import web

from daemonkit.web.connections import Stage, set_stage

CLOSING = web.AppKey("closing", asyncio.Event)
_PING_S = 15.0
_WRITE_S = 30.0
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Of the event stream; str.splitlines knows more of them, which may stand inside JSON."""


def new_closing(app: web.Application) -> asyncio.Event:
    event = asyncio.Event()

    async def close(_: web.Application) -> None:
        event.set()

    app.on_shutdown.append(close)
    return event


def closing(request: web.Request) -> asyncio.Event:
    """Set when the server shuts down: whoever keeps a request waiting must wait for this too."""
    return request.config_dict[CLOSING]


async def event_stream(request: web.Request, messages: AsyncGenerator[str]) -> web.StreamResponse:
    """Each message becomes one event; ends with the messages, with the client or with the server."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    set_stage(request, Stage.streaming)
    quiet = _Quiet(response)
    sending = asyncio.create_task(quiet.send(messages))
    work = {sending, asyncio.create_task(quiet.ping()), asyncio.create_task(closing(request).wait())}
    try:
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        failure = next((error for each in work if each.done() and (error := each.exception())), None)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await messages.aclose()  # what it holds on to is let go now, also where a write failed and it never knew
    if isinstance(failure, (ConnectionError, TimeoutError)):
        failure = None  # a closed tab, or one that reads no more
        _abort(request)
    if failure is not None:
        raise failure
    if request.transport is not None and request.transport.get_write_buffer_size():
        _abort(request)  # it does not read: waiting for it would hold up the exit
    return response


class _Quiet:
    """A stream, and how long nothing was sent on it."""

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response
        self._sent = 0

    async def send(self, messages: AsyncIterator[str]) -> None:
        async for message in messages:
            await self._write(_event(message))
            await asyncio.sleep(0)  # messages without an end must not keep the server from its other work

    async def ping(self) -> None:
        """Where nothing was sent in the meantime: so that proxies, and the page, see that the stream still stands."""
        while True:
            before = self._sent
            await asyncio.sleep(_PING_S)
            if before == self._sent:
                await self._write(": ping\n\n")

    async def _write(self, event: str) -> None:
        self._sent += 1
        async with asyncio.timeout(_WRITE_S):
            await self._response.write(event.encode())


def _event(message: str) -> str:
    if "\n" not in message and "\r" not in message:  # as JSON is
        return f"data: {message}\n\n"
    return "".join(f"data: {line}\n" for line in _LINE_END.split(message)) + "\n"


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
