"""Define and sign the bulletin: what a community's kiosk shows beside the projects, for at most 24 hours.

It contains no name, no address below the grid, and no picture on which anybody can be recognised. The signature covers
a domain and the payload, the canonical JSON of a Bulletin. A gateway verifies it with the key of the catalogue and
refuses one that is older than its own, of the other environment, or issued after now.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, field_validator

from sync_contract.base64url import decode, encode
from sync_contract.entered_date import EnteredDate
from sync_contract.keys import key_id
from sync_contract.project import Texts
from sync_contract.records import CONTRACT
from sync_contract.strict_model import Environment, Record, canonical

VALID_FOR = timedelta(hours=24)
MAX_PICTURE_BYTES = 60_000
"""Of one highlight: all of them fit into the memory of the smallest board several times."""
MAX_SIGNED_BYTES = 1_000_000
_AHEAD = timedelta(minutes=10)
"""How far the server's clock may be ahead of the gateway's."""
_DOMAIN = b"community bulletin v1\0"


class HelpKind(StrEnum):
    """What somebody needs help with."""

    errand = "errand"
    company = "company"
    clinic = "clinic"
    repair = "repair"
    phone = "phone"
    carry = "carry"
    other = "other"


class BulletinActivity(Record):
    """`free`: seats that nobody has taken."""

    title: Texts
    meeting: Texts
    starts: AwareDatetime
    ends: AwareDatetime
    seats: Annotated[int, Field(ge=1, le=10_000)]
    free: Annotated[int, Field(ge=0, le=10_000)]


class BulletinRequest(Record):
    """A checked request for help, as every resident may see it."""

    kind: HelpKind
    grid: Annotated[str, Field(max_length=20)]
    wanted_on: EnteredDate


class BulletinHighlight(Record):
    """`picture`: a JPEG in base64, on which nobody can be recognised; "" for none."""

    text: Texts
    day: EnteredDate
    picture: Annotated[str, Field(max_length=MAX_PICTURE_BYTES * 4 // 3 + 4)] = ""

    @field_validator("picture")
    @classmethod
    def _is_jpeg(cls, picture: str) -> str:
        if picture and not b64decode(picture, validate=True).startswith(b"\xff\xd8\xff"):
            raise ValueError("no JPEG")
        return picture


class Bulletin(Record):
    """`home`: the path of the community's pages on the central server, for the code that phones scan."""

    environment: Environment
    issued_at: AwareDatetime
    home: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_%.~-]{1,200}$")]
    activities: Annotated[tuple[BulletinActivity, ...], Field(max_length=20)] = ()
    requests: Annotated[tuple[BulletinRequest, ...], Field(max_length=40)] = ()
    highlights: Annotated[tuple[BulletinHighlight, ...], Field(max_length=6)] = ()

    def valid_at(self, now: datetime) -> bool:
        return self.issued_at - _AHEAD <= now < self.issued_at + VALID_FOR


class SignedBulletin(Record):
    """The response to GET /api/v1/bulletin, in base64url without padding."""

    contract: Literal[1] = CONTRACT
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    payload: Annotated[str, Field(max_length=MAX_SIGNED_BYTES)]
    signature: Annotated[str, Field(max_length=100)]


class BulletinRefused(ValueError):
    """The bulletin is forged, damaged, signed by another key or of the other environment, as the message states."""


def sign(bulletin: Bulletin, key: Ed25519PrivateKey) -> SignedBulletin:
    payload = canonical(bulletin)
    return SignedBulletin(
        key=key_id(key.public_key()), payload=encode(payload), signature=encode(key.sign(_DOMAIN + payload))
    )


def verify(signed: SignedBulletin, pinned: Ed25519PublicKey, environment: Environment) -> Bulletin:
    """Return the bulletin inside, valid or expired. Raises BulletinRefused."""
    if signed.key != key_id(pinned):
        raise BulletinRefused(f"signed by key {signed.key}, pinned is {key_id(pinned)}")
    try:
        payload = decode(signed.payload)
        pinned.verify(decode(signed.signature), _DOMAIN + payload)
        bulletin = Bulletin.model_validate_json(payload)
    except (InvalidSignature, Base64Error) as error:
        raise BulletinRefused("the signature does not fit the content") from error
    except ValidationError as error:
        raise BulletinRefused(f"signed, but not understood: {error.error_count()} faults") from error
    if bulletin.environment is not environment:
        raise BulletinRefused(f"of the other environment: {bulletin.environment.value}")
    return bulletin
