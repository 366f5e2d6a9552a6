"""The drill's UnionPay gateway as its own process: authority, orders, pages, files and switches in one state folder."""

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from aiohttp import web

from central_server.bank_emulator.emulator_process import rules, serve
from central_server.bank_emulator.unionpay.authority import open_authority
from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.control import Control
from central_server.bank_emulator.unionpay.faults import Switches
from central_server.bank_emulator.unionpay.pages import ORDER_PATH, Pages, page
from central_server.bank_emulator.unionpay.query import Inquiry
from central_server.bank_emulator.unionpay.refunds import Refunds
from central_server.bank_emulator.unionpay.schedule import Diary, Pace
from central_server.bank_emulator.unionpay.transactions import Book
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
    pace: Pace | None = None,
) -> None:
    """Until `stop`; `ready` is told the address. `clock`: instead of the one kept in the state folder.

    Raises UnknownFault; OSError when the folder is not ours or the port is taken.
    """
    switches = Switches(faults)
    authority = open_authority(state)
    file = state / "clock.json"
    own = clock or Clock(_ahead(file))
    book = Book(state / "transactions.jsonl")
    diary = Diary(authority, book, switches, own, pace or Pace())
    open_rules = rules(exempt=("/gateway/", "/file", "/static/", "/control/"), open_doors=frozenset((ORDER_PATH,)))
    app = guarded_app(open_rules, error_page=_error_page)
    app.add_routes(Pages(authority, book, switches, own, diary).routes())
    app.add_routes(Refunds(authority, book, switches, own, diary).routes())
    app.add_routes(Inquiry(authority, book, switches, own).routes())
    app.add_routes(Control(switches, own, diary, lambda: _remember(file, own)).routes())
    await serve(app, diary.run(), host=host, port=port, stop=stop, ready=ready)


def _ahead(file: Path) -> float:
    try:
        ahead = json.loads(file.read_text("utf-8"))["ahead_s"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0  # never turned, or not by us
    return float(ahead) if isinstance(ahead, (int, float)) else 0.0


def _remember(file: Path, clock: Clock) -> None:
    write_atomically(file, json.dumps({"ahead_s": clock.ahead}).encode())


def _error_page(request: web.Request, status: int) -> web.Response:
    return page(request, status, message="trouble")
