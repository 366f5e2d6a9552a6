"""What no radio can have counted. A sum of counts that nature bounds never grows out of its column."""

from central_server.statistics.plain import PlainReport
from sync_contract.records import BeaconStatistics

PER_SECOND = 10_000
"""An advert lasts 128 µs at least (Bluetooth Core 5.4, Vol 6, Part B, 2.1): one receiver hears fewer than this."""
LONGEST_MS = 2 * 366 * 24 * 3600 * 1000


def plausible(body: BeaconStatistics | PlainReport) -> bool:
    most = PER_SECOND * (body.seconds + 1)
    if body.foreign_frames > most:
        return False
    for entry in body.classes:
        if entry.arrivals > most or max(entry.dwell_histogram) > most:
            return False
    for place in body.places:
        if max(place.frames, place.expected_frames) > most or place.longest_gap_ms > LONGEST_MS:
            return False
    longest = 2 * body.seconds + 60
    for sent in body.advertised:  # noqa: SIM110  (a generator takes longer to begin than a quiet report to be judged)
        if sent.seconds > longest:
            return False
    return True
