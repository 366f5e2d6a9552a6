"""Encode and decode messages: forms (requests, notifications), and the plain text of synchronous replies."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes, urlencode

_MAX_FIELDS = 100
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")


class NotAForm(Exception):
    """The answer is code 10."""


def encode_form(fields: Mapping[str, str]) -> bytes:
    """Encode as application/x-www-form-urlencoded, UTF-8."""
    return urlencode(fields).encode("ascii")


def read_form(body: bytes) -> dict[str, str]:
    """Decode strictly: each field once, complete escapes, UTF-8. Raises NotAForm."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise NotAForm("non-ASCII bytes in a form") from error
    pairs = text.split("&")
    if len(pairs) > _MAX_FIELDS:
        raise NotAForm("too many fields")
    fields: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name, value = _decode(name), _decode(value)
        if not name or not equals or name in fields:
            raise NotAForm("not a form, or a repeated field")
        fields[name] = value
    return fields


def encode_reply(fields: Mapping[str, str], *, wrapped: bool = False) -> str:
    """Return `k=v&k=v` without escapes, certificate and signature last. `wrapped`: in braces."""
    last = ("signPubKeyCert", "signature")
    order = [*sorted(name for name in fields if name not in last), *(name for name in last if name in fields)]
    text = "&".join(f"{name}={fields[name]}" for name in order)
    return f"{{{text}}}" if wrapped else text


def _decode(text: str) -> str:
    if _ESCAPES.search(text):
        raise NotAForm("a broken escape")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotAForm("not UTF-8") from error
