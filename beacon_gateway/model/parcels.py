"""A parcel in the outbox: the recorded text is sent unchanged."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitingParcel:
    """`text`: canonical JSON of a sync_contract Parcel, exactly as stored in the outbox at `place`."""

    id: str
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class StoredParcel:
    """A parcel as staff look at it. `text`: its JSON. `reason`, `refused_at` (ISO 8601, UTC): empty while it waits."""

    id: str
    kind: str
    text: str
    reason: str = ""
    refused_at: str = ""
