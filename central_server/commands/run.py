"""beacon-central run: serve until SIGTERM. The server is imported after the settings, so that faults show at once."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from central_server.backups.state_folder_lock import StateInUse, StateUnfinished, serving
from central_server.banks.port import CredentialsRefused
from central_server.commands import store_selection
from central_server.commands.exit_codes import CONFIGURATION, TRY_AGAIN
from central_server.errors import PartUnavailable
from central_server.settings import ServerSettings, Settings
from central_server.state_files import OWN_FILES, RECEIPTS_KEY, StateRefused
from central_server.store.engine.database import StoreRefused, StoreUnavailable
from daemonkit import logs
from daemonkit.private_files import Exposed, refuse_exposed
from daemonkit.toml import ConfigRefused, load
from sync_contract.strict_model import Environment

log = structlog.get_logger()
if TYPE_CHECKING:
    from central_server.server_options import ServerOptions


def run(
    config: Path, state: Path, port: int | None, public_url: str, bank_url: str, bank_credentials: Path | None
) -> int:
    try:
        settings = load(config, Settings)
        options = replace(_options(settings, state, port, public_url, bank_url, bank_credentials), settings_file=config)
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    except ValueError as error:
        print(f"{config}: {error}", file=sys.stderr)
        return CONFIGURATION
    logs.configure()
    if placeholders := sum(1 for _ in settings.placeholders()):
        log.warning("settings.placeholders", count=placeholders, remedy="beacon-central check-config lists them")
    try:
        options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_exposed(options.state, (*OWN_FILES, RECEIPTS_KEY))
        with serving(options.state):
            asyncio.run(_serve(settings, options))
    except (StoreRefused, StateRefused, StateUnfinished, CredentialsRefused, Exposed, PartUnavailable) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (StoreUnavailable, StateInUse, OSError) as error:  # PostgreSQL is not there yet, the port is taken
        print(f"cannot start: {error}", file=sys.stderr)
        return TRY_AGAIN
    return 0


def _options(
    settings: Settings, state: Path, port: int | None, public_url: str, bank_url: str, credentials: Path | None
) -> "ServerOptions":
    """Raises ValueError for values that are missing or do not fit."""
    public = ServerSettings(public_url=public_url).public_url if public_url else settings.server.public_url
    bank = ServerSettings(public_url=bank_url).public_url if bank_url else settings.bank.url
    kind, real = settings.bank.kind, settings.site.environment is Environment.real
    if kind == "sandbox" and not bank:
        raise ValueError("bank.url: set the address of the bank, here or with --bank-url")
    for fault in settings.bank.at(bank).misfits(settings.site.environment):
        raise ValueError(f"--bank-url: {fault.reason}")
    for fault in settings.server.model_copy(update={"public_url": public}).misfits(settings.site.environment):
        raise ValueError(f"{'.'.join(map(str, fault.at))}: {fault.reason}")
    if kind == "unionpay" and real and not public.startswith("https://"):
        raise ValueError("server.public_url: must be https://, because UnionPay sends notifications to it")
    folder = credentials or settings.bank.credentials or os.environ.get("CREDENTIALS_DIRECTORY", "")
    if kind != "link" and not folder:
        raise ValueError("bank.credentials: name the folder here, with --bank-credentials or $CREDENTIALS_DIRECTORY")
    from central_server.server_options import ServerOptions

    return ServerOptions(
        state=state,
        bank_url=bank,
        bank_credentials=Path(folder),
        public_url=public,
        port=settings.server.port if port is None else port,
        store=store_selection.of(settings, state),
        connections=settings.store.connections,
        credentials=Path(own) if (own := os.environ.get("CREDENTIALS_DIRECTORY")) else None,
    )


async def _serve(settings: Settings, options: "ServerOptions") -> None:
    from central_server.server import run as serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, options, stop)
