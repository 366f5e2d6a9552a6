"""Checks of the Bluetooth adapter, of bluetoothd and its settings, and of the running gateway's scan."""

import re
from collections.abc import Iterator

from beacon_gateway.doctor.air import ACCESS_DENIED, read_advert, read_radio
from beacon_gateway.doctor.facts import Facts, Problem

_OLDEST_BLUEZ = (5, 66)
"""The version of Debian 12, the oldest in which the gateway is tested."""
_FIRMWARE_FAULT = "hci[0-9].*(Patch file not found|firmware.*(fail|not found)|Direct firmware load)"
_SETTINGS_OF_BLUEZ = "/etc/bluetooth/main.conf"
_RESTART = "sudo systemctl restart bluetooth"


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


def classic_only(facts: Facts) -> Iterator[Problem]:
    if _setting(facts, "ControllerMode") == "bredr":
        yield Problem(
            "le-off",
            f"{_SETTINGS_OF_BLUEZ} 里的 ControllerMode = bredr 关掉了低功耗蓝牙,信标收不到也发不出",
            f"ControllerMode = bredr in {_SETTINGS_OF_BLUEZ} disables Low Energy: no beacon is received or sent",
            _comment_out("ControllerMode"),
        )


def off_after_boot(facts: Facts) -> Iterator[Problem]:
    if _setting(facts, "AutoEnable") == "false":
        yield Problem(
            "auto-enable",
            f"{_SETTINGS_OF_BLUEZ} 里的 AutoEnable = false 使适配器在重启后关着",
            f"AutoEnable = false in {_SETTINGS_OF_BLUEZ} leaves the adapter off after a restart",
            _comment_out("AutoEnable"),
        )


def experimental(facts: Facts) -> Iterator[Problem]:
    """A passive scan needs bluetoothd's monitors, which exist with -E or Experimental = true only."""
    if any(each.passive_given_up == "not_supported" for each in read_radio(facts).adapters.values()):
        yield Problem(
            "passive",
            "设置要被动扫描,bluetoothd 却没有打开 Experimental(-E),已改为主动扫描",
            "the settings ask for a passive scan, and bluetoothd runs without Experimental (-E): the scan is active",
            f"sudo sed -i 's/^#*Experimental *=.*/Experimental = true/' {_SETTINGS_OF_BLUEZ} && {_RESTART}",
        )


def receiving(facts: Facts) -> Iterator[Problem]:
    radio = read_radio(facts)
    if facts.health is not None and radio.state not in ("", ACCESS_DENIED) and not radio.scans:
        yield Problem(
            "scan",
            f"无线没有在接收({radio.state})",
            f"the radio does not scan ({radio.state})",
            "sudo systemctl restart bluetooth beacon-gateway",
        )


def batteries(facts: Facts) -> Iterator[Problem]:
    status = read_radio(facts).batteries
    if status and status.low:
        labels = ", ".join(status.low)
        yield Problem("batteries", f"请换电池:{labels}", f"change the batteries of: {labels}", "beacon-gateway scan")


def helper(facts: Facts) -> Iterator[Problem]:
    if read_advert(facts).state == "no_helper":
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


def _setting(facts: Facts, key: str) -> str:
    """Return the value in BlueZ's main.conf in lower case; empty if it is not set."""
    found = re.findall(rf"^{key} *= *(\S+)", facts.machine.read(_SETTINGS_OF_BLUEZ), re.MULTILINE)
    return str(found[-1]).lower() if found else ""


def _comment_out(key: str) -> str:
    return f"sudo sed -i 's/^{key}/#&/' {_SETTINGS_OF_BLUEZ} && {_RESTART}"


CHECKS = (
    *(adapter, firmware, rfkill, bluetoothd, bluez_version, classic_only, off_after_boot, experimental),
    *(receiving, batteries, helper, hall),
)
