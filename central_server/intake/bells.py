"""Stores the bells among the parcels of a delivery."""

from collections.abc import Iterable
from datetime import datetime

from central_server.statistics.event_times import event_time
from central_server.store.alerts import bells
from central_server.store.alerts.bells import Bell
from central_server.store.engine.connection import Connection
from central_server.store.enrolment.gateways import Gateway
from sync_contract.records import Parcel, StaffCalled


async def record_bells(connection: Connection, gateway: Gateway, new: Iterable[Parcel], now: datetime) -> None:
    """`new`: parcels that were not stored before, so that each bell rings once."""
    for parcel in new:
        if isinstance(parcel.body, StaffCalled):
            at = event_time(parcel.clock, None, now).at
            bell = Bell(gateway.id, parcel.id, gateway.community, parcel.body.environment.value, at, now)
            await bells.add(connection, bell)
