"""Find the communities whose alerts reach nobody: no recipient, or none whose last message was accepted."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from central_server.store.alerts import alerts
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP, PlaceKind
from sync_contract.project import Texts


class Unreached(StrEnum):
    no_recipient = "no_recipient"
    failing = "failing"
    """The last message to every recipient was refused."""


@dataclass(frozen=True, slots=True)
class UnreachedCommunity:
    names: Texts
    reason: Unreached


async def find_unreached(connection: Connection, tops: Collection[str]) -> tuple[UnreachedCommunity, ...]:
    """Judge the communities at and below `tops`; recipients of the places above them count."""
    communities = await places.every(connection, tops, PlaceKind.community)
    above = await places.above(connection, [each.id for each in communities])
    working: dict[str, bool] = {}
    for channel in await alerts.channels(connection, [TOP]):
        working[channel.place] = working.get(channel.place, False) or not channel.failures
    found = []
    for community in communities:
        recipients = [working[place] for place in above[community.id] if place in working]
        if not any(recipients):
            reason = Unreached.failing if recipients else Unreached.no_recipient
            found.append(UnreachedCommunity(community.names, reason))
    return tuple(found)
