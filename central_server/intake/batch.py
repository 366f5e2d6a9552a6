"""Decodes the body of a delivery into its parcels, one by one: a bad parcel does not affect the others."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from central_server.errors import CentralError
from sync_contract.records import KINDS, MAX_BATCH_BYTES, MAX_PARCELS, Batch, Parcel
from sync_contract.uuid7 import match_id
from sync_contract.wire_record import DECODE_ERRORS, InvalidRecord, decode, decoder, path_of

_decode_parcel = decoder(Parcel).decode
_UNREADABLE = '"unreadable"'


class BatchRefused(CentralError):
    """The body is not a batch. `status`: the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """An item that cannot be accepted. `id`: empty when it has none. `content`: JSON."""

    id: str
    kind: str
    reason: str
    content: str


def read_batch(body: bytes) -> Sequence[Parcel | RefusedItem]:
    """Return the items of a batch, in their order. Raises BatchRefused."""
    if len(body) > MAX_BATCH_BYTES:
        raise BatchRefused(413, f"a batch has at most {MAX_BATCH_BYTES} bytes")
    try:
        batch = decode(Batch, body)
    except InvalidRecord as error:
        found = _split(body)
        if found is None:
            raise BatchRefused(400, f"not a batch of contract 1: {error}") from error
        batch = found
    if len(batch.parcels) > MAX_PARCELS:
        raise BatchRefused(413, f"a batch has at most {MAX_PARCELS} parcels")
    return [_read_item(item) for item in batch.parcels]


def _split(body: bytes) -> Batch | None:
    """Separate the parcels of a batch that is JSON except for an escaped lone surrogate, which no record may contain.

    msgspec refuses such a text as a whole; written out again, only the parcel that contains it is refused. Return None
    for anything else.
    """
    try:
        found = json.loads(body.decode())
        if not isinstance(found, dict) or found.keys() != {"contract", "parcels"}:
            return None
        parcels = found["parcels"]
        if type(found["contract"]) is not int or found["contract"] != 1 or not isinstance(parcels, list):
            return None
        return Batch(contract=1, parcels=[msgspec.Raw(json.dumps(each).encode()) for each in parcels])
    except (ValueError, RecursionError):
        return None


def _read_item(item: msgspec.Raw) -> Parcel | RefusedItem:
    try:
        parcel: Parcel = _decode_parcel(item)
    except DECODE_ERRORS as error:
        return _refuse(item, path_of(error))
    return parcel


def _leniently(item: msgspec.Raw) -> object:
    """Return the value with lone surrogates, for its id; None if it is no JSON."""
    try:
        return json.loads(bytes(item))
    except (ValueError, RecursionError):
        return None


def _refuse(item: msgspec.Raw, path: str) -> RefusedItem:
    try:
        value: Any = msgspec.json.decode(item)
        content = msgspec.json.encode(value).decode()
    except (*DECODE_ERRORS, OverflowError):
        value, content = _leniently(item), _UNREADABLE
    fields = value if isinstance(value, dict) else {}
    id_, body = fields.get("id"), fields.get("body")
    kind = body.get("kind") if isinstance(body, dict) else None
    return RefusedItem(
        id=id_ if isinstance(id_, str) and match_id(id_) else "",
        kind=kind if isinstance(kind, str) and kind in KINDS else "unknown",
        reason=f"invalid: {path or 'parcel'}",
        content=content,
    )
