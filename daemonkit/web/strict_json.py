"""Check JSON against RFC 8259 and I-JSON (RFC 7493): refuse what two readers could understand differently."""

import json
import re

_MAX_DEPTH = 32
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class JsonRefused(ValueError):
    """Not strict JSON; the message gives the cause and contains nothing of the content."""


def check_json(body: bytes) -> None:
    """Raise JsonRefused for: not UTF-8, not JSON, a repeated key, NaN or Infinity, nesting deeper than 32."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(body):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth > _MAX_DEPTH:
                raise JsonRefused("nested too deep")
        elif token[0] in (b"]", b"}"):
            depth -= 1
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except JsonRefused:
        raise
    except UnicodeDecodeError as error:
        raise JsonRefused("not UTF-8") from error
    except ValueError as error:  # also a number with more digits than Python reads
        raise JsonRefused("not JSON") from error


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonRefused("a key is repeated")
    return members


def _refuse_constant(_: str) -> object:
    raise JsonRefused("NaN and Infinity are not JSON")
