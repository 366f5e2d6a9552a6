"""A parcel in the outbox: the recorded text is sent unchanged."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitingParcel:
    """`text`: canonical JSON of a sync_contract Parcel, exactly as stored in the outbox at `place`."""

    id: str
    text: str
    place: int
