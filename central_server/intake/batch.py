"""From the octets of a batch to its parcels, one by one: a bad one never spoils the others.

The way of what cannot be read at once (`at_once.py`), and of what could, but is not all new.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from central_server.errors import CentralError
from central_server.store.parcels.batch_compression import BEGINNING, split
from sync_contract.records import CONTRACT, KINDS, MAX_BATCH_OCTETS, MAX_PARCELS, UNKNOWN_KIND, Parcel, canonical
from sync_contract.uuid7 import Id

_ID = TypeAdapter(Id)
_PARCELS = TypeAdapter(tuple[Parcel, ...])
_TWICE = "stands twice"


class BatchRefused(CentralError):
    """Not a batch at all. `status` is the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ReadParcel(NamedTuple):  # by the thousand: a frozen dataclass takes five times as long to make
    """A parcel that can be believed to say what its gateway meant. `content`: its JSON, the body first."""

    parcel: Parcel
    content: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not a parcel of ours. `id` is empty when it has none to name it by. `content`: as JSON."""

    id: str
    kind: str
    reason: str
    content: str


def read_batch(octets: bytes) -> tuple[ReadParcel | Refused, ...]:
    """Raises BatchRefused when there are no items to read one by one."""
    if len(octets) > MAX_BATCH_OCTETS:
        raise BatchRefused(413, f"a batch has at most {MAX_BATCH_OCTETS} octets")
    try:
        batch = json.loads(
            octets.decode(), object_pairs_hook=_object, parse_constant=_as_text, parse_int=_integer, parse_float=_float
        )
    except (ValueError, RecursionError) as error:
        raise BatchRefused(400, "not JSON in UTF-8") from error
    if not isinstance(batch, dict) or batch.keys() != {"contract", "parcels"} or not isinstance(batch["parcels"], list):
        raise BatchRefused(400, 'expected {"contract": …, "parcels": [ … ]}')
    if type(batch["contract"]) is not int or batch["contract"] != CONTRACT:
        raise BatchRefused(400, f"contract {CONTRACT} is spoken here")
    if len(batch["parcels"]) > MAX_PARCELS:
        raise BatchRefused(413, f"a batch has at most {MAX_PARCELS} parcels")
    return tuple(_read(item) for item in batch["parcels"])


def read_again(octets: bytes) -> tuple[ReadParcel, ...]:
    """Of a batch that was read at once: its parcels, to be looked at one by one."""
    parcels = _PARCELS.validate_json(octets[len(BEGINNING) - 1 : -1])
    return tuple(map(ReadParcel, parcels, split(octets)))


def _read(item: Any) -> ReadParcel | Refused:  # noqa: ANN401  (any JSON value)
    try:
        text = json.dumps(item)
    except RecursionError:  # nested just so deep that it could be read
        return _refused(item, '"nested too deep"', "invalid: parcel json_invalid")
    try:
        parcel = Parcel.model_validate_json(text)
    except ValidationError as error:
        return _refused(item, text, _reason(item, error))
    return ReadParcel(parcel, canonical(parcel))


def _refused(item: Any, text: str, reason: str) -> Refused:  # noqa: ANN401  (any JSON value)
    fields = item if isinstance(item, dict) else {}
    body = fields.get("body")
    kind = body.get("kind") if isinstance(body, dict) else None
    try:
        own = _ID.validate_python(fields.get("id"))
    except ValidationError:
        own = ""
    return Refused(own, kind if isinstance(kind, str) and kind in KINDS else "unknown", reason, text)


def _reason(item: Any, error: ValidationError) -> str:  # noqa: ANN401  (any JSON value)
    """`unknown_kind`, or `invalid: ` with the first field at fault and pydantic's word for the fault."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"].startswith("union_tag_"):
        return UNKNOWN_KIND
    where = [str(part) for part in first["loc"]]
    if where[:1] == ["body"] and where[1:2] and where[1] in KINDS:
        del where[1]
    return _printable(f"invalid: {'.'.join(where) or 'parcel'} {first['type']}"[:300])


def _printable(text: str) -> str:
    """A name that a gateway made up may hold anything; what no database or terminal takes becomes a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice is two meanings: the object gets a field that no record has."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else found | {_TWICE: True}


def _as_text(constant: str) -> str:
    """NaN and Infinity are not JSON: as text they fit no number."""
    return constant


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 20 else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if abs(value) < 1e300 else digits
