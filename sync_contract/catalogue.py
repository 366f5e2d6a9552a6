"""The signed catalogue: projects and beacons as the central server publishes them, only ever newer.

The signature covers `DOMAIN + payload`; the payload is the canonical JSON of a Catalogue. A gateway verifies it
with the key pinned at enrolment and refuses a version that is not above the one it holds.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, ValidationError

from sync_contract.beacon import BeaconId
from sync_contract.keys import key_id
from sync_contract.project import Project, ProjectId
from sync_contract.records import canonical
from sync_contract.strict import Record

DOMAIN = b"beacon catalogue v1\0"


class BeaconKind(StrEnum):
    place = "place"
    """Fixed; hearing it proves that radios work."""
    person = "person"
    """A tag or card that walks; leaves no per-beacon row on disk, in logs or on the wire."""


class Binding(Record):
    """Which project a beacon brings to the screen."""

    beacon: BeaconId
    project: ProjectId


class Catalogue(Record):
    version: Annotated[int, Field(ge=1, lt=2**32)]
    issued_at: AwareDatetime
    projects: Annotated[tuple[Project, ...], Field(max_length=200)]
    bindings: Annotated[tuple[Binding, ...], Field(max_length=5000)] = ()


class SignedCatalogue(Record):
    """The answer to GET /api/v1/catalogue. base64url without padding."""

    contract: Literal[1] = 1
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    payload: Annotated[str, Field(max_length=4_000_000)]
    signature: Annotated[str, Field(max_length=100)]


class CatalogueRefused(ValueError):
    """The catalogue is forged, damaged, signed by another key or not newer. The message says which."""


class CatalogueNotNewer(CatalogueRefused):
    """In order, but of a version that is not above the one held; `version` is its own."""

    def __init__(self, version: int, held: int) -> None:
        super().__init__(f"version {version} is not newer than {held}")
        self.version = version


def sign(catalogue: Catalogue, key: Ed25519PrivateKey) -> SignedCatalogue:
    payload = canonical(catalogue)
    return SignedCatalogue(
        key=key_id(key.public_key()), payload=_encode(payload), signature=_encode(key.sign(DOMAIN + payload))
    )


def verify(signed: SignedCatalogue, pinned: Ed25519PublicKey, held_version: int) -> Catalogue:
    """The catalogue inside. Raises CatalogueRefused; `held_version` is 0 when none is held."""
    if signed.key != key_id(pinned):
        raise CatalogueRefused(f"signed by key {signed.key}, pinned is {key_id(pinned)}")
    try:
        payload = _decode(signed.payload)
        pinned.verify(_decode(signed.signature), DOMAIN + payload)
        catalogue = Catalogue.model_validate_json(payload)
    except (InvalidSignature, Base64Error) as error:
        raise CatalogueRefused("the signature does not fit the content") from error
    except ValidationError as error:
        raise CatalogueRefused(f"signed, but not understood: {error.error_count()} faults") from error
    if catalogue.version <= held_version:
        raise CatalogueNotNewer(catalogue.version, held_version)
    return catalogue


def _encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
