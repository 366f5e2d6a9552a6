"""Each fault is planted on a healthy device, as files, programs or facts of the gateway; only its check finds it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.commands.doctor import CHECKS, choose_exit_code, find_problems, format_problems
from beacon_gateway.doctor.facts import Facts, Problem
from beacon_gateway.doctor.machine import Answer, Machine
from beacon_gateway.settings import Settings
from beacon_gateway.store.acceptance import store_sheet
from daemonkit.toml import load
from sync_contract.acceptance_sheet import read_sheet
from sync_contract.records import SignedAcceptanceSheet
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.paths import ROOT

HAN = re.compile("[\u4e00-\u9fff]")
TODAY = date(2026, 6, 1)
PROGRAMS = {
    "systemctl": "echo LoadState=loaded; echo ActiveState=active; echo UnitFileState=enabled; echo WatchdogUSec=30s;"
    "echo User=beacon-gateway; echo AmbientCapabilities=cap_net_admin",
    "timedatectl": "echo yes",
    "bluetoothctl": "echo bluetoothctl: 5.82",
    "journalctl": "exit 1",
    "df": "echo 'Use%'; echo ' 40%'",
    "getent": "echo 192.0.2.1",
    "id": 'case "$1" in -u) echo 0 ;; *) echo beacon-gateway bluetooth ;; esac',
    "busctl": "exit 0",
    "runuser": "exit 0",
    "wlr-randr": "echo HDMI-A-1; echo '  Transform: normal'",
}
FILES = {
    "etc/bluetooth/main.conf": "#ControllerMode = dual\nAutoEnable=true",
    "usr/bin/wlr-randr": "",
    "usr/share/polkit-1/rules.d/50-beacon-gateway.rules": "",
    "sys/class/bluetooth/hci0/name": "hci0",
    "sys/class/rfkill/rfkill0/type": "bluetooth",
    "sys/class/rfkill/rfkill0/soft": "0",
    "sys/class/rtc/rtc0/name": "rtc",
    "sys/class/thermal/thermal_zone0/temp": "48000",
    "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "0",
    "sys/class/drm/card0-HDMI-A-1/status": "connected",
    "sys/block/mmcblk0/device/life_time": "0x01 0x01",
    "proc/mounts": "/dev/mmcblk0p2 / ext4 rw,noatime 0 0",
    "proc/meminfo": "MemAvailable:    900000 kB",
    "proc/net/route": "Iface Destination\neth0 00000000",
}
WALL = "11111111-2222-4333-8444-555555555555/1/2"
SCANS: dict[str, Any] = {"hci0": {"state": "hearing", "mode": "active"}, "hci1": {"state": "hearing", "mode": "active"}}
RADIO: dict[str, Any] = {"state": "hearing", "adapters": SCANS, "liveness": {"by": ["a", "own"], "own": ["own"]}}
HEALTH: dict[str, Any] = {
    "ok": True,
    "catalogue": 3,
    "catalogue_age_s": 40,
    "radio": RADIO,
    "advert": {"state": "on_air", "identities": [{"state": "on_air", "adapter": "hci0"}]},
    "presence": {"reception": {WALL: {"share": 0.9, "dbm": -60.0}}},
    "screen": {"silent_s": 1},
}


@dataclass
class Device:
    root: Path
    facts: Facts
    health: dict[str, Any] = field(default_factory=lambda: dict(HEALTH))
    is_running: bool = True

    def put(self, file: str, text: str) -> None:
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text)

    def program(self, name: str, script: str) -> None:
        self.put(f"bin/{name}", f"#!/bin/sh\n{script}\n")
        (self.root / "bin" / name).chmod(0o755)

    def change(self, *, is_running: bool = True, **facts: Any) -> None:  # of several types
        self.facts, self.is_running = replace(self.facts, **facts), is_running

    def answer(self, answer: Answer) -> None:
        self.change(machine=AnsweringMachine(self.root, str(self.root / "bin"), answer))

    def set_server(self, url: str) -> None:
        assert self.facts.settings
        central = self.facts.settings.central.model_copy(update={"url": url})
        self.change(settings=self.facts.settings.model_copy(update={"central": central}))

    def unplug(self) -> None:
        self.set_server("https://give.example")
        self.put("proc/net/route", "Iface Destination")

    def problems(self) -> list[Problem]:
        facts = replace(self.facts, health=self.health if self.is_running else None)
        return list(find_problems(facts))


@dataclass(frozen=True, slots=True)
class AnsweringMachine(Machine):
    """A machine with a network on which something answers at the central server's address."""

    answer: Answer = Answer.server

    def request(self, url: str) -> Answer:
        assert url
        return self.answer


@pytest.fixture
def device(tmp_path: Path) -> Device:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    settings = load(ROOT / "config" / "demo" / "gateway.toml", Settings)
    permitted = [each for each in settings.projects if each.permit and each.permit.closes.year > TODAY.year]
    settings = settings.model_copy(update={"projects": tuple(permitted)})
    machine = AnsweringMachine(tmp_path, str(tmp_path / "bin"))
    device = Device(tmp_path, Facts(machine, Path("site.toml"), settings, state, TODAY))
    for name, script in PROGRAMS.items():
        device.program(name, script)
    for file, text in FILES.items():
        device.put(file, text)
    return device


def file(path: str, text: str) -> Callable[[Device], None]:
    return lambda device: device.put(path, text)


def program(name: str, script: str) -> Callable[[Device], None]:
    return lambda device: device.program(name, script)


def health(**facts: Any) -> Callable[[Device], None]:  # JSON
    return lambda device: device.health.update(facts)


def radio(adapter: dict[str, Any] | None = None, **facts: Any) -> Callable[[Device], None]:  # JSON
    """Change the radio's facts, and those of its second adapter."""
    adapters = SCANS | {"hci1": SCANS["hci1"] | (adapter or {})}
    return health(radio=RADIO | {"adapters": adapters} | facts)


def crowd(device: Device) -> None:
    radio({"frames": 900, "foreign": 1200})(device)
    device.change(earlier=HEALTH, sampled_s=2.0)


def turn(device: Device) -> None:
    assert device.facts.settings
    kiosk = device.facts.settings.kiosk.model_copy(update={"rotation": 90})
    device.change(settings=device.facts.settings.model_copy(update={"kiosk": kiosk}))
    device.program("wlr-randr", "echo '  Transform: 90'")
    (device.root / "usr/bin/wlr-randr").unlink()


def systemctl(wrong: str) -> Callable[[Device], None]:
    return program("systemctl", f"{PROGRAMS['systemctl']}; echo {wrong}")


def put_sheet(device: Device) -> None:
    """Store the acceptance sheet of other settings."""
    body = DeliveringGateway().sheet().body
    assert isinstance(body, SignedAcceptanceSheet)
    store_sheet(device.root / "state", body)


FAULTS: dict[str, Callable[[Device], object]] = {
    "sheet": put_sheet,
    "adapter": lambda device: (device.root / "sys/class/bluetooth/hci0").rename(device.root / "gone"),
    "firmware": program("journalctl", "echo hci0: BCM: Patch file not found"),
    "rfkill": file("sys/class/rfkill/rfkill0/soft", "1"),
    "bluetoothd": systemctl("ActiveState=failed"),
    "bluez-old": program("bluetoothctl", "echo bluetoothctl: 5.50"),
    "scan": health(radio={"state": "no_bluetoothd"}),
    "tags": radio(liveness={"lost": ["east wall"]}),
    "unheard": radio(liveness={"by": ["a"], "never": ["east wall"]}),
    "copies": radio(liveness={"by": ["a"], "foreign": ["own"]}),
    "unproved": radio(liveness={"by": ["a"], "lost": ["own"], "own": ["own"]}),
    "filter": radio({"delivery": {"adverts": "once_a_scan"}}),
    "passive": radio({"passive_given_up": "not_supported"}),
    "noise": health(presence={"reception": {WALL: {"share": 0.2, "dbm": -60.0}}}),
    "crowded": crowd,
    "le-off": file("etc/bluetooth/main.conf", "[General]\nControllerMode = bredr"),
    "auto-enable": file("etc/bluetooth/main.conf", "[Policy]\nAutoEnable=false"),
    "account": systemctl("User=root"),
    "group": program("id", 'case "$1" in -u) echo 0 ;; *) echo beacon-gateway ;; esac'),
    "bus-policy": program("runuser", "exit 1"),
    "polkit": lambda device: (device.root / "usr/share/polkit-1/rules.d/50-beacon-gateway.rules").unlink(),
    "capability": systemctl("AmbientCapabilities="),
    "rotation": program("wlr-randr", "echo HDMI-A-1; echo '  Transform: 180'"),
    "wlr-randr": turn,
    "old-catalogue": health(catalogue_age_s=90_000),
    "advert": health(advert={"state": "refused"}),
    "helper": health(advert={"state": "no_helper"}),
    "hall": health(hall={"state": "changed"}),
    "read-only": file("proc/mounts", "/dev/mmcblk0p2 / ext4 ro,noatime 0 0"),
    "disk": program("df", "echo 'Use%'; echo ' 97%'"),
    "card-wear": file("sys/block/mmcblk0/device/life_time", "0x0a 0x01"),
    "memory": file("proc/meminfo", "MemAvailable:    9000 kB"),
    "heat": file("sys/class/thermal/thermal_zone0/temp", "84000"),
    "voltage": file("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1"),
    "clock": program("timedatectl", "echo no"),
    "rtc": lambda device: (device.root / "sys/class/rtc/rtc0").rename(device.root / "gone"),
    "watchdog": systemctl("WatchdogUSec=0"),
    "screen": file("sys/class/drm/card0-HDMI-A-1/status", "disconnected"),
    "backlog": health(delivery_stuck=True),
    "catalogue": health(catalogue=0),
    "old-file": health(settings_refused=["gateway.toml:1: wrong"]),
    "store": health(store="disk_full"),
    "stages": health(degraded=["heads"]),
    "browser": health(screen={"silent_s": 400}),
    "window": health(screen={"silent_s": 1, "behind_s": 400}),
    "settings": lambda device: device.change(settings=None, refused=("gateway.toml:1: wrong",)),
    "defaults": lambda device: device.change(placeholders=("gateway.toml:1: uuid: example",)),
    "permit": lambda device: device.change(today=date(2099, 1, 1)),
    "gateway": lambda device: device.change(is_running=False),
    "batteries": radio(batteries={"classes": {"volunteer-card": {"tags": 6, "low": 1}}}),
    "autostart": systemctl("UnitFileState=disabled"),
    "route": lambda device: device.unplug(),
    "dns": program("getent", "exit 2"),
    "server": lambda device: device.answer(Answer.none),
    "tls": lambda device: device.answer(Answer.bad_certificate),
    "portal": lambda device: device.answer(Answer.redirect),
    "enrolment": lambda device: device.set_server(""),
    "folder": lambda device: (device.root / "state").chmod(0o755),
}


def test_a_healthy_device_has_no_finding(device: Device) -> None:
    assert len(CHECKS) >= 55
    assert device.problems() == []
    assert choose_exit_code([]) == 0


def test_each_finding_has_a_planted_fault() -> None:
    """The words of the findings, read from the source; the note is proved below."""
    sources = (ROOT / "beacon_gateway" / "doctor").glob("*.py")
    words = {word for file in sources for word in re.findall(r'Problem\(\s*"([a-z-]+)"', file.read_text("utf-8"))}
    assert words == {*FAULTS, "one-radio"}
    signed = DeliveringGateway().sheet(findings=tuple(sorted(words))).body
    assert isinstance(signed, SignedAcceptanceSheet)
    assert set(read_sheet(signed).findings) == words, "an acceptance sheet contains each of them"


def test_a_denial_that_the_gateway_reports_is_found_without_root(device: Device) -> None:
    device.program("id", 'case "$1" in -u) echo 1000 ;; *) echo bluetooth ;; esac')
    device.health |= {"radio": {"state": "access_denied"}, "advert": {"state": "access_denied"}}
    assert {each.code for each in device.problems()} == {"bus-policy"}


def test_one_adapter_is_a_note_and_lost_adverts_of_a_far_or_passive_scan_are_none(device: Device) -> None:
    lost = {WALL: {"share": 0.2, "dbm": -90.0}}
    device.health["presence"] = {"reception": lost}
    device.health["radio"] = RADIO | {"adapters": {"hci0": SCANS["hci0"]}}
    (note,) = device.problems()
    assert (note.code, note.is_note, choose_exit_code([note])) == ("one-radio", True, 0)
    assert "没有问题" in format_problems([note], chinese=True)
    assert "Nothing to do." in format_problems([note], chinese=False)
    device.health["presence"] = {"reception": {WALL: {"share": 0.2, "dbm": -60.0}}}
    device.health["radio"] = RADIO | {"adapters": SCANS | {"hci1": {"mode": "passive"}}}
    assert device.problems() == []


@pytest.mark.parametrize("code", FAULTS)
def test_only_its_own_check_finds_a_planted_fault(device: Device, code: str) -> None:
    FAULTS[code](device)
    found, *others = device.problems()
    assert {each.code for each in (found, *others)} == {code}
    assert (bool(HAN.search(found.zh)), HAN.search(found.en), bool(found.remedy)) == (True, None, True)
    assert found.exit_code in (1, 75, 78)
