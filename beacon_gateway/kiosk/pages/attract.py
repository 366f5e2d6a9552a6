"""`/`: the site's projects, or the project of the current scene. The only page that follows the scene."""

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.responder import SESSION, Responder
from beacon_gateway.kiosk.sessions import Session
from beacon_gateway.kiosk.stage import Stage
from kiosk_ui.hall_views import Attract, ProjectsPage
from sync_contract.records import IntentState

_UNPAID = (IntentState.registered, IntentState.handed_off)
PENDING_GIFT_S = 600.0
"""Seconds after the last view of the code during which the first page leads back to it. Without JavaScript the page
cannot ask whether its donor is still present.
"""


def attract_view(session: Session, stage: Stage, projects: Projects, giving: Giving, now: float) -> Attract:
    """Return the first page for this session, and store the scene in it: a gift is counted by its door.

    `now`: monotonic seconds.
    """
    gift = session.gift if now - session.touched_at <= PENDING_GIFT_S else None
    pending = gift is not None and giving.state(gift.intent).state in _UNPAID
    scene = stage.scene
    shown = projects.get(scene.project) if scene.project is not None else None
    if shown is None:
        return Attract(projects.all(), pending_gift=pending)
    session.shown = scene
    return Attract(projects.all(), shown, projects.judge(shown).open, scene.door, pending)


def attract_page(responder: Responder, stage: Stage, projects: Projects, giving: Giving) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        view = attract_view(request[SESSION], stage, projects, giving, responder.now())
        return responder.render_page(request, view)

    return get


def projects_page(responder: Responder, projects: Projects) -> Handler:
    """`/projects`: all projects, whatever the scene shows."""

    async def get(request: web.Request) -> web.StreamResponse:
        return responder.render_page(request, ProjectsPage(projects.all()))

    return get
