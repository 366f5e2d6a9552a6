"""Find the owner of a beacon's identity: the community that entered it first, until it frees it.

Phones range an identity and posters show it. A second community with the same one could redirect phones to its own
project. A place above communities owns its own. A gateway that advertises an identity owns it too, if no record does.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.reference_index import ReferenceIndex
from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.places.places import TOP
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts

IN_USE_FOR = timedelta(days=30)
"""After it was last advertised, a gateway's identity stays in use this long: a hall may close over the holidays."""
_BATCH = 200
_SERVER = Texts.model_validate({"zh-Hans": "本服务器", "zh-Hant": "本伺服器", "en": "this server"})


@dataclass(frozen=True, slots=True)
class Owner:
    """`community`: or a place above communities. `beacon` None: a gateway advertises it without a record."""

    community: str
    beacon: StoredBeacon | None


async def owners(connection: Connection, wanted: Iterable[BeaconId]) -> dict[BeaconId, StoredBeacon]:
    """Return the first record of each identity. Ids rise with time."""
    found: dict[BeaconId, StoredBeacon] = {}
    for row in await beacons.same(connection, wanted):
        before = found.get(row.beacon)
        if before is None or row.id < before.id:
            found[row.beacon] = row
    return found


async def other_owners(
    connection: Connection, new: Collection[StoredBeacon], index: ReferenceIndex, now: datetime
) -> Mapping[str, Owner]:
    """Return, by id of the records about to be saved, the other owner of their identity. A community's own twins are
    not included.

    Call it after `versioned_rows.begin`; otherwise two concurrent saves do not see each other.
    """
    own_ids = {each.id for each in new}
    first: dict[BeaconId, StoredBeacon] = {}
    sent: dict[BeaconId, str] = {}
    wanted = sorted({each.beacon for each in new})
    for start in range(0, len(wanted), _BATCH):
        some = wanted[start : start + _BATCH]
        for row in await beacons.same(connection, some):
            if row.id not in own_ids and (row.beacon not in first or row.id < first[row.beacon].id):
                first[row.beacon] = row
        sent |= await _senders(connection, [beacon for beacon in some if beacon not in first], now)
    found: dict[str, Owner] = {}
    for each in new:
        row_before = first.get(each.beacon)
        if row_before is not None and index.community(row_before.place) != index.community(each.place):
            found[each.id] = Owner(index.community(row_before.place), row_before)
        elif each.beacon in sent and not index.in_line(sent[each.beacon], each.place):
            found[each.id] = Owner(sent[each.beacon], None)
    return found


async def _senders(connection: Connection, wanted: Collection[BeaconId], now: datetime) -> dict[BeaconId, str]:
    """Return the community of the first gateway among those that still advertise each identity."""
    found: dict[BeaconId, str] = {}
    for beacon, seen in (await beacon_activity.of_beacons(connection, wanted)).items():
        sending = [
            each for each in seen if each.advertised and each.last_at is not None and now - each.last_at < IN_USE_FOR
        ]
        if sending:
            found[beacon] = min(sending, key=lambda each: (each.known_since, each.gateway)).community
    return found


def identity_fault(new: StoredBeacon, owner: Owner, index: ReferenceIndex) -> Fault:
    """Name only what the editor may see; of a neighbour only the place above both."""
    numbers = f"{new.beacon.major}/{new.beacon.minor}"
    if owner.beacon is not None and owner.beacon.place in index.own:
        at = index.places[owner.beacon.place].names
        return Fault("minor", Word.owned_visibly, numbers, {"label": owner.beacon.label, "place": at})
    above = set(index.chain(owner.community))
    both = next((place for place in index.chain(new.place) if place in above), TOP)
    who = _SERVER if both == TOP else index.places[both].names
    return Fault("minor", Word.owned_elsewhere, numbers, {"who": who})
