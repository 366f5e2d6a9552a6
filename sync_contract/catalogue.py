"""The signed catalogue: projects and beacons as the central server publishes them, only ever newer.

The signature covers the contract's domain and the payload, the canonical JSON of a Catalogue. A gateway verifies it
with the key pinned at enrolment and refuses a version that is not above the one it holds.

Records are strict, so a gateway asks for what it reads: GET /api/v1/catalogue gives contract 1, `?contract=3` the
highest that both know. Contract 2 says neither what an amount pays for nor which projects take gifts elsewhere;
contract 1 has no rules, beacons, goals and pictures either, and one binding for each beacon.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from sync_contract.beacon_identity import BeaconId
from sync_contract.keys import key_id
from sync_contract.project import Project, ProjectId
from sync_contract.project_rules import Bound, Hours, Option, Rule, bound
from sync_contract.records import canonical, canonical_json
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Record

Contract = Literal[1, 2, 3]
CONTRACT: Literal[3] = 3
"""The newest that this program reads and writes."""
CONTRACTS: tuple[Contract, ...] = (1, 2, 3)
MAX_PICTURE_OCTETS = 2 * 1024 * 1024
_DOMAINS = {1: b"beacon catalogue v1\0", 2: b"beacon catalogue v2\0", 3: b"beacon catalogue v3\0"}
_PROJECT_IN_1 = frozenset(
    ("id", "title", "summary", "story", "payee", "currency", "amounts_fen", "min_fen", "max_fen", "permit")
)
_PROJECT_IN_2 = _PROJECT_IN_1 | {"goal_fen", "paid_fen", "helped"}
HoursOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"),
    Field(examples=["10:00-13:30", "22:00-06:00"]),
]
"""From-until, official time; over midnight when the end is not later than the beginning."""
Weekday = Annotated[int, Field(ge=1, le=7)]
"""1 Monday to 7 Sunday."""
TagClass = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]{1,32})?$"), Field(examples=["volunteer-card"])]


class BeaconKind(StrEnum):
    place = "place"
    """Fixed; hearing it proves that radios work."""
    person = "person"
    """A tag or card that walks; leaves no per-beacon row on disk, in logs or on the wire."""


class KnownBeacon(Record):
    """A beacon that gateways are to know. A person's tag is one of its class, never counted by itself."""

    beacon: BeaconId
    kind: BeaconKind
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    measured_power: Dbm = -59
    tag_class: TagClass = ""


class Binding(Record):
    """Which project a beacon brings to the screen, and when; see sync_contract.project_rules for what decides.

    `beacon` None: every place beacon.
    """

    beacon: BeaconId | None
    project: ProjectId
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    hours: Annotated[tuple[HoursOfDay, ...], Field(max_length=10)] = ()
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ()
    since: date | None = None
    until: date | None = None
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
        """Always, and before nothing else."""
        return self.rule == Rule()


class Picture(Record):
    """A project's picture, which is fetched by its SHA-256 and checked against it."""

    project: ProjectId
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    octets: Annotated[int, Field(ge=1, le=MAX_PICTURE_OCTETS)]


class Catalogue(Record):
    version: Annotated[int, Field(ge=1, lt=2**32)]
    issued_at: AwareDatetime
    projects: Annotated[tuple[Project, ...], Field(max_length=200)]
    bindings: Annotated[tuple[Binding, ...], Field(max_length=5000)] = ()
    beacons: Annotated[tuple[KnownBeacon, ...], Field(max_length=5000)] = ()
    pictures: Annotated[tuple[Picture, ...], Field(max_length=200)] = ()

    def bound(self) -> Bound:
        """What it binds, for `sync_contract.project_rules.pick`."""
        return bound((each.beacon, Option(each.project, each.rule)) for each in self.bindings)


class SignedCatalogue(Record):
    """The answer to GET /api/v1/catalogue. base64url without padding."""

    contract: Contract = CONTRACT
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


def sign(catalogue: Catalogue, key: Ed25519PrivateKey, contract: Contract = CONTRACT) -> SignedCatalogue:
    """Always the same for the same catalogue, key and contract."""
    payload = _payload(catalogue, contract)
    return SignedCatalogue(
        contract=contract,
        key=key_id(key.public_key()),
        payload=_encode(payload),
        signature=_encode(key.sign(_DOMAINS[contract] + payload)),
    )


def verify(signed: SignedCatalogue, pinned: Ed25519PublicKey, held_version: int) -> Catalogue:
    """The catalogue inside. Raises CatalogueRefused; `held_version` is 0 when none is held."""
    if signed.key != key_id(pinned):
        raise CatalogueRefused(f"signed by key {signed.key}, pinned is {key_id(pinned)}")
    try:
        payload = _decode(signed.payload)
        pinned.verify(_decode(signed.signature), _DOMAINS[signed.contract] + payload)
        catalogue = Catalogue.model_validate_json(payload)
    except (InvalidSignature, Base64Error) as error:
        raise CatalogueRefused("the signature does not fit the content") from error
    except ValidationError as error:
        raise CatalogueRefused(f"signed, but not understood: {error.error_count()} faults") from error
    if catalogue.version <= held_version:
        raise CatalogueNotNewer(catalogue.version, held_version)
    return catalogue


def unsigned(signed: SignedCatalogue) -> Catalogue:
    """The catalogue inside, unverified: for whoever signed it. Raises ValidationError."""
    return Catalogue.model_validate_json(_decode(signed.payload))


def _payload(catalogue: Catalogue, contract: Contract) -> bytes:
    match contract:
        case 1:
            return canonical_json(_in_contract_1(catalogue))
        case 2:
            return canonical_json(_in_contract_2(catalogue))
        case 3:
            return canonical(catalogue)


def _in_contract_2(catalogue: Catalogue) -> dict[str, Any]:
    """What gateways from before the examples read."""
    told = catalogue.model_dump(mode="json", by_alias=True)
    projects = [{name: project[name] for name in _PROJECT_IN_2} for project in told["projects"]]
    return told | {"projects": projects}


def _in_contract_1(catalogue: Catalogue) -> dict[str, Any]:
    """What gateways from before the rules read: of a beacon's bindings the one that would show on most days."""
    told = catalogue.model_dump(mode="json", by_alias=True)
    by_beacon = catalogue.bound().by_beacon
    chosen = {beacon: max(options, key=_most_days).project for beacon, options in by_beacon.items()}
    beacons = [each.beacon for each in catalogue.bindings if each.beacon]
    return {
        "version": told["version"],
        "issued_at": told["issued_at"],
        "projects": [{name: project[name] for name in _PROJECT_IN_1} for project in told["projects"]],
        "bindings": [
            {"beacon": {"uuid": str(id_.uuid), "major": id_.major, "minor": id_.minor}, "project": chosen[id_]}
            for id_ in dict.fromkeys(beacons)
        ],
    }


def _most_days(option: Option) -> tuple[bool, int]:
    """The first of the greatest: one without conditions, then one of greater priority."""
    return option.rule == Rule(priority=option.rule.priority), option.rule.priority


def _encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
