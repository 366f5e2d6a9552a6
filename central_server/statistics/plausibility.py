"""What no radio and no screen can have counted. A sum of counts that nature bounds never grows out of its column."""

from sync_contract.records import BeaconStatistics, ScreenStatistics

PER_SECOND = 10_000
"""An advert lasts 128 µs at least (Bluetooth Core 5.4, Vol 6, Part B, 2.1): one receiver hears fewer than this."""
TOUCHES_PER_SECOND = 20
"""No hall has hands for more."""
LONGEST_MS = 2 * 366 * 24 * 3600 * 1000


def plausible(body: BeaconStatistics) -> bool:
    most = PER_SECOND * (body.seconds + 1)
    if body.foreign_frames > most:
        return False
    for entry in body.classes:
        if entry.arrivals > most or max(entry.dwell_histogram) > most:
            return False
    for place in body.places:
        if place.frames > most or place.expected_frames > most or place.longest_gap_ms > LONGEST_MS:
            return False
    longest = 2 * body.seconds + 60
    for sent in body.advertised:  # noqa: SIM110  (a generator takes longer to begin than a quiet report to be judged)
        if sent.seconds > longest:
            return False
    return True


def plausible_touches(body: ScreenStatistics) -> bool:
    most = TOUCHES_PER_SECOND * (body.seconds + 1)
    return all(max(count.visits, count.opened) <= most for count in body.counts)
