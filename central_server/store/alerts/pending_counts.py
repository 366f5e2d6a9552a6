"""Count what waits for staff in a community."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PendingCount:
    """`since`: when the newest of them came."""

    community: str
    count: int
    since: datetime
