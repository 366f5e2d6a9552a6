"""The identity of a beacon, as an iBeacon frame carries it."""

from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import AfterValidator, Field

from sync_contract.wire_record import WireRecord


def _not_nil(uuid: UUID) -> UUID:
    if not uuid.int:
        raise ValueError("不能全是 0(命令 uuidgen 可生成) must not be all zeros (uuidgen generates one)")
    return uuid


BeaconUuid = Annotated[UUID, AfterValidator(_not_nil)]
"""Not the nil UUID, which other makers' beacons send before they are set up."""
U16 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF), Field(ge=0, le=0xFFFF)]


class BeaconId(WireRecord, frozen=True, order=True, cache_hash=True):
    """uuid: proximity UUID; major, minor: 0 to 65535, checked where one is decoded.

    The hash is cached: a gateway looks identities up for each advert.
    """

    uuid: UUID
    major: U16
    minor: U16

    def __str__(self) -> str:
        return f"{self.uuid}/{self.major}/{self.minor}"
