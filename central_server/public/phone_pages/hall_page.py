"""Serve pages without a ticket: a hall's projects with 搖一搖, the page of a shake, the page of a poster or tag."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from central_server.public.phone_pages.gift_form import GiftForms, InvalidAmount, PhonePage
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.public.phone_pages.project_pictures import pictures_of
from central_server.public.visitor_identity import visitor
from central_server.shake.catalogue_bindings import CatalogueBindings, Hall
from central_server.shake.shake_lookup import find_pass
from central_server.statistics.event_times import hour
from central_server.statistics.visitors import VisitCounter
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from central_server.store.statistics.visitors import PhoneVisit
from kiosk_ui.hall_views import PhoneHall, PhoneProject
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts
from sync_contract.records import Door

_BEACON = "{uuid:[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}}/{major:[0-9]{1,5}}/{minor:[0-9]{1,5}}"

_PRESENCE = "{presence_pass:[A-Za-z0-9_-]{43}}"


@dataclass(frozen=True, slots=True)
class HallLink:
    """A link on the page of a hall to another page of its community, `<root>/<community>`."""

    root: str
    name: Texts


class HallPages:
    """`links`: of optional parts."""

    def __init__(
        self,
        database: Database,
        bindings: CatalogueBindings,
        counter: VisitCounter,
        responder: PageResponder,
        gifts: GiftForms,
        clock: Callable[[], datetime],
        links: Sequence[HallLink] = (),
    ) -> None:
        self._database = database
        self._bindings = bindings
        self._counter = counter
        self._responder = responder
        self._gifts = gifts
        self._clock = clock
        self._links = links

    def routes(self) -> list[web.RouteDef]:
        """`/H/` too: a QR code needs fewer modules for capitals."""
        return [
            web.get("/", self._home),
            web.get("/s", self._hall),
            web.get("/s/at/{place:[^/]{1,64}}", self._hall),
            web.get("/s/at/{place:[^/]{1,64}}/turn", self._turn),
            web.get("/s/at/{place:[^/]{1,64}}/{project:[a-z0-9-]{1,16}}", self._project),
            web.get(f"/s/{_PRESENCE}", self._shaken),
            web.post(f"/s/{_PRESENCE}", self._shaken),
            *(web.get(f"/{door}/{_BEACON}", self._poster) for door in ("h", "H")),
            *(web.post(f"/{door}/{_BEACON}", self._poster) for door in ("h", "H")),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        """Handle the kiosk's address typed without a path."""
        raise web.HTTPSeeOther("/s")

    async def _hall(self, request: web.Request) -> web.Response:
        return await self._listed(request, await self._found(request))

    async def _turn(self, request: web.Request) -> web.Response:
        """Show each project in turn, so that none hides another."""
        hall = await self._found(request)
        if not hall.projects:
            return await self._listed(request, hall)
        ids = [project.id for project in hall.projects]
        after = request.query.get("after", "")
        following = ids[(ids.index(after) + 1) % len(ids)] if after in ids else ids[0]
        await self._count(request, hall.place, None, following, Door.phone, "shake")
        raise web.HTTPSeeOther(f"{_root(hall)}/{following}")

    async def _project(self, request: web.Request) -> web.Response:
        hall = await self._found(request)
        found = next((each for each in hall.projects if each.id == request.match_info["project"]), None)
        if found is None:
            return await self._responder.page(request, NoticePage(NoticeKind.project_unknown, back=_root(hall)), 404)
        another = f"{_root(hall)}/turn?after={found.id}" if len(hall.projects) > 1 else ""
        judgement, _ = await self._gifts.judge(hall.place, found)
        board = await self._board(hall.place)
        view = PhoneProject(found, judgement.open, judgement.reason, _root(hall), another, board=board)
        return await self._responder.page(
            request, view, pictures=await pictures_of(self._database, hall.place, [found.id])
        )

    async def _shaken(self, request: web.Request) -> web.Response:
        """Show the page of a presence pass, which the mini-program opens. A POST registers a gift."""
        async with self._database.read() as connection:
            known = await find_pass(connection, request.match_info["presence_pass"], self._clock())
        hall = await self._bindings.hall(None if known is None else known.community)
        found = next((each for each in hall.projects if known and each.id == known.project), None) if hall else None
        if hall is not None:
            request[PLACE] = hall.place
        if known is None or found is None:
            return await self._listed(request, hall or Hall("", ()), ended=True, status=404)
        page = PhonePage(known.community, found, known.beacon, Door(known.door), request.path)
        return await self._at(request, page)

    async def _poster(self, request: web.Request) -> web.Response:
        """Show the page of a poster, or of a tag with `?nfc`. A POST registers a gift. Out of hours: its hall."""
        match, now = request.match_info, self._clock()
        major, minor = int(match["major"]), int(match["minor"])
        if major > 0xFFFF or minor > 0xFFFF:
            return await self._unknown(request)
        beacon = BeaconId(UUID(match["uuid"]), major, minor)
        found = (await self._bindings.at({beacon: ""}, now)).get(beacon)
        if found is None:
            known = (await self._bindings.places([beacon], now)).get(beacon)
            hall = None if known is None else await self._bindings.hall(known.community)
            if known is None or hall is None:
                return await self._unknown(request)
            request[PLACE] = known.place
            return await self._listed(request, hall, status=200 if request.method == "GET" else 409)
        request[PLACE] = found.place
        touched = "nfc" in request.query
        path = request.path.lower() + ("?nfc" if touched else "")
        door = Door.nfc if touched else Door.qr
        return await self._at(request, PhonePage(found.community, found.project, beacon, door, path))

    async def _unknown(self, request: web.Request) -> web.Response:
        return await self._responder.page(request, NoticePage(NoticeKind.project_unknown, back="/s"), 404)

    async def _at(self, request: web.Request, page: PhonePage) -> web.Response:
        """Show the page of a project at a beacon, or register its gift."""
        invalid = None
        if request.method == "POST":
            registered = await self._gifts.register(request, page)
            if not isinstance(registered, InvalidAmount):
                return registered
            invalid = registered
        await self._count(request, page.community, page.beacon, page.project.id, page.door, "click")
        form = await self._gifts.form(request, page, invalid)
        root = _root(Hall(page.community, ()))
        judgement, board = form.judgement, await self._board(page.community)
        view = PhoneProject(page.project, judgement.open, judgement.reason, root, giving=form.giving, board=board)
        shown = await pictures_of(self._database, page.community, [page.project.id])
        return await self._responder.page(request, view, 400 if invalid else 200, csrf=form.csrf, pictures=shown)

    async def _found(self, request: web.Request) -> Hall:
        hall = await self._bindings.hall(request.match_info.get("place"))
        if hall is None:
            raise web.HTTPNotFound
        request[PLACE] = hall.place
        return hall

    async def _listed(
        self, request: web.Request, hall: Hall, *, ended: bool = False, status: int = 200
    ) -> web.Response:
        shown = await pictures_of(self._database, hall.place, [project.id for project in hall.projects])
        community = await self._community(hall.place)
        links = tuple((f"{link.root}/{community}", link.name) for link in self._links if community)
        view = PhoneHall(hall.projects, _root(hall), ended, f"/board/{community}" if community else "", links)
        return await self._responder.page(request, view, status, pictures=shown)

    async def _board(self, place: str) -> str:
        """Return the path of the board of the place's community; empty above communities."""
        community = await self._community(place)
        return f"/board/{community}" if community else ""

    async def _community(self, place: str) -> str:
        """Return the place's community as a part of a path; empty above communities."""
        async with self._database.read() as connection:
            community = (await places.communities_of(connection, [place]))[place]
            found = await places.get(connection, community)
        return quote(community, safe="") if found is not None and found.kind is PlaceKind.community else ""

    async def _count(
        self,
        request: web.Request,
        place: str,
        beacon: BeaconId | None,
        project: str,
        door: Door,
        kind: Literal["shake", "click"],
    ) -> None:
        if request.method != "GET":
            return
        at = hour(self._clock())
        visit = PhoneVisit(at, place, "" if beacon is None else str(beacon), project, door.value, kind)
        async with self._database.write() as connection:
            await self._counter.count(connection, visit, visitor(request))


def _root(hall: Hall) -> str:
    return f"/s/at/{hall.place}" if hall.place else "/s"
