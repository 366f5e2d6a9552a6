"""Parcels of kind `intent`: a resident registered a gift.

The ticket may have come first. Parcel and ticket are then two tellings of one intent, and must agree.
"""

from collections.abc import Sequence
from datetime import datetime

from central_server.donations.typed_codes import draw_unused_codes
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.enrolment.gateways import Gateway
from sync_contract.records import HandoffKind, IntentRegistered, IntentState
from sync_contract.strict_model import Environment


def refusal(body: IntentRegistered, environment: Environment) -> str:
    """Why such a parcel cannot be taken here, as a machine-readable word; empty when it can."""
    return "" if body.environment is environment else "other_environment"


async def take(
    connection: Connection, gateway: Gateway, new: Sequence[tuple[str, IntentRegistered]], now: datetime
) -> dict[str, str]:
    """Record the intents of parcels newly kept. Gives the ids that contradict their ticket, each with its reason."""
    tickets = [parcel for parcel, body in new if body.handoff is HandoffKind.ticket]
    codes = dict(zip(tickets, await draw_unused_codes(connection, len(tickets)), strict=True))
    told = {parcel: _intent(gateway, parcel, body, codes.get(parcel), now) for parcel, body in new}
    fresh = await intents.add(connection, list(told.values()))
    conflicts: dict[str, str] = {}
    known = await intents.find(connection, gateway.id, told.keys() - fresh)
    for parcel, before in known.items():
        if differing := before.differing(told[parcel]):
            conflicts[parcel] = f"differs_from_ticket: {' '.join(differing)}"
        else:
            await intents.set_door(connection, gateway.id, parcel, told[parcel].door or "", told[parcel].code)
    return conflicts


def _intent(gateway: Gateway, parcel: str, body: IntentRegistered, code: str | None, now: datetime) -> Intent:
    linked = body.handoff is HandoffKind.link
    return Intent(
        gateway=gateway.id,
        id=parcel,
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
        state=(IntentState.unconfirmed if linked else IntentState.registered).value,
        code=code,
    )
