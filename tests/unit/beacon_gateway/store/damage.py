"""The files of a gateway's store, damage to them, and delivery of what is left."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from beacon_gateway.donations.ports import GiftState
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.catalogues import Catalogues
from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.ledger_heads import LedgerHeads
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.sync_state import sync_state
from beacon_gateway.store.trusted_time import TrustedTime, last_trusted
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import SignedCatalogue
from sync_contract.money import Money
from sync_contract.records import (
    AdvertisedSeconds,
    BeaconStatistics,
    ClockReading,
    Door,
    HandoffKind,
    IntentState,
    Parcel,
    ParcelReceipt,
    Receipt,
)
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import decode

PAGE = 4096
STORE = "gateway.db"
CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
_NEAR = 64
"""Bytes of a row before and after its parcel: header, id, kind; checksum."""


@dataclass(frozen=True, slots=True)
class Image:
    """The files of a store by name, and the texts of the parcels that wait in it."""

    files: dict[str, bytes]
    waiting: frozenset[str]

    def restore(self, folder: Path) -> None:
        """Write the files, and delete those of an earlier store."""
        for old in folder.glob(f"{STORE}*"):
            old.unlink()
        folder.mkdir(exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)

    def touched(self, damage: "Damage") -> set[str]:
        """Return the waiting parcels of which a row overlaps the damage."""
        first = max(0, damage.start - 2 * PAGE)
        near = self.files[damage.name][first : damage.end + 2 * PAGE]
        start, end = damage.start - first, damage.end - first
        found = {text for text in self.waiting if _overlaps(near, text.encode(), start, end)}
        # A long row continues on overflow pages: there, a piece of it is enough.
        pieces = near[max(0, start - _NEAR) : end + _NEAR]
        long = [text for text in self.waiting if len(text) > PAGE]
        return found | {text for text in long if any(text[at : at + 56].encode() in pieces for at in range(len(text)))}


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a file that were overwritten."""

    name: str
    start: int
    end: int


def flip_a_bit(image: Image, folder: Path, dice: random.Random) -> Damage:
    names = [name for name, content in image.files.items() for _ in range(len(content) // PAGE)]
    name = dice.choice(names)
    content = bytearray(image.files[name])
    at = dice.randrange(len(content))
    content[at] ^= 1 << dice.randrange(8)
    image.restore(folder)
    (folder / name).write_bytes(content)
    return Damage(name, at, at + 1)


def zero_a_page(image: Image, folder: Path, dice: random.Random) -> Damage:
    content = bytearray(image.files[STORE])
    at = dice.randrange(0, len(content), PAGE)
    content[at : at + PAGE] = bytes(PAGE)
    image.restore(folder)
    (folder / STORE).write_bytes(content)
    return Damage(STORE, at, at + PAGE)


def new_intent() -> Intent:
    return Intent(new_id(), Environment.drill, "elder-lunch", Money(3000), None, Door.touch, HandoffKind.ticket, 0)


async def lay_out(folder: Path, *, gifts: int = 90) -> tuple[Image, Image]:
    """Return the files as a killed and as a stopped gateway leave them. Some parcels are delivered, one is refused."""
    folder.mkdir()
    path = folder / STORE
    async with open_database(path) as database:
        intents, outbox = Intents(database), Outbox(database)
        for number in range(gifts):
            gift = (await intents.record(new_intent(), key=f"key {number}", clock=CLOCK)).intent
            if number % 3 == 0:
                await intents.settle(gift.id, GiftState(IntentState.paid, "7F3A-K8YZ"), cause="test")
            if number % 20 == 9:
                await outbox.put_statistics(CLOCK, [_statistics()])
            if number % 30 == 7:
                await _deliver(outbox, refuse=1)
        time = TrustedTime(None, wall=lambda: CLOCK.wall, synchronised=lambda: True, believe_always=False)
        await time.store(database)
        await Catalogues(database).store(3, SignedCatalogue(payload="x" * 9000, key="0" * 16, signature="s"))
        await outbox.log_event("unreachable", "no_answer")
        waiting = frozenset(parcel.text for parcel in await outbox.waiting(parcels=1000, size=10**7))
        killed = Image(_files(folder), waiting)
    return killed, Image(_files(folder), waiting)


async def deliver_all(folder: Path) -> list[str]:
    """Open the store as a starting gateway does, register a gift, and deliver; return the texts of the parcels."""
    async with open_database(folder / STORE) as database:
        intents, outbox = Intents(database), Outbox(database)
        await intents.unsettled()
        await last_trusted(database)
        await sync_state(database, "")
        await Catalogues(database).newest()
        await LedgerHeads(database).board(Environment.drill, CLOCK.wall)
        gift = await intents.record(new_intent(), key=uuid4().hex, clock=CLOCK)
        texts: list[str] = []
        while sent := await _deliver(outbox):
            texts += sent
        places = [(parcel.epoch, parcel.n) for parcel in (decode(Parcel, text) for text in texts)]
        assert len(set(places)) == len(places), "no number is used twice"
        (new,) = [text for text in texts if gift.intent.id in text]
        return [text for text in texts if text != new]


async def _deliver(outbox: Outbox, *, refuse: int = 0) -> list[str]:
    sent = await outbox.waiting(parcels=500, size=200 * 1024)
    receipts = [Receipt.refused] * refuse + [Receipt.accepted] * (len(sent) - refuse)
    await outbox.settle(
        sent, [ParcelReceipt(id=each.id, receipt=receipt) for each, receipt in zip(sent, receipts, strict=True)]
    )
    return [parcel.text for parcel in sent]


def _statistics() -> BeaconStatistics:
    """Statistics that need overflow pages."""
    advertised = tuple(AdvertisedSeconds(beacon=BeaconId(uuid4(), 1, 1), seconds=300) for _ in range(50))
    return BeaconStatistics(start=CLOCK, seconds=300, foreign_frames=0, places=(), classes=(), advertised=advertised)


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}


def _overlaps(content: bytes, text: bytes, start: int, end: int) -> bool:
    at = content.find(text)
    while at >= 0:
        if at - _NEAR < end and start < at + len(text) + _NEAR:
            return True
        at = content.find(text, at + 1)
    return False
