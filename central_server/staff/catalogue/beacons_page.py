"""Serve the list of beacons with their status, a hundred to a page."""

from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.publication import Publication
from central_server.staff.catalogue.beacon_page import CLONED_FOR
from central_server.staff.catalogue.catalogue_status import load_status
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.staff.places.place_tree import rows
from central_server.store.catalogue import beacons, cloned_beacons
from central_server.store.catalogue.beacons import PAGE, BeaconFilter, StoredBeacon
from central_server.store.places import places
from central_server.store.places.places import TOP
from central_server.store.statistics import beacon_activity
from sync_contract.catalogue import BeaconKind

_FIELDS = ("words", "group", "kind", "place", "status")


class BeaconsPage:
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        self._frame = frame
        self._publication = publication

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/beacons", self._show)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        query = visitor.request.query
        chosen = {name: query.get(name, "").strip()[:120] for name in _FIELDS}
        shared = query.get("shared", "") == "yes"
        wanted = BeaconFilter(visitor.tops, **chosen, shared=shared, now=visitor.now)
        async with visitor.database.read() as connection:
            found = await beacons.page(connection, wanted, query.get("after", "")[:32], PAGE + 1)
            seen = await beacon_activity.of_beacons(connection, [each.beacon for each in found])
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
            groups = await beacons.groups(connection, visitor.tops)
            mine = await places.every(connection, visitor.tops)
            same = await beacons.same(connection, [each.beacon for each in found])
            of = await places.communities_of(connection, {each.place for each in same})
            suspect = await cloned_beacons.suspects(connection, visitor.tops, visitor.now - CLONED_FOR)
        cloned = {each.beacon for each in suspect}
        published = await load_status(visitor.database, self._publication, visitor.tops) if "removed" in query else None
        filters = {name: value for name, value in chosen.items() if value} | ({"shared": "yes"} if shared else {})
        at = {beacon: [each for each in same if each.beacon == beacon] for beacon in {each.beacon for each in same}}
        shown = found[:PAGE]
        older = urlencode(filters | {"after": shown[-1].id}) if len(found) > PAGE else ""

        def state(row: StoredBeacon) -> tuple[str, object]:
            if row.kind is BeaconKind.person:
                return "person", None
            status, last = beacon_activity.beacon_status(seen.get(row.beacon, ()), visitor.now)
            return ("cloned" if str(row.beacon) in cloned else status.value), last

        def twin(row: StoredBeacon) -> str:
            """Return whether another beacon has the same numbers, and which one counts."""
            others = [each for each in at[row.beacon] if each.id != row.id]
            if all(of[each.place] == of[row.place] for each in others):
                return "own" if others else ""
            return "counts" if row.id == min(each.id for each in at[row.beacon]) else "other_counts"

        return HtmlPage(
            "beacons.html",
            {
                "rows": [(row, *state(row), twin(row)) for row in shown],
                "places": rows(mine),
                "shared": shared,
                "names": names,
                "groups": groups,
                "chosen": chosen,
                "filtered": bool(filters),
                "older": older,
                "first": "after" in query,
                "may_edit": visitor.access.has(Right.edit),
                "removed": "removed" in query,
                "published": published,
            },
        )
