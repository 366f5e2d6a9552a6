"""A batch as gateways send it, read in one go: canonical JSON of nothing but good parcels.

One regular expression, made from the records, tells that, and where in them those few facts stand that intake looks at.
No record is made of what is only to be kept. Whatever else a batch may be is read piece by piece.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from central_server.intake import statistics
from central_server.intake.canonical_form import expression
from central_server.statistics.plain import plain
from central_server.store.fresh import FreshGift
from central_server.store.packed import BEGINNING, END
from sync_contract.records import MAX_PARCELS, Parcel


class _Found(NamedTuple):
    """The groups of the expression, in their order: names are sorted in canonical JSON."""

    whole: str
    amount_minor: str
    beacon: str
    catalogue_version: str
    currency: str
    door: str
    environment: str
    handoff: str
    project: str
    advertised: str
    classes: str
    foreign_frames: str
    places: str
    seconds: str
    epoch: str
    id: str
    n: str


_GIFT, _REPORT, _ID = slice(1, 9), slice(9, 14), _Found._fields.index("id")
_GROUPS = (
    *(f"IntentRegistered.{name}" for name in _Found._fields[_GIFT]),
    *(f"BeaconStatistics.{name}" for name in _Found._fields[_REPORT]),
    *(f"Parcel.{name}" for name in _Found._fields[14:]),
)
_PARCEL = re.compile(f"({expression(Parcel, _GROUPS)})")


@dataclass(frozen=True, slots=True)
class Whole:
    """All the parcels of a batch, of one epoch, in the order of their ids, which differ as their numbers do."""

    epoch: str
    ids: Sequence[str]
    numbers: Sequence[int]
    gifts: Sequence[FreshGift]


def read_at_once(octets: bytes) -> Whole | None:
    """None: to be read piece by piece, whether good or not."""
    if not (octets.startswith(BEGINNING) and octets.endswith(END) and octets.isascii()):
        return None
    inner = octets[len(BEGINNING) : -len(END)].decode("ascii")
    found = _PARCEL.findall(inner)
    if not 0 < len(found) <= MAX_PARCELS:
        return None
    columns = _Found._make(zip(*found, strict=True))
    numbers, ids = list(map(int, columns.n)), list(columns.id)
    if (
        ",".join(columns.whole) != inner  # something stands between them
        or len(set(columns.epoch)) > 1
        or len(set(numbers)) < len(numbers)
        or sorted(set(ids)) != ids
    ):
        return None
    for report in {each[_REPORT] for each in found if not each[1]}:  # where nothing was heard they are much alike
        of_another_kind = not any(report)
        if of_another_kind or statistics.refusal(plain(*report)):
            return None
    return Whole(columns.epoch[0], ids, numbers, [_gift(each) for each in found if each[1]])


def _gift(each: tuple[str, ...]) -> FreshGift:
    amount, beacon, *others = each[_GIFT]
    return FreshGift(each[_ID], amount, None if beacon == "null" else _beacon(beacon), *others)


def _beacon(told: str) -> str:
    beacon = json.loads(told)
    return f"{beacon['uuid']}/{beacon['major']}/{beacon['minor']}"
