"""Filter lists by community, for visitors who see several."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from central_server.alerts.place_names import has_several_communities, place_names
from central_server.staff.places import place_tree
from central_server.store.places.places import INSIDE_COMMUNITY, Place, PlaceKind
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class CommunityFilter:
    """`every`: names of all visible places by id. `names`: of communities and the places above them, empty for a
    visitor of one community, who gets no filter. `rows`: the options. `chosen`: one of them, or "".
    """

    every: Mapping[str, Texts]
    names: Mapping[str, Texts]
    rows: tuple[place_tree.Row, ...]
    chosen: str
    tops: frozenset[str]
    """The chosen place, else all tops of the visitor."""
    within: frozenset[str]
    """All places at and below `tops`."""


def filter_communities(around: Iterable[Place], tops: frozenset[str], requested: str) -> CommunityFilter:
    """`around`: the places at and below `tops`. Ignore a requested place that is not one of them."""
    places = tuple(around)
    every = place_names(places)
    offered = {place.id for place in places if place.kind not in (PlaceKind.top, *INSIDE_COMMUNITY)}
    names = {id_: texts for id_, texts in every.items() if id_ in offered} if has_several_communities(places) else {}
    rows = tuple(place_tree.rows(place for place in places if place.id in names))
    chosen = requested if requested in names else ""
    within = place_tree.below(places, chosen) if chosen else frozenset(place.id for place in places)
    return CommunityFilter(every, names, rows, chosen, frozenset({chosen}) if chosen else tops, within)
