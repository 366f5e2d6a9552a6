"""Gateways are registered explicitly; whoever signs with a key that is not registered is nobody."""

from collections.abc import Mapping
from datetime import datetime

from central_server.errors import CentralError
from central_server.store import gateways, places
from central_server.store.database import Database
from central_server.store.gateways import Gateway
from sync_contract.keys import key_id, public_text, read_public
from sync_contract.request_signature import SignatureRefused, read


class GatewayUnknown(CentralError):
    """No gateway is registered with that key, or the request is not signed by it. The message is for the log."""


class EnrolmentRefused(CentralError):
    """The gateway cannot be registered so. The message is for the operator."""


async def register(database: Database, gateway: str, public: str, community: str, label: str, now: datetime) -> Gateway:
    """Register a gateway, or a further key of one. The same again changes nothing.

    Raises EnrolmentRefused, ValueError for a public key that is none.
    """
    key = read_public(public)
    async with database.write() as connection:
        await places.plant_community(connection, community, now)
        known = await gateways.get(connection, gateway)
        if known is None:
            known = Gateway(gateway, community, label)
            await gateways.add(connection, known, now)
        elif known.community != community:
            raise EnrolmentRefused(f"gateway {gateway} belongs to {known.community!r}, not to {community!r}")
        await gateways.add_key(connection, gateway, key_id(key), public_text(key), now)
    return known


async def authenticate(
    database: Database, method: str, raw_path: str, headers: Mapping[str, str], body: bytes
) -> Gateway:
    """The gateway that signed the request. `raw_path` with its query and `body` as they came over the wire.

    Raises GatewayUnknown.
    """
    path, _, query = raw_path.partition("?")
    try:
        signature = read(method, path, query, headers, body)
        async with database.read() as connection:
            known = await gateways.known(connection, signature.gateway, signature.key)
        if known is None:
            raise GatewayUnknown(f"gateway {signature.gateway} with key {signature.key} is not registered")
        gateway, public = known
        signature.verify(read_public(public))
    except SignatureRefused as error:
        raise GatewayUnknown(str(error)) from error
    return gateway
