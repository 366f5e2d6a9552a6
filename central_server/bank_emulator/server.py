"""Run the sandbox bank: keys, orders, pages and notifications in one state folder."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from central_server.bank_emulator.emulator_process import build_rules, serve
from central_server.bank_emulator.keys import open_keys
from central_server.bank_emulator.merchant import Merchant
from central_server.bank_emulator.notification_sender import GAPS_MIN, NotificationSender
from central_server.bank_emulator.orders import OrderBook, RefundBook
from central_server.bank_emulator.pages import PayPages, page
from daemonkit.web import guarded_app


async def run(
    state: Path,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str], None] = lambda url: None,
    gaps_min: tuple[float, ...] = GAPS_MIN,
) -> None:
    """Run until `stop` is set; call `ready` with the address."""
    keys = open_keys(state)
    orders = OrderBook(state / "orders.jsonl")
    refunds = RefundBook(state / "refunds.jsonl")
    notifications = NotificationSender(keys, orders, refunds, gaps_min=gaps_min)
    app = guarded_app(build_rules(exempt=("/orders", "/refunds", "/static/")), error_page=_error_page)
    app.add_routes(
        [*Merchant(keys, orders, refunds, notifications).routes(), *PayPages(orders, notifications).routes()]
    )
    await serve(app, notifications.run(), host=host, port=port, stop=stop, ready=ready)


def _error_page(request: web.Request, status: int) -> web.Response:
    return page(request, status, message="trouble")
