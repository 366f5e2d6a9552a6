"""One parcel: how often it came and what became of it, its facts, and the way of its gift."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central_server.staff.lines import Line, line
from central_server.store import arrivals, attempts, gateways, intents, ledger_lines, parcels
from central_server.store.accounts import Account
from central_server.store.arrivals import Wanted
from central_server.store.database import Database
from sync_contract.project import Project


async def parcel_page(
    request: web.Request, database: Database, account: Account, projects: Mapping[str, Project]
) -> tuple[str, dict[str, Any]]:
    gateway, parcel = request.match_info["gateway"], request.match_info["parcel"]
    async with database.read() as connection:
        known = await gateways.get(connection, gateway)
        if known is None or account.community not in (None, known.community):
            raise web.HTTPNotFound
        wanted = Wanted(gateway=gateway, parcel=parcel)
        found = await arrivals.page(connection, wanted)
        kept = await parcels.get(connection, gateway, parcel)
        intent = await intents.get(connection, gateway, parcel)
        changes = await intents.history(connection, gateway, parcel)
        tried = await attempts.of_intent(connection, gateway, parcel)
        posted = await ledger_lines.of_intent(connection, gateway, parcel)
    if not found and intent is None:
        raise web.HTTPNotFound
    lines = [line(arrival, {gateway: known.label}, projects) for arrival in reversed(found)]
    project = projects.get(intent.project) if intent else None
    return "parcel.html", {
        "gateway": known,
        "parcel": parcel,
        "lines": lines,
        "kept": kept,
        "intent": intent,
        "project": project,
        "changes": changes,
        "numbers": {attempt.id: attempt.number for attempt in tried},
        "posted": posted,
        "facts": _facts(lines),
    }


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
