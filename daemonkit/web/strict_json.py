"""JSON as RFC 8259 and I-JSON (RFC 7493) want it: what readers could understand in two ways is refused."""

import json
import re

_DEEPEST = 32
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class JsonRefused(ValueError):
    """Not strict JSON; the message says why and holds nothing of the content."""


def check_json(octets: bytes) -> None:
    """Raises JsonRefused: not UTF-8, not JSON, a key twice, NaN or Infinity, nested deeper than 32."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(octets):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth > _DEEPEST:
                raise JsonRefused("nested too deep")
        elif token[0] in (b"]", b"}"):
            depth -= 1
    try:
        json.loads(octets.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except JsonRefused:
        raise
    except UnicodeDecodeError as error:
        raise JsonRefused("not UTF-8") from error
    except ValueError as error:  # also a number of more digits than Python reads
        raise JsonRefused("not JSON") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonRefused("a key comes twice")
    return members


def _no_constant(_: str) -> object:
    raise JsonRefused("NaN and Infinity are not JSON")
