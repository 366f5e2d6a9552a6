"""Start the gateway's stages: each runs under supervision until it is cancelled."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beacon_gateway import settings_mapping
from beacon_gateway.components import Components
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.gateway_state import STALL_LIMIT_S, gateway_facts, gateway_report
from beacon_gateway.model.gateway_facts import DayTotal, GatewayFacts
from beacon_gateway.mqtt.home_assistant import Device
from beacon_gateway.mqtt.publisher import BrokerUnreachable, publish_state
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.resources import Resources, Server
from beacon_gateway.settings import Settings
from beacon_gateway.store.copies import copy_daily
from beacon_gateway.store.database import Database
from beacon_gateway.store.day_total import read_day_total
from beacon_gateway.store.retention import forget_hourly
from beacon_gateway.sync.bulletin_pull import pull_bulletin
from beacon_gateway.sync.catalogue_pull import pull_catalogue
from beacon_gateway.sync.ledger_witness import LedgerWitness
from beacon_gateway.sync.outcome_poll import poll_outcomes
from beacon_gateway.sync.picture_download import download_pictures
from beacon_gateway.sync.ports import CentralUnreachable
from beacon_gateway.sync.report import ReportLoop
from daemonkit.health import Health
from daemonkit.supervise import supervise
from sync_contract.gateway_report import CATALOGUE_OLDER
from sync_contract.strict_model import Environment

log = structlog.get_logger()
_SCAN_CHECK_S = 0.5
_SYNC_ERRORS = (CentralUnreachable, StoreUnavailable)


@dataclass(frozen=True, slots=True)
class StageTimings:
    """Seconds. The waits are upper bounds of the random wait before a failed stage starts again."""

    stall_limit_s: float = STALL_LIMIT_S
    radio_cap_s: float = 2.0
    """A connection attempt to the local bus is cheap, and the radio must work within 5 s of the bus."""
    sync_cap_s: float = 40.0
    """With an answer that did not come for 15 s, the server is asked again within a minute."""
    first_outcomes_s: float = 2.0
    """First wait of what a donor waits for."""
    first_background_s: float = 8.0
    """First wait of the others, so that all together ask a failing network less than once a second."""
    beacons_check_s: float = 5.0
    heads_every_s: float = 30.0
    store_check_s: float = 5.0
    """Also limits how often a store is repaired that is damaged again and again."""


@dataclass(frozen=True, slots=True)
class Stage:
    """`done`: a count of the stage's results; a run in which it rises counts as a success.

    `essential`: screen, donations or delivery depend on it, so an error outside `restart_on` ends the process.
    """

    name: str
    work: Callable[[], Awaitable[None]]
    restart_on: tuple[type[Exception], ...] = ()
    first_s: float = 1.0
    cap_s: float = 40.0
    done: Callable[[], int] = int
    essential: bool = False


def start_stages(stages: list[Stage], health: Health, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    """Start each stage as a task of `group`."""
    return [
        group.create_task(
            supervise(
                stage.name,
                stage.work,
                restart_on=stage.restart_on,
                health=health,
                first=stage.first_s,
                cap=stage.cap_s,
                done=stage.done,
                background=not stage.essential,
            ),
            name=stage.name,
        )
        for stage in stages
    ]


def device_stages(
    resources: Resources, components: Components, health: Health, rebuild: asyncio.Event, timings: StageTimings
) -> list[Stage]:
    """List the stages that need no server. `rebuild` is set when the device was enrolled elsewhere."""
    presence, statistics = components.presence, components.statistics
    radios, driver, progress = presence.radios, presence.driver, health.progress
    database = resources.store.database

    async def watch_identity() -> None:
        await resources.credential.watch(progress=partial(progress, "identity"))
        rebuild.set()

    stages = [
        Stage("presence", partial(driver.tick, partial(progress, "presence")), essential=True),
        Stage("radio", partial(radios.scanner.hear, driver.hear), (RadioLost,), cap_s=timings.radio_cap_s),
        Stage("statistics", partial(statistics.run, partial(progress, "statistics")), (StoreUnavailable,)),
        Stage("time", partial(resources.time.run, database), (StoreUnavailable,)),
        Stage("identity", watch_identity, (StoreUnavailable,)),
        Stage("store", partial(_watch_store, database, components, rebuild, timings)),
        Stage("retention", partial(forget_hourly, database, resources.time.now), (StoreUnavailable,)),
        Stage("copies", partial(copy_daily, database.path, database.damaged.set), (StoreUnavailable,)),
    ]
    if radios.adverts:
        stages.append(Stage("advert", radios.adverts.keep_on_air, (RadioLost,), cap_s=timings.radio_cap_s))
    return stages


def settings_stage(components: Components, health: Health, confirm: Callable[[], None]) -> Stage:
    """Return the stage that calls `confirm` on a thread once a scan runs; stages start when the kiosk is served."""

    async def wait_for_scan() -> None:
        while not components.presence.radios.scanner.read_status().scans:
            health.progress("settings")
            await asyncio.sleep(_SCAN_CHECK_S)
        await asyncio.to_thread(confirm)

    return Stage("settings", wait_for_scan)


def mqtt_stages(settings: Settings, resources: Resources, components: Components, health: Health) -> list[Stage]:
    """List the stage that publishes to an MQTT broker, if one is configured."""
    if not settings.mqtt.host:
        return []
    environment = settings.site.environment

    async def read() -> tuple[GatewayFacts, DayTotal | None]:
        facts = await gateway_facts(components.giving, components.presence, resources)
        now = resources.time.now()
        return facts, await read_day_total(resources.store.database, environment, now) if now else None

    name, drill = settings.site.community.zh_hans, environment is Environment.drill
    device = Device(resources.gateway, name, drill, version("beacon-gateway"))
    publish = partial(publish_state, settings_mapping.broker(settings), device, read, partial(health.progress, "mqtt"))
    return [Stage("mqtt", publish, (BrokerUnreachable, StoreUnavailable), cap_s=60.0)]


def server_stages(
    settings: Settings,
    resources: Resources,
    server: Server,
    components: Components,
    health: Health,
    rebuild: asyncio.Event,
    timings: StageTimings,
) -> list[Stage]:
    """List the stages that use the central server."""
    central, store, giving = server.client, resources.store, components.giving
    wakeups, noticed, started = giving.wakeups, set[str](), time.monotonic()
    background = partial(Stage, restart_on=_SYNC_ERRORS, first_s=timings.first_background_s, cap_s=timings.sync_cap_s)

    def progress(stage: str) -> Callable[[], None]:
        return partial(health.progress, stage)

    reports = ReportLoop(
        central,
        resources.acceptance,
        hearing=components.presence.hearing,
        build=partial(gateway_report, components, resources, started),
        roll=lambda age_s: resources.credential.roll_when_due(central, age_s, settings.central.roll_key_days),
        noticed=noticed,
    )
    outcomes = partial(
        poll_outcomes,
        central,
        giving.open_intents,
        settle=components.settle,
        recorded=wakeups.intents,
        progress=progress("outcomes"),
    )
    pictures = partial(
        download_pictures,
        central,
        store.pictures,
        wanted=wakeups.pictures,
        stored=components.current_scene.poke,
        progress=progress("pictures"),
    )
    stages = [
        Stage("outcomes", outcomes, _SYNC_ERRORS, first_s=timings.first_outcomes_s, cap_s=timings.sync_cap_s),
        background("report", partial(reports.run, progress("report"))),
        background("pictures", pictures),
        Stage("beacons", partial(_watch_beacons, settings, components, health, rebuild, timings), essential=True),
    ]
    if drain := components.drain:
        done = partial(getattr, drain, "settled")
        stages.insert(0, Stage("sync", drain.run, _SYNC_ERRORS, cap_s=timings.sync_cap_s, done=done, essential=True))
    if server.catalogue_key is not None:
        key, signer, environment = server.catalogue_key, resources.credential.signer, settings.site.environment
        witness = LedgerWitness(central, key, store.heads, signer, environment, every_s=timings.heads_every_s)
        pull = partial(_pull_catalogue, server, key, resources, components, noticed, health)
        if components.board is not None:
            bulletins = partial(pull_bulletin, central, key, environment, store.bulletins, components.board)
            stages.append(background("bulletin", partial(bulletins, progress=progress("bulletin"))))
        stages += [background("catalogue", pull), background("heads", partial(witness.run, progress("heads")))]
    return stages


async def _pull_catalogue(
    server: Server,
    key: Ed25519PublicKey,
    resources: Resources,
    components: Components,
    noticed: set[str],
    health: Health,
) -> None:
    giving = components.giving
    await pull_catalogue(
        server.client,
        key,
        resources.store.catalogues,
        version=giving.offer.version,
        take=giving.take_catalogue,
        progress=partial(health.progress, "catalogue"),
        older=lambda: noticed.add(CATALOGUE_OLDER),
        confirmed=server.catalogue.confirm,
    )


async def _watch_store(
    database: Database, components: Components, rebuild: asyncio.Event, timings: StageTimings
) -> None:
    """Set `rebuild` when the store turns out to be damaged: it is repaired when it is opened again."""
    await database.damaged.wait()
    await asyncio.sleep(timings.store_check_s)
    while components.giving.under_way():
        log.info("store.repair_waits", reason="a donor has not finished")
        await asyncio.sleep(timings.store_check_s)
    rebuild.set()


async def _watch_beacons(
    settings: Settings, components: Components, health: Health, rebuild: asyncio.Event, timings: StageTimings
) -> None:
    """Set `rebuild` when the catalogue's beacons change: radios and figures are made for the known beacons.

    The kiosk is away for a moment then, so this waits until no donor is at a gift, not even at its thanks.
    """
    giving, known = components.giving, components.presence.beacons
    while settings_mapping.known_beacons(settings, giving.offer.beacons) == known or giving.sessions.active_gifts():
        health.progress("beacons")
        await asyncio.sleep(timings.beacons_check_s)
    log.info("beacons.changed", known=len(giving.offer.beacons))
    rebuild.set()
