"""Build the kiosk's web application: map each path to its page."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.client_origin import ClientOrigin, admit_clients, classify_client
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.pages.amount import amount_page
from beacon_gateway.kiosk.pages.api import create_intent, read_scene
from beacon_gateway.kiosk.pages.attract import attract_page, projects_page
from beacon_gateway.kiosk.pages.board import ReadBoard, board_page, no_board, verify_page
from beacon_gateway.kiosk.pages.bulletin import BulletinPages, BulletinParts
from beacon_gateway.kiosk.pages.check_in import ShowCode, check_in_page
from beacon_gateway.kiosk.pages.files import album_picture, healthz, static_file, voice_recording
from beacon_gateway.kiosk.pages.give import give
from beacon_gateway.kiosk.pages.handoff import handoff_page, thanks_page
from beacon_gateway.kiosk.pages.help import fixed_page
from beacon_gateway.kiosk.pages.live import LiveTimings, live_stream
from beacon_gateway.kiosk.pages.project import project_page
from beacon_gateway.kiosk.pages.session import change_display, display_page, next_person, undo_decline
from beacon_gateway.kiosk.pages.site import SitePages
from beacon_gateway.kiosk.responder import Responder
from beacon_gateway.kiosk.screen_health import ScreenHealth, ScreenStatus
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import SiteStatus
from beacon_gateway.kiosk.touch_counter import TouchCounter
from beacon_gateway.presence.screen_use import ScreenUse
from daemonkit.metrics import Metric, metrics_page, no_metrics
from daemonkit.web import WebRules, guarded_app
from kiosk_ui.help_views import ContactPage, HelpPage, PhoneHelpPage, PrivacyPage
from kiosk_ui.render import Pages

ReadHealth = Callable[[], Mapping[str, Any]]
FindPicture = Callable[[str], tuple[Path, str] | None]
ReadMetrics = Callable[[ScreenStatus], Awaitable[Iterable[Metric]]]
_NO_CONTACT = ContactPage()
_DEFAULT_TIMINGS = LiveTimings()


def kiosk_app(
    *,
    current_scene: CurrentScene,
    projects: Projects,
    giving: Giving,
    pages: Pages,
    rules: WebRules,
    health: ReadHealth,
    read_metrics: ReadMetrics = no_metrics,
    sessions: Sessions | None = None,
    contact: ContactPage = _NO_CONTACT,
    site: SiteStatus | None = None,
    find_picture: FindPicture = lambda sha256: None,
    read_board: ReadBoard = no_board,
    verify: str = "",
    show_code: ShowCode | None = None,
    bulletin: BulletinParts | None = None,
    use: ScreenUse | None = None,
    timings: LiveTimings = _DEFAULT_TIMINGS,
    classify: Callable[[web.Request], ClientOrigin] = classify_client,
) -> web.Application:
    """Return the application for `daemonkit.web.serving`.

    `health`: the facts of /healthz for JSON; `"ok": false` makes its status 503. `contact`: the number that residents
    may call. `site`: the staff pages. `find_picture`: returns file and media type of a project's picture by its
    SHA-256, or None. `read_board`: returns published figures. `verify`: the address where phones look up a gift, or "".
    `show_code`: for the check-in page. `use`: counts how the screen is used. `classify`: only this device gets more.
    """
    screen = ScreenHealth()
    sessions = sessions or Sessions(pages.default_language, pages.default_display)
    responder = Responder(pages, rules, sessions, classify, giving.recall)
    app = guarded_app(
        rules, error_page=responder.render_error, middlewares=[admit_clients(classify), responder.attach_session]
    )
    app.on_response_prepare.append(responder.set_cookie)
    app.add_routes(
        [
            web.get("/", attract_page(responder, sessions, current_scene, projects, giving)),
            web.get("/handoff", handoff_page(responder, giving, sessions)),
            web.get("/thanks", thanks_page(responder, giving, sessions)),
            web.post("/next", next_person(responder, sessions)),
            web.post("/undo", undo_decline(responder, sessions)),
            web.get("/live", live_stream(responder, sessions, current_scene, projects, giving, timings, show_code)),
            web.get("/api/v1/scene", read_scene(current_scene)),
            web.post("/api/v1/intents", create_intent(giving)),
            *_files(pages, find_picture),
            *_community(responder, show_code, bulletin),
            *_monitoring(screen, health, read_metrics),
        ]
    )
    touches = TouchCounter(use or ScreenUse(), current_scene, sessions)
    touched_pages = _touched_pages(
        responder, sessions, projects, giving, contact, read_board, verify, staff_pages=site is not None
    )
    app.add_routes([web.get(path, touches.count_touches(page)) for path, page in touched_pages.items()])
    touched_forms = {"/give": give(responder, sessions, projects, giving), "/display": change_display(responder)}
    app.add_routes([web.post(path, touches.count_touches(form)) for path, form in touched_forms.items()])
    if site is not None:
        app.add_routes(SitePages(site, responder, screen, sessions, classify=classify).routes())
    return app


def _community(responder: Responder, show_code: ShowCode | None, bulletin: BulletinParts | None) -> list[web.RouteDef]:
    """Return the pages about no project: a touch on them is not counted as use of one."""
    check_in = [web.get("/check-in", check_in_page(responder, show_code))] if show_code else []
    return [*check_in, *(BulletinPages(bulletin, responder).routes() if bulletin else ())]


def _files(pages: Pages, find_picture: FindPicture) -> list[web.RouteDef]:
    return [
        web.get("/pictures/{sha256:[0-9a-f]{64}}", album_picture(find_picture)),
        web.get("/static/{name:.+}", static_file(pages.assets)),
        web.get("/voices/{voice}/{name}", voice_recording(pages.voices)),
    ]


def _monitoring(screen: ScreenHealth, health: ReadHealth, read_metrics: ReadMetrics) -> list[web.RouteDef]:
    """Return the routes for programs on this device."""
    return [
        web.post("/alive", screen.record_sign_of_life()),
        web.get("/healthz", healthz(lambda: {**health(), "screen": asdict(screen.status())})),
        web.get("/metrics", metrics_page(lambda: read_metrics(screen.status()))),
    ]


def _touched_pages(
    responder: Responder,
    sessions: Sessions,
    projects: Projects,
    giving: Giving,
    contact: ContactPage,
    read_board: ReadBoard,
    verify: str,
    *,
    staff_pages: bool,
) -> dict[str, Handler]:
    """Return, by path, the pages that only a touch opens."""
    help_page = HelpPage(contact.phone, "/site" if staff_pages else "")
    return {
        "/projects": projects_page(responder, projects),
        "/project/{project}": project_page(responder, projects),
        "/project/{project}/amount": amount_page(responder, sessions, projects, giving),
        "/display": display_page(responder),
        "/help": fixed_page(responder, help_page),
        "/help/phone": fixed_page(responder, PhoneHelpPage()),
        "/contact": fixed_page(responder, contact),
        "/privacy": fixed_page(responder, PrivacyPage(contact.phone)),
        "/board": board_page(responder, read_board, projects, verify),
        "/verify": verify_page(responder, verify),
    }
