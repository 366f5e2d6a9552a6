"""What the lists for programs hold. `next`: the cursor of the following part, null at the end."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from central_server.api.tokens import Scope
from central_server.enrolment.gateway_status import Standing
from central_server.shake.shake_records import Documented
from central_server.store.catalogue.bindings import Target
from central_server.store.places.places import PlaceKind
from central_server.store.statistics.beacon_activity import BeaconStatus
from sync_contract.beacon_identity import U16
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
    standing: Standing | None
    """`late`: what it promised is overdue; `revoked`: none of its keys is valid; `awaited`: enrolled, and never heard
    of since; `new`: not enrolled yet; `up`. null: it is out of service."""
    last_contact: AwareDatetime | None
    """When it was last heard of, null for never."""


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
    status: BeaconStatus | None
    """`never`: nothing was ever heard of it; `active`: heard within a quarter of an hour; `silent`: a gateway that
    listens for it does not hear it any more; `activated`: heard before, and no gateway has said anything since. null
    for a person's tag: nothing is kept of those."""
    last_active: AwareDatetime | None
    """When it was last heard or advertised."""


class BeaconEntries(Documented):
    contract: Literal[1] = CONTRACT
    beacons: tuple[BeaconEntry, ...]
    next: str | None


class BindingEntry(Documented):
    """Which project a beacon, a group of beacons or every place beacon brings, and when."""

    id: str
    place: PlaceId
    """It holds at and below this place."""
    target: Target
    uuid: UUID | None
    """With `major` and `minor` for the target `beacon`, else null."""
    major: U16 | None
    minor: U16 | None
    group: str
    """For the target `group`, else empty."""
    project: str
    priority: int
    """The greater comes first."""
    hours: tuple[str, ...]
    """`HH:MM-HH:MM`, official time (UTC+8); none means always."""
    weekdays: tuple[int, ...]
    """1 Monday to 7 Sunday; none means every day."""
    since: date | None
    until: date | None
    zone: str
    """How near somebody must be: `immediate`, `near`, or empty for any."""
    while_needed: bool
    """Only until the project's goal is reached."""


class BindingEntries(Documented):
    contract: Literal[1] = CONTRACT
    bindings: tuple[BindingEntry, ...]
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
