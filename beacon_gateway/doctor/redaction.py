"""Replace secrets and personal values in texts that leave the device.

Known values come from the files of this device; patterns find the others. In doubt a value is hidden: whoever helps can
ask for it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

HIDDEN = "<hidden>"
_PLAIN_TEXTS = frozenset(
    {
        *("environment", "kind", "mode", "scan_mode", "adapter", "scan_adapters", "language", "theme", "site"),
        *(
            "url",
            "host",
            "prefix",
            "project",
            "projects",
            "id",
            "uuid",
            "helper_socket",
            "from",
            "until",
            "start",
            "end",
        ),
    }
)
"""Names of settings with texts that belong to nobody."""
_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\Z)", re.DOTALL),
        (r"(?<=://)[^/\s@\"]+(?=@)", 0),  # user and password of an address
        (r"(?<=[?&])[^\s\"'&#]+(?:&[^\s\"'&#]+)*", 0),  # query of an address
        (r"(?<=/[tgvs]/)[^\s\"'?#]+", 0),  # addresses that open one gift
        (
            r"(?i)(?<![a-z])(?:bearer|token|passw(?:or)?d|passphrase|psk|secret|authorization|api[_-]?key|pin)"
            r"[\"']?\s*[:=\s]\s*[\"']?(?:bearer\s+)?[^\s\"',;}\])]+",
            0,
        ),
        (r"(?i)(?:code|登记码|捐款码)[\"']?\s*[:=\s]\s*[\"']?[0-9a-z][0-9a-z -]{4,}[0-9a-z]", 0),
        (r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4})+\b", 0),  # codes and slip numbers, Crockford base32
        (r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}={1,2}", 0),  # base64
        (r"(?<![\w.-])(?=[\w+-]*\d)(?![0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)[A-Za-z0-9_+-]{28,}", 0),
        (r"[\w.+-]+@[\w-]+\.[\w.-]+", 0),  # e-mail
        (r"(?<![\w.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)", 0),  # mobile telephone
        (r"(?<![\w.-])0\d{2,3}-\d{7,8}(?!\d)", 0),  # landline
        (r"(?<!\d)\d{17}[\dXx](?!\d)", 0),  # identity card
        (r"(?<![\d.])\d{12,19}(?![\d.])", 0),  # card and order numbers
        (r"(?i)(?<![0-9a-f:])(?:[0-9a-f]{2}[:_]){5}[0-9a-f]{2}(?![0-9a-f:])", 0),  # radio address
        (r"(?<![\d.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", 0),
        (r"(?i)(?<![0-9a-f:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{0,4}|(?<![0-9a-f:])[0-9a-f]{1,4}::[0-9a-f:]*", 0),
    )
)
_BARE_CODE = re.compile(r"(?<![\w.:-])\d{4}[ -]?\d{4}(?![\w.:-])")
"""The eight digits that a donor types."""


@dataclass(slots=True)
class Redactor:
    """`known`: values of this device to hide, with the word that replaces each. `hidden`: how many were replaced."""

    known: Mapping[str, str] = field(default_factory=dict)
    hidden: int = 0

    def hide(self, text: str, *, numbers: bool = True) -> str:
        """Return the text without secrets. `numbers` False: figures of eight digits stay, as in metrics."""
        for value in sorted(self.known, key=len, reverse=True):
            text = self._replace(_whole(value), text, self.known[value])
        for pattern in _PATTERNS:
            text = self._replace(pattern, text, HIDDEN)
        return self._replace(_BARE_CODE, text, HIDDEN) if numbers else text

    def hide_in(self, value: object) -> object:
        """Return the same JSON value with every text redacted; numbers and keys of fixed names stay."""
        if isinstance(value, dict):
            return {self.hide(key): self.hide_in(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_in(each) for each in value]
        return self.hide(value) if isinstance(value, str) else value

    def hide_settings(self, value: object, name: str = "") -> object:
        """Return settings of which only numbers, switches and texts of `_PLAIN_TEXTS` stay; people's tags lose their
        identity.
        """
        if isinstance(value, dict):
            person = value.get("kind") == "person"
            return {
                key: HIDDEN if person and key in ("uuid", "major", "minor") else self.hide_settings(each, key)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.hide_settings(each, name) for each in value]
        if not isinstance(value, str) or not value:
            return value
        if name in _PLAIN_TEXTS:
            return self.hide(value)
        self.hidden += 1
        return HIDDEN

    def _replace(self, pattern: re.Pattern[str], text: str, word: str) -> str:
        text, count = pattern.subn(lambda _: word, text)
        self.hidden += count
        return text


def collect_known(settings: Mapping[str, Any], identity: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, str]:
    """Return the values to hide of this device: its keys, the contact, labels, titles and persons' tags."""
    known: dict[str, str] = {}
    for text in (*_texts(identity.get("key")), *_texts(identity.get("next")), *secrets):
        known[text] = HIDDEN
    enrolment = identity.get("enrolment") or {}
    known |= dict.fromkeys(_texts({key: enrolment.get(key) for key in ("catalogue_key", "code")}), HIDDEN)
    known |= dict.fromkeys(
        _texts({"site": settings.get("site"), "user": settings.get("mqtt", {}).get("username")}), HIDDEN
    )
    for number, beacon in enumerate(settings.get("beacons") or (), 1):
        known[str(beacon.get("label", ""))] = f"beacon-{number}"
        if beacon.get("kind") == "person":
            known |= dict.fromkeys(_person_ids(beacon), HIDDEN)
    for word in ("drill", "real"):
        known.pop(word, None)
    return {value: word for value, word in known.items() if len(value) > 1}


def _person_ids(beacon: Mapping[str, Any]) -> Iterable[str]:
    uuid, major, minor = beacon.get("uuid"), beacon.get("major"), beacon.get("minor")
    yield from (f"{uuid}{mark}{major}{mark}{minor}" for mark in "/: -")


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, str) and value:
        yield value


def _whole(value: str) -> re.Pattern[str]:
    """Return a pattern of the value that does not match inside a longer word of the same letters."""
    before = r"(?<![A-Za-z0-9])" if value[0].isascii() and value[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if value[-1].isascii() and value[-1].isalnum() else ""
    return re.compile(before + re.escape(value) + after)
