"""Hostile values in path, query, form and body, with and without a session."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

PARTS = ("%00", "..%2f..%2fetc%2fpasswd", "%ff%fe", "'%20OR%201=1--", "A" * 300, "%F0%9F%8E%81", "9" * 40, "-1")
VALUES = (
    "%00",
    "%ff",
    "1e999",
    "9999-99-99",
    "9" * 40,
    "%0d%0aSet-Cookie:%20a=b",
    "https://evil.example",
    "..%2f",
    "%25",
)
FIELDS = (
    *("lang", "before", "after", "cursor", "month", "day", "since", "until", "span", "state", "odd", "kind", "format"),
    *("place", "project", "gateway", "beacon", "group", "words", "account", "action", "done", "fresh", "code", "nfc"),
    *("limit", "next", "v", "paper"),
)
BODIES = (
    ("application/x-www-form-urlencoded", b"csrf=%00&csrf=x&" + b"a=" + b"b" * 2000),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'),
    ("application/json", b"[" * 5000),
    ("application/json", b'{"beacons": [{"uuid": "\\u0000"}], "parcels": null, "code": 1e999}'),
    ("text/plain", b"\xff\xfe"),
)
_NAME = re.compile(r"\{([a-z_0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Ill:
    method: str
    path: str
    kind: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def of_route(route: str, ids: dict[str, str]) -> Iterator[Ill]:
    """`ids`: existing ids by the names in routes."""
    method, canonical = route.split(" ", 1)
    there = canonical.format_map(defaultdict(lambda: "x", ids))
    bodies = BODIES if method == "POST" else (("", b""),)
    names = _NAME.findall(canonical)
    for place, part in enumerate(PARTS if names else ()):
        filled = _NAME.sub(lambda _, part=part: part, canonical)  # type: ignore[misc]  # a default binds it
        kind, body = bodies[place % len(bodies)]
        yield Ill(method, filled, kind, body)
    for place, value in enumerate(VALUES):
        kind, body = bodies[place % len(bodies)]
        asked = "&".join(f"{name}={value}" for name in FIELDS)
        yield Ill(method, f"{there}?{asked}", kind, body, {"Accept-Language": "x" * 300, "If-None-Match": 'W/"'})
    yield Ill("GET" if method == "POST" else "POST", there, "text/plain", b"x")
    yield Ill("TRACE", there)
