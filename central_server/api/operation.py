"""What an operation for programs is: its address, who may ask, what it takes and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from central_server.api.tokens import Scope


class Credential(StrEnum):
    """Who may ask."""

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
    """`summary`: an English msgid of the staff's catalogues. `problems`: statuses that it gives beside 200, each with
    the words of its own types. `items`: records that are judged one by one inside a body of that name.
    """

    method: str
    path: str
    name: str
    summary: str
    credential: Credential
    answer: type[BaseModel] | None
    scope: Scope | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    items: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    kept: bool = False
    """The answer has an ETag."""
    media: tuple[str, ...] = ()
    """What comes where there is no record to answer with."""
