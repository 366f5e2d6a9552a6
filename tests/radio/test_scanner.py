"""The Scanner contract with the real scanner on the real stack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.ports import Scanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from sync_contract.beacon_identity import BeaconId
from tests.captures.identity import PERSON_TAG
from tests.contracts.test_scanner import ScannerContract
from tests.radio.lab_control import radios_ready
from tests.radio.waiting import running


@pytest.mark.lab
class TestBlueZ(ScannerContract):
    @asynccontextmanager
    async def hearing(self, beacon: BeaconId) -> AsyncIterator[Scanner]:
        assert beacon == PERSON_TAG.beacon
        await radios_ready()
        async with running(BlueZAdvertiser("hci0", PERSON_TAG).keep_on_air()):
            yield MergedScanner(("hci1",))
