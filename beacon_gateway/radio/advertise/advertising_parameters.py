"""Advertising interval, transmit power and data of an advert: checked, offered to BlueZ, and read back from it.

Source: bluez/doc/org.bluez.LEAdvertisement.rst.
"""

from typing import Annotated, Any, Final

from dbus_fast import PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt16, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from beacon_gateway.errors import GatewayError
from beacon_gateway.frames.ibeacon import COMPANY
from beacon_gateway.model.radio_status import AppliedAdvert
from beacon_gateway.radio.bluetoothd_restart_watch import DisturbanceWatch
from sync_contract.rssi import is_level

INTERVALS_MS: Final = range(20, 10_240 + 1)
LEGACY_BYTES: Final = 31
"""Core Specification 5.4, Vol 6 Part B 2.3.1. BlueZ sends more as extended advertising, which few scanners receive."""
_FLAGS_BYTES, _HEADER_BYTES = 3, 4  # header: length, type and company identifier


class AdvertTooLong(GatewayError):
    """The advert exceeds LEGACY_BYTES: nothing is registered."""


class Advertisement(ServiceInterface):
    """org.bluez.LEAdvertisement1. `watch`: notified when bluetoothd releases the advert."""

    def __init__(self, kind: str, data: bytes, interval_ms: int) -> None:
        super().__init__("org.bluez.LEAdvertisement1")
        self.watch: DisturbanceWatch | None = None
        self._kind = kind
        self._data = data
        self._interval_ms = interval_ms

    @dbus_method()
    def Release(self) -> None:
        if self.watch:
            self.watch.mark("released by bluetoothd")

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:
        return self._kind

    @dbus_property(access=PropertyAccess.READ)
    def ManufacturerData(self) -> Annotated[dict[int, Variant], DBusSignature("a{qv}")]:
        return {COMPANY: Variant("ay", self._data)}

    @dbus_property(access=PropertyAccess.READ)
    def MinInterval(self) -> DBusUInt32:
        return self._interval_ms

    @dbus_property(access=PropertyAccess.READ)
    def MaxInterval(self) -> DBusUInt32:
        return self._interval_ms


class _Flags:
    @dbus_property(access=PropertyAccess.READ)
    def Discoverable(self) -> DBusBool:
        """Add the flags 0x06, which BlueZ refuses in a broadcast."""
        return True


class _Power:
    requested_dbm = 0
    chosen_dbm: int | None = None

    @dbus_property()
    def TxPower(self) -> DBusInt16:
        """Return the requested power. BlueZ writes back the power that the controller chose."""
        return self.requested_dbm

    @TxPower.setter  # type: ignore[no-redef]  # dbus-fast wants one name for both
    def TxPower(self, dbm: DBusInt16) -> None:
        self.chosen_dbm = dbm


class _ConnectableAdvertisement(_Flags, Advertisement): ...


class _PoweredAdvertisement(_Power, Advertisement): ...


class _ConnectablePoweredAdvertisement(_Flags, _Power, Advertisement): ...


def check_parameters(interval_ms: int, power_dbm: int | None) -> None:
    """Raise ValueError for an interval or a power out of range."""
    if interval_ms not in INTERVALS_MS:
        raise ValueError(f"an advertising interval is 20 to 10240 ms (got {interval_ms})")
    if power_dbm is not None and not is_level(power_dbm):
        raise ValueError(f"a transmit power is -127 to 20 dBm (got {power_dbm})")


def advert_length(mode: str, data: bytes) -> int:
    """Return the bytes of the advert on the air. Raise AdvertTooLong."""
    length = (_FLAGS_BYTES if mode == "peripheral" else 0) + _HEADER_BYTES + len(data)
    if length > LEGACY_BYTES:
        raise AdvertTooLong(f"{length} bytes; an advert holds {LEGACY_BYTES}")
    return length


def build_advertisement(mode: str, data: bytes, interval_ms: int, power_dbm: int | None) -> Advertisement:
    """Return the D-Bus object. BlueZ applies every property that exists, so each combination is a class."""
    if power_dbm is None:
        return (_ConnectableAdvertisement if mode == "peripheral" else Advertisement)(mode, data, interval_ms)
    kind = _ConnectablePoweredAdvertisement if mode == "peripheral" else _PoweredAdvertisement
    powered = kind(mode, data, interval_ms)
    powered.requested_dbm = power_dbm
    return powered


def read_applied(manager: dict[str, Any], adapter: dict[str, Any], chosen_dbm: int | None) -> AppliedAdvert:
    """Return what the properties of LEAdvertisingManager1 and Adapter1 say of a registered advert."""
    active, features = manager.get("ActiveInstances"), manager.get("SupportedFeatures", [])
    limits = manager.get("SupportedCapabilities", {})
    return AppliedAdvert(
        active_instances=active,
        free_instances=manager.get("SupportedInstances"),  # BlueZ counts those that are left
        tx_power_dbm=chosen_dbm,
        tx_power_can_be_set="CanSetTxPower" in features,
        tx_power_range_dbm=(limits.get("MinTxPower"), limits.get("MaxTxPower")),
        max_bytes=min(LEGACY_BYTES, limits.get("MaxAdvLen", LEGACY_BYTES)),
        taken_in_turns=bool(active and active > 1 and "HardwareOffload" not in features),
        adapter_is_connectable=bool(adapter.get("Connectable", adapter.get("Discoverable", False))),
    )
