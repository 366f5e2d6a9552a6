"""The ticket: a signed intent, small enough for a QR of version 10 at level M.

Layout, version 1, big-endian; the signature (Ed25519) covers `DOMAIN` and every octet before it:

    octets  field
    1       layout version, 1
    1       flags: bit 0 environment (0 drill, 1 real); bit 1 clock trusted; bit 2 beacon present
    8       gateway id
    8       key id of the device key that signs
    16      intent id (UUIDv7)
    5       amount in minor units
    2       currency, ISO 4217 numeric
    5       issued at, seconds since 1970-01-01 UTC, by the gateway's clock
    4       catalogue version
    1 + n   project id: its length, then ASCII (n <= 16)
    0 or 20 beacon: uuid, major, minor
    64      signature

At most 151 octets. As text it is base32 (RFC 4648) without padding, in capitals, so that a QR codes it
(and the capitalised URL before it) in alphanumeric mode at 5.5 bits a character.
"""

import struct
from base64 import b32decode, b32encode
from binascii import Error as Base32Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync_contract.beacon_identity import BeaconId
from sync_contract.keys import key_id
from sync_contract.money import ALPHABETIC, NUMERIC, Money
from sync_contract.strict_model import Environment

DOMAIN = b"beacon ticket v1\0"
FRESH_FOR = timedelta(minutes=10)
"""After this time the donor confirms again before an attempt is opened."""
_HEAD = struct.Struct(">BB8s8s16s5sH5sI")
_BEACON = struct.Struct(">16sHH")
_SIGNATURE = 64
_REAL, _TRUSTED, _BEACON_PRESENT = 1, 2, 4
MAX_TEXT = 242
"""Characters of the longest ticket."""


class TicketRefused(ValueError):
    """The text is no valid ticket: malformed, altered, or signed with an unknown key. The message is for the log."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The content that a gateway signs. `issued_at`: aware, in whole seconds; reliable only if `clock_trusted`."""

    environment: Environment
    gateway: str
    intent: str
    project: str
    amount: Money
    beacon: BeaconId | None
    issued_at: datetime
    clock_trusted: bool
    catalogue_version: int


def encode(ticket: Ticket, key: Ed25519PrivateKey) -> str:
    """Return the signed ticket as text. Raises ValueError for a field that does not fit the layout."""
    flags = (
        _REAL * (ticket.environment is Environment.real)
        | _TRUSTED * ticket.clock_trusted
        | _BEACON_PRESENT * (ticket.beacon is not None)
    )
    project = ticket.project.encode("ascii")
    if not 1 <= len(project) <= 16:
        raise ValueError(f"a project id has 1 to 16 characters, not {len(project)}")
    try:
        content = _HEAD.pack(
            1,
            flags,
            _fixed(bytes.fromhex(ticket.gateway), 8),
            bytes.fromhex(key_id(key.public_key())),
            _fixed(bytes.fromhex(ticket.intent), 16),
            ticket.amount.minor.to_bytes(5, "big"),
            NUMERIC[ticket.amount.currency],
            int(ticket.issued_at.timestamp()).to_bytes(5, "big"),
            ticket.catalogue_version,
        )
    except (OverflowError, KeyError, struct.error) as error:
        raise ValueError(f"does not fit a ticket: {error}") from error
    content += bytes([len(project)]) + project
    if ticket.beacon is not None:
        content += _BEACON.pack(ticket.beacon.uuid.bytes, ticket.beacon.major, ticket.beacon.minor)
    return b32encode(content + key.sign(DOMAIN + content)).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class UnverifiedTicket:
    """A well-formed ticket with an unchecked signature: look up the key of (gateway, key), then call `verify`."""

    gateway: str
    key: str
    _content: Ticket
    _signed: bytes
    _signature: bytes

    def verify(self, public: Ed25519PublicKey) -> Ticket:
        """Return the ticket after checking its signature. Raises TicketRefused."""
        if key_id(public) != self.key:
            raise TicketRefused("signed by another key")
        try:
            public.verify(self._signature, DOMAIN + self._signed)
        except InvalidSignature as error:
            raise TicketRefused("the signature does not fit the content") from error
        return self._content


def parse(text: str) -> UnverifiedTicket:
    """Read a ticket's text in any case. Raises TicketRefused. Do not trust its content before `verify`."""
    if len(text) > MAX_TEXT:
        raise TicketRefused("too long")
    try:
        raw = b32decode(text.upper() + "=" * (-len(text) % 8))
    except (Base32Error, ValueError) as error:
        raise TicketRefused("not base32") from error
    if b32encode(raw).rstrip(b"=").decode() != text.upper():
        raise TicketRefused("not canonical base32")
    if len(raw) < _HEAD.size + 2 + _SIGNATURE:
        raise TicketRefused("too short")
    signed, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    version, flags, gateway, key, intent, amount, currency, issued, catalogue = _HEAD.unpack_from(signed)
    if version != 1 or flags & ~(_REAL | _TRUSTED | _BEACON_PRESENT):
        raise TicketRefused(f"layout version {version}, flags {flags:#04x}: unknown")
    length = signed[_HEAD.size]
    start = _HEAD.size + 1
    project, rest = signed[start : start + length], signed[start + length :]
    if not 1 <= length <= 16 or len(project) != length or not project.isascii():
        raise TicketRefused("the project id does not fit")
    if len(rest) != (_BEACON.size if flags & _BEACON_PRESENT else 0):
        raise TicketRefused("the beacon does not fit")
    if currency not in ALPHABETIC:
        raise TicketRefused(f"currency {currency} is unknown")
    try:
        issued_at = datetime.fromtimestamp(int.from_bytes(issued, "big"), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TicketRefused("issued at no possible time") from error
    fields = Ticket(
        environment=Environment.real if flags & _REAL else Environment.drill,
        gateway=gateway.hex(),
        intent=intent.hex(),
        project=project.decode("ascii"),
        amount=Money(int.from_bytes(amount, "big"), ALPHABETIC[currency]),
        beacon=_beacon(rest) if rest else None,
        issued_at=issued_at,
        clock_trusted=bool(flags & _TRUSTED),
        catalogue_version=catalogue,
    )
    return UnverifiedTicket(gateway.hex(), key.hex(), fields, signed, signature)


def _beacon(raw_beacon: bytes) -> BeaconId:
    uuid, major, minor = _BEACON.unpack(raw_beacon)
    return BeaconId(UUID(bytes=uuid), major, minor)


def _fixed(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise ValueError(f"{length} bytes are expected, not {len(value)}")
    return value
