"""Make and open the keys that sign the codes of a community's cards."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)

from central_server.receipts.sealed_data import Seal
from central_server.store.engine.connection import Connection
from sync_contract.card_code import key_id, public_text
from volunteering.store import cards
from volunteering.store.cards import CardKey

_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Scalar:
    """`value`: the private number, base64."""

    value: str


async def ensure_key(connection: Connection, seal: Seal, community: str, environment: str, now: datetime) -> CardKey:
    """Return the community's key; make it where there is none. In a write."""
    found = await cards.key_of(connection, community, environment)
    if found is not None:
        return found
    await connection.alone(f"volunteer card key {community}")
    found = await cards.key_of(connection, community, environment)
    if found is not None:
        return found
    private = generate_private_key(SECP256R1())
    id_, scalar = key_id(private.public_key()), private.private_numbers().private_value.to_bytes(_BYTES, "big")
    sealed = seal.close(_record(id_), _Scalar(b64encode(scalar).decode()))
    key = CardKey(id_, community, environment, public_text(private.public_key()), sealed, now)
    await cards.add_key(connection, key)
    return key


def open_key(seal: Seal, key: CardKey) -> EllipticCurvePrivateKey:
    """Raises SealBroken."""
    scalar = b64decode(seal.open(_record(key.id), key.sealed, _Scalar).value)
    return derive_private_key(int.from_bytes(scalar, "big"), SECP256R1())


def _record(key: str) -> str:
    return f"volunteer card key {key}"
