"""The sync log: newest first, fifty lines a page, filtered by place, gateway, kind, result and time."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.enrolment.gateway_select import among, told_apart
from central_server.staff.frame.community_filter import whose
from central_server.staff.frame.page_frame import Desk, Shown, Visitor
from central_server.staff.parcels.fact_wording import fault
from central_server.staff.parcels.log_facts import line, named
from central_server.staff.places.place_tree import below
from central_server.store.enrolment import gateways
from central_server.store.parcels import parcels, sync_log
from central_server.store.parcels.log_queries import Wanted
from central_server.store.places import places
from central_server.store.places.places import TOP, Place
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import Receipt

_KINDS = ("intent", "statistics", "ticket", "unknown")
_FIELDS = ("place", "gateway", "named", "kind", "result", "since", "until")
_PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")


class LogPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [self._desk.page("/staff/log", self._show)]

    async def _show(self, visitor: Visitor) -> Shown:
        chosen = {name: visitor.request.query.get(name, "") for name in _FIELDS}
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            of = whose(around, visitor.tops, chosen["place"])
            wanted = _wanted(chosen, of.tops, visitor.request.query.get("before", ""))
            known = [each for each in await gateways.every(connection, visitor.tops) if each.community in of.within]
            found = await sync_log.page(connection, wanted, sync_log.PAGE + 1)
            projects = await named(connection, found)
            mine = {gateway.id for gateway in known if gateway.retired_at is None}
            gaps = [gap for gap in await parcels.gaps(connection, of.tops) if gap.gateway in mine]
            gifts = {(arrival.gateway, arrival.parcel) for arrival in found if arrival.kind == "intent"}
            states = await sync_log.states(connection, gifts)
        blind = _blind(around, visitor.access.places(Right.money), {arrival.community for arrival in found})
        chosen |= {"named": chosen["named"].strip()[:120], "place": of.chosen}
        labels = {gateway.id: gateway.label for gateway in known}
        lines = [line(arrival, labels, projects, blind) for arrival in found[: sync_log.PAGE]]
        days = [
            (of_day[0].last_at, of_day)
            for _, same in groupby(lines, lambda entry: entry.last_at.astimezone(OFFICIAL_TIME).date())
            for of_day in [list(same)]
        ]
        filters = {name: value for name, value in chosen.items() if value}
        older = ""
        if len(found) > sync_log.PAGE:
            last = found[sync_log.PAGE - 1]
            older = "/staff/log?" + urlencode(filters | {"before": f"{_micros(last.last_at)}-{last.seq}"})
        return Shown(
            "log.html",
            {
                "days": days,
                "choice": among(known, of.every, visitor.language, chosen["named"], chosen["gateway"]),
                "whose": of,
                "labels": told_apart(known, of.every, visitor.language),
                "gaps": gaps,
                "states": states,
                "chosen": chosen,
                "filtered": bool(filters),
                "newest": "" if wanted.before is None else f"/staff/log?{urlencode(filters)}",
                "older": older,
                "fault_of": lambda detail: fault(detail, self._desk.words(visitor.language)),
                "kinds": _KINDS,
                "results": list(Receipt),
            },
        )


def _blind(around: Sequence[Place], money: Collection[str], seen: Collection[str]) -> frozenset[str]:
    """Of the communities `seen`, those whose single gifts the reader does not see (docs/privacy.md)."""
    if TOP in money:
        return frozenset()
    return frozenset(seen).difference(*(below(around, top) for top in money))


def _wanted(chosen: Mapping[str, str], tops: frozenset[str], before: str) -> Wanted:
    """What does not fit is left out: a filter is no place for error pages."""
    place = _PLACE.fullmatch(before)
    since, until = _day(chosen["since"]), _day(chosen["until"])
    return Wanted(
        tops=tops,
        gateway=chosen["gateway"] or None,
        kind=chosen["kind"] or None,
        result=Receipt(chosen["result"]) if chosen["result"] in list(Receipt) else None,
        since=since,
        until=None if until is None else until + timedelta(days=1),
        before=None if place is None else (_instant(int(place[1])), int(place[2])),
    )


def _day(text: str) -> datetime | None:
    """The day's beginning in official time."""
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME) if 2000 <= day.year < 2200 else None
    except ValueError:
        return None


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
