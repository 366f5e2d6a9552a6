"""From octets to fields: a notification is a form, an answer is not."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

_MOST_FIELDS = 64
_CLOSING = {"{": "}", "[": "]"}
_FORMS = ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=utf-8")


class Misread(Exception):
    """Not a message. The text says why, and quotes nothing of it."""


def is_form(headers: Mapping[str, str]) -> bool:
    """Whether one header, and one only, says that a form comes, in UTF-8."""
    kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
    return len(kinds) == 1 and kinds[0].replace(" ", "").lower() in _FORMS


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a URL-encoded form, each once. Raises Misread."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:  # not ASCII, not UTF-8 when unquoted, not pairs, too many of them
        raise Misread("not a form") from error
    return _once(pairs)


def read_answer(body: bytes) -> dict[str, str]:
    """`k=v&k=v`, not URL-encoded, perhaps in braces; `&` and `=` within brackets belong to the value. Raises Misread.

    Source: the official Java SDK's `SDKUtil.parseQString`.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Misread("not UTF-8") from error
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    pairs = []
    for pair in _apart(text):
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Misread("a field without a name or a value")
        pairs.append((name, value))
    return _once(pairs)


def _apart(text: str) -> list[str]:
    """Apart at each `&` that stands in no bracket of a value. Raises Misread."""
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
        raise Misread("a bracket stays open")
    return [*parts, text[begin:]]


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if not found:
        raise Misread("nothing in it")
    if len(found) != len(pairs):
        raise Misread("a field came twice")
    if len(found) > _MOST_FIELDS:
        raise Misread("too many fields")
    return found
