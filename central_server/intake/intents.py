"""Records the intents of new parcels. An intent's ticket may have come first; parcel and ticket must then agree."""

from collections.abc import Mapping
from datetime import datetime

from central_server.donations.typed_codes import draw_unused_codes
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.enrolment.gateways import Gateway
from sync_contract.records import HandoffKind, IntentRegistered, IntentState

_FIRST_STATE = {HandoffKind.link: IntentState.unconfirmed.value, HandoffKind.ticket: IntentState.registered.value}


async def record_intents(
    connection: Connection, gateway: Gateway, new: Mapping[str, IntentRegistered], now: datetime
) -> dict[str, str]:
    """Record the intents, by id. Return the ids of those that contradict their ticket, each with the reason."""
    tickets = [id_ for id_, body in new.items() if body.handoff is HandoffKind.ticket]
    codes = dict(zip(tickets, await draw_unused_codes(connection, len(tickets)), strict=True))
    found = {id_: _intent(gateway, id_, body, codes.get(id_), now) for id_, body in new.items()}
    added = await intents.add(connection, list(found.values()))
    contradictions: dict[str, str] = {}
    for id_, known in (await intents.find(connection, gateway.id, found.keys() - added)).items():
        if differing := known.differing(found[id_]):
            contradictions[id_] = f"differs_from_ticket: {' '.join(differing)}"
        else:
            await intents.set_door(connection, gateway.id, id_, found[id_].door or "", found[id_].code)
    return contradictions


def _intent(gateway: Gateway, id_: str, body: IntentRegistered, code: str | None, now: datetime) -> Intent:
    return Intent(
        gateway=gateway.id,
        id=id_,
        community=gateway.community,
        environment=body.environment.value,
        project=body.project,
        amount_minor=body.amount_minor,
        currency=body.currency,
        beacon=None if body.beacon is None else str(body.beacon),
        catalogue_version=body.catalogue_version,
        handoff=body.handoff.value,
        door=body.door.value,
        first_seen_at=now,
        first_seen_in="parcel",
        state=_FIRST_STATE[body.handoff],
        code=code,
    )
