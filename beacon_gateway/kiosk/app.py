"""The kiosk's web application: which address leads to which page."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.answer import Answer
from beacon_gateway.kiosk.pages.amount import amount_page
from beacon_gateway.kiosk.pages.api import intents, scene
from beacon_gateway.kiosk.pages.attract import attract_page, projects_page
from beacon_gateway.kiosk.pages.files import healthz, static_file
from beacon_gateway.kiosk.pages.give import give
from beacon_gateway.kiosk.pages.handoff import handoff_page, thanks_page
from beacon_gateway.kiosk.pages.help import fixed
from beacon_gateway.kiosk.pages.live import live
from beacon_gateway.kiosk.pages.project import project_page
from beacon_gateway.kiosk.pages.session import choose_comfort, comfort_page, next_person
from beacon_gateway.kiosk.pages.why import trace_css, trace_json, trace_svg
from beacon_gateway.kiosk.screen import Screen
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.kiosk.why import STYLESHEET, Why
from daemonkit.web import WebRules, guarded_app
from kiosk_ui.render import Pages
from kiosk_ui.views import HelpPage, PhoneHelpPage, PrivacyPage


def kiosk_app(
    *,
    stage: Stage,
    projects: Projects,
    giving: Giving,
    pages: Pages,
    rules: WebRules,
    health: Callable[[], Mapping[str, Any]],
    sessions: Sessions | None = None,
    phone: str = "",
    why: Why | None = None,
) -> web.Application:
    """Serve it with `daemonkit.web.serving`. `health`: the facts of /healthz for JSON; `"ok": false` makes it a 503.

    `phone`: a telephone number for residents. `why`: told under /site/trace.…, on this device only.
    """
    screen = Screen()
    sessions = sessions or Sessions(pages.default, pages.usual_look)
    answer = Answer(pages, rules, sessions)
    app = guarded_app(rules, error_page=answer.error, middlewares=[answer.remember])
    app.on_response_prepare.append(answer.set_cookie)
    app.add_routes(
        [
            web.get("/", attract_page(answer, stage, projects)),
            web.get("/projects", projects_page(answer, projects)),
            web.get("/project/{project}", project_page(answer, projects)),
            web.get("/project/{project}/amount", amount_page(answer, projects)),
            web.post("/give", give(answer, projects, giving)),
            web.get("/handoff", handoff_page(answer, giving)),
            web.get("/thanks", thanks_page(answer, giving)),
            web.post("/next", next_person(answer, sessions)),
            web.get("/comfort", comfort_page(answer)),
            web.post("/comfort", choose_comfort(answer)),
            web.get("/help", fixed(answer, HelpPage(phone))),
            web.get("/help/phone", fixed(answer, PhoneHelpPage())),
            web.get("/privacy", fixed(answer, PrivacyPage(phone))),
            web.get("/live", live(answer, stage, projects, giving)),
            web.get("/api/v1/scene", scene(stage)),
            web.post("/api/v1/intents", intents(giving)),
            web.get("/static/{name:.+}", static_file(pages.assets)),
            web.post("/alive", screen.alive()),
            web.get("/healthz", healthz(lambda: {**health(), "screen": screen.describe()})),
        ]
    )
    if why is not None:
        app.add_routes(
            [
                web.get("/site/trace.json", trace_json(why)),
                web.get("/site/trace.svg", trace_svg(why)),
                web.get(STYLESHEET, trace_css()),
            ]
        )
    return app
