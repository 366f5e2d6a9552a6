"""A batch as gateways send it, read in one go: canonical JSON of nothing but good parcels.

msgspec reads all of it, checks it as the records say and writes it again. What then is as it came has one spelling: no
name stands in it twice, none in another place. Whatever else a batch may be is read piece by piece.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from central_server.intake import screen, statistics
from central_server.intake.canonical_form import CanonicalForm
from central_server.store.parcels.batch_compression import BEGINNING, END, FIRST
from central_server.store.parcels.fresh_batch import FreshGift
from sync_contract.records import MAX_PARCELS, Parcel

_FORM = CanonicalForm(Parcel)
_GIFT = _FORM.kinds["intent"]
_JUDGES: dict[type, Callable[[Any], str]] = {
    _FORM.kinds["statistics"]: statistics.refusal,
    _FORM.kinds["screen"]: screen.refusal,
}
_PARCELS: Any = tuple[_FORM.type, ...]  # type: ignore[name-defined]  # it is made above
_DECODE: Callable[[bytes], Sequence[Any]] = msgspec.json.Decoder(_PARCELS).decode
_ENCODE = msgspec.json.Encoder(order="sorted").encode
_NEXT = b"},%b" % FIRST
_TOGETHER = 32 * 1024
"""Octets. With all that is made of them, they stay in what a processor keeps at hand (its second cache)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """All the parcels of a batch, of one epoch, in the order of their ids, which differ as their numbers do."""

    epoch: str
    ids: Sequence[str]
    numbers: Sequence[int]
    gifts: Sequence[FreshGift]


def read_at_once(octets: bytes) -> Whole | None:
    """None: to be read piece by piece, whether good or not."""
    if not (octets.startswith(BEGINNING) and octets.endswith(END) and octets.isascii()) or b"\\" in octets:
        return None  # without a backslash no text has a quotation mark in it, or a line feed
    epochs: set[str] = set()
    ids: list[str] = []
    numbers: list[int] = []
    gifts: list[FreshGift] = []
    for some in cut(octets):
        parcels = well_formed(some)
        if not parcels:
            return None
        for each in parcels:
            body = each.body
            kind = type(body)
            if kind is _GIFT:
                gifts.append(_gift(each.id, body))
            elif kind not in _JUDGES or _JUDGES[kind](body):
                return None
        epochs.update([each.epoch for each in parcels])
        ids += [each.id for each in parcels]
        numbers += [each.n for each in parcels]
    apart = len(epochs) == 1 and len(set(numbers)) == len(numbers) <= MAX_PARCELS and sorted(set(ids)) == ids
    return Whole(epochs.pop(), ids, numbers, gifts) if apart else None


def cut(octets: bytes) -> Iterator[bytes]:
    """Arrays of some of its parcels each, in their order."""
    start, end = len(BEGINNING), len(octets) - len(END)
    while start < end:
        found = octets.find(_NEXT, start + _TOGETHER, end)
        until = end if found < 0 else found + 1
        yield b"[%b]" % octets[start:until]
        start = until + 1


def well_formed(octets: bytes) -> Sequence[Any]:
    """The parcels of an array, as `CanonicalForm` reads them; none when it is not just of that form."""
    parcels = valid(octets)
    return parcels if _ENCODE(parcels) == octets else ()


def valid(octets: bytes) -> Sequence[Any]:
    """The same, in whatever spelling; none when one of them is not as the records say."""
    try:
        parcels = _DECODE(octets)
    except (msgspec.MsgspecError, RecursionError):
        return ()
    return parcels if _FORM.fits(parcels) else ()


def _gift(parcel: str, body: Any) -> FreshGift:  # noqa: ANN401  (made from the record)
    beacon = body.beacon
    return FreshGift(
        parcel,
        str(body.amount_minor),
        None if beacon is None else f"{beacon.uuid}/{beacon.major}/{beacon.minor}",
        str(body.catalogue_version),
        body.currency,
        body.door,
        body.environment,
        body.handoff,
        body.project,
    )
