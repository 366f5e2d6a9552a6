"""Run an emulated bank: a process on loopback with a background task behind its pages."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from central_server.bank_emulator.addresses import FORM_TARGETS, HOSTS
from daemonkit.sd_notify import Notifier
from daemonkit.web import WebRules, serving


def build_rules(*, exempt: tuple[str, ...], open_doors: frozenset[str] = frozenset()) -> WebRules:
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
    """Serve until `stop` is set; call `ready` with the address. Raises OSError if the port is taken."""
    notifier = Notifier.from_environment()
    async with AsyncExitStack() as stack:
        stack.callback(background.close)  # it is never awaited if the port is taken
        url = await stack.enter_async_context(serving(app, host, port))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        running = tasks.create_task(background)
        notifier.ready(url=url)
        ready(url)
        await stop.wait()
        notifier.stopping()
        running.cancel()
