"""Parcels of kind `statistics`. They are kept as parcels; what is wrong in itself is not."""

from central_server.statistics.plausibility import plausible
from sync_contract.records import BeaconStatistics, PlaceBeaconStatistics


def refusal(body: BeaconStatistics) -> str:
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


def _adds_up(place: PlaceBeaconStatistics) -> bool:
    """Each frame but a beacon's very first ends a gap; what was heard without expectation is no loss."""
    frames, heard = place.frames, place.heard_of_expected
    measured = frames - place.frames_without_rssi
    return (
        sum(place.rssi_histogram) == measured
        and frames - 1 <= sum(place.gap_histogram) <= frames
        and place.frames_suspect <= frames
        and heard <= frames
        and (heard == 0 or place.expected_frames > 0)
        and _rssi_adds_up(measured, place.rssi_min, place.rssi_max, place.rssi_sum)
    )


def _rssi_adds_up(measured: int, least: int | None, greatest: int | None, total: int) -> bool:
    if measured == 0:
        return least is None and greatest is None and total == 0
    return least is not None and greatest is not None and least * measured <= total <= greatest * measured
