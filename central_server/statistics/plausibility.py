"""Check counts against physical limits, so that their sums never exceed the range of a column."""

from sync_contract.records import BeaconStatistics, ScreenStatistics

MAX_ADVERTS_PER_S = 10_000
"""An advert lasts at least 128 µs (Bluetooth Core 5.4, Vol 6, Part B, 2.1): one receiver hears fewer than this."""
MAX_TOUCHES_PER_S = 20
MAX_GAP_MS = 2 * 366 * 24 * 3600 * 1000


def plausible(body: BeaconStatistics) -> bool:
    most = MAX_ADVERTS_PER_S * (body.seconds + 1)
    if body.foreign_frames > most:
        return False
    for entry in body.classes:
        if max(entry.entries, entry.visits, entry.tags, *entry.dwell_histogram) > most:
            return False
    for place in body.places:
        if place.frames > most or place.expected_frames > most or place.longest_gap_ms > MAX_GAP_MS:
            return False
    longest = 2 * body.seconds + 60
    for sent in body.advertised:  # noqa: SIM110  (starting a generator takes longer than checking a quiet report)
        if sent.seconds > longest:
            return False
    return True


def plausible_touches(body: ScreenStatistics) -> bool:
    most = MAX_TOUCHES_PER_S * (body.seconds + 1)
    return all(max(count.visits, count.opened) <= most for count in body.counts)
