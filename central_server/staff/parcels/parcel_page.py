"""One parcel: how often it came and what became of it, its facts, and the way of its gift."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central_server.accounts.money_visibility import blind_at
from central_server.staff.frame.page_frame import Desk, Shown, Visitor
from central_server.staff.parcels.fact_wording import differences, fault
from central_server.staff.parcels.log_facts import Line, line, named
from central_server.store.donations import attempts, intents
from central_server.store.enrolment import gateways
from central_server.store.ledger import ledger_lines
from central_server.store.parcels import parcels, sync_log
from central_server.store.places import places


class ParcelPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [self._desk.page("/staff/parcels/{gateway:[0-9a-f]{16}}/{parcel:[0-9a-f]{32}}", self._show)]

    async def _show(self, visitor: Visitor) -> Shown:
        gateway, parcel = visitor.request.match_info["gateway"], visitor.request.match_info["parcel"]
        async with visitor.database.read() as connection:
            known = await gateways.get(connection, gateway)
            if known is None:
                raise web.HTTPNotFound
            await visitor.demand(connection, known.community)
            found = await sync_log.of_parcel(connection, gateway, parcel)
            projects = await named(connection, found)
            kept = await parcels.get(connection, gateway, parcel)
            intent = await intents.get(connection, gateway, parcel)
            changes = await intents.history(connection, gateway, parcel)
            tried = await attempts.of_intent(connection, gateway, parcel)
            blind = await blind_at(connection, visitor.access, [known.community])
            community = await places.get(connection, known.community)
            posted = () if blind else await ledger_lines.of_intent(connection, gateway, parcel)
        if not found and intent is None:
            raise web.HTTPNotFound
        lines = [line(arrival, {gateway: known.label}, projects, blind) for arrival in reversed(found)]
        facts, say = _facts(lines), self._desk.words(visitor.language)
        return Shown(
            "parcel.html",
            {
                "gateway": known,
                "parcel": parcel,
                "lines": lines,
                "kept": kept,
                "intent": intent,
                "changes": changes,
                "numbers": {attempt.id: attempt.number for attempt in tried},
                "posted": posted,
                "blind": bool(blind),
                "facts": facts,
                "differences": differences(facts, say),
                "fault_of": lambda detail: fault(detail, say),
                "community": community,
            },
        )


def _facts(lines: list[Line]) -> list[tuple[str, list[str], bool]]:
    """Every fact of every content that came: its name, a value for each, and whether they differ."""
    contents: list[dict[str, str]] = []
    for entry in lines:
        told = dict(_flat("", entry.content))
        if told and told not in contents:
            contents.append(told)
    names = list(dict.fromkeys(name for told in contents for name in told))
    rows = [(name, [told.get(name, "–") for told in contents]) for name in names]
    return [(name, values, len(set(values)) > 1) for name, values in rows]


def _flat(path: str, value: Any) -> list[tuple[str, str]]:  # noqa: ANN401  (any JSON value)
    """Nested facts with dotted names; lists of plain values stay together."""
    if isinstance(value, Mapping):
        return [pair for name, inner in value.items() for pair in _flat(f"{path}.{name}" if path else name, inner)]
    if isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value):
        return [pair for number, inner in enumerate(value) for pair in _flat(f"{path}[{number}]", inner)]
    if isinstance(value, list):
        return [(path, " ".join(str(inner) for inner in value) or "–")]
    return [(path, "–" if value is None else str(value))]
