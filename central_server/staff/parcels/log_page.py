"""Show the sync log, newest first, filtered by place, gateway, kind, result and time."""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.enrolment.gateway_select import gateway_labels, select_gateways
from central_server.staff.frame.community_filter import filter_communities
from central_server.staff.frame.list_paging import day_end, day_start, format_position, group_by_day, parse_position
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.staff.parcels.fact_wording import name
from central_server.staff.parcels.log_facts import find_titles, read_line
from central_server.staff.places.place_tree import below
from central_server.store.enrolment import gateways
from central_server.store.parcels import parcels, sync_log
from central_server.store.parcels.log_queries import LogFilter
from central_server.store.parcels.sync_log import PAGE
from central_server.store.places import places
from central_server.store.places.places import TOP, Place
from sync_contract.records import Receipt

_KINDS = ("intent", "statistics", "ticket", "unknown")
_FIELDS = ("place", "gateway", "named", "kind", "result", "since", "until")


class LogPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/log", self._show)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        chosen = {name: visitor.request.query.get(name, "") for name in _FIELDS}
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            communities = filter_communities(around, visitor.tops, chosen["place"])
            wanted = _read_filter(chosen, communities.tops, visitor.request.query.get("before", ""))
            every = await gateways.every(connection, visitor.tops)
            known = [each for each in every if each.community in communities.within]
            found = await sync_log.page(connection, wanted, PAGE + 1)
            titles = await find_titles(connection, found)
            active = {gateway.id for gateway in known if gateway.retired_at is None}
            gaps = [gap for gap in await parcels.gaps(connection, communities.tops) if gap.gateway in active]
            gifts = {(arrival.gateway, arrival.parcel) for arrival in found if arrival.kind == "intent"}
            states = await sync_log.states(connection, gifts)
        blind = _blind(around, visitor.access.places(Right.money), {arrival.community for arrival in found})
        chosen |= {"named": chosen["named"].strip()[:120], "place": communities.chosen}
        labels = {gateway.id: gateway.label for gateway in known}
        lines = [read_line(arrival, labels, titles, blind) for arrival in found[:PAGE]]
        filters = {name: value for name, value in chosen.items() if value}
        older = ""
        if len(found) > PAGE:
            last = found[PAGE - 1]
            older = "/staff/log?" + urlencode(filters | {"before": format_position(last.last_at, last.seq)})
        return HtmlPage(
            "log.html",
            {
                "days": group_by_day(lines, lambda line: line.last_at),
                "choice": select_gateways(
                    known, communities.every, visitor.language, chosen["named"], chosen["gateway"]
                ),
                "communities": communities,
                "labels": gateway_labels(known, communities.every, visitor.language),
                "gaps": gaps,
                "states": states,
                "blind": blind,
                "chosen": chosen,
                "filtered": bool(filters),
                "newest": "" if wanted.before is None else f"/staff/log?{urlencode(filters)}",
                "older": older,
                "field_name": lambda path: name(path, self._frame.words(visitor.language)),
                "kinds": _KINDS,
                "results": list(Receipt),
            },
        )


def _blind(around: Sequence[Place], money: Collection[str], seen: Collection[str]) -> frozenset[str]:
    """Return the communities of `seen` whose single gifts the reader may not see (docs/privacy.md)."""
    if TOP in money:
        return frozenset()
    return frozenset(seen).difference(*(below(around, top) for top in money))


def _read_filter(chosen: Mapping[str, str], tops: frozenset[str], before: str) -> LogFilter:
    """Ignore invalid values."""
    position = parse_position(before)
    return LogFilter(
        tops=tops,
        gateway=chosen["gateway"] or None,
        kind=chosen["kind"] or None,
        result=Receipt(chosen["result"]) if chosen["result"] in list(Receipt) else None,
        since=day_start(chosen["since"]),
        until=day_end(chosen["until"]),
        before=None if position is None or len(position[1]) > 18 else (position[0], int(position[1])),
    )
