"""Describe an operation for programs: address, credential, request and response."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from central_server.api.tokens import Scope
from sync_contract.wire_record import WireRecord

RecordType = type[BaseModel] | type[WireRecord]


class Credential(StrEnum):
    """What a request must present."""

    none = "none"
    gateway = "gateway"
    """The request is signed by a gateway's key (RFC 9421)."""
    token = "token"  # noqa: S105  (a name)
    """A personal token."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`where`: path, query or header; `schema`: JSON Schema."""

    name: str
    where: str
    about: str
    schema: Mapping[str, object]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`summary`: an English msgid of the staff's catalogues. `problems`: statuses other than 200 with their problem
    types. `items`: records that are validated one by one inside a body field of that name.
    """

    method: str
    path: str
    name: str
    summary: str
    credential: Credential
    response: RecordType | None
    scope: Scope | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    items: Mapping[str, RecordType] = field(default_factory=dict)
    tagged: bool = False
    """The response has an ETag."""
    media: tuple[str, ...] = ()
    """Content types of a response that is not JSON."""
