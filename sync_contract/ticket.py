"""The ticket: a signed intent, small enough for a QR code of 49 modules a side.

Layout, big-endian; the signature (Ed25519) covers `DOMAIN` and every byte before it:

    bytes   field
    1       bits 7 to 4: layout version, 1; bit 3: 0; bit 2: beacon present; bit 1: clock trusted;
            bit 0: environment (0 drill, 1 real)
    8       key id of the device key that signs; it names the gateway too
    16      intent id (UUIDv7)
    4       amount in fen
    4       issued at, seconds since 1970-01-01 UTC, by the gateway's clock
    4       catalogue version
    0 or 20 beacon: uuid, major, minor
    n       project id, ASCII (1 <= n <= 16)
    64      signature

At most 137 bytes. As text it is base32 (RFC 4648) without padding, in capitals, so that a QR codes it
(and the capitalised host before it) in alphanumeric mode at 5.5 bits a character.
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
from sync_contract.money import Money
from sync_contract.strict_model import Environment

DOMAIN = b"beacon ticket v1\0"
LATEST = datetime.fromtimestamp(2**32 - 1, UTC)
"""The latest time that a ticket can state, in the year 2106."""
FRESH_FOR = timedelta(minutes=10)
"""After this time the donor confirms again before an attempt is opened."""
_HEAD = struct.Struct(">B8s16sIII")
_BEACON = struct.Struct(">16sHH")
_SIGNATURE = 64
_VERSION = 1 << 4
_REAL, _TRUSTED, _BEACON_PRESENT = 1, 2, 4
_MAX_PROJECT = 16
MAX_TEXT = 220
"""Characters of the longest ticket."""


class TicketRefused(ValueError):
    """The text is no valid ticket: malformed, altered, or signed with an unknown key. The message is for the log."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The content that a gateway signs. `issued_at`: aware, in whole seconds; reliable only if `clock_trusted`."""

    environment: Environment
    intent: str
    project: str
    amount: Money
    beacon: BeaconId | None
    issued_at: datetime
    clock_trusted: bool
    catalogue_version: int


def encode(ticket: Ticket, key: Ed25519PrivateKey) -> str:
    """Return the signed ticket as text. Raises ValueError for a field that does not fit the layout."""
    head = (
        _VERSION
        | _REAL * (ticket.environment is Environment.real)
        | _TRUSTED * ticket.clock_trusted
        | _BEACON_PRESENT * (ticket.beacon is not None)
    )
    project, intent = ticket.project.encode("ascii"), bytes.fromhex(ticket.intent)
    if not 1 <= len(project) <= _MAX_PROJECT:
        raise ValueError(f"a project id has 1 to {_MAX_PROJECT} characters, not {len(project)}")
    if len(intent) != 16:
        raise ValueError(f"an intent id has 16 bytes, not {len(intent)}")
    if ticket.amount.currency != "CNY":
        raise ValueError(f"a ticket is in CNY, not in {ticket.amount.currency}")
    signer = bytes.fromhex(key_id(key.public_key()))
    issued_at = int(ticket.issued_at.timestamp())
    try:
        content = _HEAD.pack(head, signer, intent, ticket.amount.minor, issued_at, ticket.catalogue_version)
    except struct.error as error:
        raise ValueError(f"does not fit a ticket: {error}") from error
    if ticket.beacon is not None:
        content += _BEACON.pack(ticket.beacon.uuid.bytes, ticket.beacon.major, ticket.beacon.minor)
    content += project
    return b32encode(content + key.sign(DOMAIN + content)).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class UnverifiedTicket:
    """A well-formed ticket with an unchecked signature: look up the key, then call `verify`."""

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
    if len(raw) < _HEAD.size + 1 + _SIGNATURE:
        raise TicketRefused("too short")
    signed, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    head, key, intent, amount, issued, catalogue = _HEAD.unpack_from(signed)
    if head & ~(_REAL | _TRUSTED | _BEACON_PRESENT) != _VERSION:
        raise TicketRefused(f"layout version and flags {head:#04x}: unknown")
    start = _HEAD.size + (_BEACON.size if head & _BEACON_PRESENT else 0)
    project = signed[start:]
    if not 1 <= len(project) <= _MAX_PROJECT or not project.isascii():
        raise TicketRefused("the project id does not fit")
    content = Ticket(
        environment=Environment.real if head & _REAL else Environment.drill,
        intent=intent.hex(),
        project=project.decode("ascii"),
        amount=Money(amount),
        beacon=_beacon(signed[_HEAD.size : start]) if start > _HEAD.size else None,
        issued_at=datetime.fromtimestamp(issued, UTC),
        clock_trusted=bool(head & _TRUSTED),
        catalogue_version=catalogue,
    )
    return UnverifiedTicket(key.hex(), content, signed, signature)


def _beacon(raw_beacon: bytes) -> BeaconId:
    uuid, major, minor = _BEACON.unpack(raw_beacon)
    return BeaconId(UUID(bytes=uuid), major, minor)
