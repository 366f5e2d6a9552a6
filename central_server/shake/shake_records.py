"""Define the requests and responses of POST /api/v1/shake and GET /api/v1/shake/{pass}."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from sync_contract.beacon_identity import U16, BeaconId
from sync_contract.project import ProjectId, Texts
from sync_contract.records import CONTRACT, Door
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Record

MAX_RANGED = 50
PASS_PATTERN = r"^[A-Za-z0-9_-]{43}$"  # noqa: S105  (a shape, not a secret)
Metres = Annotated[float, Field(ge=0, le=1000)]


class Documented(Record):
    """A record whose fields' docstrings are published in the OpenAPI document."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Ranged(Documented):
    """One beacon as the phone's radio received it. Leave out what is unknown."""

    uuid: UUID
    major: U16
    minor: U16
    rssi: Dbm | None = None
    """dBm."""
    distance_m: Metres | None = None
    """The phone's own estimate (`accuracy` in CoreLocation and mini-programs)."""

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class ShakeRequest(Documented):
    """The body of POST /api/v1/shake."""

    contract: Literal[1] = CONTRACT
    beacons: Annotated[tuple[Ranged, ...], Field(max_length=MAX_RANGED)]
    visitor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")] | None = None
    """A random name that the phone makes each day, only to count different visitors; never stored."""


class Evidence(StrEnum):
    """What a presence pass is based on. Nothing that needs a proof of place may accept a claim."""

    claimed = "claimed"
    """The phone named the beacon. Anybody can: every poster prints the identity."""


class ShownProject(Documented):
    id: ProjectId
    title: Texts
    summary: Texts
    story: Texts
    payee: Texts


class FoundBeacon(Documented):
    """`distance_m`: as the phone estimated it."""

    uuid: UUID
    major: U16
    minor: U16
    distance_m: Metres | None


class Found(Documented):
    """The project that the rules choose at the nearest beacon now, and the pass for the claim to be there."""

    project: ShownProject
    url: Annotated[str, Field(max_length=500)]
    """The project's page; it contains the pass."""
    presence_pass: Annotated[str, StringConstraints(pattern=PASS_PATTERN)]
    ends_at: AwareDatetime
    """When the pass ends: half an hour after it was given."""
    evidence: Evidence
    beacon: FoundBeacon
    place: Annotated[str, Field(max_length=64)]


class ShakeResponse(Documented):
    """`found` is null if no known beacon is near or none brings a project now; `reason` then says why."""

    contract: Literal[1] = CONTRACT
    found: Found | None
    reason: Literal["", "nothing_ranged", "not_ours", "nothing_now"]


class PassResponse(Documented):
    """What a presence pass claims: the phone that asked at `given_at` was near this beacon. It names no person."""

    contract: Literal[1] = CONTRACT
    project: ProjectId
    title: Texts
    beacon: FoundBeacon
    place: Annotated[str, Field(max_length=64)]
    place_names: Texts
    door: Door
    given_at: AwareDatetime
    ends_at: AwareDatetime
    evidence: Evidence
