"""The audit trail: what staff did, newest first; lines are only ever added."""

import re
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.deeds import DEEDS
from central_server.staff.desk import Desk, Shown, Visitor
from central_server.staff.detail_words import subject, told
from central_server.store import audit, gateways, places
from central_server.store.audit import COMMAND_LINE, PAGE, Wanted
from sync_contract.permit import OFFICIAL_TIME

_FIELDS = ("account", "action", "since", "until")
_LONGEST_NAME = 64


class AuditPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [self._desk.page("/staff/audit", self._show, Right.govern)]

    async def _show(self, visitor: Visitor) -> Shown:
        chosen = {name: visitor.request.query.get(name, "") for name in _FIELDS}
        wanted = _wanted(chosen, visitor.request.query.get("before", ""))
        async with visitor.database.read() as connection:
            found = await audit.page(connection, visitor.tops, wanted, PAGE + 1)
            known = {place.id: place.names for place in await places.every(connection, visitor.tops)}
            devices = await gateways.every(connection, visitor.tops)
        lines = [line for _, line in found[:PAGE]]
        say = self._desk.words(visitor.language)
        called = {place: names[visitor.language] for place, names in known.items()}
        called |= {device.id: device.label for device in devices}
        filters = {name: value for name, value in chosen.items() if value}
        older = f"/staff/audit?{urlencode(filters | {'before': found[PAGE - 1][0]})}" if len(found) > PAGE else ""
        days = [
            (of_day[0].at, of_day)
            for _, same in groupby(lines, lambda line: line.at.astimezone(OFFICIAL_TIME).date())
            for of_day in [list(same)]
        ]
        return Shown(
            "audit.html",
            {
                "days": days,
                "names": known,
                "deeds": DEEDS,
                "told": lambda detail: told(detail, say, called),
                "subject": lambda text: subject(text, called),
                "chosen": chosen,
                "filtered": bool(filters),
                "command_line": COMMAND_LINE,
                "newest": "" if wanted.before is None else f"/staff/audit?{urlencode(filters)}",
                "older": older,
            },
        )


def _wanted(chosen: dict[str, str], before: str) -> Wanted:
    """What does not fit is left out: a filter is no place for error pages."""
    until = _day(chosen["until"])
    return Wanted(
        account=chosen["account"].strip()[:_LONGEST_NAME] or None,
        action=chosen["action"] if chosen["action"] in DEEDS else None,
        since=_day(chosen["since"]),
        until=None if until is None else until + timedelta(days=1),
        before=int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None,
    )


def _day(text: str) -> datetime | None:
    """The day's beginning in official time."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME) if 2000 <= day.year < 2200 else None
