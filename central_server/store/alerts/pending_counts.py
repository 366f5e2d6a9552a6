"""What waits for staff, told by community."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """`count`: of how many; `since`: when the newest of them came."""

    community: str
    count: int
    since: datetime
