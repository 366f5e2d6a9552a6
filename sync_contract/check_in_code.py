"""The check-in code: a signed statement "this screen showed me then", on the screen of a kiosk for 30 seconds.

Layout, big-endian; the signature (Ed25519) covers `DOMAIN` and every byte before it:

    bytes   field
    1       bits 7 to 4: layout version, 1; bits 3 and 2: 0; bit 1: clock trusted;
            bit 0: environment (0 drill, 1 real)
    8       gateway id
    8       key id of the device key that signs
    16      boot id of the kernel
    4       counter: complete periods of 30 s since the boot
    4       wall time when the period began, seconds since 1970-01-01 UTC, by the gateway's clock
    64      signature

105 bytes. As text it is base32 (RFC 4648) in capitals: 168 characters without padding, which a QR codes in alphanumeric
mode at 5.5 bits a character. Wall time and trust may change within a period, the counter not: `use_id` names
the period whatever the clock did. `check_in_code_vectors.json` contains test vectors.
"""

import hashlib
import struct
from base64 import b32decode, b32encode
from binascii import Error as Base32Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync_contract.keys import key_id
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment

DOMAIN = b"beacon check-in code v1\0"
PERIOD = timedelta(seconds=30)
"""How long the screen shows one code."""
LATEST = datetime.fromtimestamp(2**32 - 1, UTC)
"""The latest wall time that a code can state, in the year 2106."""
TEXT_LENGTH = 168
PATH = "/C/"
"""Of the central server, before the code; the server answers `/c/` too."""
_PERIOD_NS = 30 * 10**9
_CONTENT = struct.Struct(">B8s8s16sII")
_SIGNATURE = 64
_VERSION = 1 << 4
_REAL, _TRUSTED = 1, 2


class CodeFault(StrEnum):
    """Why a text is no valid check-in code."""

    wrong_length = "wrong_length"
    not_base32 = "not_base32"
    unknown_layout = "unknown_layout"
    """Of a later version, or not a check-in code."""
    other_key = "other_key"
    bad_signature = "bad_signature"


class CheckInCodeRefused(ValueError):
    """The text is no valid check-in code: malformed, altered, or signed with another key."""

    def __init__(self, fault: CodeFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class CheckInCode:
    """The content that a gateway signs.

    `gateway`: 16 hexadecimal digits. `boot`: 32 of them. `counter`: complete periods since the boot. `wall`: aware, in
    whole seconds, of the period's begin; reliable only if `clock_trusted`.
    """

    environment: Environment
    gateway: str
    boot: str
    counter: int
    wall: datetime
    clock_trusted: bool

    @property
    def reading(self) -> ClockReading:
        """The gateway's clock when the period began."""
        return ClockReading(
            wall=self.wall, boot=self.boot, monotonic_ns=self.counter * _PERIOD_NS, trusted=self.clock_trusted
        )

    @property
    def use_id(self) -> str:
        """SHA-256 of gateway, boot and counter, 64 hexadecimal digits: one person can use each only once."""
        named = bytes.fromhex(self.gateway + self.boot) + self.counter.to_bytes(4, "big")
        return hashlib.sha256(DOMAIN + named).hexdigest()


def code_at(environment: Environment, gateway: str, reading: ClockReading) -> CheckInCode:
    """Return the code of the period that contains the reading.

    A time that a code cannot state comes from a wrong clock: the code states the nearest one, as untrusted.
    """
    counter, into_ns = divmod(reading.monotonic_ns, _PERIOD_NS)
    began = (reading.wall - timedelta(microseconds=into_ns // 1000)).replace(microsecond=0)
    stated = min(max(began, datetime.fromtimestamp(0, UTC)), LATEST)
    return CheckInCode(environment, gateway, reading.boot, counter, stated, reading.trusted and stated == began)


def remaining(reading: ClockReading) -> timedelta:
    """Return how long the code of this reading stays on the screen; more than zero, at most PERIOD."""
    return timedelta(microseconds=(_PERIOD_NS - reading.monotonic_ns % _PERIOD_NS) // 1000)


def encode(code: CheckInCode, key: Ed25519PrivateKey) -> str:
    """Return the signed code as text. Raises ValueError for a field that does not fit the layout."""
    gateway, boot = bytes.fromhex(code.gateway), bytes.fromhex(code.boot)
    if len(gateway) != 8 or len(boot) != 16:
        raise ValueError("does not fit a check-in code: a gateway id has 8 bytes, a boot id 16")
    head = _VERSION | _REAL * (code.environment is Environment.real) | _TRUSTED * code.clock_trusted
    signer = bytes.fromhex(key_id(key.public_key()))
    try:
        content = _CONTENT.pack(head, gateway, signer, boot, code.counter, int(code.wall.timestamp()))
    except struct.error as error:
        raise ValueError(f"does not fit a check-in code: {error}") from error
    return b32encode(content + key.sign(DOMAIN + content)).decode()


@dataclass(frozen=True, slots=True)
class UnverifiedCode:
    """A well-formed code with an unchecked signature: look up the key of (gateway, key), then call `verify`."""

    gateway: str
    key: str
    _code: CheckInCode
    _signed: bytes
    _signature: bytes

    def verify(self, public: Ed25519PublicKey) -> CheckInCode:
        """Return the code after checking its signature. Raises CheckInCodeRefused."""
        if key_id(public) != self.key:
            raise CheckInCodeRefused(CodeFault.other_key)
        try:
            public.verify(self._signature, DOMAIN + self._signed)
        except InvalidSignature as error:
            raise CheckInCodeRefused(CodeFault.bad_signature) from error
        return self._code


def parse(text: str) -> UnverifiedCode:
    """Read a code's text in any case. Raises CheckInCodeRefused. Do not trust its content before `verify`."""
    if len(text) != TEXT_LENGTH:
        raise CheckInCodeRefused(CodeFault.wrong_length)
    try:
        raw = b32decode(text, casefold=True)
    except (Base32Error, ValueError) as error:
        raise CheckInCodeRefused(CodeFault.not_base32) from error
    if len(raw) != _CONTENT.size + _SIGNATURE:  # padding
        raise CheckInCodeRefused(CodeFault.not_base32)
    signed, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    head, gateway, key, boot, counter, wall = _CONTENT.unpack(signed)
    if head & ~(_REAL | _TRUSTED) != _VERSION:
        raise CheckInCodeRefused(CodeFault.unknown_layout)
    code = CheckInCode(
        environment=Environment.real if head & _REAL else Environment.drill,
        gateway=gateway.hex(),
        boot=boot.hex(),
        counter=counter,
        wall=datetime.fromtimestamp(wall, UTC),
        clock_trusted=bool(head & _TRUSTED),
    )
    return UnverifiedCode(code.gateway, key.hex(), code, signed, signature)
