"""The state of the synchronisation with the central server, for staff on site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SyncLine:
    """`event`: accepted, duplicate, conflict, refused, unreachable, reachable …; `kind`: of the parcel."""

    at: datetime
    event: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair of the store after damage. `rescued`: waiting parcels that were recovered; `missing`: numbers of parcels
    that were not found, so that a registered gift may be among them.
    """

    at: datetime
    rescued: int
    missing: int


@dataclass(frozen=True, slots=True)
class SyncState:
    """`central`: its address, empty without one. `parcels`: by state. `lines`: of the sync log, the newest first.

    `reachable`: the last known state; None if unknown.
    """

    central: str = ""
    parcels: Mapping[str, int] = field(default_factory=dict)
    delivered_at: datetime | None = None
    reachable: bool | None = None
    barred: str = ""
    repair: Repair | None = None
    lines: tuple[SyncLine, ...] = ()
