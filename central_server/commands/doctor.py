"""beacon-central doctor: check the machine and the server."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from central_server.backups.backup import Source
from central_server.commands import doctor_machine, doctor_server, store_selection
from central_server.commands.exit_codes import FAILURE
from central_server.settings import Settings
from daemonkit.findings import Finding, Level, fault, format_findings, note, ok
from daemonkit.toml import ConfigRefused, load


def run(config: Path, state: Path, bank_credentials: Path | None) -> int:
    """Print all findings without changing anything; return 1 when somebody must act."""
    findings = asyncio.run(_every(config, state, bank_credentials, datetime.now(UTC)))
    print(format_findings(findings))
    return FAILURE if any(each.level is Level.person for each in findings) else 0


async def _every(config: Path, state: Path, bank_credentials: Path | None, now: datetime) -> list[Finding]:
    return [each async for each in _findings(config, state, bank_credentials, now)]


async def _findings(config: Path, state: Path, bank_credentials: Path | None, now: datetime) -> AsyncIterator[Finding]:
    settings = None
    try:
        settings = load(config, Settings)
        projects = len(settings.projects)
        counted = f"{projects} project{'' if projects == 1 else 's'}"
        yield ok("settings", f"{config}: good, {settings.site.environment}, {counted}")
    except ConfigRefused as refused:
        first, *more = str(refused).splitlines()
        text = first + (f" (and {len(more)} more)" if more else "")
        yield fault("settings", text, f"beacon-central {'check-config' if config.exists() else 'init'} {config}")
    if state.is_dir() and os.access(state, os.R_OK | os.W_OK | os.X_OK):
        source = Source(
            store_selection.of(settings, state), state, config, settings.site.environment if settings else None
        )
        for each in (*doctor_machine.folder(state), *doctor_machine.keys(state)):
            yield each
        async for one in _source_findings(source, settings, now):
            yield one
    elif state.is_dir():
        yield fault("folder", f"{state} is not accessible for this user", "sudo beacon-central doctor")
    else:
        yield note("folder", f"{state} is not there yet", f"sudo beacon-central init {config} --state-dir {state}")
    yield doctor_machine.clock(settings.site.environment if settings else None)
    if settings is not None:
        for each in doctor_machine.port(settings.server.host, settings.server.port):
            yield each
        yield doctor_server.public_address(settings)
        yield await doctor_server.bank(settings, bank_credentials, now)
        for each in (*doctor_server.mail(settings), *doctor_server.volunteers(settings)):
            yield each


async def _source_findings(source: Source, settings: Settings | None, now: datetime) -> AsyncIterator[Finding]:
    if settings is None and not source.file.exists():
        return  # the settings would name the database
    found, asked = await doctor_server.database(source)
    yield found
    yield doctor_server.backup(source, now)
    yield doctor_machine.disk(source)
    if asked and settings is not None:
        async for each in doctor_server.database_findings(source, settings, now):
            yield each
