"""A batch that is nothing but the canonical JSON of good parcels, read in one go.

pydantic keeps and writes a record's fields in the order of its schema. With the schema's fields sorted by name, what it
writes is the canonical JSON: when that is what came, no name stands twice and nothing else is hidden in the octets.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaSerializer, SchemaValidator

from sync_contract.records import CONTRACT, MAX_PARCELS, BeaconStatistics, Parcel

_BEGINNING, _END = f'{{"contract":{CONTRACT},"parcels":['.encode(), b"]}"
_PLAIN, _LONG = 1e-4, 1e16
"""Smaller and greater numbers Python writes with an exponent, and pydantic otherwise."""


def _sorted(node: Any) -> Any:  # noqa: ANN401  (a schema is made of dictionaries)
    """The core schema with the fields of every record in the order of their names."""
    if isinstance(node, (list, tuple)):
        return type(node)(map(_sorted, node))
    if not isinstance(node, dict) or "type" not in node:
        return node if not isinstance(node, Mapping) else {key: _sorted(value) for key, value in node.items()}
    made = {key: value if key in ("cls", "config", "metadata") else _sorted(value) for key, value in node.items()}
    match node["type"]:
        case "model-fields":
            made["fields"] = dict(sorted(made["fields"].items()))
        case "dataclass-args":
            made["fields"] = sorted(made["fields"], key=lambda field: field["name"])
        case "dataclass":
            made["fields"] = sorted(made["fields"])
    return made


# Without the last argument pydantic takes each record's own validator, in which the fields stand as they are declared.
_READ = SchemaValidator(_sorted(TypeAdapter(tuple[Parcel, ...]).core_schema), None, False)
_WRITE = SchemaSerializer(_sorted(TypeAdapter(Parcel).core_schema), None, False)


def read_at_once(octets: bytes) -> tuple[tuple[Parcel, ...], tuple[bytes, ...]]:
    """The parcels and their canonical JSON; nothing when the batch is to be looked at piece by piece."""
    if not octets.startswith(_BEGINNING):
        return (), ()
    try:
        parcels: tuple[Parcel, ...] = _READ.validate_json(octets[len(_BEGINNING) - 1 : -1])
    except ValidationError:
        return (), ()
    contents = tuple(map(_WRITE.to_json, parcels))
    if len(parcels) > MAX_PARCELS or b"".join((_BEGINNING, b",".join(contents), _END)) != octets:
        return (), ()
    return (parcels, contents) if all(map(_plain, parcels)) else ((), ())


def _plain(parcel: Parcel) -> bool:
    """No number that pydantic writes otherwise than `canonical` does."""
    body = parcel.body
    if not isinstance(body, BeaconStatistics):
        return True
    written = (body.seconds, *(stretch.seconds for stretch in body.advertised))
    return all(seconds == 0 or _PLAIN <= seconds < _LONG for seconds in written)
