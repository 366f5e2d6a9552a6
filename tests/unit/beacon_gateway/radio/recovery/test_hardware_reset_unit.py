"""The privileged hardware reset: its program on a fake /sys, its systemd unit and its polkit rule."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.contracts.test_units import analyze
from tests.paths import ROOT

SYSTEMD = ROOT / "systemd"
PROGRAM = SYSTEMD / "beacon-radio-reset"
UNIT = SYSTEMD / "beacon-radio-reset@.service"
RULE = SYSTEMD / "50-beacon-gateway.rules"


def reset(adapter: str, sysfs: Path) -> subprocess.CompletedProcess[str]:
    environment = {"RESET_PAUSE": "0", "PATH": "/usr/bin:/bin"}
    return subprocess.run([PROGRAM, adapter, sysfs], env=environment, capture_output=True, text=True, timeout=60)


def plug(sysfs: Path, adapter: str, device: Path) -> None:
    device.mkdir(parents=True)
    (sysfs / "class/bluetooth" / adapter).mkdir(parents=True)
    (sysfs / "class/bluetooth" / adapter / "device").symlink_to(device)


def test_a_usb_adapter_is_removed_from_the_bus_and_returned(tmp_path: Path) -> None:
    stick = tmp_path / "devices/usb1/1-1"
    plug(tmp_path, "hci1", stick / "1-1:1.0")
    (stick / "authorized").write_text("1\n")
    (stick / "1-1:1.0/authorized").write_text("1\n")
    for switch in (stick / "authorized", stick / "1-1:1.0/authorized"):
        os.utime(switch, (1, 1))
    assert reset("hci1", tmp_path).returncode == 0
    assert (stick / "authorized").read_text() == "1\n"
    assert (stick / "authorized").stat().st_mtime > 1, "the device was switched"
    assert (stick / "1-1:1.0/authorized").stat().st_mtime == 1, "its interface was not"


def test_the_driver_of_a_serial_radio_is_bound_again(tmp_path: Path) -> None:
    radio = tmp_path / "devices/serial0/serial0-0"
    plug(tmp_path, "hci0", radio)
    driver = tmp_path / "bus/serial/drivers/hci_uart_bcm"
    driver.mkdir(parents=True)
    (driver / "unbind").touch()
    (driver / "bind").touch()
    (radio / "driver").symlink_to(driver)
    assert reset("hci0", tmp_path).returncode == 0
    assert [(driver / switch).read_text() for switch in ("unbind", "bind")] == ["serial0-0\n", "serial0-0\n"]


@pytest.mark.parametrize("name", ["", "hci", "../hci0", "hci0/../x", "hci0 hci1", "hci1234", "eth0"])
def test_only_an_adapters_name_is_accepted(name: str, tmp_path: Path) -> None:
    refused = reset(name, tmp_path)
    assert refused.returncode == 2
    assert "is no adapter's name" in refused.stderr


@pytest.mark.parametrize("exists", [False, True])
def test_an_adapter_without_hardware_or_driver_is_refused(exists: bool, tmp_path: Path) -> None:
    if exists:
        plug(tmp_path, "hci0", tmp_path / "devices/virtual")
    refused = reset("hci0", tmp_path)
    assert refused.returncode == 1
    assert ("no driver" if exists else "no hardware") in refused.stderr


def test_its_unit_is_valid_and_sandboxed(tmp_path: Path) -> None:
    judged = analyze("security", "--offline=yes", "--threshold=15", "--no-pager", str(UNIT))
    assert judged.returncode == 0, judged.stdout + judged.stderr
    text = UNIT.read_text("utf-8")
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/beacon-gateway/bin/beacon-radio-reset", str(PROGRAM)), "utf-8")
    judged = analyze("verify", "--man=no", str(unit))
    assert [line for line in judged.stderr.splitlines() if "beacon-" in line] == []
    assert re.search(r"^CapabilityBoundingSet=$", text, re.MULTILINE)
    assert "ProtectKernelTunables=yes" not in text  # it could not write to /sys
    assert "\nUser=" not in text


def test_the_rule_allows_only_these_two_jobs_to_only_the_gateways_user() -> None:
    text = RULE.read_text("utf-8")
    assert text.count("polkit.Result.YES") == 2
    assert 'subject.user !== "beacon-gateway"' in text
    assert 'verb === "restart" && unit === "bluetooth.service"' in text
    pattern = re.search(r"/(\^beacon-radio-reset.*\$)/\.test\(unit\)", text)
    assert pattern is not None
    allowed = re.compile(pattern[1].replace("\\.", "[.]"))
    assert allowed.match("beacon-radio-reset@hci0.service")
    for other in ("beacon-radio-reset@hci0.service.x", "beacon-radio-reset@x.service", "ssh.service"):
        assert not allowed.match(other)
