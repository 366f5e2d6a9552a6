"""What the hardware test is done with: this machine's radios, or in its own tests the simulator's."""

import platform
import subprocess
from pathlib import Path
from typing import Literal, Protocol

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.bluez import find_adapters
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.port import Advertiser, Scanner
from beacon_gateway.radio.scan.scanner import BlueZScanner

Layout = Literal["broadcast", "exact"]


class Station(Protocol):
    def facts(self) -> dict[str, str]:
        """`board`, `system`: as the machine tells them itself; what it does not tell is left out."""

    async def adapters(self) -> tuple[str, ...]: ...

    def scanner(self, adapter: str) -> Scanner: ...

    def advertiser(self, adapter: str, frame: IBeacon, layout: Layout) -> Advertiser | None:
        """None where that layout cannot be had."""


class ThisMachine:
    """Its radios through BlueZ. `helper`: where the radio helper listens."""

    def __init__(self, helper: Path) -> None:
        self._helper = helper

    def facts(self) -> dict[str, str]:
        model = Path("/proc/device-tree/model")
        bluez = _said("bluetoothctl", "--version").rpartition(" ")[2]
        return {
            "board": model.read_text("utf-8", "replace").strip("\0 \n") if model.exists() else platform.machine(),
            "system": f"Linux {platform.release()}" + (f", BlueZ {bluez}" if bluez else ""),
        }

    async def adapters(self) -> tuple[str, ...]:
        return await find_adapters()

    def scanner(self, adapter: str) -> Scanner:
        return BlueZScanner(adapter, unfilter=KernelHelper(self._helper).unfiltered)

    def advertiser(self, adapter: str, frame: IBeacon, layout: Layout) -> Advertiser | None:
        if layout == "broadcast":
            return BlueZAdvertiser(adapter, frame)
        return ExactAdvertiser(adapter, frame, helper=self._helper) if self._helper.exists() else None


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
