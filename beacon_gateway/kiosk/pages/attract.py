"""`/`: the site's projects, or the one that the scene turned to. The only page that follows the scene."""

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.responder import SESSION, Answer
from beacon_gateway.kiosk.sessions import Session
from beacon_gateway.kiosk.stage import Stage
from daemonkit.web import Shortcut
from kiosk_ui.hall_views import Attract, ProjectsPage
from sync_contract.records import IntentState

_WAITING = (IntentState.registered, IntentState.handed_off)
HELD_S = 600.0
"""Seconds after the code was last looked at by which its giver has gone: without JavaScript the page asks nobody."""


def attract_view(session: Session, stage: Stage, projects: Projects, giving: Giving, now: float) -> Attract:
    """The scene as this session now sees it; remembered, so that a gift is counted by the door it came through.

    `now`: monotonic seconds.
    """
    gift = session.gift if now - session.touched_at <= HELD_S else None
    held = gift is not None and giving.state(gift.intent).state in _WAITING
    scene = stage.scene
    shown = projects.get(scene.project) if scene.project is not None else None
    if shown is None:
        return Attract(projects.all(), held=held)
    session.shown = scene
    return Attract(projects.all(), shown, projects.judge(shown).open, scene.door, held)


def attract_page(answer: Answer, stage: Stage, projects: Projects, giving: Giving) -> tuple[Handler, Shortcut]:
    """Both show the same: the page that waits in the hall is asked for again and again."""

    def view(session: Session) -> Attract:
        return attract_view(session, stage, projects, giving, answer.now())

    async def get(request: web.Request) -> web.StreamResponse:
        return answer.kept(request, view(request[SESSION]))

    return get, answer.shortcut("/", view)


def projects_page(answer: Answer, projects: Projects) -> Handler:
    """`/projects`: all of them, whatever the scene shows."""

    async def get(request: web.Request) -> web.StreamResponse:
        return answer.kept(request, ProjectsPage(projects.all()))

    return get
