"""The systemd units: valid, sandboxed, restarted after every failure."""

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from beacon_gateway.commands.rehearse import REFUSED
from beacon_gateway.settings import Kiosk, Radio
from tests.paths import ROOT

SYSTEMD = ROOT / "systemd"
SERVICES = ("beacon-gateway", "beacon-central")
KIOSK = "beacon-kiosk"
BACKUP = "beacon-central-backup"
DRILL_BANK = "beacon-drill-bank"
FIRST_BOOT = "beacon-first-boot"
HELPER = "beacon-radio-helper"
UPDATES = ("beacon-update", "beacon-update-repair", "beacon-rollback")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    assert program is not None, "systemd-analyze is needed: apt install systemd"
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("unit", "threshold"),
    [*((unit, 15) for unit in (*SERVICES, HELPER, BACKUP, DRILL_BANK)), (KIOSK, 27), (FIRST_BOOT, 27)],
)
def test_the_sandbox_score_is_low(unit: str, threshold: int) -> None:
    """Tenths of systemd's exposure level; the browser needs namespaces and a code generator of its own."""
    judged = analyze(
        "security", "--offline=yes", f"--threshold={threshold}", "--no-pager", str(SYSTEMD / f"{unit}.service")
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """With the programs that they start put in place: those are installed, not built here."""
    shutil.copy(SYSTEMD / f"{HELPER}.socket", tmp_path)
    for file in (f"{BACKUP}.timer", "beacon-update.timer", "beacon-rollback.path"):
        shutil.copy(SYSTEMD / file, tmp_path)
    for unit in (*SERVICES, KIOSK, HELPER, BACKUP, DRILL_BANK, FIRST_BOOT, *UPDATES):
        text = (SYSTEMD / f"{unit}.service").read_text("utf-8")
        started = set(re.findall(r"^ExecStart(?:Pre)?=\+?(\S+)", text, re.MULTILINE))
        assert started
        for path in started:
            program = tmp_path / Path(path).name
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
            text = re.sub(rf"(?<==)(\+?){re.escape(path)}(?=\s)", rf"\1{program}", text)
        (tmp_path / f"{unit}.service").write_text(text, "utf-8")
    judged = analyze("verify", "--man=no", *map(str, sorted(tmp_path.glob("beacon-*.*"))))
    assert [line for line in judged.stderr.splitlines() if "beacon-" in line] == []


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_has_a_watchdog_and_always_restarts(unit: str) -> None:
    settings = _settings(unit)
    expected = {
        "Type": "notify",
        "WatchdogSec": "30",
        "Restart": "always",
        "StartLimitIntervalSec": "0",
        "StateDirectory": unit,
        "User": unit,
    }
    assert {key: settings.get(key) for key in expected} == expected
    assert int(settings["RestartMaxDelaySec"]) > int(settings["RestartSec"])


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_may_read_its_files(unit: str) -> None:
    """The clock's state (adjtimex) and the boot id (/proc/sys): without them no permit and no time could be judged."""
    settings = _settings(unit)
    assert "ProtectClock" not in settings
    assert "ProcSubset" not in settings
    assert settings["SystemCallFilter"].endswith("adjtimex")


def test_the_radio_helper_has_one_capability_and_serves_only_the_gateways_user() -> None:
    helper, socket, gateway = _settings(HELPER), _settings(HELPER, "socket"), _settings("beacon-gateway")
    assert (helper["AmbientCapabilities"], helper["CapabilityBoundingSet"]) == ("CAP_NET_ADMIN", "CAP_NET_ADMIN")
    assert helper["User"] != gateway["User"]
    assert helper["ExecStart"].endswith(f"radio-helper --user {gateway['User']}")
    assert helper["RestrictAddressFamilies"] == "AF_UNIX AF_BLUETOOTH"
    assert (socket["SocketGroup"], socket["SocketMode"]) == (gateway["User"], "0660")
    assert socket["ListenStream"].replace("%t", "/run") == Radio().helper_socket
    for in_the_way in ("PrivateUsers", "PrivateNetwork"):  # the kernel's first namespaces are needed
        assert in_the_way not in helper
    assert gateway["CapabilityBoundingSet"] == ""


def test_secrets_are_credentials_only() -> None:
    """The names that the bank looks for; and without a bank's drop-in the unit asks for no file that is not there."""
    files = ["merchant.key", "merchant.crt", "root.crt", "middle.crt"]
    text = (SYSTEMD / "beacon-central-unionpay.conf").read_text("utf-8")
    assert re.findall(r"^LoadCredential=([a-z.]+):/etc/beacon-central/credentials/\1$", text, re.MULTILINE) == files
    unit = (SYSTEMD / "beacon-central.service").read_text("utf-8")
    assert "LoadCredential=" not in unit
    assert not re.search(r"^Environment.*(secret|key|password)", unit, re.MULTILINE | re.IGNORECASE)


def test_the_backup_timer_backs_up_the_running_server() -> None:
    """The same program, settings, state and user; once, and not always again."""
    backup, server = _settings(BACKUP), _settings("beacon-central")
    assert backup["ExecStart"] == server["ExecStart"].replace(" run ", " backup ")
    assert (backup["Type"], backup["User"], backup["StateDirectory"]) == ("oneshot", server["User"], "beacon-central")
    assert "Restart" not in backup
    timer = _settings(BACKUP, "timer")
    assert (timer["OnCalendar"], timer["Persistent"]) == ("*-*-* 03:40:00 Asia/Shanghai", "true")


def test_all_gateway_units_start_the_installed_program() -> None:
    units = ("beacon-gateway", KIOSK, HELPER, FIRST_BOOT)
    text = "".join((SYSTEMD / f"{unit}.service").read_text("utf-8") for unit in units)
    assert set(re.findall(r"(/\S+/beacon-gateway) (?:run|rehearse|kiosk|radio|first)", text)) == {
        "/opt/beacon-gateway/bin/beacon-gateway"
    }


def test_a_new_version_is_tried_with_the_state_and_settings_of_the_service() -> None:
    """The folder of the mark that the root unit watches is the service's state folder."""
    unit = _settings("beacon-gateway")
    words = unit["ExecStart"].split()
    assert unit["ExecStartPre"].split() == [words[0], "rehearse", *words[words.index("--config") :]]
    mark = _settings("beacon-rollback", "path")["PathExists"]
    assert mark == f"/var/lib/{unit['StateDirectory']}/{REFUSED}"
    assert f"mark={mark} " in (SYSTEMD / "beacon-update").read_text("utf-8")


def test_every_user_of_a_unit_is_created() -> None:
    for unit in (*SERVICES, KIOSK, HELPER):
        assert f"\nu {_settings(unit)['User']} " in (SYSTEMD / f"{unit}.sysusers").read_text("utf-8")


def test_the_browser_starts_after_its_policy() -> None:
    kiosk = _settings(KIOSK)
    policy = "/etc/chromium/policies/managed/beacon-kiosk.json"
    assert kiosk["ExecStartPre"] == f"+/opt/beacon-gateway/bin/beacon-gateway kiosk-policy --write {policy}"
    assert kiosk["ExecStart"].endswith(" -- /opt/beacon-gateway/bin/beacon-gateway kiosk-session")
    assert " -s" not in kiosk["ExecStart"].partition(" -- ")[0]  # cage -s would let a keyboard switch terminals
    assert kiosk["Requires"] == "beacon-gateway.service"


def _settings(unit: str, kind: str = "service") -> dict[str, str]:
    """Each key of a unit; of lists the lines joined by spaces."""
    settings: dict[str, str] = {}
    for line in (SYSTEMD / f"{unit}.{kind}").read_text("utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            settings[key] = f"{settings[key]} {value}" if key in settings else value
    return settings


def test_the_avahi_service_names_the_kiosks_port_and_the_staff_page() -> None:
    service = ElementTree.parse(SYSTEMD / "beacon-gateway.avahi").getroot()
    assert service.findtext("service/port") == str(Kiosk().port)
    assert service.findtext("service/txt-record") == "path=/site"


@pytest.mark.parametrize("name", SERVICES)
def test_the_journal_ends_after_ninety_days_and_the_limits_are_settings_of_journald(name: str) -> None:
    limits = settings_of(SYSTEMD / f"{name}-journald.conf")
    assert limits["MaxRetentionSec"] == "90day"
    known = re.findall(r"^#(\w+)=", Path("/etc/systemd/journald.conf").read_text("utf-8"), re.MULTILINE)
    assert set(limits) <= set(known), "systemd ignores a setting that it does not know"


def test_the_container_starts_the_server_as_the_unit_does() -> None:
    container = (ROOT / "config" / "container" / "Containerfile").read_text("utf-8")
    words = " ".join(re.findall(r'"([^"]+)"', container.partition("ENTRYPOINT")[2].partition("HEALTHCHECK")[0]))
    start = settings_of(SYSTEMD / "beacon-central.service")["ExecStart"]
    assert words == start.replace("%E", "/etc").replace("%S", "/var/lib")
    proxied = (ROOT / "config" / "nginx.conf").read_text("utf-8")
    assert "proxy_pass http://127.0.0.1:8040;" in proxied
    assert "http://127.0.0.1:8040/healthz" in container


def settings_of(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", file.read_text("utf-8"), re.MULTILINE))
