"""beacon-central bank-emulator"""

import asyncio
import signal
import sys
from pathlib import Path

from central_server.bank_emulator.server import run as serve
from central_server.commands.exits import TRY_AGAIN
from daemonkit import logs


def run(state: Path, port: int) -> int:
    logs.configure()
    try:
        asyncio.run(_until_told(state, port))
    except OSError as error:  # the port is taken, the folder is not ours
        print(f"cannot start: {error}", file=sys.stderr)
        return TRY_AGAIN
    return 0


async def _until_told(state: Path, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stop.set)
    await serve(state, host="127.0.0.1", port=port, stop=stop)
