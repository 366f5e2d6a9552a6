"""The gateway's daemon: opens edges, starts stages, stops them. It decides nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from beacon_gateway import settings_mapping
from beacon_gateway.clock import read_clock
from beacon_gateway.donations.begin import Donations
from beacon_gateway.donations.offer import Offer
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.donations.settle import OpenIntents
from beacon_gateway.kiosk.app import kiosk_app
from beacon_gateway.kiosk.decision_view import Why
from beacon_gateway.kiosk.scene_driver import Follow
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import Site, running_versions
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.presence.choice_factory import choosing
from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.radio_factory import make_radios
from beacon_gateway.settings import Settings, SiteDoor
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import Database, open_database
from beacon_gateway.store.identity import Identity, Keys
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.ledger_heads import HeadKeeper
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.project_pictures import Album
from beacon_gateway.store.server_acceptance import StoredWelcome, open_welcome
from beacon_gateway.store.statistics import StatisticsKeeper
from beacon_gateway.store.sync_state import sync_state
from beacon_gateway.store.trusted_time import TrustedTime, last_trusted
from beacon_gateway.sync.credential import Credential
from beacon_gateway.sync.link import Link, open_link
from beacon_gateway.sync.ports import CentralUnreachable
from beacon_gateway.sync.report import hearing, report
from daemonkit.clock import clock_synchronised
from daemonkit.sd_notify import Notifier
from daemonkit.supervise import Health, feed_watchdog, supervise
from daemonkit.web import serving
from kiosk_ui.display_preferences import Look
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.catalogue import Catalogue
from sync_contract.gateway_report import GatewayReport, Hearing
from sync_contract.keys import read_public
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import HandoffKind, IntentState, Outcome
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment

log = structlog.get_logger()
STALL_LIMIT_S = 90.0
"""Longer than the longest round of any stage (a long poll of 25 s and its network limits)."""
RADIO_CAP_S = 2.0
"""Knocking at the local bus costs nothing, and the radio is to be back within 5 s of the bus."""
SYNC_CAP_S = 40.0
"""The longest wait before the server is asked again: with an answer that did not come for 15 s, within a minute."""
HURRIED_S, UNHURRIED_S = 2.0, 8.0
"""The first such wait of what is shown, and of what nobody waits for. A question that is cut off aiohttp asks once more
by itself; all together ask a network that fails less than once a second."""
TRACED = 10_000
"""Samples of place beacons that are kept for those who ask why: ten minutes of eight of them; about 2 MB."""
_AWAITED_AT_ONCE = 20
_UNCODED_AT_ONCE = 10
_LOOK_S = 5.0
_UNDER_WAY = (IntentState.registered, IntentState.handed_off)


@dataclass(frozen=True, slots=True)
class _Store:
    keys: Keys
    identity: Identity
    database: Database
    outbox: Outbox
    intents: Intents
    catalogues: Catalogues


async def run(settings: Settings, *, state_dir: Path, radio: str, stop: asyncio.Event) -> bool:
    """Run until `stop` is set: False; or, True, to begin anew: enrolled somewhere else, or told of other beacons.

    `radio`: see radio.choose.make_radios. Raises StoreUnavailable when the state directory refuses, OSError when the
    port is taken, ValueError for an unknown `radio` word.
    """
    notifier, health, anew, begun = Notifier.from_environment(), Health(), asyncio.Event(), time.monotonic()
    async with AsyncExitStack() as edges:
        store = await _open_store(state_dir, edges)
        credential = Credential(store.keys)
        welcome = await open_welcome(store.database)
        link = await _open_link(settings, store, credential.signer, welcome, health, edges)
        time_of = await _time_of(settings, store.database)
        by_ticket = settings.handoff.kind is HandoffKind.ticket
        offer = Offer(
            settings.projects,
            settings_mapping.bindings(settings),
            now=time_of.now,
            barred=lambda: by_ticket and bool(welcome.barred),
            by_ticket=by_ticket,
        )
        heads = HeadKeeper(store.database)
        album, pictures_wanted = Album(state_dir / "pictures"), asyncio.Event()

        def take(catalogue: Catalogue) -> None:
            offer.take(catalogue)
            album.hang(catalogue.pictures)
            pictures_wanted.set()

        if link and (held := await link.held()):
            take(held)
        open_intents = OpenIntents(await store.intents.unsettled())
        donations = Donations(
            environment=settings.site.environment,
            projects=offer,
            log=store.intents,
            handoff=settings_mapping.handoff(settings, credential.signer),
            open_intents=open_intents,
            read_clock=read_clock,
            recorded=link.intent_begun if link else _nothing,
        )
        stage = Stage()
        told = offer.beacons
        radios = make_radios(radio, settings_mapping.radio_plan(settings, told))
        beacons = settings_mapping.known_beacons(settings, told)
        collector = settings_mapping.collector(settings, told, foreign=radios.foreign)
        pages = Pages(
            environment=settings.site.environment,
            site=settings.site.community,
            surface=Surface.kiosk,
            usual_look=Look(theme=settings.kiosk.theme),
            voices=settings_mapping.voices(settings),
            phone=settings.site.contact_phone,
            album=lambda project: f"/pictures/{sum_}" if (sum_ := album.of(project)) else "",
        )
        sessions = Sessions(pages.default, pages.usual_look)

        def official(_now: float) -> datetime | None:
            at = time_of.now()
            return at.astimezone(OFFICIAL_TIME) if at else None

        def giving() -> bool:
            return any(donations.state(gift.intent).state in _UNDER_WAY for gift in sessions.gifts_at_hand())

        choice = choosing(
            settings_mapping.choice_rules(settings),
            settings_mapping.project_rules(settings),
            collector,
            official=official,
            giving=giving,
            bound=lambda: offer.bound,
            need=lambda: offer.need,
        )
        follow = Follow(
            Tracker(beacons, settings_mapping.presence_rules(settings)),
            choice,
            collector,
            stage,
            bindings=lambda: offer.bindings,
            trace=Trace(beacons, samples=TRACED),
        )
        use = ScreenUse()
        statistics = StatisticsKeeper(
            collector,
            store.outbox,
            use=use,
            advertised=lambda: radios.adverts.seconds_on_air() if radios.adverts else {},
            imagined=radios.imagined,
            read_clock=read_clock,
            put_one=link.parcel_put if link else _nothing,
        )

        def healthy() -> dict[str, object]:
            return {
                "gateway": store.identity.gateway,
                "catalogue": offer.version,
                "radio": radios.scanner.describe(),
                "advert": radios.adverts.describe() if radios.adverts else {"state": "off"},
                "presence": collector.describe(time.monotonic()),
                "stages": health.snapshot(),
            }

        async def settle(outcomes: Iterable[Outcome]) -> None:
            if await open_intents.settle(outcomes, store.intents):
                stage.poke()

        def hears() -> Hearing:
            return hearing(radios.scanner.name, radios.scanner.describe())

        async def tell() -> GatewayReport:
            return report(
                clock=read_clock(),
                epoch=await store.outbox.epoch(),
                uptime_s=time.monotonic() - begun,
                hears=hears(),
                scanner=radios.scanner.describe(),
                adverts=radios.adverts.describe() if radios.adverts else {"state": "off"},
                parcels=await store.outbox.counts(),
                catalogue_version=offer.version,
            )

        async def roll(age_s: int) -> None:
            if link:
                await credential.roll_when_due(link.central, age_s, settings.central.roll_key_days)

        async def let_go() -> int:
            return await store.outbox.let_go(read_clock())

        async def watch_beacons() -> None:
            """Radio, presence and figures are made for the beacons known at the start: for others begin anew."""
            while settings_mapping.known_beacons(settings, offer.beacons) == beacons or giving():
                health.progress("beacons")
                await asyncio.sleep(_LOOK_S)
            log.info("beacons.changed", known=len(offer.beacons))
            anew.set()

        async def watch_identity() -> None:
            await credential.watch(progress=lambda: health.progress("identity"))
            anew.set()

        why = Why(follow.trace, settings_mapping.presence_rules(settings), lambda: follow.chosen, lambda: choice.held)
        site = Site(
            why=why,
            health=healthy,
            visits=lambda: follow.visits,
            foreign=lambda: follow.foreign_frames,
            bindings=lambda: offer.bindings,
            projects=offer,
            sync=lambda: sync_state(store.database, settings.central.url),
            versions=running_versions(store.identity.gateway),
            lan=settings.kiosk.site is SiteDoor.lan,
            addresses=settings_mapping.site_addresses(settings),
        )
        app = kiosk_app(
            stage=stage,
            projects=offer,
            giving=donations,
            pages=pages,
            sessions=sessions,
            contact=settings_mapping.contact(settings),
            rules=settings_mapping.web_rules(settings),
            health=healthy,
            hung=album.find,
            published=lambda since: heads.board(settings.site.environment, since),
            verify=f"{settings.central.url.rstrip('/')}/v" if settings.central.url else "",
            use=use,
            site=None if settings.kiosk.site is SiteDoor.off else site,
        )
        url = await edges.enter_async_context(serving(app, settings.kiosk.host, settings.kiosk.port))
        async with asyncio.TaskGroup() as stages:

            def start(
                name: str,
                work: Callable[[], Awaitable[None]],
                *restart_on: type[Exception],
                first: float = 1.0,
                cap: float = SYNC_CAP_S,
                done: Callable[[], int] = int,
            ) -> asyncio.Task[None]:
                stage = supervise(name, work, restart_on=restart_on, health=health, first=first, cap=cap, done=done)
                return stages.create_task(stage, name=name)

            running = [
                stages.create_task(feed_watchdog(notifier, health, stall_limit_s=STALL_LIMIT_S), name="watchdog"),
                start("presence", lambda: follow.tick(lambda: health.progress("presence"))),
                start("radio", lambda: radios.scanner.hear(follow.hear), RadioLost, cap=RADIO_CAP_S),
                start("statistics", lambda: statistics.run(lambda: health.progress("statistics")), StoreUnavailable),
                start("time", lambda: _keep_time(time_of, store.database), StoreUnavailable),
                start("identity", watch_identity, StoreUnavailable),
            ]
            if radios.adverts:
                running.append(start("advert", radios.adverts.keep_on_air, RadioLost, cap=RADIO_CAP_S))
            if link:
                lost = (CentralUnreachable, StoreUnavailable)
                running += [
                    start("sync", link.drain.run, *lost, done=lambda: link.drain.settled),
                    start("catalogue", lambda: link.pull(offer.version, take), *lost, first=UNHURRIED_S),
                    start(
                        "pictures",
                        lambda: link.pictures(album, pictures_wanted, stage.poke),
                        *lost,
                        first=UNHURRIED_S,
                    ),
                    start(
                        "heads",
                        lambda: link.witness(heads, settings.site.environment, credential.signer),
                        *lost,
                        first=UNHURRIED_S,
                    ),
                    start("beacons", watch_beacons),
                    start("report", lambda: link.report(tell, hears, roll, let_go), *lost, first=UNHURRIED_S),
                    start(
                        "outcomes",
                        lambda: link.follow(
                            lambda: open_intents.awaited(_AWAITED_AT_ONCE),
                            settle,
                            lambda: open_intents.uncoded(_UNCODED_AT_ONCE),
                            lambda: open_intents.tried(_AWAITED_AT_ONCE),
                        ),
                        *lost,
                        first=HURRIED_S,
                    ),
                ]
            notifier.ready(url=url, status=f"kiosk at {url}")
            log.info("gateway.ready", url=url, gateway=store.identity.gateway)
            await _either(stop, anew)
            if stop.is_set():
                notifier.stopping()
            for task in running:
                task.cancel()
        await statistics.put()
    return anew.is_set() and not stop.is_set()


async def _open_store(state_dir: Path, edges: AsyncExitStack) -> _Store:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"{state_dir}: {error.strerror}") from error
    keys = Keys(state_dir)
    identity = keys.read()
    database = await edges.enter_async_context(open_database(state_dir / "gateway.db"))
    return _Store(keys, identity, database, Outbox(database), Intents(database), Catalogues(database))


async def _open_link(
    settings: Settings,
    store: _Store,
    signer: Callable[[], Signer],
    welcome: StoredWelcome,
    health: Health,
    edges: AsyncExitStack,
) -> Link | None:
    """None for a gateway without a central server: it keeps its parcels until one is there."""
    if not settings.central.url:
        return None
    key = settings.central.catalogue_key
    return await edges.enter_async_context(
        open_link(
            settings.central.url,
            signer,
            store.outbox,
            store.catalogues,
            welcome,
            pinned=read_public(key) if key else None,
            progress=health.progress,
        )
    )


async def _time_of(settings: Settings, database: Database) -> TrustedTime:
    return TrustedTime(
        await last_trusted(database),
        wall=lambda: datetime.now(UTC),
        synchronised=clock_synchronised,
        believe_always=settings.site.environment is Environment.drill,
    )


async def _keep_time(time_of: TrustedTime, database: Database) -> None:
    while True:
        await time_of.keep(database)
        await asyncio.sleep(600)


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()


def _nothing() -> None:
    """Without a central server nobody waits for parcels."""
