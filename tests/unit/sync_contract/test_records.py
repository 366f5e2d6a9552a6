"""Parcels are decoded strictly; a fault is named by its path."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from sync_contract.records import (
    MAX_SCREEN_COUNTS,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
)
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import InvalidRecord, decode, encode
from tests.unit.central_server.made_parcels import parcels

CLOCK = ClockReading(wall=datetime(2026, 1, 1, tzinfo=UTC), boot="0" * 32, monotonic_ns=1, trusted=False)
PARCEL = Parcel(
    id=new_id(),
    epoch="0011223344556677",
    n=1,
    clock=CLOCK,
    body=IntentRegistered(
        environment=Environment.drill,
        project="elder-lunch",
        amount_minor=3000,
        currency="CNY",
        beacon=None,
        door=Door.touch,
        handoff=HandoffKind.ticket,
        catalogue_version=0,
    ),
)


@settings(max_examples=60, deadline=None)
@given(parcels)
def test_a_parcel_survives_the_wire(parcel: Parcel) -> None:
    assert decode(Parcel, encode(parcel)) == parcel


def test_the_last_of_a_repeated_key_counts() -> None:
    twice = encode(PARCEL).replace(b'"n":1', b'"n":7,"n":1')
    assert decode(Parcel, twice) == PARCEL


def test_a_gateway_cannot_build_an_intent_of_zero() -> None:
    with pytest.raises(ValueError, match="amount_minor"):
        replace(PARCEL.body, amount_minor=0)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"n": 0}, "n"),
        ({"n": 2**53}, "n"),
        ({"id": "x"}, "id"),
        ({"more": 1}, ""),
        ({"clock": {"wall": "2026-01-01T00:00:00Z"}}, "clock"),
        ({"body": {"kind": "poem"}}, "body.kind"),
        ({"body": {"kind": "statistics", "start": {"wall": 7}}}, "body.start.wall"),
    ],
)
def test_an_invalid_record_names_the_path_to_the_fault(change: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidRecord) as invalid:
        decode(Parcel, json.dumps(json.loads(encode(PARCEL)) | change))
    assert invalid.value.path == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("n",), "1"),
        (("n",), 0),
        (("clock", "wall"), 0),
        (("clock", "wall"), "2026-01-01T00:00:00"),
        (("body", "amount_minor"), 30.0),
        (("body", "amount_minor"), True),
        (("body", "amount_minor"), -1),
        (("body", "kind"), "gift"),
        (("body", "extra"), 1),
        (("id",), "0197f0c0-a1b2-7c3d-8e4f-5a6b7c8d9e0f"),
    ],
)
def test_loose_values_are_refused(path: tuple[str, ...], value: object) -> None:
    content = json.loads(encode(PARCEL))
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InvalidRecord):
        decode(Parcel, json.dumps(content))


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("1970-01-01T07:59:59+08:00", None),
        ("1970-01-01T08:00:00+08:00", "1970-01-01T00:00:00Z"),
        ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999Z"),
        ("2199-12-31T23:59:59-00:01", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_a_clock_reading_is_in_utc_from_1970_to_2200(wall: str, utc: str | None) -> None:
    content = encode(PARCEL).replace(b"2026-01-01T00:00:00Z", wall.encode())
    if utc is None:
        with pytest.raises(InvalidRecord) as invalid:
            decode(Parcel, content)
        assert invalid.value.path == "clock.wall"
    else:
        assert encode(decode(Parcel, content).clock.wall) == f'"{utc}"'.encode()


def test_a_synchronised_clock_before_2020_is_not_reliable() -> None:
    early, late = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
    readings = [replace(CLOCK, wall=wall, trusted=trusted) for wall in (early, late) for trusted in (False, True)]
    assert [reading.reliable for reading in readings] == [False, False, False, True]


def test_ids_are_legal_order_numbers() -> None:
    assert all(len(i) == 32 and i.isalnum() for i in (new_id() for _ in range(100)))


def screen(**changes: object) -> dict[str, object]:
    count = {"project": "elder-lunch", "beacon": None, "door": "tag", "visits": 1, "opened": 1}
    return {"kind": "screen", "start": msgspec.to_builtins(CLOCK), "seconds": 300.0, "counts": [count | changes]}


@pytest.mark.parametrize("door", ["touch", "tag"])
def test_counts_of_the_screen_survive_the_wire(door: str) -> None:
    content = json.loads(encode(PARCEL)) | {"body": screen(door=door)}
    parcel = decode(Parcel, json.dumps(content))
    assert parcel.body.kind == "screen"
    assert decode(Parcel, encode(parcel)) == parcel


@pytest.mark.parametrize(
    "wrong",
    [
        {"door": "phone"},
        {"visits": -1},
        {"opened": 2**53},
        {"project": "Elder Lunch"},
        {"name": "chen"},
        {"visits": 1.0},
    ],
)
def test_counts_of_the_screen_hold_nothing_but_bounded_counts(wrong: dict[str, object]) -> None:
    content = json.loads(encode(PARCEL)) | {"body": screen(**wrong)}
    with pytest.raises(InvalidRecord):
        decode(Parcel, json.dumps(content))


def test_so_many_counts_of_the_screen_are_not_one_record() -> None:
    body = json.loads(json.dumps(screen()))
    body["counts"] = [body["counts"][0] | {"project": f"p{n}"} for n in range(MAX_SCREEN_COUNTS + 1)]
    with pytest.raises(InvalidRecord):
        decode(Parcel, json.dumps(json.loads(encode(PARCEL)) | {"body": body}))
