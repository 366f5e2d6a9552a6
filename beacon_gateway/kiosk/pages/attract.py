"""`/`: the site's projects, or the project of the current scene. The only page that follows the scene."""

from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Gift, Giving, Projects
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.responder import SESSION, Responder
from beacon_gateway.kiosk.sessions import Session, Sessions
from kiosk_ui.hall_views import Attract, ProjectsPage
from sync_contract.records import IntentState

UNPAID = (IntentState.registered, IntentState.handed_off)


def attract_view(
    session: Session, sessions: Sessions, current_scene: CurrentScene, projects: Projects, giving: Giving
) -> Attract:
    """Return the first page for this session, and store the scene in it: a gift is counted by its door."""
    view = Attract(projects.all(), declined=is_unpaid(sessions.declined_gift(session), giving))
    gift = sessions.pending_gift(session)
    if gift is not None and is_unpaid(gift, giving):
        view = replace(view, pending_gift=True)
    scene = current_scene.scene
    shown = projects.get(scene.project) if scene.project is not None else None
    if shown is None:
        return view
    session.shown = scene
    return replace(view, shown=shown, shown_open=projects.judge(shown).open, door=scene.door)


def is_unpaid(gift: Gift | None, giving: Giving) -> bool:
    """Return whether there is a gift that may still be paid."""
    return gift is not None and giving.state(gift.intent).state in UNPAID


def attract_page(
    responder: Responder, sessions: Sessions, current_scene: CurrentScene, projects: Projects, giving: Giving
) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        view = attract_view(request[SESSION], sessions, current_scene, projects, giving)
        return responder.render_page(request, view)

    return get


def projects_page(responder: Responder, projects: Projects) -> Handler:
    """`/projects`: all projects, whatever the scene shows."""

    async def get(request: web.Request) -> web.StreamResponse:
        return responder.render_page(request, ProjectsPage(projects.all()))

    return get
