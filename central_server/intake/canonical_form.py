"""The canonical JSON of a record as msgspec reads it, made from the record's own JSON Schema.

What msgspec reads so, and would write again just as it came, is what the schema allows in one spelling: names in their
order, each once, nothing between the signs.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple, Union

import msgspec
from msgspec import Meta
from pydantic import BaseModel

from central_server.errors import CentralError

_UUID = re.compile("(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\n)*")
_BOUNDS = {
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minLength": "min_length",
    "maxLength": "max_length",
}
_NO_BOUNDS = frozenset(("title", "description", "default", "examples", "type", "items", "pattern"))
Schema = Mapping[str, Any]
_Get = Callable[[Any], Any]


class NoForm(CentralError):
    """A record says something for which there is no form here: give it one, or have its batches read piece by piece."""


class _Inside(NamedTuple):
    """What stands in a record, wherever in it: texts, each with its pattern, and records, or arrays of them."""

    texts: list[tuple[_Get, re.Pattern[str]]]
    records: list[tuple[_Get, Callable[[Iterable[Any]], Iterable[Any]]]]


class CanonicalForm:
    """`type`: for msgspec's decoder. What that reads has the record's fields, by their names. `kinds`: the types of
    what is one of several records, by the word that says which.

    Texts are matched with their patterns afterwards, each once and all together (`fits`): when msgspec has that done
    for one after the other, reading takes three times as long.
    """

    def __init__(self, record: type[BaseModel]) -> None:
        """Raises NoForm."""
        schema = record.model_json_schema()
        self._definitions: Mapping[str, Schema] = schema.get("$defs", {})
        self._inside: dict[type, _Inside] = {}
        self.kinds: dict[str, type] = {}
        self.type = self._record(schema)

    def fits(self, read: Sequence[Any]) -> bool:
        """Do the texts in these records match their patterns? There must be no line feed in them."""
        texts: dict[re.Pattern[str], set[Any]] = defaultdict(set)
        self._gather(read, texts)
        return all(pattern.fullmatch("\n".join((*those, ""))) for pattern, those in texts.items())

    def _gather(self, read: Sequence[Any], texts: Mapping[re.Pattern[str], set[Any]]) -> None:
        kinds = set(map(type, read))
        for kind in kinds:
            those = [each for each in read if type(each) is kind] if len(kinds) > 1 else read
            inside = self._inside[kind]
            for text, pattern in inside.texts:
                texts[pattern].update(map(text, those))
                texts[pattern].discard(None)
            for records, each in inside.records:
                self._gather(list(each(map(records, those))), texts)

    def _record(self, schema: Schema, **tag: str) -> type:
        inside = _Inside([], [])
        made = self._object(self._resolved(schema), "", inside, **tag)
        self._inside[made] = inside
        return made

    def _of(self, schema: Schema, path: str, inside: _Inside) -> Any:  # noqa: ANN401  (a type that is made here)
        match self._resolved(schema):
            case {"properties": _} as record:
                return self._object(record, path, inside)
            case {"discriminator": {"propertyName": name, "mapping": ways}}:
                made = {word: self._record({"$ref": way}, **{name: word}) for word, way in ways.items()}
                self.kinds |= made
                inside.records.append((attrgetter(path), iter))
                return Union[tuple(made.values())]  # noqa: UP007  (as many as there are)
            case {"anyOf": [some, {"type": "null"}]} if "properties" in self._resolved(some):
                inside.records.append((attrgetter(path), partial(filter, None)))
                return self._record(some) | None
            case {"anyOf": [some, {"type": "null"}]}:
                return self._of(some, path, inside) | None
            case {"type": "array", "items": item} as array if "properties" in self._resolved(item):
                inside.records.append((attrgetter(path), chain.from_iterable))
                return _array(array, self._record(item))
            case {"type": "array", "items": {"type": "integer" | "number"} as number} as array:
                return _array(array, self._of(number, path, inside))
            case {"const": word}:
                return Literal[word]
            case {"enum": words}:
                return Literal[tuple(words)]
            case {"type": "integer"} as number:
                return Annotated[int, _bounds(number)]
            case {"type": "number"} as number:
                return Annotated[float, _bounds(number)]
            case {"type": "boolean"}:
                return bool
            case {"type": "string", "format": "date-time"}:
                return Annotated[datetime, Meta(tz=True)]
            case {"type": "string", "format": "uuid"}:
                inside.texts.append((attrgetter(path), _UUID))
                return str
            case {"type": "string"} as text:
                inside.texts.append((attrgetter(path), _pattern(text)))
                return Annotated[str, _bounds(text)]
            case other:
                raise NoForm(f"a value as {other}")

    def _object(self, schema: Schema, path: str, inside: _Inside, **tag: str) -> type:
        if schema.get("additionalProperties") is not False:
            raise NoForm("an object that may hold more than it says")
        fields: list[tuple[str, Any]] = [
            (name, self._of(each, f"{path}.{name}".lstrip("."), inside))
            for name, each in sorted(schema["properties"].items())
            if name not in tag
        ]
        field, word = next(iter(tag.items()), (None, None))
        return msgspec.defstruct(
            schema["title"], fields, tag_field=field, tag=word, forbid_unknown_fields=True, frozen=True, gc=False
        )

    def _resolved(self, schema: Schema) -> Schema:
        return self._definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _array(schema: Schema, item: Any) -> Any:  # noqa: ANN401  (types that are made here)
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least == most and most:
        return tuple[(item,) * most]  # type: ignore[misc]  # made here
    return Annotated[tuple[item, ...], _bounds(schema)]


def _pattern(schema: Schema) -> re.Pattern[str]:
    """Of many texts, each with a line feed behind it."""
    told = schema.get("pattern", "")
    pattern = told[1:-1]
    if told != f"^{pattern}$" or set(pattern) & set(".\\|^$\n"):  # of these, one kind of expressions thinks otherwise
        raise NoForm(f"a text as {told!r}")
    return re.compile(f"(?:{pattern}\n)*")


def _bounds(schema: Schema) -> Meta:
    told = {name: value for name, value in schema.items() if name not in _NO_BOUNDS}
    if unknown := told.keys() - _BOUNDS.keys():
        raise NoForm(f"a value with {sorted(unknown)}")
    return Meta(**{_BOUNDS[name]: value for name, value in told.items()})
