"""Checks of the settings, the gateway's service and the kiosk's page."""

import re
import stat
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version

from beacon_gateway.doctor.facts import CONFIGURATION, Facts, Problem
from beacon_gateway.store.acceptance import load_sheet
from sync_contract.acceptance_sheet import SheetRefused, read_sheet

_SILENT_S = 90
_PERMIT_ENDS_SOON = timedelta(days=30)


def settings(facts: Facts) -> Iterator[Problem]:
    if facts.settings is None:
        first = facts.refused[0] if facts.refused else ""
        yield Problem(
            "settings",
            f"设置文件有错:{first}",
            f"the settings file has faults: {first}",
            f"beacon-gateway check-config {facts.config}",
            CONFIGURATION,
        )


def old_settings(facts: Facts) -> Iterator[Problem]:
    if facts.settings is not None and (facts.health or {}).get("settings_refused"):
        yield Problem(
            "old-file",
            "网关仍按以前的设置运行",
            "the gateway still runs with the previous settings",
            "sudo systemctl reload beacon-gateway",
            CONFIGURATION,
        )


def placeholders(facts: Facts) -> Iterator[Problem]:
    if facts.placeholders:
        yield Problem(
            "defaults",
            f"还有样板里的值:{facts.placeholders[0]}",
            f"values of the template are still in the file: {facts.placeholders[0]}",
            f"beacon-gateway check-config {facts.config}",
            CONFIGURATION,
        )


def permits(facts: Facts) -> Iterator[Problem]:
    for project in facts.settings.projects if facts.settings else ():
        permit = project.permit
        if permit and min(permit.closes, permit.certificate_until) < facts.today + _PERMIT_ENDS_SOON:
            last = min(permit.closes, permit.certificate_until)
            yield Problem(
                "permit",
                f"{project.id} 的许可到 {last} 为止,之后不能捐款",
                f"the permit of {project.id} ends on {last}; no gifts are possible afterwards",
                f"sudoedit {facts.config}",
            )


def folder(facts: Facts) -> Iterator[Problem]:
    try:
        mode = stat.S_IMODE(facts.state_dir.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        yield Problem(
            "folder",
            f"{facts.state_dir} 别的用户能打开(权限 {mode:o})",
            f"{facts.state_dir} is open to other users (mode {mode:o})",
            f"sudo chmod 700 {facts.state_dir}",
        )


def running(facts: Facts) -> Iterator[Problem]:
    if facts.settings is not None and facts.health is None:
        yield Problem("gateway", "网关没有运行", "the gateway is not running", "sudo systemctl restart beacon-gateway")


def store(facts: Facts) -> Iterator[Problem]:
    if fault := (facts.health or {}).get("store"):
        yield Problem(
            "store",
            f"本机的记录不能写:{fault}",
            f"the records of this device cannot be written: {fault}",
            "journalctl -u beacon-gateway -n 50",
        )


def stages(facts: Facts) -> Iterator[Problem]:
    if names := ", ".join((facts.health or {}).get("degraded") or ()):
        yield Problem(
            "stages",
            f"有部分出错,正在重试:{names}",
            f"parts fail and are tried again: {names}",
            "journalctl -u beacon-gateway -n 50",
        )


def browser(facts: Facts) -> Iterator[Problem]:
    silent = ((facts.health or {}).get("screen") or {}).get("silent_s", 0)
    if silent > _SILENT_S:
        yield Problem(
            "browser",
            f"屏幕上的网页 {int(silent)} 秒没有反应",
            f"the page on the screen has not responded for {int(silent)} s",
            "sudo systemctl restart beacon-kiosk",
        )


def window(facts: Facts) -> Iterator[Problem]:
    if ((facts.health or {}).get("screen") or {}).get("behind_s", 0) > _SILENT_S:
        yield Problem(
            "window",
            "别的窗口挡住了网页",
            "another window is in front of the page",
            "sudo systemctl restart beacon-kiosk",
        )


def rotation(facts: Facts) -> Iterator[Problem]:
    """Compare the settings with the compositor of the kiosk; only root can ask it."""
    if facts.settings is None:
        return
    shown = facts.machine.run("XDG_RUNTIME_DIR=/run/beacon-kiosk", "WAYLAND_DISPLAY=wayland-0", "wlr-randr") or ""
    wanted = str(facts.settings.kiosk.rotation or "normal")
    found = set(re.findall(r"^ *Transform: *(\S+)", shown, re.MULTILINE)) - {wanted}
    if found:
        yield Problem(
            "rotation",
            f"屏幕的方向是 {min(found)},设置里是 {wanted}",
            f"the screen is turned {min(found)}, and the settings say {wanted}",
            "sudo systemctl restart beacon-kiosk",
        )


def no_rotation(facts: Facts) -> Iterator[Problem]:
    if facts.settings is not None and facts.settings.kiosk.rotation and not facts.machine.find("/usr/bin/wlr-randr"):
        yield Problem(
            "wlr-randr",
            "设置要转动屏幕,但没有安装 wlr-randr",
            "the settings turn the screen, and wlr-randr is not installed",
            "sudo apt install wlr-randr && sudo systemctl restart beacon-kiosk",
        )


def acceptance(facts: Facts) -> Iterator[Problem]:
    """Compare settings and software with the acceptance sheet. The hall has a check of its own."""
    signed = load_sheet(facts.state_dir)
    try:
        sheet = read_sheet(signed) if signed else None
    except SheetRefused:
        sheet = None
    if sheet is None or facts.settings is None:
        return
    zh, en = [], []
    if facts.settings.fingerprint() != sheet.configuration:
        zh.append("设置")
        en.append("settings")
    if (now := version("beacon-gateway")) != sheet.version:
        zh.append(f"软件({sheet.version} -> {now})")
        en.append(f"software ({sheet.version} -> {now})")
    if en:
        yield Problem(
            "sheet",
            f"和 {sheet.made_at.wall:%Y-%m-%d} 的验收单不一样:{'、'.join(zh)}",
            f"differs from the acceptance sheet of {sheet.made_at.wall:%Y-%m-%d}: {', '.join(en)}",
            "sudo beacon-gateway commission",
        )


CHECKS = (
    *(settings, old_settings, placeholders, permits, folder, running, store, stages),
    *(browser, window, rotation, no_rotation, acceptance),
)
