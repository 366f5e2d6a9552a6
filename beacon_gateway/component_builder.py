"""Build the gateway's components from its settings and resources."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from beacon_gateway import settings_mapping
from beacon_gateway.clock import read_clock
from beacon_gateway.components import Components, Giving, Presence, Wakeups
from beacon_gateway.donations.begin import Donations
from beacon_gateway.donations.offer import Offer
from beacon_gateway.donations.settle import OpenIntents
from beacon_gateway.gateway_state import STALL_LIMIT_S, gateway_facts
from beacon_gateway.handoff.check_in import CheckInHandoff
from beacon_gateway.kiosk.app import kiosk_app
from beacon_gateway.kiosk.bulletin_board import BulletinBoard
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.decision_view import Why
from beacon_gateway.kiosk.gateway_metrics import describe_gateway
from beacon_gateway.kiosk.hall_watch import HallWatch
from beacon_gateway.kiosk.local_commands import LocalCommands
from beacon_gateway.kiosk.pages.bulletin import BulletinParts
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.kiosk.screen_health import ScreenStatus
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import SiteStatus, running_versions
from beacon_gateway.kiosk.staff_bell import StaffBell
from beacon_gateway.local_actions import accept_sheet, deliver_on_request
from beacon_gateway.model.check_in import ShownCode
from beacon_gateway.presence.choice_factory import build_choice
from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.radio_factory import make_radios
from beacon_gateway.radio.status_json import to_json
from beacon_gateway.resources import Resources
from beacon_gateway.settings import Settings, SiteDoor
from beacon_gateway.store.acceptance import load_sheet
from beacon_gateway.store.statistics import StatisticsRecorder
from beacon_gateway.store.sync_state import sync_state
from beacon_gateway.sync.bulletin_pull import load_stored
from beacon_gateway.sync.catalogue_pull import stored_catalogue
from beacon_gateway.sync.drain import Drain
from daemonkit.health import Health
from daemonkit.metrics import Metric, stage_metrics
from kiosk_ui.assets import Photograph
from kiosk_ui.display_preferences import DisplayPreferences
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import HandoffKind, SignedAcceptanceSheet

_TRACED_SAMPLES = 10_000
"""Of place beacons, for the decision trace: ten minutes of eight beacons, about 2 MB."""


async def build(
    settings: Settings, resources: Resources, *, radio: str, health: Health, refused: Callable[[], Sequence[str]]
) -> Components:
    """Build all components; `refused`: see daemon.run. Raises StoreUnavailable; ValueError for an unknown `radio`."""
    current_scene, use = CurrentScene(), ScreenUse()
    board = await _build_board(settings, resources, current_scene)
    pages = _build_pages(settings, resources, board, refused)
    giving = await _build_giving(settings, resources, pages)
    presence = _build_presence(settings, resources, giving, current_scene, radio)
    radios = presence.radios
    statistics = _build_statistics(resources, giving, presence, use)

    def describe_health() -> dict[str, object]:
        fault, stuck = resources.store.database.fault(), resources.delivery_is_stuck()
        return {
            "ok": fault is None and not stuck,
            "store": fault,
            "delivery_stuck": stuck,
            "gateway": resources.gateway,
            "catalogue": giving.offer.version,
            "catalogue_age_s": round(resources.server.catalogue.seconds()) if resources.server else None,
            "radio": to_json(radios.scanner.read_status()),
            "advert": to_json(presence.advert_status()),
            "presence": presence.collector.describe(time.monotonic()),
            "hall": presence.hall.describe(),
            "configuration": settings.fingerprint(),
            "degraded": health.degraded(STALL_LIMIT_S),
            "settings_refused": list(refused()),
            "stages": health.snapshot(),
        }

    async def read_metrics(screen: ScreenStatus) -> list[Metric]:
        facts = await gateway_facts(giving, presence, resources)
        return [*stage_metrics("beacon_gateway", health, STALL_LIMIT_S), *describe_gateway(facts, screen)]

    drain = _build_drain(resources, giving, health)
    app = kiosk_app(
        current_scene=current_scene,
        projects=giving.offer,
        giving=giving.donations,
        pages=pages,
        sessions=giving.sessions,
        contact=settings_mapping.contact(settings),
        rules=settings_mapping.web_rules(settings, resources.session_secret),
        health=describe_health,
        read_metrics=read_metrics,
        find_picture=resources.store.pictures.find,
        read_board=lambda since: resources.store.heads.board(settings.site.environment, since),
        verify=f"{settings.central.url.rstrip('/')}/v" if settings.central.url else "",
        use=use,
        site=_build_site(settings, resources, giving, presence, health, refused),
        show_code=_check_in(settings, resources),
        bulletin=_bulletin_parts(settings, resources, giving, board),
    )
    app.add_routes(_build_commands(resources, giving, drain).routes())
    return Components(giving, presence, statistics, current_scene, drain, app, settings.fingerprint(), refused, board)


def _build_commands(resources: Resources, giving: Giving, drain: Drain | None) -> LocalCommands:
    outbox, state_dir = resources.store.outbox, resources.store.database.path.parent

    async def accept(sheet: SignedAcceptanceSheet) -> None:
        await accept_sheet(sheet, resources.credential.signer(), outbox, state_dir)
        giving.wakeups.parcel_put()

    return LocalCommands(partial(deliver_on_request, outbox, drain), accept)


def _build_drain(resources: Resources, giving: Giving, health: Health) -> Drain | None:
    if resources.server is None:
        return None
    return Drain(
        resources.store.outbox,
        resources.server.client,
        resources.acceptance,
        wake=giving.wakeups.parcels,
        progress=partial(health.progress, "sync"),
        state=resources.server.delivery,
    )


async def _build_board(settings: Settings, resources: Resources, current_scene: CurrentScene) -> BulletinBoard | None:
    """Return the board with the stored bulletin; None where the screen shows none. Raises StoreUnavailable."""
    server = resources.server
    if not settings.volunteering.bulletin or server is None or server.catalogue_key is None:
        return None
    board = BulletinBoard(resources.time.now, current_scene.poke)
    await load_stored(resources.store.bulletins, server.catalogue_key, settings.site.environment, board)
    return board


def _bulletin_parts(
    settings: Settings, resources: Resources, giving: Giving, board: BulletinBoard | None
) -> BulletinParts | None:
    if board is None:
        return None

    async def put() -> None:
        await resources.store.outbox.put_bell(read_clock(), settings.site.environment)
        giving.wakeups.parcel_put()

    bell = StaffBell(put, time.monotonic, lambda: datetime.now(UTC))
    return BulletinParts(board, bell, settings.central.url)


def _build_pages(
    settings: Settings, resources: Resources, board: BulletinBoard | None, refused: Callable[[], Sequence[str]]
) -> Pages:
    def album(project: str) -> Photograph | None:
        picture = resources.store.pictures.of_project(project)
        return Photograph(f"/pictures/{picture.sha256}", picture.focus) if picture else None

    return Pages(
        environment=settings.site.environment,
        site=settings.site.community,
        surface=Surface.kiosk,
        default_language=settings.kiosk.language,
        default_display=DisplayPreferences(theme=settings.kiosk.theme),
        voices=settings_mapping.voices(settings),
        phone=settings.site.contact_phone,
        album=album,
        check_in=settings.volunteering.check_in,
        has_bulletin=lambda: board is not None and board.current() is not None,
        has_old_settings=lambda: bool(refused()),
    )


async def _build_giving(settings: Settings, resources: Resources, pages: Pages) -> Giving:
    by_ticket = settings.handoff.kind is HandoffKind.ticket
    offer = Offer(
        settings.projects,
        settings_mapping.bindings(settings),
        now=resources.time.now,
        barred=lambda: by_ticket and bool(resources.acceptance.barred),
        by_ticket=by_ticket,
    )
    open_intents = OpenIntents(await resources.store.intents.unsettled())
    wakeups = Wakeups()
    donations = Donations(
        environment=settings.site.environment,
        projects=offer,
        log=resources.store.intents,
        handoff=settings_mapping.handoff(settings, resources.credential.signer),
        open_intents=open_intents,
        read_clock=read_clock,
        recorded=wakeups.intent_recorded,
    )
    sessions = Sessions(pages.default_language, pages.default_display, secret=resources.session_secret)
    giving = Giving(offer, open_intents, donations, sessions, resources.store, wakeups)
    if resources.server and resources.server.catalogue_key:
        catalogue = await stored_catalogue(resources.store.catalogues, resources.server.catalogue_key)
        if catalogue:
            giving.take_catalogue(catalogue)
    return giving


def _build_presence(
    settings: Settings, resources: Resources, giving: Giving, current_scene: CurrentScene, radio: str
) -> Presence:
    offer = giving.offer
    radios = make_radios(radio, settings_mapping.radio_plan(settings, offer.beacons))
    beacons = settings_mapping.known_beacons(settings, offer.beacons)
    collector = settings_mapping.collector(settings, offer.beacons, foreign=radios.foreign)

    def official_time(_now: float) -> datetime | None:
        at = resources.time.now()
        return at.astimezone(OFFICIAL_TIME) if at else None

    choice = build_choice(
        settings_mapping.choice_rules(settings),
        settings_mapping.project_rules(settings),
        collector,
        official=official_time,
        donation_in_progress=giving.under_way,
        bound=lambda: offer.bound,
        need=lambda: offer.need,
    )
    hall = HallWatch(settings_mapping.drift_watch(settings), now=time.monotonic())
    driver = SceneDriver(
        Tracker(beacons, settings_mapping.presence_rules(settings)),
        choice,
        collector,
        current_scene,
        bindings=lambda: offer.bindings,
        trace=Trace(beacons, samples=_TRACED_SAMPLES),
        hall=hall,
    )
    return Presence(beacons, radios, collector, choice, driver, hall)


def _check_in(settings: Settings, resources: Resources) -> Callable[[], ShownCode | None] | None:
    """Return what makes the codes of the check-in page; None where the screen has no such page."""
    if not settings.volunteering.check_in:
        return None
    return CheckInHandoff(
        settings.central.url,
        settings.site.environment,
        resources.credential.signer,
        read_clock,
        barred=lambda: bool(resources.acceptance.barred),
    ).shown


def _build_statistics(resources: Resources, giving: Giving, presence: Presence, use: ScreenUse) -> StatisticsRecorder:
    radios = presence.radios
    return StatisticsRecorder(
        presence.collector,
        resources.store.outbox,
        use=use,
        advertised=lambda: radios.adverts.seconds_on_air() if radios.adverts else {},
        imagined=radios.simulated,
        read_clock=read_clock,
        parcel_put=giving.wakeups.parcel_put,
    )


def _build_site(
    settings: Settings,
    resources: Resources,
    giving: Giving,
    presence: Presence,
    health: Health,
    refused: Callable[[], Sequence[str]],
) -> SiteStatus | None:
    if settings.kiosk.site is SiteDoor.off:
        return None
    driver, choice = presence.driver, presence.choice
    rules = settings_mapping.presence_rules(settings)
    return SiteStatus(
        why=Why(driver.trace, rules, lambda: driver.chosen, lambda: choice.screen_lock),
        radio_status=presence.radios.scanner.read_status,
        advert_status=presence.advert_status,
        stage_health=health.snapshot,
        visits=lambda: driver.visits,
        foreign=lambda: driver.foreign_frames,
        bindings=lambda: giving.offer.bindings,
        projects=giving.offer,
        sync=lambda: sync_state(resources.store.database, settings.central.url),
        versions=running_versions(resources.gateway),
        lan=settings.kiosk.site is SiteDoor.lan,
        addresses=settings_mapping.site_addresses(settings),
        settings_refused=refused,
        central=settings.central.url,
        read_sheet=partial(load_sheet, resources.store.database.path.parent),
    )
