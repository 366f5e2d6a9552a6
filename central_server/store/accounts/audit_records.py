"""Define the form of an audit record: a typed action with a stored name, a subject and changed fields."""

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec


class AuditAction(msgspec.Struct, frozen=True, tag_field="action"):
    subject: str

    @property
    def name(self) -> str:
        return cast(str, self.__struct_config__.tag)


ActionT = TypeVar("ActionT", bound=AuditAction)


class FieldChange(msgspec.Struct, frozen=True):
    """One field of a record. "" is an empty value."""

    field: str
    before: str
    after: str


def changed_fields(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Return the fields that differ, each value cut to 120 characters."""
    return tuple(
        FieldChange(field, _cut(before.get(field, "")), _cut(after.get(field, "")))
        for field in {**before, **after}
        if before.get(field, "") != after.get(field, "")
    )


def _cut(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= 120 else f"{text[:119]}…"


def define_action(base: type[ActionT], name: str, tag: str, module: str) -> type[ActionT]:
    """Define an action with exactly the fields of `base`."""
    action = msgspec.defstruct(name, [], bases=(base,), frozen=True, tag=tag, module=module)
    return cast(type[ActionT], action)
