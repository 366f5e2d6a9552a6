"""Who holds a beacon's identity: the community that has it first, until it frees it.

Phones range an identity, and posters have it printed on them. Whoever else wanted it would turn another's hall to a
project of their own. Above communities it is the place itself that holds one. A gateway that sends an identity holds
it too, where no record says whose it is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.reference_index import Known
from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.places.places import TOP
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts

SENT_LATELY = timedelta(days=30)
"""For so long after it was sent last a gateway's identity is in use: a hall may be shut over the holidays."""
_AT_ONCE = 200
_SERVER = Texts.model_validate({"zh-Hans": "本服务器", "zh-Hant": "本伺服器", "en": "this server"})


@dataclass(frozen=True, slots=True)
class Taken:
    """`by`: the community that holds it, or the place above communities; `beacon` None: one of its gateways sends it,
    and nobody entered it."""

    by: str
    beacon: StoredBeacon | None


async def holders(connection: Connection, wanted: Iterable[BeaconId]) -> dict[BeaconId, StoredBeacon]:
    """Of each identity the record that counts. Ids rise with time."""
    found: dict[BeaconId, StoredBeacon] = {}
    for kept in await beacons.same(connection, wanted):
        before = found.get(kept.beacon)
        if before is None or kept.id < before.id:
            found[kept.beacon] = kept
    return found


async def taken(
    connection: Connection, made: Collection[StoredBeacon], known: Known, now: datetime
) -> Mapping[str, Taken]:
    """By id, those about to be saved whose identity somebody else holds. After `revised.begin`, or two that save at
    once do not see each other.

    Of one community's own twins nothing is said here.
    """
    own_ids = {each.id for each in made}
    first: dict[BeaconId, StoredBeacon] = {}
    sent: dict[BeaconId, str] = {}
    wanted = sorted({each.beacon for each in made})
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for kept in await beacons.same(connection, some):
            if kept.id not in own_ids and (kept.beacon not in first or kept.id < first[kept.beacon].id):
                first[kept.beacon] = kept
        sent |= await _sent(connection, [beacon for beacon in some if beacon not in first], now)
    found: dict[str, Taken] = {}
    for each in made:
        kept_first = first.get(each.beacon)
        if kept_first is not None and known.community(kept_first.place) != known.community(each.place):
            found[each.id] = Taken(known.community(kept_first.place), kept_first)
        elif each.beacon in sent and not known.in_line(sent[each.beacon], each.place):
            found[each.id] = Taken(sent[each.beacon], None)
    return found


async def _sent(connection: Connection, wanted: Collection[BeaconId], now: datetime) -> dict[BeaconId, str]:
    """The community of the gateway that sent it first, of those that still do."""
    found: dict[BeaconId, str] = {}
    for beacon, said in (await beacon_activity.of(connection, wanted)).items():
        sending = [
            each for each in said if each.advertised and each.last_at is not None and now - each.last_at < SENT_LATELY
        ]
        if sending:
            found[beacon] = min(sending, key=lambda each: (each.known_since, each.gateway)).community
    return found


def refusal(made: StoredBeacon, held: Taken, known: Known) -> Fault:
    """Names what the editor may see anyway; of a neighbour nothing, but who is above both."""
    numbers = f"{made.beacon.major}/{made.beacon.minor}"
    if held.beacon is not None and held.beacon.place in known.own:
        at = known.places[held.beacon.place].names
        return Fault("minor", Word.held_here, numbers, {"label": held.beacon.label, "place": at})
    above = set(known.chain(held.by))
    both = next((place for place in known.chain(made.place) if place in above), TOP)
    who = _SERVER if both == TOP else known.places[both].names
    return Fault("minor", Word.held_elsewhere, numbers, {"who": who})
