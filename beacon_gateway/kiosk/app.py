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
from beacon_gateway.kiosk.pages.live import live
from beacon_gateway.kiosk.pages.project import project_page
from beacon_gateway.kiosk.pages.session import choose_language, next_person
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.stage import Stage
from daemonkit.web import WebRules, guarded_app
from kiosk_ui.render import Pages


def kiosk_app(
    *,
    stage: Stage,
    projects: Projects,
    giving: Giving,
    pages: Pages,
    rules: WebRules,
    health: Callable[[], Mapping[str, Any]],
    sessions: Sessions | None = None,
) -> web.Application:
    """Serve it with `daemonkit.web.serving`. `health`: the facts of /healthz for JSON; `"ok": false` makes it a 503."""
    sessions = sessions or Sessions(pages.default)
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
            web.post("/language", choose_language(answer)),
            web.get("/live", live(answer, stage, projects, giving)),
            web.get("/api/v1/scene", scene(stage)),
            web.post("/api/v1/intents", intents(giving)),
            web.get("/static/{name:.+}", static_file(pages.assets)),
            web.get("/healthz", healthz(health)),
        ]
    )
    return app
