"""beacon-central bank-emulator: run a bank emulator for drills."""

import asyncio
import signal
import sys
import tomllib
from pathlib import Path

from central_server.bank_emulator.server import run as serve_sandbox
from central_server.bank_emulator.unionpay.faults import FaultSwitches, UnknownFault
from central_server.bank_emulator.unionpay.server import run as serve_unionpay
from central_server.commands.exit_codes import CONFIGURATION, TRY_AGAIN, USAGE
from daemonkit import logs
from sync_contract.strict_model import Environment


def run(state: Path, port: int, kind: str, faults: list[str], config: Path) -> int:
    logs.configure()
    if _is_real(config):
        print(
            f"{config}: site.environment is real: the emulator runs only for drills",
            file=sys.stderr,
        )
        return CONFIGURATION
    if faults and kind != "unionpay":
        print("--fault belongs to --kind unionpay", file=sys.stderr)
        return USAGE
    try:
        FaultSwitches(faults)
        asyncio.run(_serve(state, port, kind, faults))
    except UnknownFault as error:
        print(f"--fault: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:  # the port is taken, the folder is not ours
        print(f"cannot start: {error}", file=sys.stderr)
        return TRY_AGAIN
    return 0


def _is_real(config: Path) -> bool:
    """Whether a server of this machine is configured for real gifts."""
    try:
        site = tomllib.loads(config.read_text(encoding="utf-8")).get("site")
    except (OSError, ValueError):  # none, or invalid: no server starts with them
        return False
    return isinstance(site, dict) and site.get("environment") == Environment.real.value


async def _serve(state: Path, port: int, kind: str, faults: list[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if kind == "unionpay":
        await serve_unionpay(state, host="127.0.0.1", port=port, stop=stop, faults=faults)
    else:
        await serve_sandbox(state, host="127.0.0.1", port=port, stop=stop)
