"""Run the drill's UnionPay gateway: authority, transactions, pages, files and faults in one state folder."""

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from aiohttp import web

from central_server.bank_emulator.emulator_process import build_rules, serve
from central_server.bank_emulator.unionpay.authority import open_authority
from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.control import Control
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.pages import ORDER_PATH, Pages, page
from central_server.bank_emulator.unionpay.query import QueryHandlers
from central_server.bank_emulator.unionpay.refunds import Refunds
from central_server.bank_emulator.unionpay.schedule import Scheduler, SendTimings
from central_server.bank_emulator.unionpay.transactions import TransactionBook
from daemonkit.files import write_atomically
from daemonkit.web import guarded_app


async def run(
    state: Path,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str], None] = lambda url: None,
    clock: Clock | None = None,
    faults: Iterable[str] = (),
    timings: SendTimings | None = None,
) -> None:
    """Run until `stop` is set; call `ready` with the address. `clock`: replaces the one stored in the state folder.

    Raises UnknownFault, and OSError if the folder is not writable or the port is taken.
    """
    switches = FaultSwitches(faults)
    authority = open_authority(state)
    file = state / "clock.json"
    bank_clock = clock or Clock(_read_lead(file))
    book = TransactionBook(state / "transactions.jsonl")
    scheduler = Scheduler(authority, book, switches, bank_clock, timings or SendTimings())
    open_rules = build_rules(
        exempt=("/gateway/", "/file", "/static/", "/control/"), open_doors=frozenset((ORDER_PATH,))
    )
    app = guarded_app(open_rules, error_page=_error_page)
    app.add_routes(Pages(authority, book, switches, bank_clock, scheduler).routes())
    app.add_routes(Refunds(authority, book, switches, bank_clock, scheduler).routes())
    app.add_routes(QueryHandlers(authority, book, switches, bank_clock).routes())
    app.add_routes(Control(switches, bank_clock, scheduler, lambda: _save_lead(file, bank_clock)).routes())
    await serve(app, scheduler.run(), host=host, port=port, stop=stop, ready=ready)


def _read_lead(file: Path) -> float:
    try:
        ahead = json.loads(file.read_text("utf-8"))["ahead_s"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0  # never advanced, or not readable
    return float(ahead) if isinstance(ahead, (int, float)) else 0.0


def _save_lead(file: Path, clock: Clock) -> None:
    write_atomically(file, json.dumps({"ahead_s": clock.ahead}).encode())


def _error_page(request: web.Request, status: int) -> web.Response:
    return page(request, status, message="trouble")
