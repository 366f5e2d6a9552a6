"""Define the records of lists for programs. `next`: the cursor of the following part, null at the end."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from central_server.api.tokens import Scope
from central_server.enrolment.gateway_status import GatewayStatus
from central_server.shake.shake_records import Documented
from central_server.store.catalogue.bindings import Target
from central_server.store.places.places import PlaceKind
from central_server.store.statistics.beacon_activity import BeaconStatus
from sync_contract.beacon_identity import U16
from sync_contract.catalogue import BeaconKind
from sync_contract.project import Texts
from sync_contract.records import CONTRACT, Receipt
from sync_contract.wire_record import Count

PlaceId = Annotated[str, Field(max_length=64)]


class LogRecord(Documented):
    """A parcel that a gateway delivered, and its result."""

    gateway: str
    parcel: str
    """The parcel's id, or a hash of its content if it has none."""
    result: Receipt
    community: PlaceId
    kind: str
    reason: str
    """A machine-readable reason for conflict and refused, else empty."""
    first_at: AwareDatetime
    last_at: AwareDatetime
    times: Count
    """How often it was delivered."""


class LogList(Documented):
    """Newest first."""

    contract: Literal[1] = CONTRACT
    lines: tuple[LogRecord, ...]
    next: str | None


class PlaceRecord(Documented):
    """A place at or below the account's."""

    id: PlaceId
    kind: PlaceKind
    parent: PlaceId | None
    """The place that contains it; null for the top."""
    names: Texts


class PlaceList(Documented):
    contract: Literal[1] = CONTRACT
    places: tuple[PlaceRecord, ...]
    next: str | None


class GatewayRecord(Documented):
    id: str
    community: PlaceId
    label: str
    status: GatewayStatus | None
    """`up`; `late`: its report is overdue; `revoked`: none of its keys is valid; `awaited`: enrolled, without a
    contact since; `new`: not enrolled yet. null: it is out of service."""
    last_contact: AwareDatetime | None
    """null: never."""


class GatewayList(Documented):
    contract: Literal[1] = CONTRACT
    gateways: tuple[GatewayRecord, ...]
    next: str | None


class BeaconRecord(Documented):
    id: str
    place: PlaceId
    uuid: UUID
    major: U16
    minor: U16
    kind: BeaconKind
    label: str
    gateway: str | None
    """The gateway that advertises it, null for a separate device."""
    groups: tuple[str, ...]
    status: BeaconStatus | None
    """`never`: never heard; `active`: heard within a quarter of an hour; `silent`: a gateway that listens for it no
    longer hears it; `activated`: heard before, without a report since. null for a person's tag: nothing is stored."""
    last_active: AwareDatetime | None
    """When it was last heard or advertised."""


class BeaconList(Documented):
    contract: Literal[1] = CONTRACT
    beacons: tuple[BeaconRecord, ...]
    next: str | None


class BindingRecord(Documented):
    """Which project a beacon, a group of beacons or every place beacon brings, and when."""

    id: str
    place: PlaceId
    """It applies at and below this place."""
    target: Target
    uuid: UUID | None
    """With `major` and `minor` for the target `beacon`, else null."""
    major: U16 | None
    minor: U16 | None
    group: str
    """For the target `group`, else empty."""
    project: str
    priority: int
    """The greatest is chosen."""
    hours: tuple[str, ...]
    """`HH:MM-HH:MM`, official time (UTC+8); none means always."""
    weekdays: tuple[int, ...]
    """1 Monday to 7 Sunday; none means every day."""
    since: date | None
    until: date | None
    zone: str
    """How near a person must be: `immediate`, `near`, or empty for any."""
    while_needed: bool
    """Only until the project's goal is reached."""


class BindingList(Documented):
    contract: Literal[1] = CONTRACT
    bindings: tuple[BindingRecord, ...]
    next: str | None


class ProjectRecord(Documented):
    """A project of the caller's places, or of a place above them."""

    id: str
    place: PlaceId
    title: Texts
    summary: Texts
    withdrawn: bool


class ProjectList(Documented):
    contract: Literal[1] = CONTRACT
    projects: tuple[ProjectRecord, ...]
    next: str | None


class TokenRecord(Documented):
    """The token of the request."""

    contract: Literal[1] = CONTRACT
    label: str
    account: str
    scopes: tuple[Scope, ...]
    places: tuple[PlaceId, ...]
    """The account's places. A scope applies at and below those where the account has the right to it."""
    ends_at: AwareDatetime
