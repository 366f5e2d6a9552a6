"""beacon-gateway run: run the gateway until it is stopped."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from beacon_gateway import daemon
from beacon_gateway.commands.settings_file import SettingsFile
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import GatewayError, StateInUse, StateOfOther
from beacon_gateway.radio.backend_selection import BackendSelector, refuse_simulated_radio
from beacon_gateway.settings import Settings
from beacon_gateway.stages import StageTimings
from beacon_gateway.store.database import SchemaTooNew
from beacon_gateway.store.identity import FILE as IDENTITY
from daemonkit import logs, toml
from daemonkit.private_files import Exposed, refuse_exposed

log = structlog.get_logger()
FAILURE, USAGE, TRY_AGAIN, CONFIGURATION = 1, 2, 75, 78
_TIMINGS = StageTimings()


def run(
    config: Path,
    state_dir: Path,
    radio: str,
    port: int | None,
    central_url: str | None,
    central_key: str | None,
    timings: StageTimings = _TIMINGS,
) -> int:
    """Return the exit code: 0 after a requested stop; 75 if the disk or the port fails, or another gateway runs on the
    folder; 78 for invalid settings, a folder of the other environment, or secrets that others may open.
    """
    logs.configure()
    again, backend = True, BackendSelector(radio)
    while again:  # restart after an enrolment, or with changed settings
        code, again = _run_once(config, state_dir, backend, port, central_url, central_key, timings)
    return code


def _run_once(
    config: Path,
    state_dir: Path,
    backend: BackendSelector,
    port: int | None,
    central_url: str | None,
    central_key: str | None,
    timings: StageTimings,
) -> tuple[int, bool]:
    """Return the exit code and whether to restart."""
    try:
        file = SettingsFile(config, state_dir, lambda each: with_overrides(each, port, central_url, central_key))
        settings, confirm = file.load()
    except toml.ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION, False
    if placeholders := sum(1 for _ in settings.placeholders()):
        log.warning("settings.placeholders", count=placeholders, remedy="beacon-gateway check-config lists them")
    try:
        refuse_exposed(state_dir, (IDENTITY,))
        return 0, asyncio.run(_until_stopped(settings, file, backend, timings, confirm))
    except (StoreUnavailable, OSError) as error:
        print(f"beacon-gateway: {error}. Check that {state_dir} can be written and the port is free.", file=sys.stderr)
        return TRY_AGAIN, False
    except Exposed as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return CONFIGURATION, False
    except StateInUse as error:
        print(f"beacon-gateway: {error}. Stop it, or select another folder with --state-dir.", file=sys.stderr)
        return TRY_AGAIN, False
    except StateOfOther as error:
        print(f"beacon-gateway: {error}. Select another folder with --state-dir, or move this away.", file=sys.stderr)
        return CONFIGURATION, False
    except SchemaTooNew as error:
        print(f"beacon-gateway: {error}. Install the newer version again, or restore a backup.", file=sys.stderr)
        return FAILURE, False
    except GatewayError as error:  # an unreadable capture: a restart would not help
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return FAILURE, False
    except ValueError as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return USAGE, False


def with_overrides(settings: Settings, port: int | None, central_url: str | None, central_key: str | None) -> Settings:
    """Return the settings with the values of the command line, validated like those of the file.

    Port 0, which a file may not contain, selects a free port.
    """
    changed = settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    overrides = {
        ("kiosk", "port"): port or None,
        ("central", "url"): central_url,
        ("central", "catalogue_key"): central_key,
    }
    for (section, key), value in overrides.items():
        if value is not None:
            changed.setdefault(section, {})[key] = value
    valid = toml.validate(changed, Settings, source="command line")
    if port == 0:
        return valid.model_copy(update={"kiosk": valid.kiosk.model_copy(update={"port": 0})})
    return valid


async def _until_stopped(
    settings: Settings,
    file: SettingsFile,
    backend: BackendSelector,
    timings: StageTimings,
    confirm: Callable[[], None],
) -> bool:
    radio = await backend.resolve(settings.site.environment)
    refuse_simulated_radio(radio, settings.site.environment)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reloads = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, reloads.set)

    async def reload_on_signal() -> None:
        while await reloads.wait():
            reloads.clear()
            await file.reload(settings)

    reloading = asyncio.create_task(reload_on_signal())
    try:
        return await daemon.run(
            settings,
            state_dir=file.state_dir,
            radio=radio,
            stop=stop,
            timings=timings,
            confirm=confirm,
            rebuild=file.changed,
            refused=lambda: file.refused,
        )
    finally:
        reloading.cancel()
