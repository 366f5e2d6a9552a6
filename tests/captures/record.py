"""Record lab_recording.btsnoop with `python -m tests.captures.record`, which runs this file in the radio lab."""

import asyncio
import sys
import tempfile
from pathlib import Path

from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from tests.captures.identity import LAB, PERSON_TAG
from tests.radio.lab_boot import run_script
from tests.radio.lab_control import in_lab, recording
from tests.radio.waiting import Ear, running, until

FRAMES = 12


async def record(path: Path) -> None:
    ear = Ear()
    with recording(path):
        async with ear.at(AdapterScanner("hci1")):
            await asyncio.sleep(0.5)
            async with running(BlueZAdvertiser("hci0", PERSON_TAG, interval_ms=500).keep_on_air()):
                await until(lambda: len(ear.heard) >= FRAMES)
            await asyncio.sleep(0.5)


def main() -> None:
    if in_lab():
        asyncio.run(record(Path(sys.argv[1])))
        return
    with tempfile.TemporaryDirectory() as name:
        recorded = Path(name) / LAB.name
        outcome = run_script(Path(__file__), str(recorded), share=Path(name))
        if outcome.status != 0:
            sys.exit(outcome.output)
        LAB.write_bytes(recorded.read_bytes())


if __name__ == "__main__":
    main()
