"""Which requests of this device's own screen a touch made: they are counted, by what the screen showed.

The same with JavaScript and without: what counts is a page that only a touch leads to. The first page, its updates, its
sign of life, and the way back to it when nobody is here any more come by themselves.
"""

from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.client_origin import From, asked_from
from beacon_gateway.kiosk.pages.give import came_by
from beacon_gateway.kiosk.responder import SESSION
from beacon_gateway.kiosk.sessions import Session, Sessions
from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.presence.screen_use import ScreenUse, Turned
from kiosk_ui.idle_time import IDLE_WITH_CODE_S
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import Door

VISIT_S = float(IDLE_WITH_CODE_S)
"""Who has touched nothing for so long is gone: by then the page with a code has forgotten them, too."""


@dataclass(slots=True)
class _Visit:
    """`touched_at`: monotonic seconds, the last time; `opened`: the projects whose pages were opened."""

    touched_at: float
    opened: set[str] = field(default_factory=set)


class Touches:
    """Visits by session: in memory only, and forgotten when they are over. Only sums go further."""

    def __init__(self, use: ScreenUse, stage: Stage, sessions: Sessions) -> None:
        self._use = use
        self._stage = stage
        self._now = sessions.now
        self._visits: dict[str, _Visit] = {}
        """The one touched last stands last."""

    def page(self, handler: Handler) -> Handler:
        """The handler of a page that only a touch leads to; of a project when its address names one."""

        async def touched(request: web.Request) -> web.StreamResponse:
            response = await handler(request)
            if request.method != "HEAD" and asked_from(request) is From.device:
                project = (
                    request.match_info.get("project", "") if response.status != web.HTTPNotFound.status_code else ""
                )
                self._touched(request[SESSION], project)
            return response

        return touched

    def _touched(self, session: Session, project: str) -> None:
        now = self._now()
        visit = self._visits.pop(session.id, None)
        if visit is None or now - visit.touched_at > VISIT_S:
            scene = self._stage.scene
            self._use.visit(_turned(scene.project, scene.door, scene.beacon))
            visit = _Visit(now)
        visit.touched_at = now
        self._forget(now)
        self._visits[session.id] = visit
        if project and project not in visit.opened:
            visit.opened.add(project)
            self._use.open(_turned(project, *came_by(session, project)))

    def _forget(self, now: float) -> None:
        while self._visits:
            oldest = next(iter(self._visits))
            if now - self._visits[oldest].touched_at <= VISIT_S:
                return
            del self._visits[oldest]


def _turned(project: str | None, door: Door, beacon: BeaconId | None) -> Turned:
    return project, beacon, Door.tag if door is Door.tag else Door.touch
