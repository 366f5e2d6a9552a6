"""Server-sent events (WHATWG HTML, section 9.2): pushing to a browser, and ending when the server ends."""

import asyncio
import re
from collections.abc import AsyncIterator

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


async def event_stream(request: web.Request, messages: AsyncIterator[str]) -> web.StreamResponse:
    """Each message becomes one event; ends with the messages, with the client or with the server."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    set_stage(request, Stage.streaming)
    pump = asyncio.create_task(_pump(response, messages))
    end = asyncio.create_task(closing(request).wait())
    try:
        await asyncio.wait({pump, end}, return_when=asyncio.FIRST_COMPLETED)
        failure = pump.exception() if pump.done() else None
    finally:
        for task in (pump, end):
            task.cancel()
        await asyncio.gather(pump, end, return_exceptions=True)
    if isinstance(failure, (ConnectionError, TimeoutError)):
        failure = None  # a closed tab, or one that reads no more
        _abort(request)
    if failure is not None:
        raise failure
    if request.transport is not None and request.transport.get_write_buffer_size():
        _abort(request)  # it does not read: waiting for it would hold up the exit
    return response


async def _pump(response: web.StreamResponse, messages: AsyncIterator[str]) -> None:
    upcoming = asyncio.ensure_future(anext(messages))
    try:
        while True:
            await asyncio.wait({upcoming}, timeout=_PING_S)
            if not upcoming.done():
                event = ": ping\n\n"
            else:
                try:
                    event = _event(upcoming.result())
                except StopAsyncIteration:
                    return
                upcoming = asyncio.ensure_future(anext(messages))
            async with asyncio.timeout(_WRITE_S):
                await response.write(event.encode())
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)


def _event(message: str) -> str:
    return "".join(f"data: {line}\n" for line in _LINE_END.split(message)) + "\n"


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
