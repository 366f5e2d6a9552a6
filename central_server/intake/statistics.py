"""Parcels of kind `statistics`. They are kept as parcels; what is wrong in itself is not."""

from central_server.statistics.plain import PlainPlace, PlainReport
from central_server.statistics.plausible import plausible
from sync_contract.records import BeaconStatistics, PlaceBeaconStatistics


def refusal(body: BeaconStatistics | PlainReport) -> str:
    """Why such a parcel cannot be taken, as a machine-readable word; empty when it can."""
    if not plausible(body):
        return "implausible"
    if not (body.places or body.classes or body.advertised):
        return ""
    for place in body.places:
        if not _adds_up(place):
            return f"contradicts_itself: {place.beacon}"
    for name, keys in (
        ("place", [place.beacon for place in body.places]),
        ("class", [entry.tag_class for entry in body.classes]),
        ("advert", [entry.beacon for entry in body.advertised]),
    ):
        if len(keys) > 1 and len(set(keys)) != len(keys):  # twice the same would count twice
            return f"contradicts_itself: {name} twice"
    return ""


def _adds_up(place: PlaceBeaconStatistics | PlainPlace) -> bool:
    return _rssi_adds_up(place) and _frames_add_up(place)


def _rssi_adds_up(place: PlaceBeaconStatistics | PlainPlace) -> bool:
    measured = place.frames - place.frames_without_rssi
    if measured == 0:
        extremes = place.rssi_min is None and place.rssi_max is None and place.rssi_sum == 0
    else:
        least, greatest = place.rssi_min, place.rssi_max
        extremes = (
            least is not None and greatest is not None and least * measured <= place.rssi_sum <= greatest * measured
        )
    return sum(place.rssi_histogram) == measured and extremes


def _frames_add_up(place: PlaceBeaconStatistics | PlainPlace) -> bool:
    """Each frame but a beacon's very first ends a gap; what was heard without expectation is no loss."""
    gaps = sum(place.gap_histogram)
    return (
        max(place.frames_suspect, place.heard_of_expected) <= place.frames
        and (place.expected_frames > 0 or place.heard_of_expected == 0)
        and place.frames - 1 <= gaps <= place.frames
    )
