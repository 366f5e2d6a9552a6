"""What no radio can have counted. A sum of counts that nature bounds never grows out of its column."""

from sync_contract.records import BeaconStatistics

PER_SECOND = 10_000
"""An advert lasts 128 µs at least (Bluetooth Core 5.4, Vol 6, Part B, 2.1): one receiver hears fewer than this."""
LONGEST_MS = 2 * 366 * 24 * 3600 * 1000


def plausible(body: BeaconStatistics) -> bool:
    most = PER_SECOND * (body.seconds + 1)
    counts = [body.foreign_frames, *(entry.arrivals for entry in body.classes)]
    for entry in body.classes:
        counts.extend(entry.dwell_histogram)
    for place in body.places:
        counts += [place.frames, place.expected_frames]
    return (
        all(count <= most for count in counts)
        and all(place.longest_gap_ms <= LONGEST_MS for place in body.places)
        and all(entry.seconds <= 2 * body.seconds + 60 for entry in body.advertised)
    )
