"""Who a beacon is: the identity that an iBeacon frame carries."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

U16 = Annotated[int, Field(ge=0, le=0xFFFF)]


class _Hashed:
    """Room beside the fields for what is worked out once: a gateway looks identities up for each advert."""

    __slots__ = ("_hash",)
    _hash: int


@dataclass(frozen=True, slots=True, order=True)
class BeaconId(_Hashed):
    """uuid: proximity UUID; major, minor: 0 to 65535."""

    uuid: UUID
    major: U16
    minor: U16

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            value = hash((self.uuid, self.major, self.minor))
            object.__setattr__(self, "_hash", value)
            return value

    def __str__(self) -> str:
        return f"{self.uuid}/{self.major}/{self.minor}"
