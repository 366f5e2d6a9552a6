"""A batch is decoded parcel by parcel: a bad one is refused by itself, whatever it is."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.intake.batch import BatchRefused, RefusedItem, read_batch
from central_server.store.parcels.batches import number_ranges, pack, unpack
from sync_contract.records import MAX_PARCELS, Batch, Parcel
from sync_contract.wire_record import decode, encode
from tests.fakes.delivering_gateway import DeliveringGateway, as_batch, as_json
from tests.unit.central_server.made_parcels import parcels

GATEWAY = DeliveringGateway()
GOOD = GATEWAY.intent()
VALUES: list[object] = [
    *(None, True, [], {}, [0] * 9, [0] * 16, 1.5, -0.0, 3600.5, -1, 0, 21, -128, 65536, 10**9 + 1, 2**53, 2**70),
    *("", "x", "\0", "\n", "捐", "-lunch", "a" * 17, "a" * 32 + "\n", "A" * 32, "USD", "poem"),
    *("2026-11-24T00:00:00", "2026-11-24T24:00:00Z", "2026-02-29T00:00:00Z", "fda50693-a4e2-4fb1-afcf-c6eb0764782"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(parcels, max_size=3))
def test_what_gateways_send_is_read_and_what_is_packed_is_unpacked(some: list[Parcel]) -> None:
    assert read_batch(as_batch(some)) == some
    assert [decode(Parcel, content) for content in unpack(pack(some))] == some


def changed(value: object, by: object) -> Iterator[object]:
    """The value with `by` in each place in turn, without each key, and with one more key or item."""
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


@pytest.mark.parametrize("by", VALUES, ids=ascii)
def test_a_changed_parcel_is_refused_or_says_just_that_and_its_neighbour_stays(by: object) -> None:
    for other in changed(as_json(GOOD), by):
        body = json.dumps({"contract": 1, "parcels": [other, as_json(GOOD)]}).encode()
        item, neighbour = read_batch(body)
        assert neighbour == GOOD
        if isinstance(item, RefusedItem):
            assert item.reason.startswith("invalid: ")
            json.loads(item.content)
        else:
            assert decode(Parcel, encode(item)) == item


@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\udc00\ud800", r"\ud83d"])
def test_a_lone_surrogate_refuses_only_its_own_parcel(escape: str) -> None:
    """The refused one is named by its id, so that its gateway learns which one it is."""
    bad = encode(GATEWAY.intent()).decode()
    for wanted, text in (
        (as_json(GOOD)["id"], encode(GOOD).decode().replace('"lunch"', f'"{escape}"')),
        ("", f'{{"{escape}":1}}'),
        ("", f'"{escape}"'),
    ):
        body = f'{{"contract":1,"parcels":[{bad},{text},{bad}]}}'.encode()
        before, item, after = read_batch(body)
        assert isinstance(before, Parcel)
        assert before == after
        assert isinstance(item, RefusedItem)
        assert (item.id, json.loads(item.content)) == (wanted, "unreadable")


@settings(max_examples=200, deadline=None)
@given(parcels, st.data())
def test_no_damage_of_a_parcel_escapes(parcel: Parcel, data: st.DataObject) -> None:
    text = encode(parcel).decode()
    for _ in range(data.draw(st.integers(1, 3))):
        at, gone = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.text('0123456789{}[],":-+.TZabefn\\ \udcff', max_size=2)) + text[at + gone :]
    body = b'{"contract":1,"parcels":[' + text.encode(errors="surrogateescape") + b"]}"
    items: Sequence[Parcel | RefusedItem] = ()
    with suppress(BatchRefused):
        items = read_batch(body)
    for item in items:
        if isinstance(item, Parcel):
            assert decode(Parcel, encode(item)) == item
        else:
            json.loads(item.content)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[" * 100_000, 400),
        (b'{"contract":1,"parcels":["\\ud800"],"more":0}', 400),
        (b'{"contract":true,"parcels":["\\ud800"]}', 400),
        (as_batch([GOOD])[:-1], 400),
        (as_batch([GOOD]) + b" x", 400),
        (as_batch([GOOD] * 3).replace(b'"contract":1', b'"contract":2'), 400),
        (encode(Batch(contract=1, parcels=[msgspec.Raw(b"0")] * (MAX_PARCELS + 1))), 413),
        (b" " * 600_000, 413),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(BatchRefused) as refused:
        read_batch(body)
    assert refused.value.status == status
    assert not str(refused.value).endswith(": "), "the reason is complete"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"hello", "not a batch of contract 1: not JSON"),
        (b"", "not a batch of contract 1: not JSON"),
        (b"[1]", "not a batch of contract 1: not the expected record"),
        (b'{"contract":1,"parcels":{}}', "not a batch of contract 1: invalid: parcels"),
    ],
)
def test_the_reason_says_what_is_wrong_with_the_body(body: bytes, reason: str) -> None:
    with pytest.raises(BatchRefused, match=f"^{reason}$"):
        read_batch(body)


def test_numbers_are_stored_as_ranges() -> None:
    assert number_ranges([6, 1, 2, 3, 3, 9, 8]) == "1-3 6 8-9"
