"""The beacons: which are active, which fell silent, a hundred to a page."""

from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.desk import Desk, Shown, Visitor
from central_server.store import activity, beacons, places
from central_server.store.beacons import PAGE, KeptBeacon, Wanted
from central_server.store.places import TOP
from sync_contract.catalogue import BeaconKind

_FIELDS = ("words", "group", "kind", "place")


class BeaconsPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [self._desk.page("/staff/beacons", self._show)]

    async def _show(self, visitor: Visitor) -> Shown:
        query = visitor.request.query
        chosen = {name: query.get(name, "").strip()[:120] for name in _FIELDS}
        wanted = Wanted(visitor.tops, **chosen)
        async with visitor.database.read() as connection:
            found = await beacons.page(connection, wanted, query.get("after", "")[:32], PAGE + 1)
            seen = await activity.of(connection, [each.beacon for each in found])
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
            groups = await beacons.groups(connection, visitor.tops)
        filters = {name: value for name, value in chosen.items() if value}
        shown = found[:PAGE]
        older = urlencode(filters | {"after": shown[-1].id}) if len(found) > PAGE else ""

        def state(kept: KeptBeacon) -> tuple[str, object]:
            if kept.kind is BeaconKind.person:
                return "person", None
            status, last = activity.status(seen.get(kept.beacon, ()), visitor.now)
            return status.value, last

        return Shown(
            "beacons.html",
            {
                "rows": [(kept, *state(kept)) for kept in shown],
                "names": names,
                "groups": groups,
                "chosen": chosen,
                "filtered": bool(filters),
                "older": older,
                "first": "after" in query,
                "may_edit": visitor.access.has(Right.edit),
                "removed": "removed" in query,
            },
        )
