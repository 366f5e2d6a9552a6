"""Radios for the hardware test: those of this machine, or simulated ones in its own tests."""

import platform
import subprocess
from pathlib import Path
from typing import Literal, Protocol

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.ports import Advertiser, Scanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.radio.lab_control import find_adapters

Layout = Literal["broadcast", "exact"]


class Station(Protocol):
    def facts(self) -> dict[str, str]:
        """Return `board` and `system` of this machine, without what is unknown."""

    async def adapters(self) -> tuple[str, ...]: ...

    def scanner(self, adapter: str) -> Scanner: ...

    def advertiser(self, adapter: str, frame: IBeacon, layout: Layout) -> Advertiser | None:
        """Return None if that layout is not available."""


class ThisMachine:
    """Radios of this machine through BlueZ. `helper`: socket of the radio helper."""

    def __init__(self, helper: Path) -> None:
        self._helper = helper

    def facts(self) -> dict[str, str]:
        model = Path("/proc/device-tree/model")
        bluez = _run_command("bluetoothctl", "--version").rpartition(" ")[2]
        return {
            "board": model.read_text("utf-8", "replace").strip("\0 \n") if model.exists() else platform.machine(),
            "system": f"Linux {platform.release()}" + (f", BlueZ {bluez}" if bluez else ""),
        }

    async def adapters(self) -> tuple[str, ...]:
        return await find_adapters()

    def scanner(self, adapter: str) -> Scanner:
        return MergedScanner((adapter,), ScanOptions(report_duplicates=KernelHelper(self._helper).report_duplicates))

    def advertiser(self, adapter: str, frame: IBeacon, layout: Layout) -> Advertiser | None:
        if layout == "broadcast":
            return BlueZAdvertiser(adapter, frame)
        return ExactAdvertiser(adapter, frame, helper=self._helper) if self._helper.exists() else None


def _run_command(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
