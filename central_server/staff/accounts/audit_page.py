"""The audit trail: what staff did, newest first; lines are only ever added."""

import re
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.accounts.audit_actions import DEEDS
from central_server.staff.accounts.audit_names import names_of
from central_server.staff.accounts.audit_wording import teller
from central_server.staff.frame.community_filter import whose
from central_server.staff.frame.page_frame import Desk, Shown, Visitor
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import COMMAND_LINE, PAGE, Wanted
from central_server.store.places import places
from sync_contract.permit import OFFICIAL_TIME

_FIELDS = ("place", "account", "action", "since", "until")
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
            around = await places.every(connection, visitor.tops)
            of = whose(around, visitor.tops, chosen["place"])
            found = await audit_trail.page(connection, of.tops, wanted, PAGE + 1)
            lines = [line for _, line in found[:PAGE]]
            names = await names_of(connection, lines, around, visitor.tops, visitor.language)
        chosen["place"] = of.chosen
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
                "whose": of,
                "names": names.places,
                "deeds": DEEDS,
                "told": teller(self._desk.words(visitor.language), visitor.language, names),
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
