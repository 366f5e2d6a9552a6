"""Count the visits and opened projects on this device's own screen, by what the screen showed.

A visit begins with a page that only a touch opens. The first page, its updates and signs of life, and the return to it
when the screen is idle do not count, as the browser requests them by itself. JavaScript makes no difference.
"""

from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.pages.give import door_of
from beacon_gateway.kiosk.responder import SESSION
from beacon_gateway.kiosk.sessions import Session, Sessions
from beacon_gateway.presence.screen_use import ScreenUse, ShownScreen
from kiosk_ui.idle_times import IDLE_WITH_CODE_S
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import Door

VISIT_S = float(IDLE_WITH_CODE_S)
"""Seconds without a touch after which a visit ends: the page with a code is also reset then."""


@dataclass(slots=True)
class _Visit:
    """`touched_at`: monotonic seconds of the last touch; `opened`: the projects whose pages were opened."""

    touched_at: float
    opened: set[str] = field(default_factory=set)


class TouchCounter:
    """Visits by session: in memory only, dropped when they end. Only sums leave this class."""

    def __init__(self, use: ScreenUse, current_scene: CurrentScene, sessions: Sessions) -> None:
        self._use = use
        self._current_scene = current_scene
        self._now = sessions.now
        self._visits: dict[str, _Visit] = {}
        """The most recently touched is last."""

    def count_touches(self, handler: Handler) -> Handler:
        """Wrap the handler of a page that only a touch opens; `{project}` in its path names the opened project."""

        async def counted(request: web.Request) -> web.StreamResponse:
            response = await handler(request)
            if request.method != "HEAD":
                project = request.match_info.get("project", "") if response.status != 404 else ""
                self._record(request[SESSION], project)
            return response

        return counted

    def _record(self, session: Session, project: str) -> None:
        now = self._now()
        visit = self._visits.pop(session.id, None)
        if visit is None or now - visit.touched_at > VISIT_S:
            scene = self._current_scene.scene
            self._use.add_visit(_turned(scene.project, scene.door, scene.beacon))
            visit = _Visit(now)
        visit.touched_at = now
        self._drop_ended(now)
        self._visits[session.id] = visit
        if project and project not in visit.opened:
            visit.opened.add(project)
            self._use.add_opened(_turned(project, *door_of(session, project)))

    def _drop_ended(self, now: float) -> None:
        while self._visits:
            oldest = next(iter(self._visits))
            if now - self._visits[oldest].touched_at <= VISIT_S:
                return
            del self._visits[oldest]


def _turned(project: str | None, door: Door, beacon: BeaconId | None) -> ShownScreen:
    return project, beacon, Door.tag if door is Door.tag else Door.touch
