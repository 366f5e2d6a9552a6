"""A batch that is read in one go is read as it would be piece by piece."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from central_server.intake import at_once
from central_server.intake.at_once import read_at_once
from central_server.intake.batch import ReadParcel, read_again, read_batch
from central_server.intake.canonical_form import NoForm, _integer, expression
from central_server.intake.statistics import refusal
from central_server.statistics.plain import plain
from central_server.store.fresh import FreshGift
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
seconds = (st.integers(0, 3_600_000) | st.integers(0, 3600).map(lambda number: number * 1000)).map(
    lambda thousandths: thousandths / 1000
)
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


FORM = re.compile(expression(Parcel, ()))
NUMBERS = [0, 1, 7, 9, 10, 20, 127, 999, 3599, 65535, 10**9, 2**53 - 1]


@settings(max_examples=60, deadline=None)
@given(parcels)
def test_what_a_gateway_writes_is_of_the_form(parcel: Parcel) -> None:
    assert FORM.fullmatch(canonical(parcel).decode())


@settings(max_examples=300, deadline=None)
@given(parcels, st.data())
def test_what_is_of_the_form_is_a_parcel_in_its_form(parcel: Parcel, data: st.DataObject) -> None:
    text = canonical(parcel).decode()
    for _ in range(data.draw(st.integers(1, 3))):
        at, gone = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.text('0123456789{}[],":-.TZabefn', max_size=2)) + text[at + gone :]
    if FORM.fullmatch(text):
        (read,) = read_batch(batch(text.encode()))
        assert isinstance(read, ReadParcel), text
        assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")).count(":") == text.count(":")


@pytest.mark.parametrize("most", NUMBERS[1:])
@pytest.mark.parametrize("least", [-127, 0, 1])
def test_of_numbers_those_within_the_bounds_are_of_the_form(least: int, most: int) -> None:
    form = re.compile(_integer(least, most))
    near = {number + by for number in (*NUMBERS, most, least) for by in (-1, 0, 1)}
    for number in near | {-each for each in near}:
        assert bool(form.fullmatch(str(number))) is (least <= number <= most), number
    assert not any(form.fullmatch(text) for text in ("", "-", "-0", "00", "01", "1.0", "1e3", "+1", " 1"))


class Free(Record):
    text: str


class Open(BaseModel):
    count: Annotated[int, Field(ge=0, le=9)]


class Late(Record):
    number: Annotated[int, Field(ge=2, le=9)]


class Deep(Record):
    value: float


@pytest.mark.parametrize("record", [Free, Open, Late, Deep])
def test_a_record_without_a_form_is_told_at_once(record: type[BaseModel]) -> None:
    with pytest.raises(NoForm):
        expression(record, ())


@settings(max_examples=60, deadline=None)
@given(statistics)
def test_plain_values_are_judged_as_the_record_is(body: BeaconStatistics) -> None:
    told = plain(*(json.dumps(part)[1:-1] if isinstance(part, list) else json.dumps(part) for part in in_order(body)))
    assert bool(refusal(told)) is bool(refusal(body))
    report = INTENT.model_copy(update={"body": body})
    assert (read_at_once(batch(canonical(report))) is None) is bool(refusal(body))
    assert [place.rssi_histogram for place in told.places] == [list(place.rssi_histogram) for place in body.places]
    assert [sent.seconds for sent in told.advertised] == [sent.seconds for sent in body.advertised]


def in_order(body: BeaconStatistics) -> list[object]:
    told = json.loads(canonical(body))
    return [told[name] for name in ("advertised", "classes", "foreign_frames", "places", "seconds")]


@settings(max_examples=40, deadline=None)
@given(st.lists(intents | quiet, min_size=1, max_size=4))
def test_read_at_once_it_says_what_its_parcels_say(bodies: list[IntentRegistered | BeaconStatistics]) -> None:
    made = [INTENT.model_copy(update={"id": f"{n:032x}", "n": n, "body": body}) for n, body in enumerate(bodies, 1)]
    octets = batch(*map(canonical, made))
    whole = read_at_once(octets)
    assert read_batch(octets) == tuple(ReadParcel(parcel, canonical(parcel)) for parcel in made)
    assert read_batch(octets) == read_again(octets)
    assert whole is not None
    assert (whole.epoch, list(whole.ids), whole.numbers) == (INTENT.epoch, [p.id for p in made], [p.n for p in made])
    gifts = [(parcel.id, body) for parcel in made if isinstance(body := parcel.body, IntentRegistered)]
    assert whole.gifts == [
        FreshGift(
            id=id_,
            amount_minor=str(body.amount_minor),
            beacon=None if body.beacon is None else str(body.beacon),
            catalogue_version=str(body.catalogue_version),
            currency=body.currency,
            door=body.door.value,
            environment=body.environment.value,
            handoff=body.handoff.value,
            project=body.project,
        )
        for id_, body in gifts
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"id": "1" * 32, "n": 8, "epoch": "3" * 16},
        {"id": "1" * 32},
        {"n": 8},
    ],
)
def test_parcels_of_two_epochs_or_that_are_there_twice_are_not_read_at_once(other: dict[str, object]) -> None:
    first, second = canonical(INTENT), canonical(INTENT.model_copy(update=other))
    good = canonical(INTENT.model_copy(update={"id": "1" * 32, "n": 8}))
    assert read_at_once(batch(first, good)) is not None
    assert read_at_once(batch(good, first)) is None, "in the order of their ids"
    assert read_at_once(batch(first, second)) is None


@settings(max_examples=40, deadline=None)
@given(parcels)
def test_fields_in_another_order_are_the_same_parcel(parcel: Parcel) -> None:
    other = json.dumps(parcel.model_dump(mode="json")).encode()
    assert read_at_once(batch(other)) is None
    assert read_batch(batch(other)) == read_batch(batch(canonical(parcel)))


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
    assert read_at_once(batch(canonical(INTENT))) is not None
    octets = batch(change(canonical(INTENT)))
    assert octets != batch(canonical(INTENT))
    assert read_at_once(octets) is None


def test_a_kind_that_nobody_looks_at_here_is_not_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "_PARCEL", re.compile(f"(of another kind{'()' * 13}(epoch)(id)(1))"))
    assert read_at_once(batch(b"of another kindepochid1")) is None
