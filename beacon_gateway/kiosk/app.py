"""The kiosk's web application: which address leads to which page."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.pages.amount import amount_page
from beacon_gateway.kiosk.pages.api import intents, scene
from beacon_gateway.kiosk.pages.attract import attract_page, projects_page
from beacon_gateway.kiosk.pages.board import Published, board_page, nothing, verify_page
from beacon_gateway.kiosk.pages.files import healthz, hung_picture, recording, static_file
from beacon_gateway.kiosk.pages.give import give
from beacon_gateway.kiosk.pages.handoff import handoff_page, thanks_page
from beacon_gateway.kiosk.pages.help import fixed
from beacon_gateway.kiosk.pages.live import live
from beacon_gateway.kiosk.pages.project import project_page
from beacon_gateway.kiosk.pages.session import choose_comfort, comfort_page, next_person
from beacon_gateway.kiosk.pages.site import SitePages
from beacon_gateway.kiosk.responder import Answer
from beacon_gateway.kiosk.screen_health import Screen
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import Site
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.kiosk.touch_counter import Touches
from beacon_gateway.presence.screen_use import ScreenUse
from daemonkit.web import SHORTCUTS, WebRules, guarded_app
from kiosk_ui.help_views import ContactPage, HelpPage, PhoneHelpPage, PrivacyPage
from kiosk_ui.render import Pages

_NO_CONTACT = ContactPage()


def kiosk_app(
    *,
    stage: Stage,
    projects: Projects,
    giving: Giving,
    pages: Pages,
    rules: WebRules,
    health: Callable[[], Mapping[str, Any]],
    sessions: Sessions | None = None,
    contact: ContactPage = _NO_CONTACT,
    site: Site | None = None,
    hung: Callable[[str], tuple[Path, str] | None] = lambda sha256: None,
    published: Published = nothing,
    verify: str = "",
    use: ScreenUse | None = None,
) -> web.Application:
    """Serve it with `daemonkit.web.serving`. `health`: the facts of /healthz for JSON; `"ok": false` makes it a 503.

    `contact`: whom residents may call. `site`: for staff, under /site; None: not there.
    `hung`: file and media type of a picture by its sum, None for one that is not there.
    `published`: what is kept of the ledger; `verify`: where phones look a gift up, "" for nowhere.
    `use`: counts how the screen is used.
    """
    screen = Screen()
    sessions = sessions or Sessions(pages.default, pages.usual_look)
    touched = Touches(use or ScreenUse(), stage, sessions).page
    answer = Answer(pages, rules, sessions)
    app = guarded_app(rules, error_page=answer.error, middlewares=[answer.remember])
    app.on_response_prepare.append(answer.set_cookie)
    first_page, to_first_page = attract_page(answer, stage, projects, giving)
    state, to_state = scene(stage, rules)
    app[SHORTCUTS].add("/", to_first_page)
    app[SHORTCUTS].add("/api/v1/scene", to_state)
    app.add_routes(
        [
            web.get("/", first_page),
            web.get("/projects", touched(projects_page(answer, projects))),
            web.get("/project/{project}", touched(project_page(answer, projects))),
            web.get("/project/{project}/amount", touched(amount_page(answer, projects))),
            web.post("/give", touched(give(answer, projects, giving))),
            web.get("/handoff", handoff_page(answer, giving, sessions)),
            web.get("/thanks", thanks_page(answer, giving, sessions)),
            web.post("/next", next_person(answer, sessions)),
            web.get("/comfort", touched(comfort_page(answer))),
            web.post("/comfort", touched(choose_comfort(answer))),
            web.get("/help", touched(fixed(answer, HelpPage(contact.phone, "/site" if site is not None else "")))),
            web.get("/help/phone", touched(fixed(answer, PhoneHelpPage()))),
            web.get("/contact", touched(fixed(answer, contact))),
            web.get("/privacy", touched(fixed(answer, PrivacyPage(contact.phone)))),
            web.get("/board", touched(board_page(answer, published, projects, verify))),
            web.get("/verify", touched(verify_page(answer, verify))),
            web.get("/live", live(answer, stage, projects, giving)),
            web.get("/api/v1/scene", state),
            web.post("/api/v1/intents", intents(giving)),
            web.get("/pictures/{sha256:[0-9a-f]{64}}", hung_picture(hung)),
            web.get("/static/{name:.+}", static_file(pages.assets)),
            web.get("/voices/{voice}/{name}", recording(pages.voices)),
            web.post("/alive", screen.alive()),
            web.get("/healthz", healthz(lambda: {**health(), "screen": screen.describe()})),
        ]
    )
    if site is not None:
        app.add_routes(SitePages(site, answer, screen, sessions).routes())
    return app
