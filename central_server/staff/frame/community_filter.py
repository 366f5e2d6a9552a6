"""Of whom a list tells, for whoever sees several communities: what each is called, and a choice among them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from central_server.alerts.place_names import place_names, tells_apart
from central_server.staff.places import place_tree
from central_server.store.places.places import Place, PlaceKind
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class Whose:
    """`every`: what all places are called, by id; `names`: communities and what is above them, empty for who sees one
    alone, and then nothing is said or chosen. `rows`: to choose from. `chosen`: one of them, or "".
    """

    every: Mapping[str, Texts]

    names: Mapping[str, Texts]
    rows: tuple[place_tree.Row, ...]
    chosen: str
    tops: frozenset[str]
    """Where to look: the chosen place, else all that the visitor sees."""
    within: frozenset[str]
    """All places that are there."""


def whose(around: Iterable[Place], tops: frozenset[str], asked: str) -> Whose:
    """`around`: the places at and below `tops`. What was asked for and is none of them is left out."""
    places = tuple(around)
    every = place_names(places)
    said = {place.id for place in places if place.kind not in (PlaceKind.top, PlaceKind.site)}
    names = {id_: texts for id_, texts in every.items() if id_ in said} if tells_apart(places) else {}
    choice = tuple(place_tree.rows(place for place in places if place.id in names))
    chosen = asked if asked in names else ""
    within = place_tree.below(places, chosen) if chosen else frozenset(place.id for place in places)
    return Whose(every, names, choice, chosen, frozenset({chosen}) if chosen else tops, within)
