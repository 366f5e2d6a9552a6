"""A parcel as it waits: what goes on the wire is what was recorded, whichever version of this program recorded it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitingParcel:
    """`text`: canonical JSON of a sync_contract Parcel, exactly as it was put into the outbox."""

    id: str
    text: str
