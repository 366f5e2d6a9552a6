"""An acknowledged intent survives a power cut: the gateway's real store on a disk that loses its cache."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from tests.soak.disk import DIRECTORY, Deed, cut, lay_out, read_deeds

HERE = Path(__file__).parent
CUTS = 1000
INTENTS = 400


def record_deeds(folder: Path, synchronous: str = "") -> list[Deed]:
    library = folder / "disk_log.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, HERE / "disk_log.c", "-ldl"], check=True)
    environment = {"LD_PRELOAD": str(library), "DISK_LOG": str(folder / "log"), "DISK_LOG_OF": DIRECTORY}
    (folder / DIRECTORY).mkdir()
    command = [sys.executable, "-m", "tests.soak.give_on", str(folder / DIRECTORY / "gateway.db"), str(INTENTS)]
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=HERE.parents[1],
        env=dict(os.environ) | environment | {"SYNCHRONOUS": synchronous},
    )
    return read_deeds((folder / "log").read_bytes())


async def lost_after(deeds: list[Deed], moment: int, seed: int, folder: Path) -> tuple[int, bool]:
    """Acknowledged intents that are gone, and whether the file was found damaged."""
    files, answered = cut(deeds, moment, random.Random(seed))
    lay_out(files, folder)
    async with open_database(folder / "gateway.db") as database:
        rows = await database.rows("SELECT id FROM intents JOIN outbox USING (id)")
        alone = await database.rows("SELECT id FROM intents WHERE id NOT IN (SELECT id FROM outbox)")
        assert not alone, f"an intent without its parcel (seed {seed}, deed {moment})"
        await Intents(database).unsettled()
    damaged = any(folder.glob("*.damaged-*"))
    return len(set(answered) - {row["id"] for row in rows}), damaged


async def test_no_acknowledged_intent_is_lost_in_a_thousand_power_cuts(tmp_path: Path) -> None:
    deeds = record_deeds(tmp_path)
    first = next(number for number, deed in enumerate(deeds) if deed.kind == "A")
    dice = random.Random(2015)
    lost = damaged = 0
    for seed in range(CUTS):
        gone, broken = await lost_after(deeds, dice.randint(first, len(deeds)), seed, tmp_path / f"cut-{seed}")
        lost += gone
        damaged += broken
    print(f"\n{CUTS} power cuts in {len(deeds)} deeds: {lost} acknowledged intents lost, {damaged} files damaged")
    assert (lost, damaged) == (0, 0)


@pytest.mark.parametrize("weaker", ["NORMAL", "OFF"])
async def test_the_cuts_would_find_a_weaker_setting(tmp_path: Path, weaker: str) -> None:
    deeds = record_deeds(tmp_path, weaker)
    first = next(number for number, deed in enumerate(deeds) if deed.kind == "A")
    dice = random.Random(7)
    lost = damaged = 0
    for seed in range(60):
        gone, broken = await lost_after(deeds, dice.randint(first, len(deeds)), seed, tmp_path / f"cut-{seed}")
        lost += gone
        damaged += broken
    print(f"\nsynchronous={weaker}: 60 cuts, {lost} acknowledged intents lost, {damaged} files damaged")
    assert lost > 0
