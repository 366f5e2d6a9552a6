"""What every emulated bank is: a process of its own on loopback, with a few tasks behind its pages."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from central_server.bank_emulator.addresses import FORM_TARGETS, HOSTS
from daemonkit.sd_notify import Notifier
from daemonkit.web import WebRules, serving


def rules(*, exempt: tuple[str, ...], open_doors: frozenset[str] = frozenset()) -> WebRules:
    return WebRules(
        allowed_hosts=HOSTS,
        secret=secrets.token_bytes(32),
        form_targets=FORM_TARGETS,
        exempt=exempt,
        open_doors=open_doors,
    )


async def serve(
    app: web.Application,
    background: Coroutine[Any, Any, None],
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str], None],
) -> None:
    """Until `stop`; `ready` is told the address. Raises OSError when the port is taken."""
    notifier = Notifier.from_environment()
    async with AsyncExitStack() as edges:
        edges.callback(background.close)  # never awaited where the port is taken
        url = await edges.enter_async_context(serving(app, host, port))
        telling = await edges.enter_async_context(asyncio.TaskGroup())
        running = telling.create_task(background)
        notifier.ready(url=url)
        ready(url)
        await stop.wait()
        notifier.stopping()
        running.cancel()
