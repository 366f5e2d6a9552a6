"""The gateway never crash-loops on its own files: two hundred random damages to what it keeps on disk."""

import asyncio
import hashlib
import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from beacon_gateway.commands.demo import gateway_program
from tests.flow.conftest import DEMO
from tests.flow.journey import register
from tests.flow.test_end_to_end import prepared
from tests.flow.visitor import visitor

DAMAGES = 200
GIVEN = 15


def flip(octets: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 8)):
        octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)


def zero_a_page(octets: bytearray, dice: random.Random) -> None:
    at = dice.randrange(0, len(octets), 4096)
    octets[at : at + 4096] = bytes(len(octets[at : at + 4096]))


def spoil_the_header(octets: bytearray, dice: random.Random) -> None:
    octets[:100] = dice.randbytes(min(100, len(octets)))


def cut_off(octets: bytearray, dice: random.Random) -> None:
    del octets[dice.randrange(len(octets)) :]


def overwrite_with_text(octets: bytearray, dice: random.Random) -> None:
    octets[:] = b"this is not what it was\n" * dice.randint(1, 50)


KINDS = (flip, zero_a_page, spoil_the_header, cut_off, overwrite_with_text)


def damage(state: Path, dice: random.Random) -> str:
    """One file of the state directory, damaged in one way; a sentence about it."""
    file = state / dice.choice(("gateway.db", "gateway.db", "gateway.db-wal", "identity.json", "last-good.toml"))
    if dice.random() < 0.05 and file.name == "gateway.db":
        file.unlink(missing_ok=True)
        file.mkdir()
        return "gateway.db became a directory"
    octets = bytearray(file.read_bytes()) if file.exists() else bytearray()
    kind = dice.choice(KINDS if octets else (overwrite_with_text,))
    kind(octets, dice)
    file.write_bytes(octets)
    return f"{file.name}: {kind.__name__}"


def parcels(state: Path) -> dict[str, str]:
    """What was recorded, by id, straight from the undamaged store."""
    with closing(sqlite3.connect(state / "gateway.db")) as store:
        return dict(store.execute("SELECT id, parcel FROM outbox"))


async def test_after_any_damage_the_page_is_served_and_gifts_flow(tmp_path: Path) -> None:
    plan = await prepared(tmp_path)
    state = tmp_path / "gateway"
    async with gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway, visitor(gateway.url) as kiosk:
        for _ in range(GIVEN):
            await register(kiosk)
        gateway.kill()
        await gateway.exited()
    before = {file.name: file.read_bytes() for file in state.iterdir() if file.is_file()}
    good = parcels(state)
    before |= {file.name: file.read_bytes() for file in state.iterdir() if file.is_file()}
    told = []
    for seed in range(DAMAGES):
        dice = random.Random(seed)
        await asyncio.to_thread(lay_out_again, state, before)
        what = damage(state, dice)
        log = tmp_path / "logs" / "gateway.log"
        log.unlink(missing_ok=True)
        async with gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway, visitor(gateway.url) as kiosk:
            assert (await kiosk.open("/")).status == 200, f"seed {seed}: {what}"
            assert (await register(kiosk)).startswith("HTTP"), f"seed {seed}: {what}"
        assert "Traceback" not in log.read_text(), f"seed {seed}: {what}"
        for identity, parcel in sendable(state).items():
            assert identity not in good or json.loads(parcel) == json.loads(good[identity]), f"seed {seed}: {what}"
        told.append(any(state.glob("*.damaged-*")))
    print(f"\n{DAMAGES} damages: served and given after each; evidence kept aside {sum(told)} times")


def sendable(state: Path) -> dict[str, str]:
    """The parcels that would be sent: waiting, and whose checksum fits."""
    with closing(sqlite3.connect(state / "gateway.db")) as store:
        rows = store.execute("SELECT id, parcel, sum FROM outbox WHERE state = 'waiting'").fetchall()
    return {i: parcel for i, parcel, total in rows if hashlib.sha256(parcel.encode()).hexdigest() == total}


def lay_out_again(state: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(state)
    state.mkdir()
    for name, octets in files.items():
        (state / name).write_bytes(octets)
