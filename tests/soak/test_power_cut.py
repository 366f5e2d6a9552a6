"""An acknowledged intent survives a power cut: the real gateway store on a disk that loses its cache."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from tests.soak.disk import DIRECTORY, DiskOperation, cut, lay_out, read_operations

HERE = Path(__file__).parent
CUTS = 1000
INTENTS = 400


def record_operations(folder: Path, synchronous: str = "") -> list[DiskOperation]:
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
    return read_operations((folder / "log").read_bytes())


async def lost_after(operations: list[DiskOperation], moment: int, seed: int, folder: Path) -> tuple[int, bool]:
    """Return the number of acknowledged intents that are lost or without their parcel, and whether the file is damaged.

    One that nobody acknowledged may be there in part: intact rows of a torn transaction are recovered.
    """
    files, answered = cut(operations, moment, random.Random(seed))
    lay_out(files, folder)
    async with open_database(folder / "gateway.db") as database:
        gifts, waiting, delivered = await database.read(
            lambda tables: [
                {row[column].hex() for row in tables.select(table)}
                for table, column in (("intents", "id"), ("outbox", "id"), ("sync_log", "parcel"))
            ]
        )
        await Intents(database).unsettled()
    damaged = any(folder.glob("*.damaged-*"))
    return len(set(answered) - (gifts & (waiting | delivered))), damaged


async def cut_often(operations: list[DiskOperation], cuts: int, dice: random.Random, folder: Path) -> tuple[int, int]:
    """Return the numbers of lost acknowledged intents and of damaged files."""
    first = next(number for number, operation in enumerate(operations) if operation.kind == "A")
    lost = damaged = 0
    for seed in range(cuts):
        moment = dice.randint(first, len(operations))
        gone, broken = await lost_after(operations, moment, seed, folder / f"cut-{seed}")
        lost += gone
        damaged += broken
    print(f"\n{cuts} power cuts in {len(operations)} operations: {lost} intents lost, {damaged} files damaged")
    return lost, damaged


async def test_a_thousand_power_cuts_lose_no_acknowledged_intent(tmp_path: Path) -> None:
    assert await cut_often(record_operations(tmp_path), CUTS, random.Random(2015), tmp_path) == (0, 0)


@pytest.mark.parametrize("weaker", ["NORMAL", "OFF"])
async def test_the_cuts_detect_a_weaker_setting(tmp_path: Path, weaker: str) -> None:
    lost, _ = await cut_often(record_operations(tmp_path, weaker), 60, random.Random(7), tmp_path)
    assert lost > 0
