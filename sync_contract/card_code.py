"""The code of a volunteer card: a signed statement "this card was valid then", on the screen of its owner's phone.

Layout, big-endian; the signature covers `DOMAIN` and every byte before it:

    bytes   field
    1       bits 7 to 4: layout version, 1; bits 3 to 1: 0; bit 0: environment (0 drill, 1 real)
    8       key id of the community's key that signs: the first 8 bytes of the SHA-256 of its public point
    4       number of the card
    1       stars
    4       time of issue, seconds since 1970-01-01 UTC, by the central server's clock
    64      signature: ECDSA on P-256 with SHA-256 (FIPS 186-5), r and s as 32 bytes each (IEEE P1363)

82 bytes. As text it is base32 (RFC 4648) in capitals: 132 characters without padding, which a QR codes in alphanumeric
mode. A public key is written as its uncompressed point (SEC 1, section 2.3.3), 65 bytes, as Web Crypto imports
it in the format `raw`. A code is valid for `VALID_FOR`. `card_code_vectors.json` contains test vectors.
"""

import hashlib
import struct
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync_contract.strict_model import Environment

DOMAIN = b"volunteer card code v1\0"
VALID_FOR = timedelta(minutes=5)
TEXT_LENGTH = 132
PATH = "/K/"
"""Of the central server, before the code; the server answers `/k/` too."""
_CONTENT = struct.Struct(">B8sIBI")
_NUMBER = 32
_VERSION = 1 << 4
_REAL = 1


class CardCodeFault(StrEnum):
    """Why a text is no valid card code."""

    wrong_length = "wrong_length"
    not_base32 = "not_base32"
    unknown_layout = "unknown_layout"
    """Of a later version, or not a card code."""
    other_key = "other_key"
    bad_signature = "bad_signature"


class CardCodeRefused(ValueError):
    """The text is no valid card code: malformed, altered, or signed with another key."""

    def __init__(self, fault: CardCodeFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class CardCode:
    """The content that a community signs. `number`: of the card. `issued_at`: aware, in whole seconds."""

    environment: Environment
    number: int
    stars: int
    issued_at: datetime


def public_text(key: EllipticCurvePublicKey) -> str:
    """Return the uncompressed point as 87 characters of base64url without padding."""
    return urlsafe_b64encode(_point(key)).rstrip(b"=").decode()


def read_public(text: str) -> EllipticCurvePublicKey:
    """Return the key that `public_text` wrote. Raises ValueError for any other text."""
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), urlsafe_b64decode(text + "="))
    except (Base64Error, UnicodeEncodeError, ValueError) as error:
        raise ValueError("not a P-256 key: 87 characters of base64url are expected") from error


def key_id(key: EllipticCurvePublicKey) -> str:
    """Return 16 hexadecimal digits: the first eight bytes of the SHA-256 of the uncompressed point."""
    return hashlib.sha256(_point(key)).hexdigest()[:16]


def encode(code: CardCode, key: EllipticCurvePrivateKey) -> str:
    """Return the signed code as text. Raises ValueError for a field that does not fit the layout."""
    head = _VERSION | _REAL * (code.environment is Environment.real)
    signer = bytes.fromhex(key_id(key.public_key()))
    try:
        content = _CONTENT.pack(head, signer, code.number, code.stars, int(code.issued_at.timestamp()))
    except struct.error as error:
        raise ValueError(f"does not fit a card code: {error}") from error
    r, s = decode_dss_signature(key.sign(DOMAIN + content, ECDSA(SHA256(), deterministic_signing=True)))
    signature = r.to_bytes(_NUMBER, "big") + s.to_bytes(_NUMBER, "big")
    return b32encode(content + signature).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class UnverifiedCardCode:
    """A well-formed code with an unchecked signature: look up the key by its id, then call `verify`."""

    key: str
    _code: CardCode
    _signed: bytes
    _signature: bytes

    def verify(self, public: EllipticCurvePublicKey) -> CardCode:
        """Return the code after checking its signature. Raises CardCodeRefused."""
        if key_id(public) != self.key:
            raise CardCodeRefused(CardCodeFault.other_key)
        r, s = (int.from_bytes(each, "big") for each in (self._signature[:_NUMBER], self._signature[_NUMBER:]))
        try:
            public.verify(encode_dss_signature(r, s), DOMAIN + self._signed, ECDSA(SHA256()))
        except InvalidSignature as error:
            raise CardCodeRefused(CardCodeFault.bad_signature) from error
        return self._code


def parse(text: str) -> UnverifiedCardCode:
    """Read a code's text in any case. Raises CardCodeRefused. Do not trust its content before `verify`."""
    if len(text) != TEXT_LENGTH:
        raise CardCodeRefused(CardCodeFault.wrong_length)
    try:
        raw = b32decode(text + "====", casefold=True)
    except (Base64Error, ValueError) as error:
        raise CardCodeRefused(CardCodeFault.not_base32) from error
    signed, signature = raw[: _CONTENT.size], raw[_CONTENT.size :]
    if b32encode(raw).decode().rstrip("=") != text.upper():  # bits after the last byte
        raise CardCodeRefused(CardCodeFault.not_base32)
    head, key, number, stars, issued = _CONTENT.unpack(signed)
    if head & ~_REAL != _VERSION:
        raise CardCodeRefused(CardCodeFault.unknown_layout)
    environment = Environment.real if head & _REAL else Environment.drill
    code = CardCode(environment, number, stars, datetime.fromtimestamp(issued, UTC))
    return UnverifiedCardCode(key.hex(), code, signed, signature)


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
