"""A batch that is read in one go is read as it would be piece by piece."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from central_server.intake.at_once import read_at_once
from central_server.intake.batch import Batch, ReadParcel, _read_one_by_one, read_batch
from central_server.store.packed import pack, split, unpack
from sync_contract.beacon import BeaconId
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    GAP_HISTOGRAM_EDGES_MS,
    RSSI_HISTOGRAM_BINS,
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
    PlaceBeaconStatistics,
    canonical,
)
from sync_contract.strict import Environment, Record


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


counts = st.integers(0, 2**53 - 1)
dbm = st.none() | st.integers(-127, 20)
seconds = st.floats(0, 3600) | st.sampled_from([0.0, -0.0, 1e-5, 5e-5, 1e-4, 0.1, 300.0])
beacons = st.builds(BeaconId, st.uuids(), st.integers(0, 65535), st.integers(0, 65535))
clocks = st.builds(
    ClockReading,
    wall=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (bounds)
    boot=hexadecimal(32),
    monotonic_ns=counts,
    trusted=st.booleans(),
)
intents = st.builds(
    IntentRegistered,
    environment=st.sampled_from(Environment),
    project=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", fullmatch=True),
    amount_minor=st.integers(1, 10**9),
    currency=st.just("CNY"),
    beacon=st.none() | beacons,
    door=st.sampled_from(Door),
    handoff=st.sampled_from(HandoffKind),
    catalogue_version=counts,
)


def histogram(bins: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[counts] * bins)


places = st.builds(
    PlaceBeaconStatistics,
    beacon=beacons,
    frames=counts,
    frames_without_rssi=counts,
    frames_suspect=counts,
    expected_frames=counts,
    heard_of_expected=counts,
    longest_gap_ms=counts,
    gap_histogram=histogram(len(GAP_HISTOGRAM_EDGES_MS) + 1),
    rssi_min=dbm,
    rssi_max=dbm,
    rssi_sum=st.integers(-(2**53), 2**53),
    rssi_histogram=histogram(RSSI_HISTOGRAM_BINS),
)
classes = st.builds(
    ClassStatistics,
    tag_class=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    arrivals=counts,
    dwell_histogram=histogram(len(DWELL_HISTOGRAM_EDGES_S) + 1),
)
advertised = st.builds(AdvertisedSeconds, beacon=beacons, seconds=seconds | st.floats(0, 1e299))
statistics = st.builds(
    BeaconStatistics,
    start=clocks,
    seconds=seconds,
    foreign_frames=counts,
    places=st.lists(places, max_size=2).map(tuple),
    classes=st.lists(classes, max_size=2).map(tuple),
    advertised=st.lists(advertised, max_size=2).map(tuple),
)
parcels = st.builds(
    Parcel,
    id=hexadecimal(32),
    epoch=hexadecimal(16),
    n=st.integers(1, 2**53 - 1),
    clock=clocks,
    body=intents | statistics,
)


def batch(*contents: bytes) -> bytes:
    return b'{"contract":1,"parcels":[' + b",".join(contents) + b"]}"


@settings(max_examples=40, deadline=None)
@given(st.lists(parcels, min_size=1, max_size=3))
def test_both_ways_of_reading_say_the_same(given_: list[Parcel]) -> None:
    octets = batch(*map(canonical, given_))
    read = read_batch(octets)
    assert read == Batch(_read_one_by_one(octets), plain=True)
    assert list(read.items) == [ReadParcel(parcel, canonical(parcel)) for parcel in given_]


@settings(max_examples=40, deadline=None)
@given(parcels)
def test_fields_in_another_order_are_the_same_parcel(parcel: Parcel) -> None:
    other = json.dumps(parcel.model_dump(mode="json")).encode()
    assert read_at_once(batch(other)) == ((), [])
    assert read_batch(batch(other)).items == read_batch(batch(canonical(parcel))).items


@settings(max_examples=40, deadline=None)
@given(st.lists(parcels, max_size=3))
def test_what_is_packed_is_unpacked_again(given_: list[Parcel]) -> None:
    contents = [canonical(parcel) for parcel in given_]
    assert unpack(pack(contents)) == contents
    assert split(batch(*contents)) == contents


INTENT = Parcel(
    id="0" * 32,
    epoch="1" * 16,
    n=7,
    clock=ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="2" * 32, monotonic_ns=5, trusted=True),
    body=IntentRegistered(
        environment=Environment.drill,
        project="lunch",
        amount_minor=5000,
        currency="CNY",
        beacon=BeaconId(UUID(int=1), 2, 3),
        door=Door.touch,
        handoff=HandoffKind.ticket,
        catalogue_version=1,
    ),
)


def test_what_gateways_send_is_read_in_one_go() -> None:
    assert read_at_once(batch(canonical(INTENT), canonical(INTENT)))[0] == (INTENT, INTENT)


@pytest.mark.parametrize("record", [Parcel, ClockReading, IntentRegistered, BeaconStatistics])
@pytest.mark.parametrize("part", [PlaceBeaconStatistics, ClassStatistics, AdvertisedSeconds])
def test_every_name_is_written_so_that_they_can_be_counted(record: type[Record], part: type[Record]) -> None:
    optional = [name for each in (record, part) for name, field in each.model_fields.items() if not field.is_required()]
    assert set(optional) <= {"kind"}, "one that may be left out makes room for another that stands twice"
    with pytest.raises(ValidationError):
        Parcel.model_validate_json(canonical(INTENT).replace(b'"kind":"intent",', b""))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"n":7', b'"n":6,"n":7'),
        lambda text: text.replace(b'"boot":', b'"boot":"","boot":'),
        lambda text: text.replace(b'"clock":{', b'"clock":{"boot":{"body":{}},'),
        lambda text: text.replace(b'"clock":{', b'"clock":{},"clock":{'),
        lambda text: text.replace(b'"major":2', b'"major":1,"major":2'),
        lambda text: text.replace(b'"n":7', b'"n": 7'),
        lambda text: text.replace(b'"n":7', b'"n":7,"more":1'),
        lambda text: text.replace(b'"n":7', b'"n":0'),
        lambda text: text.replace(b"T00:00:00Z", b" 00:00:00Z"),
        lambda text: text.replace(b'"lunch"', b'"l\\u0075nch"'),
        lambda text: text.replace(b'"n":7', b'"\\u006e":7'),
        lambda text: b'{"n":7,' + text[1:].replace(b',"n":7', b""),
        lambda text: text + b"," + text[:-1],
    ],
)
def test_anything_else_is_looked_at_piece_by_piece(change: Callable[[bytes], bytes]) -> None:
    octets = batch(change(canonical(INTENT)))
    assert octets != batch(canonical(INTENT))
    assert read_at_once(octets) == ((), [])
