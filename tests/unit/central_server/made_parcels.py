"""Strategies for parcels of every kind."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    AdvertisedSeconds,
    BeaconStatistics,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
    ScreenCount,
    ScreenStatistics,
)
from sync_contract.strict_model import Environment
from tests.unit.sync_contract import made_reports


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


counts = st.integers(0, 2**53 - 1)
seconds = (st.integers(0, 3_600_000) | st.integers(0, 3600).map(lambda number: number * 1000)).map(
    lambda thousandths: thousandths / 1000
)
beacons = st.builds(BeaconId, st.uuids(), st.integers(0, 65535), st.integers(0, 65535))
clocks = st.builds(
    ClockReading,
    wall=st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  (bounds)
    boot=hexadecimal(32),
    monotonic_ns=counts,
    trusted=st.booleans(),
)
projects = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", fullmatch=True)
intents = st.builds(
    IntentRegistered,
    environment=st.sampled_from(Environment),
    project=projects,
    amount_minor=st.integers(1, 10**9),
    currency=st.just("CNY"),
    beacon=st.none() | beacons,
    door=st.sampled_from(Door),
    handoff=st.sampled_from(HandoffKind),
    catalogue_version=counts,
)
places = made_reports.places(beacons, counts, st.integers(-(2**53), 2**53))
classes = made_reports.classes(st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True), counts)
advertised = st.builds(AdvertisedSeconds, beacon=beacons, seconds=seconds | st.floats(0.001, 1e15))
statistics = st.builds(
    BeaconStatistics,
    start=clocks,
    seconds=seconds,
    foreign_frames=counts,
    places=st.lists(places, max_size=2).map(tuple),
    classes=st.lists(classes, max_size=2).map(tuple),
    advertised=st.lists(advertised, max_size=2).map(tuple),
)
quiet = st.builds(
    BeaconStatistics,
    start=clocks,
    seconds=seconds,
    foreign_frames=st.integers(0, 10_000),
    places=st.just(()),
    classes=st.just(()),
    advertised=st.just(()),
)
screens = st.builds(
    ScreenStatistics,
    start=clocks,
    seconds=seconds,
    counts=st.lists(
        st.builds(
            ScreenCount,
            project=st.none() | projects,
            beacon=st.none() | beacons,
            door=st.sampled_from([Door.touch, Door.tag]),
            visits=counts,
            opened=counts,
        ),
        max_size=2,
    ).map(tuple),
)
parcels = st.builds(
    Parcel,
    id=hexadecimal(32),
    epoch=hexadecimal(16),
    n=st.integers(1, 2**53 - 1),
    clock=clocks,
    body=intents | statistics | screens,
)
