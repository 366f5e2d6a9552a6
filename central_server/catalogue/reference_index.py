"""Index the places, organisations, projects and gateways that a record may refer to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from central_server.store.catalogue import organisations, projects
from central_server.store.engine.connection import Connection
from central_server.store.engine.installation import find_environment
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class ReferenceIndex:
    """`own`: the places where the editor may edit. The rest covers all places and is never shown. `real`: gifts are
    real, so placeholders of the shipped files are refused."""

    own: frozenset[str]
    places: Mapping[str, Place]
    organisations: frozenset[tuple[str, str]]
    projects: frozenset[tuple[str, str]]
    gateways: Mapping[str, str]
    real: bool = False

    def chain(self, place: str) -> tuple[str, ...]:
        """Return the place and all above it, nearest first."""
        found: list[str] = []
        at: str | None = place
        while at is not None and at in self.places:
            found.append(at)
            at = self.places[at].parent
        return tuple(found)

    def community(self, place: str) -> str:
        """Return the community that contains the place, or the place itself if it is above communities."""
        for each in self.chain(place):
            if self.places[each].kind is PlaceKind.community:
                return each
        return place

    def in_line(self, one: str, other: str) -> bool:
        """Return whether one of the places is the other, or above it."""
        return one in self.chain(other) or other in self.chain(one)

    def may_hold(self, place: str, *, site: bool) -> bool:
        """Return whether the editor may put a record there; only beacons belong to a site."""
        kind = self.places[place].kind if place in self.own else PlaceKind.grid
        return kind is not PlaceKind.grid and (site or kind is not PlaceKind.site)

    def project_holds(self, place: str, project: str) -> bool:
        return any((each, project) in self.projects for each in self.chain(place))

    def organisation_holds(self, place: str, organisation: str) -> bool:
        return any((each, organisation) in self.organisations for each in self.chain(place))

    def gateway_is_of(self, gateway: str, place: str) -> bool:
        """Return whether the gateway is at, below or above the place."""
        community = self.gateways.get(gateway)
        return community is not None and self.in_line(place, community)


async def load_index(connection: Connection, tops: Collection[str]) -> ReferenceIndex:
    """`tops`: the editor may edit at and below them."""
    own = await places.every(connection, tops)
    return ReferenceIndex(
        own=frozenset(place.id for place in own),
        places={place.id: place for place in await places.every(connection, [TOP])},
        organisations=frozenset((each.place, each.id) for each in await organisations.every(connection, tops)),
        projects=frozenset((each.place, each.id) for each in await projects.every(connection, tops)),
        gateways={each.id: each.community for each in await gateways.every(connection, tops)},
        real=await find_environment(connection) == Environment.real.value,
    )
