"""Parcels in the store as if their gateway had delivered them at some time."""

from collections.abc import Sequence
from datetime import datetime

from central_server.intake.batch import ReadParcel
from central_server.intake.receive import ReceiptJson, receive
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from sync_contract.records import Parcel, canonical
from sync_contract.strict_model import Environment


async def received(
    database: Database, gateway: str, community: str, parcels: Sequence[Parcel], at: datetime
) -> list[ReceiptJson]:
    """In one request. The gateway is registered already."""
    items = [ReadParcel(parcel, canonical(parcel)) for parcel in parcels]
    return await receive(database, Gateway(gateway, community, ""), items, Environment.drill, at)
