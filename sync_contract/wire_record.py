"""The base of the records that parcels consist of: msgspec structs, decoded strictly from JSON.

Parcels arrive by the thousand, and msgspec decodes them several times faster than pydantic. A bound is stated in one
of two places. Counts, which fill most of a parcel, have it in their type (`msgspec.Meta`): the decoder checks it.
Texts and single values have it in `__post_init__`, so that it also holds for a record that a gateway builds.
"""

import re
from functools import cache
from typing import Annotated, Any, Self, TypeVar

import msgspec
from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

_PATH = re.compile(r" - at `\$\.?(.*)`$")
"""The end of a message of msgspec about a value inside the document."""

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53), Field(ge=0, lt=2**53)]
"""For msgspec and pydantic alike."""


class FieldInvalid(ValueError):
    """A field has a value that its record does not allow."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class InvalidRecord(ValueError):
    """The JSON is not the expected record. `path` leads to the value at fault; see `path_of`."""

    def __init__(self, path: str, reason: str = "") -> None:
        """`reason`: required where the path is empty."""
        super().__init__(reason or f"invalid: {path}")
        self.path = path


class WireRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A record on the wire: types are strict, unknown fields are refused; of a repeated key the last value counts.

    It can be a field of a pydantic model as well.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        serialize = core_schema.plain_serializer_function_ser_schema(msgspec.to_builtins)
        return core_schema.no_info_plain_validator_function(cls._from_pydantic, serialization=serialize)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        components: dict[str, dict[str, Any]] = msgspec.json.schema_components([cls])[1]
        return components[cls.__name__]

    @classmethod
    def _from_pydantic(cls, value: object) -> Self:
        try:
            return value if isinstance(value, cls) else msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error


Decoded = TypeVar("Decoded", bound=WireRecord)
DECODE_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What a decoder raises for JSON that is not its record."""
encode = msgspec.json.Encoder().encode
"""Return a record's JSON: UTF-8, without spaces, the fields in the order of their declaration."""


@cache
def decoder(kind: type[Decoded]) -> msgspec.json.Decoder[Decoded]:
    return msgspec.json.Decoder(kind)


def decode(kind: type[Decoded], content: bytes | str | msgspec.Raw) -> Decoded:
    """Return the record that is in the JSON. Raises InvalidRecord."""
    try:
        record: Decoded = decoder(kind).decode(content)
    except DECODE_ERRORS as error:
        path = path_of(error)
        reason = "not the expected record" if isinstance(error, msgspec.ValidationError) else "not JSON"
        raise InvalidRecord(path, "" if path else reason) from error
    return record


def path_of(error: Exception) -> str:
    """Return the path to the value at fault, e.g. `body.places[3].frames`. Empty: the document itself is at fault."""
    found = _PATH.search(str(error))
    field = error.__cause__.field if isinstance(error.__cause__, FieldInvalid) else ""
    return ".".join(filter(None, (found[1] if found else "", field)))
