"""Run the gateway's daemon: open resources, build components, start and stop stages. It decides nothing."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from beacon_gateway.component_builder import build
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.resources import open_resources
from beacon_gateway.settings import Settings
from beacon_gateway.stages import StageTimings, device_stages, mqtt_stages, server_stages, settings_stage, start_stages
from daemonkit.event_wait import wait_for_first
from daemonkit.health import Health
from daemonkit.sd_notify import Notifier
from daemonkit.watchdog import feed_watchdog
from daemonkit.web import serving

log = structlog.get_logger()
_TIMINGS = StageTimings()


async def run(
    settings: Settings,
    *,
    state_dir: Path,
    radio: str,
    stop: asyncio.Event,
    timings: StageTimings = _TIMINGS,
    confirm: Callable[[], None] = lambda: None,
    rebuild: asyncio.Event | None = None,
    refused: Callable[[], Sequence[str]] = tuple,
) -> bool:
    """Run until `stop` is set; return True to start again: `rebuild` is set, as after an enrolment or a change of
    settings or beacons.

    `radio`: see radio.radio_factory.make_radios. `confirm` is called on a thread once the kiosk is served and a scan
    runs: the settings work on this device. Raises StoreUnavailable when the state directory refuses, OSError
    when the port is taken, ValueError for an unknown `radio` word. `refused`: the faults of a settings file that is not
    in use.
    """
    notifier, health, rebuild = Notifier.from_environment(), Health(), rebuild or asyncio.Event()
    async with AsyncExitStack() as stack:
        resources = await open_resources(settings, state_dir, stack)
        components = await build(settings, resources, radio=radio, health=health, refused=refused)
        stages = device_stages(resources, components, health, rebuild, timings)
        stages.append(settings_stage(components, health, confirm))
        stages += mqtt_stages(settings, resources, components, health)
        if resources.server:
            stages += server_stages(settings, resources, resources.server, components, health, rebuild, timings)
        url = await stack.enter_async_context(serving(components.app, settings.kiosk.host, settings.kiosk.port))
        async with asyncio.TaskGroup() as group:
            watchdog = feed_watchdog(notifier, health, stall_limit_s=timings.stall_limit_s)
            running = [group.create_task(watchdog, name="watchdog"), *start_stages(stages, health, group)]
            notifier.ready(url=url, status=f"kiosk at {url}")
            log.info("gateway.ready", url=url, gateway=resources.gateway)
            await wait_for_first(stop, rebuild)
            if stop.is_set():
                notifier.stopping()
            for task in running:
                task.cancel()
        try:
            await components.statistics.put()
        except StoreUnavailable as error:
            log.warning("statistics.not_put", reason=str(error))
    return rebuild.is_set() and not stop.is_set()
