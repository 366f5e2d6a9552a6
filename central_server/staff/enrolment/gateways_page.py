"""List gateways with their status, and add a gateway."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.outdated_gateways import find_outdated
from central_server.enrolment import enrolment_codes
from central_server.enrolment.acceptance_drift import find_drift
from central_server.enrolment.gateway_status import SurveyedGateway, survey
from central_server.staff.enrolment.gateway_select import matches_words
from central_server.staff.frame.community_filter import filter_communities
from central_server.staff.frame.overview_page import state
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.staff.places import place_tree
from central_server.store.accounts import audit_actions
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import acceptance_sheets, issued_codes, rejected_requests
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.project import Texts

_MAX_LABEL = 120
_WRONG_CODES_BACK = timedelta(hours=24)
PAGE = 50
STATES = (
    "fork",
    "late",
    "revoked",
    "awaited",
    "deaf",
    "off_air",
    "not_proved",
    "simulated",
    "new",
    "up",
    "retired",
)
"""States of gateways, the most urgent first."""


class GatewaysPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/gateways", self._show),
            self._frame.page("/staff/gateways/new", self._ask, Right.edit),
            self._frame.form("/staff/gateways/new", self._add, Right.edit),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        query = visitor.request.query
        chosen = {"words": query.get("words", "").strip()[:_MAX_LABEL], "state": query.get("state", "")}
        async with visitor.database.read() as connection:
            retired = chosen["state"] == "retired"
            around = await places.every(connection, visitor.tops)
            communities = filter_communities(around, visitor.tops, query.get("place", ""))
            surveyed = await survey(connection, communities.tops, visitor.now, retired=retired)
            outdated = await find_outdated(connection, surveyed, visitor.now)
            sheets = await acceptance_sheets.newest_within(connection, communities.tops)
            wrong = await issued_codes.wrong_since(connection, visitor.now - _WRONG_CODES_BACK)
            strangers = await rejected_requests.lately(connection, visitor.now, "") if TOP in visitor.tops else ()
        names = {place.id: place.names for place in around} | dict(communities.names)
        wanted = [each for each in surveyed if _fits(each, chosen, names)]
        after = query.get("after", "")
        begin = next((number for number, each in enumerate(wanted, 1) if each.gateway.id == after), 0)
        shown = wanted[begin : begin + PAGE]
        filters = {name: value for name, value in {**chosen, "place": communities.chosen}.items() if value}
        more = filters | {"after": shown[-1].gateway.id} if begin + PAGE < len(wanted) else {}
        return HtmlPage(
            "gateways.html",
            {
                "now": visitor.now,
                "gateways": shown,
                "count": len(wanted),
                "states": STATES,
                "chosen": chosen,
                "filtered": bool(filters),
                "first": f"/staff/gateways?{urlencode(filters)}" if begin else "",
                "more": f"/staff/gateways?{urlencode(more)}" if more else "",
                "names": names,
                "communities": communities,
                "state": state,
                "outdated": outdated,
                "drift": {each.gateway.id: find_drift(sheets.get(each.gateway.id), each.report) for each in shown},
                "wrong": wrong,
                "strangers": sum(each.times for each in strangers),
                "edits": visitor.access.has(Right.edit),
            },
        )

    async def _ask(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            return await _form(connection, visitor)

    async def _add(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Add a gateway and redirect to the page that makes a code; no page that can be reloaded shows the code."""
        label, wanted = visitor.form.get("label", "").strip(), visitor.form.get("place", "")
        async with visitor.database.write() as connection:
            await visitor.demand(connection, wanted)
            place = await places.get(connection, wanted)
            community = _community(place)
            if place is None or community is None:
                return await _form(connection, visitor, "place")
            if not fits_label(label):
                return await _form(connection, visitor, "label")
            site = place.id if place.kind is PlaceKind.site else None
            gateway = await enrolment_codes.add_gateway(connection, community, label, site, visitor.now)
            await visitor.record(connection, community, audit_actions.GatewayAdded(gateway.id, label, place.id))
        return Redirect(f"/staff/gateways/{gateway.id}/code")


def fits_label(label: str) -> bool:
    return 1 <= len(label) <= _MAX_LABEL and label.isprintable()


def _fits(each: SurveyedGateway, chosen: Mapping[str, str], names: Mapping[str, Texts]) -> bool:
    """Whether a gateway matches the filter."""
    if chosen["state"] and state(each) != chosen["state"]:
        return False
    return matches_words(each.gateway, names, chosen["words"].casefold())


def _community(place: Place | None) -> str | None:
    """Return the community of a gateway at this place; None where no gateway can be."""
    if place is None or place.kind not in (PlaceKind.community, PlaceKind.site):
        return None
    return place.id if place.kind is PlaceKind.community else place.parent


async def _form(connection: Connection, visitor: Visitor, fault: str = "") -> HtmlPage:
    rows = place_tree.rows(await places.every(connection, visitor.tops))
    fits = [row.place for row in rows if row.place.kind in (PlaceKind.community, PlaceKind.site)]
    given = {name: visitor.form.get(name, visitor.request.query.get(name, "")) for name in ("label", "place")}
    values = {"places": fits, "given": given, "fault": fault}
    return HtmlPage("gateway_new.html", values, 422 if fault else 200)
