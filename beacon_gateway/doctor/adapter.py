"""Checks of the Bluetooth adapter, bluetoothd and what the running gateway receives and sends."""

import re
from collections.abc import Iterator

from beacon_gateway.doctor.facts import Facts, Problem
from beacon_gateway.model.radio_status import AdvertStatus, Proof, RadioStatus
from beacon_gateway.radio.status_json import read_advert_status, read_radio_status

_OLDEST_BLUEZ = (5, 66)
"""The version of Debian 12, the oldest in which the gateway is tested."""
_FIRMWARE_FAULT = "hci[0-9].*(Patch file not found|firmware.*(fail|not found)|Direct firmware load)"
_ON_AIR = frozenset({"on_air", "simulated", "starting", "off"})


def adapter(facts: Facts) -> Iterator[Problem]:
    if not facts.machine.find("/sys/class/bluetooth/hci*"):
        yield Problem(
            "adapter",
            "没有蓝牙适配器:内置的可能被 dtoverlay=disable-bt 关掉,外接的请重新插",
            "there is no Bluetooth adapter: the built-in one may be disabled; plug an external one in again",
            "grep disable-bt /boot/firmware/config.txt",
        )


def firmware(facts: Facts) -> Iterator[Problem]:
    if facts.machine.run("journalctl", "-k", "-b", "-q", "-o", "cat", "-n", "1", "-g", _FIRMWARE_FAULT):
        yield Problem(
            "firmware",
            "蓝牙适配器的固件没有装入",
            "the firmware of the Bluetooth adapter was not loaded",
            "sudo apt install --reinstall bluez-firmware firmware-brcm80211",
        )


def rfkill(facts: Facts) -> Iterator[Problem]:
    for file in facts.machine.find("/sys/class/rfkill/*/type"):
        folder = file.removesuffix("/type")
        blocked = "1" in (facts.machine.read(f"{folder}/soft"), facts.machine.read(f"{folder}/hard"))
        if facts.machine.read(file) == "bluetooth" and blocked:
            yield Problem(
                "rfkill", "蓝牙被 rfkill 关闭", "Bluetooth is blocked by rfkill", "sudo rfkill unblock bluetooth"
            )
            return


def bluetoothd(facts: Facts) -> Iterator[Problem]:
    if facts.machine.show_unit("bluetooth", ["ActiveState"]).get("ActiveState", "active") != "active":
        yield Problem(
            "bluetoothd", "bluetoothd 没有运行", "bluetoothd is not running", "sudo systemctl enable --now bluetooth"
        )


def bluez_version(facts: Facts) -> Iterator[Problem]:
    found = re.search(r"(\d+)\.(\d+)", facts.machine.run("bluetoothctl", "--version") or "")
    if found and (int(found[1]), int(found[2])) < _OLDEST_BLUEZ:
        yield Problem(
            "bluez-old",
            f"BlueZ {found[0]} 太旧,至少要 5.66",
            f"BlueZ {found[0]} is too old; at least 5.66 is needed",
            "sudo apt full-upgrade",
        )


def receiving(facts: Facts) -> Iterator[Problem]:
    if facts.health is not None and (radio := _radio(facts)).state and not radio.scans:
        yield Problem(
            "scan",
            f"无线没有在接收({radio.state})",
            f"the radio does not scan ({radio.state})",
            "sudo systemctl restart bluetooth beacon-gateway",
        )


def tags(facts: Facts) -> Iterator[Problem]:
    liveness = _radio(facts).liveness
    if liveness and liveness.proof is Proof.lost:
        labels = ", ".join(liveness.lost)
        yield Problem(
            "tags",
            f"以前收到、现在收不到:{labels};检查天线,看信标还在不在、有没有电",
            f"received before and not now: {labels}; check the antenna, and the place and battery of the beacons",
            "beacon-gateway scan",
        )


def never_heard(facts: Facts) -> Iterator[Problem]:
    liveness = _radio(facts).liveness
    if liveness and liveness.never:
        labels = ", ".join(liveness.never)
        yield Problem(
            "unheard",
            f"从来没有收到:{labels};核对 UUID、major、minor",
            f"never received: {labels}; compare uuid, major and minor",
            "beacon-gateway scan --foreign",
        )


def copies(facts: Facts) -> Iterator[Problem]:
    liveness = _radio(facts).liveness
    if liveness and liveness.foreign:
        yield Problem(
            "copies",
            f"别的发射器在用本机的信标号:{', '.join(liveness.foreign)}",
            f"another transmitter sends our own beacon: {', '.join(liveness.foreign)}",
            "beacon-gateway scan",
        )


def batteries(facts: Facts) -> Iterator[Problem]:
    status = _radio(facts).batteries
    if status and status.low:
        labels = ", ".join(status.low)
        yield Problem("batteries", f"请换电池:{labels}", f"change the batteries of: {labels}", "beacon-gateway scan")


def advert(facts: Facts) -> Iterator[Problem]:
    status = _advert(facts)
    if status.state not in _ON_AIR and status.state != "no_helper":
        yield Problem(
            "advert",
            f"本机的信标没有在发射({status.state})",
            f"our own beacon is not on the air ({status.state})",
            "beacon-gateway sync status",
        )


def helper(facts: Facts) -> Iterator[Problem]:
    if _advert(facts).state == "no_helper":
        yield Problem(
            "helper",
            "无线助手没有运行,本机的信标发不出去",
            "the radio helper is not running, so our own beacon is not sent",
            "sudo systemctl enable --now beacon-radio-helper.socket",
        )


def hall(facts: Facts) -> Iterator[Problem]:
    found = (facts.health or {}).get("hall") or {}
    if found.get("state") == "changed":
        yield Problem(
            "hall",
            "大厅的信号和校准时不同",
            "the hall's signals differ from the calibration",
            "beacon-gateway calibrate",
        )


def _radio(facts: Facts) -> RadioStatus:
    return read_radio_status((facts.health or {}).get("radio") or {})


def _advert(facts: Facts) -> AdvertStatus:
    return read_advert_status((facts.health or {}).get("advert") or {})


CHECKS = (
    *(adapter, firmware, rfkill, bluetoothd, bluez_version, receiving, tags, never_heard),
    *(copies, batteries, advert, helper, hall),
)
