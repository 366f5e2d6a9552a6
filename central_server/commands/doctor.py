"""beacon-central doctor"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from central_server.backups.backup import Source
from central_server.commands import doctor_machine, doctor_server, store_selection
from central_server.commands.doctor_findings import Finding, Level, look, note, told, well
from central_server.commands.exit_codes import FAILURE
from central_server.settings import Settings
from daemonkit.toml import ConfigRefused, load


def run(config: Path, state: Path, bank_credentials: Path | None) -> int:
    """1 when something needs a person. Changes nothing."""
    findings = asyncio.run(_every(config, state, bank_credentials, datetime.now(UTC)))
    print(told(findings))
    return FAILURE if any(each.level is Level.person for each in findings) else 0


async def _every(config: Path, state: Path, bank_credentials: Path | None, now: datetime) -> list[Finding]:
    return [each async for each in _look(config, state, bank_credentials, now)]


async def _look(config: Path, state: Path, bank_credentials: Path | None, now: datetime) -> AsyncIterator[Finding]:
    settings = None
    try:
        settings = load(config, Settings)
        projects = len(settings.projects)
        counted = f"{projects} project{'' if projects == 1 else 's'}"
        yield well("settings", f"{config}: good, {settings.site.environment}, {counted}")
    except ConfigRefused as refused:
        first, *more = str(refused).splitlines()
        says = first + (f" (and {len(more)} more)" if more else "")
        yield look("settings", says, f"beacon-central {'check-config' if config.exists() else 'init'} {config}")
    if state.is_dir() and os.access(state, os.R_OK | os.W_OK | os.X_OK):
        source = Source(
            store_selection.of(settings, state), state, config, settings.site.environment if settings else None
        )
        for each in (*doctor_machine.folder(state), *doctor_machine.keys(state)):
            yield each
        async for one in _of_source(source, settings, now):
            yield one
    elif state.is_dir():
        yield look("folder", f"{state} is not yours to look at", "sudo beacon-central doctor")
    else:
        yield note("folder", f"{state} is not there yet", f"sudo beacon-central init {config} --state-dir {state}")
    yield doctor_machine.clock(settings.site.environment if settings else None)
    if settings is not None:
        for each in doctor_machine.port(settings.server.host, settings.server.port):
            yield each
        yield doctor_server.public_address(settings)
        yield await doctor_server.bank(settings, bank_credentials, now)
        for each in doctor_server.mail(settings):
            yield each


async def _of_source(source: Source, settings: Settings | None, now: datetime) -> AsyncIterator[Finding]:
    if settings is None and not source.file.exists():
        return  # which database it would be, nobody knows
    found, asked = await doctor_server.database(source)
    yield found
    yield doctor_server.backup(source, now)
    yield doctor_machine.disk(source)
    if asked and settings is not None:
        async for each in doctor_server.inside(source, settings, now):
            yield each
