"""Records of a gateway's enrolment and of its key rolls.

Staff create a code for a gateway. The device sends it with the public half of a key that it generated, and a signature
that proves that it has the private half. The answer is signed with the catalogue's key, whose fingerprint is shown with
the code. So both sides check the first contact, and all later messages are signed with known keys.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, StringConstraints

from sync_contract.keys import key_id, read_public
from sync_contract.records import CONTRACT
from sync_contract.strict_model import Record, canonical
from sync_contract.uuid7 import GatewayId

_REQUEST, _ANSWER, _ROLL = b"beacon enrolment v1\0", b"beacon enrolled v1\0", b"beacon key roll v1\0"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U. When read, I and L are 1, O is 0, and case does not matter."""
CODE_SECRET, CODE_LENGTH = 24, 25
"""Characters: 120 random bits, then a check character that detects 31 of 32 typing errors."""
_SCHEME = "beacon-enrol:"

PublicText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
SignatureText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{86}$")]


class EnrolmentMalformed(ValueError):
    """Not a code, an invitation or a signature of ours. The message is for a person and names no secret."""


def new_code(random: bytes) -> str:
    """Return a code of 25 characters from 15 random bytes."""
    secret = _base32(random)
    return secret + _check(secret)


def read_code(typed: str) -> str:
    """Return the code as 25 characters; case, hyphens and spaces do not matter. Raises EnrolmentMalformed."""
    plain = "".join(letter for letter in typed.upper() if letter not in "- \t\u2010\u2011\u2013")
    code = plain.translate(str.maketrans("ILO", "110"))
    if len(code) != CODE_LENGTH or any(letter not in _ALPHABET for letter in code):
        raise EnrolmentMalformed(f"a code has {CODE_LENGTH} letters and digits; {len(code)} were given")
    if _check(code[:CODE_SECRET]) != code[-1]:
        raise EnrolmentMalformed("a letter or digit of the code is mistyped")
    return code


def group_code(code: str) -> str:
    """Return the code in groups of five, as it is shown and typed."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the fingerprint of a catalogue's key: 128 bits of its SHA-256 in 26 characters."""
    return _base32(hashlib.sha256(key.public_bytes_raw()).digest()[:16])


@dataclass(frozen=True, slots=True)
class Invitation:
    """The content of the QR shown with a code. `fingerprint` is empty when URL and code were typed."""

    url: str
    code: str
    fingerprint: str = ""

    def text(self) -> str:
        return f"{_SCHEME}{self.url}#{self.code}/{self.fingerprint}"


def read_invitation(text: str) -> Invitation:
    """Read the text of a QR. Raises EnrolmentMalformed."""
    url, _, rest = text.strip().removeprefix(_SCHEME).partition("#")
    code, _, mark = rest.partition("/")
    if not text.strip().startswith(_SCHEME) or len(mark) != 26 or any(letter not in _ALPHABET for letter in mark):
        raise EnrolmentMalformed("not the text of an enrolment QR: it begins with beacon-enrol: and must be complete")
    return Invitation(url, read_code(code), mark)


class EnrolmentRequest(Record):
    """The body of POST /api/v1/enrolments; `signature` by the private half of `public` over all the rest."""

    contract: Literal[1] = CONTRACT
    code: Annotated[str, StringConstraints(pattern=f"^[{_ALPHABET}]{{{CODE_LENGTH}}}$")]
    public: PublicText
    only_as: GatewayId | None
    """Enrol only if the code is for this gateway: the device holds records that it numbered as that one."""
    signature: SignatureText | Literal[""] = ""

    def signed(self, key: Ed25519PrivateKey) -> "EnrolmentRequest":
        return self.model_copy(update={"signature": _sign(_REQUEST, self, key)})

    def check(self) -> Ed25519PublicKey:
        """Return the key after checking that the sender has it. Raises EnrolmentMalformed."""
        return _proved(_REQUEST, self, self.public)


class EnrolmentAnswer(Record):
    """Status 200. `signature` by the catalogue's key, over all the rest, including the device's key."""

    contract: Literal[1] = CONTRACT
    gateway: GatewayId
    community: Annotated[str, Field(min_length=1, max_length=64)]
    label: Annotated[str, Field(min_length=1, max_length=120)]
    public: PublicText
    """The device's key as registered."""
    catalogue_key: PublicText
    signature: SignatureText | Literal[""] = ""

    def signed(self, key: Ed25519PrivateKey) -> "EnrolmentAnswer":
        return self.model_copy(update={"signature": _sign(_ANSWER, self, key)})

    def check(self, device: Ed25519PublicKey, mark: str) -> Ed25519PublicKey:
        """Return the catalogue's key to pin. `mark`: its fingerprint, empty where none is known.

        Raises EnrolmentMalformed when the answer is from another server or for another device.
        """
        pinned = _proved(_ANSWER, self, self.catalogue_key)
        if key_id(read_public(self.public)) != key_id(device):
            raise EnrolmentMalformed("the answer is for another device")
        if mark and fingerprint(pinned) != mark:
            raise EnrolmentMalformed("another server answered than the one that made the code")
        return pinned


class EnrolmentRefusal(StrEnum):
    """`code` in the problem document of a refused enrolment."""

    code_unknown = "code_unknown"
    code_expired = "code_expired"
    code_used = "code_used"
    code_revoked = "code_revoked"
    key_known = "key_known"
    """The device's key is, or was, some gateway's: make a new one."""
    other_place = "other_place"
    """The code is for another gateway than `only_as`."""
    too_many = "too_many"


class KeyRoll(Record):
    """The body of POST /api/v1/keys, a request signed with the old key; `signature` by the new one."""

    contract: Literal[1] = CONTRACT
    gateway: GatewayId
    """Part of the proof, so that it is valid for this gateway only; the request's signature names the sender."""
    public: PublicText
    signature: SignatureText | Literal[""] = ""

    def signed(self, key: Ed25519PrivateKey) -> "KeyRoll":
        return self.model_copy(update={"signature": _sign(_ROLL, self, key)})

    def check(self) -> Ed25519PublicKey:
        """Raises EnrolmentMalformed."""
        return _proved(_ROLL, self, self.public)


class KeyRolled(Record):
    """Status 200: the new key is valid; the old one remains valid for some time after the new one is first used."""

    contract: Literal[1] = CONTRACT
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


KEY_REVOKED, KEY_UNKNOWN = "key_revoked", "key_unknown"
"""`code` in the problem document, status 401, of a request whose signature is not accepted."""


def _sign(domain: bytes, record: Record, key: Ed25519PrivateKey) -> str:
    return urlsafe_b64encode(key.sign(_covered(domain, record))).rstrip(b"=").decode()


def _proved(domain: bytes, record: EnrolmentRequest | EnrolmentAnswer | KeyRoll, public: str) -> Ed25519PublicKey:
    try:
        key = read_public(public)
        key.verify(urlsafe_b64decode(record.signature + "=="), _covered(domain, record))
    except (InvalidSignature, Base64Error, ValueError) as error:
        raise EnrolmentMalformed("the signature does not fit") from error
    return key


def _covered(domain: bytes, record: Record) -> bytes:
    return domain + canonical(record.model_copy(update={"signature": ""}))


def _base32(raw: bytes) -> str:
    """Return five bits in each character, the last one padded with zeros."""
    bits = 8 * len(raw)
    count = -(-bits // 5)
    number = int.from_bytes(raw, "big") << (5 * count - bits)
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(count)))


def _check(secret: str) -> str:
    return _ALPHABET[hashlib.sha256(secret.encode()).digest()[0] & 31]
