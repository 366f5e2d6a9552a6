"""When the adapter is power cycled to end the scan that a dead bluetoothd left to the kernel."""

import pytest

from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.scan.orphaned_scan import CYCLES_APART_S, LeftScan

KERNEL_SCAN_S = 15.0


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> LeftScan:
    monkeypatch.setattr(adapter_faults, "KERNEL_SCAN_S", KERNEL_SCAN_S)
    return LeftScan()


def test_a_busy_kernel_without_a_death_is_left_alone(left: LeftScan) -> None:
    assert not left.to_be_ended(100.0)


def test_after_a_death_it_is_once_and_not_again_at_once(left: LeftScan) -> None:
    left.died(100.0)
    assert left.to_be_ended(100.5)
    assert not left.to_be_ended(101.0)
    assert left.to_be_ended(100.5 + CYCLES_APART_S)


def test_a_second_death_has_one_of_its_own_however_soon_it_comes(left: LeftScan) -> None:
    left.died(100.0)
    assert left.to_be_ended(100.5)
    left.died(102.0)
    assert left.to_be_ended(102.5)
    assert not left.to_be_ended(103.0)


def test_a_death_of_long_ago_left_nothing(left: LeftScan) -> None:
    left.died(100.0)
    left.died(90.0)
    assert not left.to_be_ended(100.0 + KERNEL_SCAN_S)
    assert left.to_be_ended(99.0 + KERNEL_SCAN_S)
