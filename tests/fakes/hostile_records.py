"""Records of a hostile gateway: each field of each kind in turn at and beyond the edge of what it can be."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from sync_contract.records import Parcel
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import encode

_TIMES = (
    "0001-01-01T00:00:00+23:59",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
    "2019-12-31T23:59:59Z",
    "2038-01-19T03:14:08Z",
    "2199-12-31T23:59:59.999999Z",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-23:59",
)
_NUMBERS = (-(2**63), -(2**53), -1, 0, 1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 0.5, -1e308, 1e308)
_TEXTS = ("", "\0", "\u202e", "x" * 10_000, "'; --")
_OTHERS: tuple[object, ...] = (None, [], {}, True)


def edge_values(value: object) -> tuple[object, ...]:
    """Return what to put in the place of a value."""
    if isinstance(value, bool):
        return (*_OTHERS, 1)
    if isinstance(value, (int, float)):
        return (*_NUMBERS, *_OTHERS)
    if isinstance(value, str):
        return (*(_TIMES if value.endswith("Z") else ()), *_TEXTS, *_OTHERS)
    return (*_OTHERS, 7, "x")


def changed_once(content: Any) -> Iterator[Any]:
    """Return copies of a JSON document in each of which one value is another, of a list the first."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from ({**content, key: other} for other in (*changed_once(value), *edge_values(value)))
    elif isinstance(content, list):
        for position, value in enumerate(content[:1]):  # one bin stands for all of a histogram
            for other in (*changed_once(value), *edge_values(value)):
                yield [*content[:position], other, *content[position + 1 :]]


def hostile_copies(parcel: Parcel) -> list[dict[str, Any]]:
    """Return the parcel's JSON once for each edge value of each field, under a new id where that is not the field.

    Each is of a boot of its own, so that any of its readings can be the boot's anchor. A parcel follows each changed
    time, without a synchronised clock: its own time is computed from that anchor.
    """
    content = json.loads(encode(parcel))
    boot = content["clock"]["boot"]
    copies, following = [], []
    for changed in changed_once(content):
        fresh = {"id": new_id()} if changed["id"] == content["id"] else {}
        text = json.dumps(changed | fresh).replace(f'"{boot}"', f'"{(other := secrets.token_hex(16))}"')
        copies.append(json.loads(text))
        if any(time in text for time in _TIMES):
            plain = json.dumps(content | {"id": new_id()}).replace(f'"{boot}"', f'"{other}"')
            following.append(json.loads(plain.replace('"trusted": true', '"trusted": false')))
    return copies + following
