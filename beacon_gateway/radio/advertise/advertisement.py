"""The advertisement that BlueZ reads from us, and what BlueZ reports of it: bluez/doc/org.bluez.LEAdvertisement.rst."""

from typing import Annotated, Any, Final

from dbus_fast import PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt16, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from beacon_gateway.frames.ibeacon import COMPANY
from beacon_gateway.radio.bluez_watch import Watch

LEGACY_OCTETS: Final = 31
"""Core Specification 5.4, Vol 6 Part B 2.3.1. BlueZ sends more as extended advertising, which few scanners hear."""


class Advertisement(ServiceInterface):
    """org.bluez.LEAdvertisement1 (bluez/doc/org.bluez.LEAdvertisement.rst)."""

    def __init__(self, kind: str, octets: bytes, interval_ms: int) -> None:
        super().__init__("org.bluez.LEAdvertisement1")
        self.watch: Watch | None = None
        self._kind = kind
        self._octets = octets
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
        return {COMPANY: Variant("ay", self._octets)}

    @dbus_property(access=PropertyAccess.READ)
    def MinInterval(self) -> DBusUInt32:
        return self._interval_ms

    @dbus_property(access=PropertyAccess.READ)
    def MaxInterval(self) -> DBusUInt32:
        return self._interval_ms


class _Flags:
    @dbus_property(access=PropertyAccess.READ)
    def Discoverable(self) -> DBusBool:
        """Adds the flags 0x06; BlueZ refuses them in a broadcast."""
        return True


class _Power:
    asked_dbm = 0
    chosen_dbm: int | None = None

    @dbus_property()
    def TxPower(self) -> DBusInt16:
        """What is asked of the controller; BlueZ writes back what it chose."""
        return self.asked_dbm

    @TxPower.setter  # type: ignore[no-redef]  # dbus-fast wants one name for both
    def TxPower(self, dbm: DBusInt16) -> None:
        self.chosen_dbm = dbm


class _ConnectableAdvertisement(_Flags, Advertisement): ...


class _PoweredAdvertisement(_Power, Advertisement): ...


class _ConnectablePoweredAdvertisement(_Flags, _Power, Advertisement): ...


def advertisement(mode: str, octets: bytes, interval_ms: int, power_dbm: int | None) -> Advertisement:
    """A property counts for BlueZ when it is there at all, so each choice of them is a class."""
    if power_dbm is None:
        return (_ConnectableAdvertisement if mode == "peripheral" else Advertisement)(mode, octets, interval_ms)
    kind = _ConnectablePoweredAdvertisement if mode == "peripheral" else _PoweredAdvertisement
    powered = kind(mode, octets, interval_ms)
    powered.asked_dbm = power_dbm
    return powered


def report(told: dict[str, Any], adapter: dict[str, Any], chosen_dbm: int | None) -> dict[str, object]:
    """BlueZ tells no interval. `taken_in_turns`: a controller that holds one advert has the kernel change them, each
    for 2 s, so with n identities each is silent for 2 (n - 1) s of every 2 n."""
    active, features = told.get("ActiveInstances"), told.get("SupportedFeatures", [])
    limits = told.get("SupportedCapabilities", {})
    return {
        "active_instances": active,
        "free_instances": told.get("SupportedInstances"),  # BlueZ counts those that are left
        "tx_power_dbm": chosen_dbm,
        "tx_power_can_be_set": "CanSetTxPower" in features,
        "tx_power_range_dbm": [limits.get("MinTxPower"), limits.get("MaxTxPower")],
        "octets_at_most": min(LEGACY_OCTETS, limits.get("MaxAdvLen", LEGACY_OCTETS)),
        "taken_in_turns": bool(active and active > 1 and "HardwareOffload" not in features),
        # then the kernel makes every advert on it connectable, and sends them from its public address
        "adapter_is_connectable": bool(adapter.get("Connectable", adapter.get("Discoverable", False))),
    }
