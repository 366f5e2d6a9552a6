"""Send a response whose body is made while it is sent."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import hdrs, web

from daemonkit.web.connections import Stage, set_stage


async def send_parts(
    request: web.Request, response: web.StreamResponse, first: bytes, parts: AsyncIterator[bytes], making: asyncio.Lock
) -> None:
    """Send `first`, then `parts`. When making a part fails, the connection closes before the body is complete.

    `making`: held while a part is made, so that of many responses one works at a time; a client that reads slowly
    does not hold it, and its connection may be closed to admit another.
    """
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return
    part: bytes | None = first
    while part is not None:
        set_stage(request, Stage.waiting)
        if part:
            await response.write(part)
        await asyncio.sleep(0)  # writing does not pause while the client keeps up
        set_stage(request, Stage.handling)
        async with making:
            part = await anext(parts, None)
    await response.write_eof()
