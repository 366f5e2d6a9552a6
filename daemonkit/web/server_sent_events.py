"""Server-sent events (WHATWG HTML, section 9.2) that end with the server."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from daemonkit.web.connections import Stage, set_stage

SHUTDOWN = web.AppKey("shutdown", asyncio.Event)
_LINE_END = re.compile(r"\r\n|\r|\n")
"""The line ends of an event stream; str.splitlines knows more of them, which may occur inside JSON."""


@dataclass(frozen=True, slots=True)
class StreamTimings:
    """`ping_s`: a ping follows so many seconds without a message. `write_s`: a client that reads nothing for so long
    is disconnected.
    """

    ping_s: float = 15.0
    write_s: float = 30.0


_DEFAULT_TIMINGS = StreamTimings()


def new_shutdown_event(app: web.Application) -> asyncio.Event:
    event = asyncio.Event()

    async def set_event(_: web.Application) -> None:
        event.set()

    app.on_shutdown.append(set_event)
    return event


def shutdown_event(request: web.Request) -> asyncio.Event:
    """Return the event that is set when the server shuts down; a handler that waits must wait for it too."""
    return request.config_dict[SHUTDOWN]


async def stream_events(
    request: web.Request, messages: AsyncGenerator[str], *, timings: StreamTimings = _DEFAULT_TIMINGS
) -> web.StreamResponse:
    """Send each message as an event until the messages, the client or the server ends; close the generator."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    set_stage(request, Stage.streaming)
    stream = _Stream(response, timings)
    work = {
        asyncio.create_task(stream.send(messages)),
        asyncio.create_task(stream.ping()),
        asyncio.create_task(shutdown_event(request).wait()),
    }
    try:
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        failure = next((error for each in work if each.done() and (error := each.exception())), None)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await messages.aclose()  # releases its resources also where a write failed
    if isinstance(failure, (ConnectionError, TimeoutError)):
        failure = None  # a closed tab, or one that no longer reads
        _abort(request)
    if failure is not None:
        raise failure
    if request.transport is not None and request.transport.get_write_buffer_size():
        _abort(request)  # the client does not read: waiting for it would delay the exit
    return response


class _Stream:
    """Sends messages, and pings while there are none."""

    def __init__(self, response: web.StreamResponse, timings: StreamTimings) -> None:
        self._response = response
        self._timings = timings
        self._sent = 0

    async def send(self, messages: AsyncIterator[str]) -> None:
        async for message in messages:
            await self._write(_format_event(message))
            await asyncio.sleep(0)  # endless messages must not block the loop

    async def ping(self) -> None:
        """Send a comment after each `ping_s` without a message: proxies and the page see that the stream is alive."""
        while True:
            before = self._sent
            await asyncio.sleep(self._timings.ping_s)
            if before == self._sent:
                await self._write(": ping\n\n")

    async def _write(self, event: str) -> None:
        self._sent += 1
        async with asyncio.timeout(self._timings.write_s):
            await self._response.write(event.encode())


def _format_event(message: str) -> str:
    if "\n" not in message and "\r" not in message:  # JSON has no line ends
        return f"data: {message}\n\n"
    return "".join(f"data: {line}\n" for line in _LINE_END.split(message)) + "\n"


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
