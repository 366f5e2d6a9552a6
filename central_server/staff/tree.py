"""The tree of places as lists and selections show it."""

from collections.abc import Iterable
from dataclasses import dataclass

from central_server.store.places import Place, PlaceKind

_ORDER = list(PlaceKind)


@dataclass(frozen=True, slots=True)
class Row:
    """`depth`: how many of the shown places are above it."""

    place: Place
    depth: int


def rows(places: Iterable[Place]) -> list[Row]:
    """Every place after the one above it; where that is not shown, it begins a tree of its own."""
    shown = {place.id: place for place in places}
    below: dict[str | None, list[Place]] = {}
    for place in sorted(shown.values(), key=lambda place: (_ORDER.index(place.kind), place.id)):
        below.setdefault(place.parent if place.parent in shown else None, []).append(place)
    return _walked(below, None, 0)


def _walked(below: dict[str | None, list[Place]], parent: str | None, depth: int) -> list[Row]:
    return [row for place in below.get(parent, []) for row in (Row(place, depth), *_walked(below, place.id, depth + 1))]
