"""Show the audit trail: what staff did, newest first."""

import re
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.accounts.audit_names import names_of
from central_server.staff.accounts.audit_titles import TITLES
from central_server.staff.accounts.audit_wording import entry_describer
from central_server.staff.frame.community_filter import filter_communities
from central_server.staff.frame.list_paging import day_end, day_start, group_by_day
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import COMMAND_LINE, PAGE, AuditFilter
from central_server.store.places import places

_FIELDS = ("place", "account", "action", "since", "until")
_MAX_NAME = 64


class AuditPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/audit", self._show, Right.govern)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        chosen = {name: visitor.request.query.get(name, "") for name in _FIELDS}
        wanted = _read_filter(chosen, visitor.request.query.get("before", ""))
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            communities = filter_communities(around, visitor.tops, chosen["place"])
            found = await audit_trail.page(connection, communities.tops, wanted, PAGE + 1)
            entries = [entry for _, entry in found[:PAGE]]
            names = await names_of(connection, entries, around, visitor.tops, visitor.language)
        chosen["place"] = communities.chosen
        filters = {name: value for name, value in chosen.items() if value}
        older = f"/staff/audit?{urlencode(filters | {'before': found[PAGE - 1][0]})}" if len(found) > PAGE else ""
        return HtmlPage(
            "audit.html",
            {
                "days": group_by_day(entries, lambda entry: entry.at),
                "communities": communities,
                "names": names.places,
                "titles": TITLES,
                "describe": entry_describer(self._frame.words(visitor.language), visitor.language, names),
                "chosen": chosen,
                "filtered": bool(filters),
                "command_line": COMMAND_LINE,
                "newest": "" if wanted.before is None else f"/staff/audit?{urlencode(filters)}",
                "older": older,
            },
        )


def _read_filter(chosen: dict[str, str], before: str) -> AuditFilter:
    """Ignore invalid values."""
    return AuditFilter(
        account=chosen["account"].strip()[:_MAX_NAME] or None,
        action=chosen["action"] if chosen["action"] in TITLES else None,
        since=day_start(chosen["since"]),
        until=day_end(chosen["until"]),
        before=int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None,
    )
