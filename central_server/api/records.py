"""What the lists for programs hold. `next`: the cursor of the following part, null at the end."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from central_server.api.tokens import Scope
from central_server.shake.records import Documented
from central_server.store.places import PlaceKind
from sync_contract.beacon import U16
from sync_contract.catalogue import BeaconKind
from sync_contract.project import Texts
from sync_contract.records import CONTRACT, Count, Receipt

PlaceId = Annotated[str, Field(max_length=64)]


class LogLine(Documented):
    """Something that a gateway delivered, and what became of it."""

    gateway: str
    parcel: str
    """The parcel's id; what has none is named by its content."""
    result: Receipt
    community: PlaceId
    kind: str
    reason: str
    """A machine-readable word for conflict and refused, else empty."""
    first_at: AwareDatetime
    last_at: AwareDatetime
    times: Count
    """How often the same came."""


class LogLines(Documented):
    """Newest first."""

    contract: Literal[1] = CONTRACT
    lines: tuple[LogLine, ...]
    next: str | None


class PlaceEntry(Documented):
    """A place at or below the account's."""

    id: PlaceId
    kind: PlaceKind
    parent: PlaceId | None
    """What it stands under; null for the top."""
    names: Texts


class PlaceEntries(Documented):
    contract: Literal[1] = CONTRACT
    places: tuple[PlaceEntry, ...]
    next: str | None


class GatewayEntry(Documented):
    id: str
    community: PlaceId
    label: str


class GatewayEntries(Documented):
    contract: Literal[1] = CONTRACT
    gateways: tuple[GatewayEntry, ...]
    next: str | None


class BeaconEntry(Documented):
    id: str
    place: PlaceId
    uuid: UUID
    major: U16
    minor: U16
    kind: BeaconKind
    label: str
    gateway: str | None
    """The gateway that advertises it, null for a beacon of its own."""
    groups: tuple[str, ...]


class BeaconEntries(Documented):
    contract: Literal[1] = CONTRACT
    beacons: tuple[BeaconEntry, ...]
    next: str | None


class ProjectEntry(Documented):
    """A project of the caller's places, or of a place above them."""

    id: str
    place: PlaceId
    title: Texts
    summary: Texts
    withdrawn: bool


class ProjectEntries(Documented):
    contract: Literal[1] = CONTRACT
    projects: tuple[ProjectEntry, ...]
    next: str | None


class TokenFacts(Documented):
    """The token that asks."""

    contract: Literal[1] = CONTRACT
    label: str
    account: str
    scopes: tuple[Scope, ...]
    places: tuple[PlaceId, ...]
    """The account's places: a scope holds at and below those where the account has the right to it."""
    ends_at: AwareDatetime
