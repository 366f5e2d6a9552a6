"""Define and sign the catalogue: projects, beacons and bindings as the central server publishes them.

The signature covers a domain and the payload, the canonical JSON of a Catalogue. A gateway verifies it with the key
pinned at enrolment and refuses a version that is not greater than its own.
"""

from binascii import Error as Base64Error
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from sync_contract.base64url import decode, encode
from sync_contract.beacon_identity import BeaconId
from sync_contract.entered_date import EnteredDate
from sync_contract.keys import key_id
from sync_contract.project import Project, ProjectId
from sync_contract.project_rules import Bound, Hours, Option, Rule, bound
from sync_contract.records import CONTRACT
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Record, canonical

MAX_PICTURE_BYTES = 2 * 1024 * 1024
_DOMAIN = b"beacon catalogue v1\0"
HoursOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"),
    Field(examples=["10:00-13:30", "22:00-06:00"]),
]
"""From-until, official time; past midnight if the end is not later than the start."""
Weekday = Annotated[int, Field(ge=1, le=7)]
"""1 Monday to 7 Sunday."""
TagClass = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]{1,32})?$"), Field(examples=["volunteer-card"])]


class BeaconKind(StrEnum):
    place = "place"
    """Fixed; receiving it proves that radios work."""
    person = "person"
    """A tag or card that a person carries; it has no row of its own on disk, in logs or on the wire."""


class KnownBeacon(Record):
    """A beacon for gateways. A person's tag is counted by class only."""

    beacon: BeaconId
    kind: BeaconKind
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    measured_power: Dbm = -59
    tag_class: TagClass = ""


class Binding(Record):
    """Which project a beacon brings to the screen, and when; sync_contract.project_rules decides.

    `beacon` None: every place beacon.
    """

    beacon: BeaconId | None
    project: ProjectId
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    hours: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ()
    since: EnteredDate | None = None
    until: EnteredDate | None = None
    zone: Literal["", "immediate", "near"] = ""
    while_needed: bool = False

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError("until is before since")
        return self

    @property
    def rule(self) -> Rule:
        hours = tuple(Hours(*map(time.fromisoformat, word.split("-"))) for word in self.hours)
        return Rule(self.priority, hours, self.weekdays, self.since, self.until, self.zone, self.while_needed)

    @property
    def plain(self) -> bool:
        """It has no condition and no priority."""
        return self.rule == Rule()


class Focus(StrEnum):
    """The part of a picture that remains visible wherever a page crops it."""

    top_left = "top-left"
    top = "top"
    top_right = "top-right"
    left = "left"
    centre = "centre"
    right = "right"
    bottom_left = "bottom-left"
    bottom = "bottom"
    bottom_right = "bottom-right"


class Picture(Record):
    """A project's picture, fetched by its SHA-256 and checked against it."""

    project: ProjectId
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    size_bytes: Annotated[int, Field(ge=1, le=MAX_PICTURE_BYTES)]
    focus: Focus = Focus.centre


class Catalogue(Record):
    version: Annotated[int, Field(ge=1, lt=2**32)]
    issued_at: AwareDatetime
    projects: Annotated[tuple[Project, ...], Field(max_length=200)]
    bindings: Annotated[tuple[Binding, ...], Field(max_length=5000)] = ()
    beacons: Annotated[tuple[KnownBeacon, ...], Field(max_length=5000)] = ()
    pictures: Annotated[tuple[Picture, ...], Field(max_length=200)] = ()

    def bound(self) -> Bound:
        """Return its bindings for `sync_contract.project_rules.pick`."""
        return bound((each.beacon, Option(each.project, each.rule)) for each in self.bindings)


class SignedCatalogue(Record):
    """The response to GET /api/v1/catalogue, in base64url without padding."""

    contract: Literal[1] = CONTRACT
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    payload: Annotated[str, Field(max_length=4_000_000)]
    signature: Annotated[str, Field(max_length=100)]


class CatalogueRefused(ValueError):
    """The catalogue is forged, damaged, signed by another key or not newer, as the message states."""


class CatalogueNotNewer(CatalogueRefused):
    """Valid, but its `version` is not greater than the known one."""

    def __init__(self, version: int, known: int) -> None:
        super().__init__(f"version {version} is not newer than {known}")
        self.version = version


def sign(catalogue: Catalogue, key: Ed25519PrivateKey) -> SignedCatalogue:
    """Return the same result for the same catalogue and key."""
    payload = canonical(catalogue)
    return SignedCatalogue(
        key=key_id(key.public_key()), payload=encode(payload), signature=encode(key.sign(_DOMAIN + payload))
    )


def verify(signed: SignedCatalogue, pinned: Ed25519PublicKey, known_version: int) -> Catalogue:
    """Return the catalogue inside. Raises CatalogueRefused. `known_version`: the gateway's own, 0 for none."""
    if signed.key != key_id(pinned):
        raise CatalogueRefused(f"signed by key {signed.key}, pinned is {key_id(pinned)}")
    try:
        payload = decode(signed.payload)
        pinned.verify(decode(signed.signature), _DOMAIN + payload)
        catalogue = Catalogue.model_validate_json(payload)
    except (InvalidSignature, Base64Error) as error:
        raise CatalogueRefused("the signature does not fit the content") from error
    except ValidationError as error:
        raise CatalogueRefused(f"signed, but not understood: {error.error_count()} faults") from error
    if catalogue.version <= known_version:
        raise CatalogueNotNewer(catalogue.version, known_version)
    return catalogue
