"""Parcels of kind `statistics`. They are kept as parcels; what is wrong in itself is not."""

from sync_contract.records import BeaconStatistics, PlaceBeaconStatistics


def refusal(body: BeaconStatistics) -> str:
    """Why such a parcel cannot be taken, as a machine-readable word; empty when it can."""
    for place in body.places:
        if not _adds_up(place):
            return f"contradicts_itself: {place.beacon}"
    return ""


def _adds_up(place: PlaceBeaconStatistics) -> bool:
    measured = place.frames - place.frames_without_rssi
    if measured == 0:
        extremes = place.rssi_min is None and place.rssi_max is None and place.rssi_sum == 0
    else:
        least, greatest = place.rssi_min, place.rssi_max
        extremes = (
            least is not None and greatest is not None and least * measured <= place.rssi_sum <= greatest * measured
        )
    return sum(place.rssi_histogram) == measured and extremes
