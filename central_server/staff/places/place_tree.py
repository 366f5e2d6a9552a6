"""Arrange places as an indented tree for lists and selections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from central_server.store.places.places import Place, PlaceKind
from sync_contract.strict_model import Language

_ORDER = list(PlaceKind)


@dataclass(frozen=True, slots=True)
class Row:
    """`depth`: number of listed places above it."""

    place: Place
    depth: int


def rows(places: Iterable[Place]) -> list[Row]:
    """Return every place after its parent; a place without a listed parent is a root."""
    shown = {place.id: place for place in places}
    below: dict[str | None, list[Place]] = {}
    for place in sorted(shown.values(), key=lambda place: (_ORDER.index(place.kind), place.id)):
        below.setdefault(place.parent if place.parent in shown else None, []).append(place)
    return _walked(below, None, 0)


def found(rows: Sequence[Row], words: str) -> list[Row]:
    """Return the places whose id or name contains `words`, and the places above them."""
    wanted, matching = words.casefold(), dict[str, Row]()
    above: list[Row] = []
    for row in rows:
        above = [*above[: row.depth], row]
        searched = (row.place.id, *(row.place.names[language] for language in Language))
        if any(wanted in each.casefold() for each in searched):
            matching |= {each.place.id: each for each in above}
    return list(matching.values())


def below(places: Iterable[Place], top: str) -> frozenset[str]:
    """Return the ids of `top` and all places below it; empty for an unknown `top`."""
    found: set[str] = set()
    for row in rows(places):
        if row.place.id == top or row.place.parent in found:
            found.add(row.place.id)
    return frozenset(found)


def part(rows: Sequence[Row], after: str, most: int) -> tuple[list[Row], str]:
    """Return at most `most` rows after the place `after`, preceded by the places above the first of them.

    Also return the place after which the next part begins, "" at the end.
    """
    begin = next((number for number, row in enumerate(rows, 1) if row.place.id == after), 0)
    shown = list(rows[begin : begin + most])
    again: list[Row] = []
    for row in rows[:begin]:
        again = [*again[: row.depth], row]
    again = again[: shown[0].depth] if shown else []
    return [*again, *shown], shown[-1].place.id if begin + most < len(rows) else ""


def _walked(below: dict[str | None, list[Place]], parent: str | None, depth: int) -> list[Row]:
    return [row for place in below.get(parent, []) for row in (Row(place, depth), *_walked(below, place.id, depth + 1))]
