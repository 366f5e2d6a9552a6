"""A batch that is read in one go is read as it would be piece by piece."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.intake import at_once, screen, statistics
from central_server.intake.at_once import read_at_once, well_formed
from central_server.intake.batch import BatchRefused, ReadParcel, read_again, read_batch
from central_server.intake.receive import _judge
from central_server.store.parcels.batch_compression import pack, split, unpack
from central_server.store.parcels.fresh_batch import FreshGift
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    MAX_PARCELS,
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
    PlaceBeaconStatistics,
    ScreenCount,
    ScreenStatistics,
    canonical,
    canonical_json,
)
from sync_contract.strict_model import Environment
from tests.unit.central_server.made_parcels import intents, parcels, quiet


def batch(*contents: bytes) -> bytes:
    return b'{"contract":1,"parcels":[' + b",".join(contents) + b"]}"


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
CLOCK, BEACON = INTENT.clock, BeaconId(UUID(int=1), 2, 3)
PLACE = PlaceBeaconStatistics(
    beacon=BEACON,
    frames=2,
    frames_without_rssi=0,
    frames_suspect=0,
    expected_frames=3,
    heard_of_expected=1,
    longest_gap_ms=900,
    gap_histogram=(0, 1, *(0,) * 7),
    rssi_min=-70,
    rssi_max=-60,
    rssi_sum=-130,
    rssi_histogram=(0,) * 7 + (2,) + (0,) * 8,
)
REPORT = INTENT.model_copy(
    update={
        "body": BeaconStatistics(
            start=CLOCK,
            seconds=300,
            foreign_frames=1,
            places=(PLACE,),
            classes=(ClassStatistics(tag_class="card", arrivals=1, dwell_histogram=(1, *(0,) * 7)),),
            advertised=(AdvertisedSeconds(beacon=BEACON, seconds=1.5),),
        )
    }
)
SCREEN = INTENT.model_copy(
    update={
        "body": ScreenStatistics(
            start=CLOCK,
            seconds=300,
            counts=(ScreenCount(project="lunch", beacon=BEACON, door=Door.tag, visits=2, opened=1),),
        )
    }
)
WRITTEN_OTHERWISE = (1e-7, 1e300)
"""By msgspec: a gateway's batch with such a number in it is read piece by piece."""
OTHERS: list[object] = [
    *(None, True, [], {}, [0] * 8, [0] * 9, [0] * 16, [0] * 17, *WRITTEN_OTHERWISE, 1.5, 0.0, -0.0, 3600.0, 3600.5),
    *(-1, 0, 1, 20, 21, -127, -128, 65535, 65536, 10**9, 10**9 + 1, 2**53 - 1, 2**53, -(2**53), -(2**53) - 1),
    *(
        2**63,
        2**64,
        2**70,
        "",
        "x",
        '"',
        "\\",
        "\n",
        "\0",
        "é",
        "捐",
        "lunch",
        "lunch\n",
        "-lunch",
        "a" * 17,
        "CNY",
        "CNY\n",
    ),
    *(
        "a" * 32,
        "A" * 32,
        "a" * 31,
        "a" * 33,
        "a" * 32 + "\n",
        "\n".join(("a" * 32, "b" * 32)),
        "g" * 32,
        "a" * 16,
        "a" * 17,
        "touch",
        "tag",
        "drill",
    ),
    *(
        "statistics",
        "intent",
        "screen",
        "link",
        "fda50693-a4e2-4fb1-afcf-c6eb07647825",
        "fda50693a4e24fb1afcfc6eb07647825",
    ),
    *("FDA50693-A4E2-4FB1-AFCF-C6EB07647825", "fda50693-a4e2-4fb1-afcf-c6eb0764782", "2026-11-24T00:00:00Z"),
    *("2026-11-24T00:00:00+08:00", "2026-11-24T00:00:00.120000Z", "2026-11-24T00:00:00.12Z", "2026-11-24T00:00:00"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    *("2026-11-24T00:00:60Z", "2026-11-24T24:00:00Z", "2026-11-24 00:00:00Z", "2026-11-24", "1764000000"),
]


@settings(max_examples=60, deadline=None)
@given(parcels)
def test_what_a_gateway_writes_is_of_the_form(parcel: Parcel) -> None:
    assert well_formed(b"[%b]" % canonical(parcel))
    match parcel.body:
        case BeaconStatistics() as heard:
            spoilt = bool(statistics.refusal(heard))
        case ScreenStatistics() as used:
            spoilt = bool(screen.refusal(used))
        case _:
            spoilt = False
    assert (read_at_once(batch(canonical(parcel))) is None) is spoilt


def taken(octets: bytes) -> bool:
    """Piece by piece: good as a whole, no name stands in it twice."""
    try:
        read = [_judge(item, Environment.drill) for item in read_batch(octets)]
    except BatchRefused:
        return False
    return all(isinstance(item, ReadParcel) or item.reason == "other_environment" for item in read)


@settings(max_examples=300, deadline=None)
@given(parcels, st.data())
def test_whatever_is_read_at_once_would_be_taken_piece_by_piece(parcel: Parcel, data: st.DataObject) -> None:
    text = canonical(parcel).decode()
    for _ in range(data.draw(st.integers(1, 3))):
        at, gone = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.text('0123456789{}[],":-+.TZabefn\\ ', max_size=2)) + text[at + gone :]
    octets = batch(text.encode())
    assert read_at_once(octets) is None or taken(octets)


def changed(value: object, by: object) -> Iterator[object]:
    """With another value in each place in turn, without each name, and with one more."""
    yield by
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from (value | {name: each} for each in changed(inner, by))
            yield {other: each for other, each in value.items() if other != name}
        yield value | {"more": by}
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from ([*value[:at], each, *value[at + 1 :]] for each in changed(inner, by))
        yield [*value, by]


@pytest.mark.parametrize("by", OTHERS, ids=repr)
def test_with_another_value_anywhere_it_is_read_at_once_when_it_would_be_taken(by: object) -> None:
    for parcel in (INTENT, REPORT, SCREEN):
        for other in changed(json.loads(canonical(parcel)), by):
            octets = batch(canonical_json(other))
            if read_at_once(octets) is not None:
                assert taken(octets), octets
            elif taken(octets) and by not in WRITTEN_OTHERWISE:
                (read,) = read_batch(octets)
                assert read.content != canonical_json(other), octets


def test_what_is_nested_deep_or_cut_off_or_no_text_is_not_read_at_once() -> None:
    for deep in (b"[", b'{"a":', b'{"body":'):
        assert read_at_once(batch(deep * 50_000)) is None
    octets = batch(canonical(REPORT))
    assert all(read_at_once(octets[:end]) is None for end in range(len(octets)))
    assert read_at_once(batch(canonical(INTENT).replace(b"lunch", b"lun\xff"))) is None


def test_a_batch_is_read_at_once_to_its_end_and_no_further() -> None:
    made = [canonical(INTENT.model_copy(update={"id": f"{n:032x}", "n": n})) for n in range(1, MAX_PARCELS + 2)]
    whole = read_at_once(batch(*made[:-1]))
    assert whole is not None
    assert whole.numbers == [*range(1, MAX_PARCELS + 1)]
    assert [gift.id for gift in whole.gifts] == whole.ids == [f"{n:032x}" for n in whole.numbers]
    assert read_at_once(batch(*made)) is None
    for at in (0, 500, MAX_PARCELS - 1):
        spoilt = made[at].replace(b'"n":', b'"n": ')
        assert read_at_once(batch(*made[:at], spoilt, *made[at + 1 : -1])) is None
    good = batch(made[0])
    for other in (
        good.replace(b"1", b"2", 1),
        good[:-1] + b"]",
        good + b" ",
        good[:-2] + b",]}",
        b'{"contract":1,"parcels":[]}',
    ):
        assert read_at_once(other) is None, other


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
    assert read_at_once(batch(canonical(SCREEN))) is not None
    monkeypatch.delitem(at_once._JUDGES, at_once._FORM.kinds["screen"])
    assert read_at_once(batch(canonical(SCREEN))) is None
