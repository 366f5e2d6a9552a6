"""Parse UnionPay's messages into fields: a notification is a URL-encoded form, an answer is not."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

_MAX_FIELDS = 64
_CLOSING = {"{": "}", "[": "]"}
_FORM_TYPES = ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=utf-8")


class Unreadable(Exception):
    """Not a message. The text states why and quotes nothing of it."""


def is_form(headers: Mapping[str, str]) -> bool:
    """Return whether exactly one header declares a form in UTF-8."""
    kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
    return len(kinds) == 1 and kinds[0].replace(" ", "").lower() in _FORM_TYPES


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a URL-encoded form. Raises Unreadable, also for a repeated field."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:  # not ASCII, not UTF-8 when unquoted, not pairs, too many of them
        raise Unreadable("not a form") from error
    return _unique(pairs)


def read_answer(body: bytes) -> dict[str, str]:
    """Parse `k=v&k=v`, not URL-encoded, possibly in braces; `&` and `=` in brackets belong to the value. Raises
    Unreadable.

    Source: the official Java SDK's `SDKUtil.parseQString`.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    pairs = []
    for pair in _split_fields(text):
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Unreadable("a field without a name or a value")
        pairs.append((name, value))
    return _unique(pairs)


def _split_fields(text: str) -> list[str]:
    """Split at each `&` outside the brackets of a value. Raises Unreadable."""
    parts, begin, opened, depth, named = [], 0, "", 0, False
    for place, letter in enumerate(text):
        if depth:
            depth += (letter == opened) - (letter == _CLOSING[opened])
        elif letter == "&":
            parts.append(text[begin:place])
            begin, named = place + 1, False
        elif letter == "=":
            named = True
        elif named and letter in _CLOSING:
            opened, depth = letter, 1
    if depth:
        raise Unreadable("an unclosed bracket")
    return [*parts, text[begin:]]


def _unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if not found:
        raise Unreadable("empty")
    if len(found) != len(pairs):
        raise Unreadable("a field occurs twice")
    if len(found) > _MAX_FIELDS:
        raise Unreadable("too many fields")
    return found
