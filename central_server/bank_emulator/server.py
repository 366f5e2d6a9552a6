"""The sandbox bank as its own process: keys, orders, pages and notifications in one state folder."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from central_server.bank_emulator.keys import open_keys
from central_server.bank_emulator.merchant import Merchant
from central_server.bank_emulator.notifying import MINUTES, Notifying
from central_server.bank_emulator.orders import OrderBook
from central_server.bank_emulator.pages import PayPages, page
from daemonkit.notify import Notifier
from daemonkit.web import WebRules, guarded_app, serving

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "[::1]"))


async def run(
    state: Path,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str], None] = lambda url: None,
    minutes: tuple[float, ...] = MINUTES,
) -> None:
    """Until `stop`; `ready` is told the address."""
    keys = open_keys(state)
    orders = OrderBook(state / "orders.jsonl")
    notifying = Notifying(keys, orders, minutes=minutes)
    rules = WebRules(
        allowed_hosts=_LOOPBACK,
        secret=secrets.token_bytes(32),
        # The form's answer leads back to the merchant, whose port is not known here.
        form_targets=tuple(
            f"{scheme}://{name}:*" for scheme in ("http", "https") for name in ("127.0.0.1", "localhost")
        ),
        exempt=("/orders", "/static/"),
    )
    app = guarded_app(rules, error_page=_error_page)
    app.add_routes([*Merchant(keys, orders).routes(), *PayPages(orders, notifying).routes()])
    notifier = Notifier.from_environment()
    async with AsyncExitStack() as edges:
        url = await edges.enter_async_context(serving(app, host, port))
        telling = await edges.enter_async_context(asyncio.TaskGroup())
        running = telling.create_task(notifying.run())
        notifier.ready(url=url)
        ready(url)
        await stop.wait()
        notifier.stopping()
        running.cancel()


def _error_page(request: web.Request, status: int) -> web.Response:
    return page(request, status, message="trouble")
