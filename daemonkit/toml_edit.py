"""Change values of a TOML text; comments, order and everything else stay as they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from daemonkit.toml_lines import Path as KeyPath


@dataclass(frozen=True, slots=True)
class Change:
    """`at`: the path of a key, such as ("beacons", 0, "measured_power"); `before` None: the key was not set."""

    at: KeyPath
    before: object
    after: object

    def __str__(self) -> str:
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.at).lstrip(".")
        return f"{name} = {_show(self.after)}" + ("" if self.before is None else f" (was {_show(self.before)})")


def edit_toml(text: str, wanted: Iterable[tuple[KeyPath, object]]) -> tuple[str, tuple[Change, ...]]:
    """Return the changed text, and the changes; values that are set already are none.

    A missing table is added at the end. Raises KeyError for an element that an array does not have.
    """
    document = tomlkit.parse(text)
    changes = []
    for path, value in wanted:
        *parents, key = path
        table: Any = document
        for part in parents:
            table = _enter(table, part)
        before = table.get(key)
        plain = before.unwrap() if hasattr(before, "unwrap") else before
        if plain != value or type(plain) is not type(value):
            changes.append(Change(path, plain, value))
            _set(table, key, _inline(value) if isinstance(value, dict) else value)
    return tomlkit.dumps(document), tuple(changes)


def _enter(table: Any, part: str | int) -> Any:  # noqa: ANN401 - any container of tomlkit
    if isinstance(part, int):
        if not isinstance(table, AoT | list) or part >= len(table):
            raise KeyError(part)
        return table[part]
    if part not in table:
        table[part] = tomlkit.table()
    found = table[part]
    if not isinstance(found, Table | AoT | dict | list):
        raise KeyError(part)
    return found


def _set(table: Any, key: str | int, value: object) -> None:  # noqa: ANN401 - any container of tomlkit
    """Set the value. A new key is added before the comments at the end: they belong to the next table."""
    body = table.value.body if isinstance(table, Table) and key not in table else []
    end = len(body)
    while end > 0 and body[end - 1][0] is None:
        end -= 1
    comments = body[end:]
    del body[end:]
    table[key] = value
    body.extend(comments)


def _inline(value: dict[str, object]) -> object:
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _show(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_show(each)}" for key, each in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
