"""The reason of the screen in parts that have words in each language. What is not known here stays as it was said."""

import re
from collections.abc import Iterator

from kiosk_ui.site_views import Clause

_NUMBER = r"-?[0-9.]+(?:e-?[0-9]+)?"
_ASKED = rf" \({_NUMBER} s asked\)"
_WHO = re.compile(
    rf"(?P<who>tag of class|place beacon) (?P<name>.*), zone (?P<zone>[a-z]+),"
    rf" (?:distance unknown|smoothed distance (?P<metres>{_NUMBER}) m \(lags\)): (?P<rest>.*)",
    re.DOTALL,
)
_BECAUSE = {
    "alone": "nothing else is near",
    "person_first": "a person's tag outranks a place beacon",
    "nearest": rf"nearest of (?P<of>[0-9]+): the next is (?P<db>{_NUMBER}) dB behind",
    "only_level": r"nearest of (?P<of>[0-9]+): none of the others has an RSSI",
    "priority": rf"priority (?P<own>{_NUMBER}) against (?P<other>{_NUMBER}), of (?P<of>[0-9]+) about equally near",
    "overtaking": rf"priority (?P<own>{_NUMBER}) against (?P<other>{_NUMBER}), and about as near"
    rf" for (?P<seconds>{_NUMBER}) s{_ASKED}",
    "need": rf"need (?P<own>{_NUMBER}) against (?P<other>{_NUMBER}), of (?P<of>[0-9]+) about equally near",
    "by_identity": r"nearest, by level and then by identity, of (?P<of>[0-9]+) about equally near",
    "gone": rf"(?:nothing is near: )?the beacon before it has not been near for (?P<seconds>{_NUMBER}) s{_ASKED}",
    "nearer": rf"nearer by (?:{_NUMBER} dB, )?more than (?P<db>{_NUMBER}) dB for (?P<seconds>{_NUMBER}) s{_ASKED}",
    "other_project": "it now brings another project",
    "nothing": "nothing is near",
    "giving": "somebody is giving",
    "cloned": r"its beacon seems to be cloned: (?P<why>.*)",
}
_KNOWN = {kind: re.compile(pattern) for kind, pattern in _BECAUSE.items()}


def clauses(reason: str) -> tuple[Clause, ...]:
    """In order: who is near and where, because of what, by which rule of the projects."""
    return tuple(_parts(reason)) if reason else ()


def _parts(reason: str) -> Iterator[Clause]:
    if found := _WHO.fullmatch(reason):
        kind = "person" if found["who"] == "tag of class" else "place"
        yield Clause(kind, {"name": found["name"], "zone": found["zone"], "metres": found["metres"] or ""})
        reason = found["rest"]
    because, _, rule = reason.partition("; ")
    yield _because(because)
    if rule:
        yield Clause("said", {"text": rule})


def _because(text: str) -> Clause:
    for kind, pattern in _KNOWN.items():
        if found := pattern.fullmatch(text):
            return Clause(kind, {name: value or "" for name, value in found.groupdict().items()})
    return Clause("said", {"text": text})
