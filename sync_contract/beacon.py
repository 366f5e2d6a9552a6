"""Who a beacon is: the identity that an iBeacon frame carries."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

U16 = Annotated[int, Field(ge=0, le=0xFFFF)]


@dataclass(frozen=True, slots=True, order=True)
class BeaconId:
    """uuid: proximity UUID; major, minor: 0 to 65535."""

    uuid: UUID
    major: U16
    minor: U16

    def __str__(self) -> str:
        return f"{self.uuid}/{self.major}/{self.minor}"
