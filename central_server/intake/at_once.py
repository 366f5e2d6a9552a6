"""A batch of nothing but good parcels, read in one go.

pydantic says that each is a parcel. What it does not say, that no name stands twice and where each parcel begins, is
counted: where no text has a quotation mark or a backslash in it, and nothing stands between the signs, `":` ends a name
and `{"body":` begins a parcel.
"""

from pydantic import BaseModel, TypeAdapter, ValidationError

from central_server.store.packed import BEGINNING, END, FIRST, split
from sync_contract.beacon import BeaconId
from sync_contract.records import (
    MAX_PARCELS,
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    IntentRegistered,
    Parcel,
    PlaceBeaconStatistics,
)

_PARCELS = TypeAdapter(tuple[Parcel, ...])
_STRANGE = b"\\ \t\r\n"


def _names(*records: type[BaseModel]) -> int:
    """Each field is written, also where it could be left out: with fewer names the batch is read piece by piece."""
    return sum(len(record.model_fields) for record in records)


_BEACON = len(BeaconId.__dataclass_fields__)
_INTENT = _names(Parcel, ClockReading, IntentRegistered)
_STATISTICS = _names(Parcel, ClockReading, BeaconStatistics, ClockReading)
_PLACE = _names(PlaceBeaconStatistics) + _BEACON
_CLASS = _names(ClassStatistics)
_ADVERTISED = _names(AdvertisedSeconds) + _BEACON


def read_at_once(octets: bytes) -> tuple[tuple[Parcel, ...], list[bytes]]:
    """The parcels and the JSON of each; nothing when the batch is to be looked at piece by piece."""
    if not (octets.startswith(BEGINNING + FIRST) and octets.endswith(END)) or any(sign in octets for sign in _STRANGE):
        return (), []
    try:
        parcels = _PARCELS.validate_json(octets[len(BEGINNING) - 1 : -1])
    except ValidationError:
        return (), []
    contents = split(octets)
    if not len(contents) == len(parcels) <= MAX_PARCELS or octets.count(b'":') != _written(parcels):
        return (), []
    return parcels, contents


def _written(parcels: tuple[Parcel, ...]) -> int:
    """How many names such a batch has: two of its own, and those of its records."""
    names = 2
    for parcel in parcels:
        body = parcel.body
        if body.kind == "intent":
            names += _INTENT if body.beacon is None else _INTENT + _BEACON
        else:
            names += _STATISTICS + len(body.places) * _PLACE
            names += len(body.classes) * _CLASS + len(body.advertised) * _ADVERTISED
    return names
