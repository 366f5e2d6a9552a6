"""The two forms of a message: a web form (requests, notifications) and the bare text of synchronous replies."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes, urlencode

_MOST_FIELDS = 100
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")


class NotAForm(Exception):
    """Answer 10."""


def form_octets(fields: Mapping[str, str]) -> bytes:
    """application/x-www-form-urlencoded, UTF-8."""
    return urlencode(fields).encode("ascii")


def read_form(body: bytes) -> dict[str, str]:
    """Strictly: each field once, whole escapes, UTF-8. Raises NotAForm."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise NotAForm("octets beyond ASCII in a form") from error
    pairs = text.split("&")
    if len(pairs) > _MOST_FIELDS:
        raise NotAForm("too many fields")
    fields: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name, value = _plain(name), _plain(value)
        if not name or not equals or name in fields:
            raise NotAForm("not a form, or a field came twice")
        fields[name] = value
    return fields


def reply_text(fields: Mapping[str, str], *, wrapped: bool = False) -> str:
    """`k=v&k=v`, nothing encoded; certificate and signature come last. `wrapped`: the whole in braces."""
    last = ("signPubKeyCert", "signature")
    order = [*sorted(name for name in fields if name not in last), *(name for name in last if name in fields)]
    text = "&".join(f"{name}={fields[name]}" for name in order)
    return f"{{{text}}}" if wrapped else text


def _plain(text: str) -> str:
    if _ESCAPES.search(text):
        raise NotAForm("a broken escape")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotAForm("not UTF-8") from error
