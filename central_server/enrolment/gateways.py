"""Registers gateways, and authenticates their signed requests. Unknown keys are refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from central_server.errors import CentralError
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway, Key
from central_server.store.places import places
from sync_contract.enrolment import KEY_REVOKED, KEY_UNKNOWN
from sync_contract.keys import key_id, public_text, read_public
from sync_contract.project import Texts
from sync_contract.request_signature import SignatureRefused, read

OLD_KEY_LIFETIME = timedelta(days=7)
"""Validity of an old key after the first use of its successor: tickets that it signed are still on phones."""


class GatewayUnknown(CentralError):
    """The request is not signed with a valid key of a registered gateway. The message is for the log.

    `word`: key_revoked when the key was valid once and the signature fits, else key_unknown. `claimed`: the gateway
    that the request names, where it names one.
    """

    def __init__(self, message: str, word: str = KEY_UNKNOWN, claimed: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.claimed = claimed


class EnrolmentRefused(CentralError):
    """The gateway or key cannot be registered. The message is for the operator."""


async def register(
    database: Database,
    gateway: str,
    public: str,
    community: str,
    label: str,
    now: datetime,
    first_name: Texts | None = None,
) -> Gateway:
    """Register a gateway, or a further key of one. Repeatable. `first_name`: of the server's first community.

    Raises EnrolmentRefused; ValueError when `public` is no public key.
    """
    key = read_public(public)
    async with database.write() as connection:
        await places.plant_community(connection, community, now, first_name)
        known = await gateways.get(connection, gateway)
        if known is None:
            known = Gateway(gateway, community, label)
            await gateways.add(connection, known, now)
        elif known.community != community:
            raise EnrolmentRefused(f"gateway {gateway} belongs to {known.community!r}, not to {community!r}")
        if not await gateways.add_key(connection, gateway, key_id(key), public_text(key), now):
            found = await gateways.by_key(connection, key_id(key))
            if found is None or found[0].id != gateway:
                raise EnrolmentRefused(f"another gateway has the key {key_id(key)}: a key names one gateway only")
    return known


async def authenticate(
    database: Database, method: str, raw_path: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[Gateway, Key]:
    """Return the gateway that signed the request, and its key. `raw_path`, with its query, and `body` as received.

    Raises GatewayUnknown.
    """
    path, _, query = raw_path.partition("?")
    try:
        signature = read(method, path, query, headers, body)
        found = await gateways.signed_with(database, signature.gateway, signature.key)
        if found is None:
            message = f"gateway {signature.gateway} with key {signature.key} is not registered"
            raise GatewayUnknown(message, claimed=signature.gateway)
        gateway, key = found
        signature.verify(read_public(key.public))
    except SignatureRefused as error:
        raise GatewayUnknown(str(error), claimed=error.gateway) from error
    if not key.valid(now):
        raise GatewayUnknown(f"key {key.key} of gateway {gateway.id} is revoked: {key.revoked_why}", KEY_REVOKED)
    if key.first_used_at is None:
        await _record_first_use(database, key, now)
    return gateway, key


async def _record_first_use(database: Database, key: Key, now: datetime) -> None:
    """Record the first use. That of a rolled key proves that the gateway has it, so the old keys expire."""
    async with database.write() as connection:
        if await gateways.first_use(connection, key.gateway, key.key, now) and key.origin == "roll":
            await gateways.revoke_keys(connection, key.gateway, now + OLD_KEY_LIFETIME, "rolled", but=key.key)
