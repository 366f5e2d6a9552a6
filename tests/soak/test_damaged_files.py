"""The gateway starts after random damage to its files; 200 attempts."""

import asyncio
import json
import random
import shutil
from pathlib import Path

from beacon_gateway.commands.demo import gateway_program
from beacon_gateway.store.database import open_database
from beacon_gateway.store.outbox import Outbox
from tests.flow.journey import register
from tests.flow.programs import DEMO, prepare
from tests.flow.visitor import visitor

DAMAGES = 200
GIVEN = 15


def flip(content: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 8)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def zero_a_page(content: bytearray, dice: random.Random) -> None:
    at = dice.randrange(0, len(content), 4096)
    content[at : at + 4096] = bytes(len(content[at : at + 4096]))


def spoil_the_header(content: bytearray, dice: random.Random) -> None:
    content[:100] = dice.randbytes(min(100, len(content)))


def cut_off(content: bytearray, dice: random.Random) -> None:
    del content[dice.randrange(len(content)) :]


def overwrite_with_text(content: bytearray, dice: random.Random) -> None:
    content[:] = b"this is not what it was\n" * dice.randint(1, 50)


KINDS = (flip, zero_a_page, spoil_the_header, cut_off, overwrite_with_text)


def damage(state: Path, dice: random.Random) -> str:
    """Damage one file of the state directory; return a description."""
    file = state / dice.choice(("gateway.db", "gateway.db", "gateway.db-wal", "identity.json", "last-good.toml"))
    if dice.random() < 0.05 and file.name == "gateway.db":
        file.unlink(missing_ok=True)
        file.mkdir()
        return "gateway.db became a directory"
    content = bytearray(file.read_bytes()) if file.exists() else bytearray()
    kind = dice.choice(KINDS if content else (overwrite_with_text,))
    kind(content, dice)
    file.write_bytes(content)
    return f"{file.name}: {kind.__name__}"


async def parcels(state: Path) -> dict[str, str]:
    """Return the waiting parcels by id."""
    async with open_database(state / "gateway.db", read_only=True) as database:
        waiting = await Outbox(database).waiting(parcels=1000, size=10**7)
    return {parcel.id: parcel.text for parcel in waiting}


async def test_after_any_damage_pages_and_gifts_work(tmp_path: Path) -> None:
    plan = await prepare(tmp_path)
    state = tmp_path / "gateway"
    async with gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway, visitor(gateway.url) as kiosk:
        for number in range(GIVEN):
            await register(kiosk, fen=1000 + number)
        gateway.kill()
        await gateway.exited()
    before = {file.name: file.read_bytes() for file in state.iterdir() if file.is_file()}
    good = await parcels(state)
    before |= {file.name: file.read_bytes() for file in state.iterdir() if file.is_file()}
    evidence = []
    for seed in range(DAMAGES):
        dice = random.Random(seed)
        await asyncio.to_thread(lay_out_again, state, before)
        what = damage(state, dice)
        log = tmp_path / "logs" / "gateway.log"
        log.unlink(missing_ok=True)
        async with gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway, visitor(gateway.url) as kiosk:
            assert (await kiosk.open("/")).status == 200, f"seed {seed}: {what}"
            assert (await register(kiosk)).startswith("http"), f"seed {seed}: {what}"
        assert "Traceback" not in log.read_text(), f"seed {seed}: {what}"
        for identity, parcel in (await parcels(state)).items():
            assert identity not in good or json.loads(parcel) == json.loads(good[identity]), f"seed {seed}: {what}"
        evidence.append(any(state.glob("*.damaged-*")))
    print(f"\n{DAMAGES} damages: served and given after each; evidence moved aside {sum(evidence)} times")


def lay_out_again(state: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(state)
    state.mkdir(mode=0o700)
    for name, content in files.items():
        (state / name).write_bytes(content)
        (state / name).chmod(0o600)
