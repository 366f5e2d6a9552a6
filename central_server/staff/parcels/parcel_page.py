"""Show one parcel: how often it arrived and with which result, its facts, and the history of its gift."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central_server.accounts.money_visibility import blind_at
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.staff.parcels.fact_wording import differences, name
from central_server.staff.parcels.log_facts import Line, find_titles, read_line
from central_server.store.donations import attempts, intents
from central_server.store.enrolment import gateways
from central_server.store.ledger import ledger_lines
from central_server.store.parcels import parcels, sync_log
from central_server.store.places import places


class ParcelPage:
    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page("/staff/parcels/{gateway:[0-9a-f]{16}}/{parcel:[0-9a-f]{32}}", self._show)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        gateway, parcel = visitor.request.match_info["gateway"], visitor.request.match_info["parcel"]
        async with visitor.database.read() as connection:
            known = await gateways.get(connection, gateway)
            if known is None:
                raise web.HTTPNotFound
            await visitor.demand(connection, known.community)
            found = await sync_log.of_parcel(connection, gateway, parcel)
            titles = await find_titles(connection, found)
            record = await parcels.get(connection, gateway, parcel)
            intent = await intents.get(connection, gateway, parcel)
            changes = await intents.history(connection, gateway, parcel)
            tried = await attempts.of_intent(connection, gateway, parcel)
            blind = await blind_at(connection, visitor.access, [known.community])
            community = await places.get(connection, known.community)
            posted = () if blind else await ledger_lines.of_intent(connection, gateway, parcel)
        if not found and intent is None:
            raise web.HTTPNotFound
        lines = [read_line(arrival, {gateway: known.label}, titles, blind) for arrival in reversed(found)]
        facts, translate = _facts(lines), self._frame.words(visitor.language)
        return HtmlPage(
            "parcel.html",
            {
                "gateway": known,
                "parcel": parcel,
                "lines": lines,
                "record": record,
                "intent": intent,
                "changes": changes,
                "numbers": {attempt.id: attempt.number for attempt in tried},
                "posted": posted,
                "blind": bool(blind),
                "facts": facts,
                "differences": differences(facts, translate),
                "field_name": lambda path: name(path, translate),
                "community": community,
            },
        )


def _facts(lines: list[Line]) -> list[tuple[str, list[str], bool]]:
    """Return every fact of every distinct content: its name, a value for each content, and whether they differ."""
    contents: list[dict[str, str]] = []
    for line in lines:
        content = dict(_flatten("", line.content))
        if content and content not in contents:
            contents.append(content)
    names = list(dict.fromkeys(name for content in contents for name in content))
    rows = [(name, [content.get(name, "–") for content in contents]) for name in names]
    return [(name, values, len(set(values)) > 1) for name, values in rows]


def _flatten(path: str, value: Any) -> list[tuple[str, str]]:  # noqa: ANN401  (any JSON value)
    """Return nested facts with dotted names; a list of plain values is one fact."""
    if isinstance(value, Mapping):
        return [pair for name, inner in value.items() for pair in _flatten(f"{path}.{name}" if path else name, inner)]
    if isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value):
        return [pair for number, inner in enumerate(value) for pair in _flatten(f"{path}[{number}]", inner)]
    if isinstance(value, list):
        return [(path, " ".join(str(inner) for inner in value) or "–")]
    return [(path, "–" if value is None else str(value))]
